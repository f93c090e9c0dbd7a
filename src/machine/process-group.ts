import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { codeOf, messageOf, UserError } from '../ground/errors.ts';
import type { RunOptions } from './machine.ts';

/** A child that was asked to end has this long before it is killed, in milliseconds. */
const gracePeriod = 5_000;

/** Starts a program in a process group of its own, so that ending it ends what it started, too. */
export function startGroup(
  argv: readonly string[],
  { workingDirectory, env }: Pick<RunOptions, 'workingDirectory' | 'env'>,
): ChildProcessWithoutNullStreams {
  const [program = '', ...rest] = argv;
  return spawn(program, rest, {
    cwd: workingDirectory,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
}

/** Asks a process and what it started to end, and ends them when they do not. */
export async function endGroup(child: ChildProcessWithoutNullStreams): Promise<void> {
  const running = () => child.exitCode === null && child.signalCode === null;
  signalGroup(child, 'SIGTERM');
  for (let waited = 0; running() && waited < gracePeriod; waited += 50) await sleep(50);
  signalGroup(child, 'SIGKILL'); // also what the command left behind in its group
}

export function signalGroup({ pid }: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone already
  }
}

/** The error of a program that could not be started. */
export function cannotStart(
  program: string,
  workingDirectory: string | undefined,
  error: unknown,
): UserError {
  const where = workingDirectory === undefined ? '' : ` (in ${workingDirectory})`;
  const why = codeOf(error) === 'ENOENT' ? 'there is no such program or folder' : messageOf(error);
  return new UserError(`Cannot start ${program}${where} — ${why}`, 'install it, or give its whole path', {
    code: 'command-not-found',
    cause: error,
  });
}
