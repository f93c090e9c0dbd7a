import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import type { StepHost } from './host.ts';
import type { Given } from './inputs.ts';

interface Terminal {
  /** For the log: people read it. */
  readonly stderr: { write(text: string): unknown };
  /** For outputs: programs read them. */
  readonly stdout: { write(text: string): unknown };
}

/** A person at a terminal: the log on standard error, the outputs as `name=value` on standard output. */
export function terminalHost(given: Given, { stdout, stderr }: Terminal, debug: boolean): StepHost {
  const line = (text: string) => void stderr.write(`${text}\n`);
  return {
    given,
    origin: { run: `${userInfo().username}@${hostname()}`, actor: userInfo().username, commit: '' },
    reportFolder: join(tmpdir(), `tenantry-${userInfo().username}`),
    mask: () => {},
    line,
    debug: (text) => (debug ? line(`             ${text}`) : undefined),
    warning: (text) => line(`Warning      ${text}`),
    fail: (sentence) => line(`\nFailed       ${sentence}`),
    output: (name, value) => void stdout.write(`${name}=${oneLine(value)}\n`),
    exportVariable: (name, value) => void stdout.write(`export ${name}=${oneLine(value)}\n`),
    fold: (title, text) => line([title, ...text.split('\n')].join('\n             ')),
    async summary() {},
  };
}

/** A value on one line, as JSON when it needs more than one. */
function oneLine(value: string): string {
  return value.includes('\n') ? JSON.stringify(value) : value;
}
