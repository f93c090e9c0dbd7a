/** One deployment in a process of its own, which may be killed: `node runner.ts`, told by standard input. */
import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { deployContainer, failureOf } from '../../src/deployment/deploy.ts';
import type { DeployRequest } from '../../src/deployment/request.ts';
import { connectSsh } from '../../src/machine/ssh.ts';
import type { SshServer } from '../../src/machine/ssh-server.ts';

export interface RunnerWork {
  readonly server: SshServer;
  readonly request: DeployRequest;
}

export interface Runner {
  readonly process: ChildProcess;
  /** What it told, once it has ended. */
  readonly ended: Promise<string>;
}

export function startRunner(work: RunnerWork): Runner {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(work));
  return { process: child, ended: text(child.stdout) };
}

async function run({ server, request }: RunnerWork): Promise<void> {
  const say = (line: string) => console.log(line);
  const log = {
    step: (label: string, line: string) => say(`${label} ${line}`),
    info: say,
    debug: () => {},
    warning: say,
    details: () => {},
  };
  const { signal } = new AbortController();
  const connect = (_host: string, limit: AbortSignal) => connectSsh(server, { signal: limit, log });
  const outcomes = await deployContainer(request, { connect, log, signal });
  console.log(failureOf(outcomes)?.sentence ?? outcomes[0]?.result);
}

if (import.meta.main) await run(JSON.parse(await text(process.stdin)) as RunnerWork);
