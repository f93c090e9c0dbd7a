import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BOX_ENVIRONMENT, type Box } from './box.ts';
import { type CommandOptions, type CommandResult, command, tryCommand } from './command.ts';

/** A path in the box, as this side can open it while the box runs. */
export function boxPath(box: Box, path: string): string {
  return `/proc/${box.init.pid}/root${path}`;
}

export interface InBoxOptions extends Pick<CommandOptions, 'stdin' | 'timeout'> {
  /** The user in the box; root by default. */
  readonly user?: string;
  readonly env?: Record<string, string>;
}

function enter(box: Box, argv: readonly string[], options: InBoxOptions): [string[], CommandOptions] {
  const become =
    options.user === undefined
      ? []
      : ['setpriv', `--reuid=${options.user}`, `--regid=${options.user}`, '--init-groups', '--'];
  const { user: _user, ...rest } = options;
  return [
    [
      'nsenter',
      '--target',
      String(box.init.pid),
      '--mount',
      '--uts',
      '--ipc',
      '--net',
      '--pid',
      '--',
      ...become,
      ...argv,
    ],
    {
      label: `${argv.join(' ')} in ${box.name}`,
      ...rest,
      cwd: '/',
      env: { ...BOX_ENVIRONMENT, ...options.env },
    },
  ];
}

/** Runs a program inside the box. @throws Error when it fails */
export async function inBox(box: Box, argv: readonly string[], options: InBoxOptions = {}): Promise<string> {
  return command(...enter(box, argv, options));
}

/** Lets a person work in the box: a program with this terminal. @returns its exit code */
export async function visitBox(box: Box, argv: readonly string[]): Promise<number> {
  const [[program = '', ...words], { env, cwd }] = enter(box, argv, {
    env: { TERM: process.env.TERM ?? 'dumb' },
  });
  const visit = spawn(program, words, { stdio: 'inherit', env: env ?? {}, cwd: cwd ?? '/' });
  return new Promise((resolve, reject) => {
    visit.once('error', reject);
    visit.once('close', (code) => resolve(code ?? 128));
  });
}

/** Runs a program inside the box and returns its result, whatever it is. */
export async function tryInBox(
  box: Box,
  argv: readonly string[],
  options: InBoxOptions = {},
): Promise<CommandResult> {
  return tryCommand(...enter(box, argv, options));
}

/**
 * Starts a program that stays. It becomes a child of the box's init; its output
 * goes to `/lab/log/NAME.log`, its PID (as the box sees it) to `/run/lab/NAME.pid`.
 */
export async function startService(
  box: Box,
  name: string,
  argv: readonly string[],
  options: Omit<InBoxOptions, 'stdin'> = {},
): Promise<void> {
  const { user, ...rest } = options;
  const become =
    user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--'];
  const script = `echo $$ >/run/lab/${name}.pid; exec "$@" >>/lab/log/${name}.log 2>&1 </dev/null`;
  await inBox(box, ['setsid', '--fork', 'sh', '-c', script, name, ...become, ...argv], rest);
}

/** Whether the service that `startService` started still runs. */
export async function serviceRuns(box: Box, name: string): Promise<boolean> {
  const script = `read -r pid </run/lab/${name}.pid && kill -0 "$pid"`;
  return (await tryInBox(box, ['sh', '-c', script])).code === 0;
}

/**
 * Sends a signal to the service and waits until it has gone; after `timeout`
 * milliseconds it is killed. Does nothing when it does not run.
 */
export async function stopService(box: Box, name: string, signal = 'TERM', timeout = 15_000): Promise<void> {
  const send = (which: string) => tryInBox(box, ['sh', '-c', `kill -${which} "$(cat /run/lab/${name}.pid)"`]);
  if (!(await serviceRuns(box, name))) return;
  await send(signal);
  for (const start = Date.now(); await serviceRuns(box, name); await sleep(50)) {
    if (Date.now() - start > timeout) await send('KILL');
  }
  await inBox(box, ['rm', '-f', `/run/lab/${name}.pid`]);
}

/** The last lines of a service's log, for error messages. */
export function logTail(box: Box, name: string, lines = 5): string {
  try {
    return readFileSync(join(box.shared, 'log', `${name}.log`), 'utf8')
      .trim()
      .split('\n')
      .slice(-lines)
      .join('\n  ');
  } catch {
    return '(no log)';
  }
}
