/**
 * Commands that go on without whoever started them: each is a container of its own, whose log and exit code Docker
 * keeps until somebody has read them.
 */
import { randomBytes } from 'node:crypto';

import { showDuration } from '../ground/duration.ts';
import { LostConnection, messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import {
  type CommandResult,
  lastWords,
  type Machine,
  type RunOptions,
  succeeded,
} from '../machine/machine.ts';
import { startRefusal } from '../machine/ssh-command.ts';
import { remoteCommand } from '../machine/ssh-script.ts';
import { dockerOn } from './docker.ts';
import { endingOf, inputAfter, startIn } from './scripted-command.ts';
import { dockerVerdict } from './verdict.ts';
import { type WorkContainer, workArguments, workLabels } from './work-container.ts';

/** Milliseconds for a small `docker` command, and for a command to end by itself once it was asked to. */
const limits = { small: 60_000, end: 5_000 } as const;

/** How it ended, as Docker knows it; nothing of it is left then, unless it still runs. */
const takeResult = `
  docker container inspect --format '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' "$1" || exit
  docker rm "$1" > /dev/null 2>&1 || true`;

/** @throws LostConnection when nobody can tell what became of it: it goes on, and a later run finds it. */
export async function runApart(
  host: Machine,
  work: WorkContainer,
  argv: readonly string[],
  options: RunOptions & { readonly lasting: string },
): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  const name = `${work.name}-${randomBytes(3).toString('hex')}`;
  const what = `${options.lasting} in ${work.image} on ${host.name}`;
  const marker = `tenantry-${randomBytes(8).toString('hex')}`;
  const { program, script } = remoteCommand(argv, { ...options, marker });
  // Python heeds an interruption, and not the usual signal, as the first process of a container.
  const apart = ['--log-driver', 'json-file', '--stop-signal', 'SIGINT'];
  let interruption: 'time is up' | 'cancelled' | undefined;
  const stop = (why: 'time is up' | 'cancelled') => {
    interruption ??= why;
    const seconds = String(limits.end / 1_000);
    host.run(['docker', 'stop', '--time', seconds, name], { timeout: limits.small }).catch(() => {});
  };
  const timer = setTimeout(() => stop('time is up'), options.timeout);
  const onAbort = () => stop('cancelled');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const said = await host.run(['docker', ...workArguments({ ...work, name }, apart, program)], {
      timeout: options.timeout + limits.small,
      stdin: inputAfter(script, options.stdin),
      onLine(line) {
        if (startIn(line, marker) === undefined) options.onLine?.(line);
      },
    });
    const [first = '', ...rest] = said.stdout.split('\n');
    const taken = await host.run(['sh', '-c', takeResult, 'sh', name], { timeout: limits.small });
    if (startIn(first, marker) === undefined) {
      throw dockerVerdict({ failed: `Cannot run ${what}`, server: host.name, result: said });
    }
    if (interruption === 'cancelled') options.signal?.throwIfAborted();
    if (!succeeded(taken)) throw new LostConnection(what, `its container ${name} is gone`);
    const [status = '', code = '', outOfMemory] = taken.stdout.trim().split(' ');
    if (status !== 'exited') {
      throw new LostConnection(what, `its container ${name} goes on without us (${status})`);
    }
    if (interruption === 'time is up') throw timedOut(what, options.timeout, said);
    const refusal = startRefusal(work.image, argv, { ...options, ...said, marker });
    if (refusal !== undefined) throw refusal;
    const memory = outOfMemory === 'true' ? '\nthe container was out of memory (OOMKilled)' : '';
    return { ...endingOf(Number(code)), stdout: rest.join('\n'), stderr: `${said.stderr}${memory}` };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function timedOut(what: string, timeout: number, said: CommandResult): UserError {
  return new UserError(
    `${what} did not end within ${showDuration(timeout)} — it was ended`,
    'look at its last lines; if it needs longer, give it a longer time limit',
    { code: 'command-timed-out', evidence: lastWords(said) },
  );
}

export interface Settling {
  /** Where Docker is. */
  readonly host: Machine;
  readonly work: WorkContainer;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Finds what earlier runs have left at work on the same database, waits for its end with its log, and says what became
 * of it. To be called with the lock on the database: nobody else is at work then who still lives.
 * @param wait milliseconds
 * @throws UserError `database-locked` when it is still at work after that
 */
export async function settleEarlierWork({ host, work, log, signal }: Settling, wait: number): Promise<void> {
  const docker = dockerOn(host, { log, signal });
  const deadline = performance.now() + wait;
  for (const { name, labels, state } of await docker.labelled(`${workLabels.database}=${work.database}`)) {
    const begun = `${labels[workLabels.command]}, begun by ${labels[workLabels.run]}`;
    if (state.status === 'running') {
      log.info(`${begun}, goes on without it in the container ${name} on ${host.name}: waiting for its end`);
      await follow({ host, log, signal }, name, begun, Math.max(1_000, deadline - performance.now()));
    }
    const ended = await docker.container(name);
    const last = ended === undefined ? '' : (await docker.logs(name, 20)).lastLine;
    if (ended?.state.status === 'exited' && ended.state.exitCode === 0) {
      log.info(`${begun}, has come to its end without it: exit 0`);
    } else {
      const how = ended === undefined ? 'its container is gone' : `exit ${ended.state.exitCode}`;
      log.warning(`${begun}, has ended without it: ${how}${last === '' ? '' : `, ${last}`}`);
    }
    await docker.remove(name);
  }
}

async function follow(
  { host, log, signal }: Pick<Settling, 'host' | 'log' | 'signal'>,
  name: string,
  begun: string,
  wait: number,
): Promise<void> {
  try {
    await host.run(['docker', 'logs', '--follow', '--tail', '20', name], {
      timeout: wait,
      signal,
      onLine(line) {
        if (!/^tenantry-[0-9a-f]{16} \d+$/.test(line)) log.info(`  ${line}`);
      },
    });
    await host.run(['docker', 'wait', name], { timeout: limits.small, signal }); // the log may end a moment before
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'command-timed-out') throw error;
    throw new UserError(
      `What an earlier run has begun is still at work after ${showDuration(wait)} — ${begun}, in the container ${name} on ${host.name}`,
      `run again when it has ended, or raise lock-wait; "docker logs ${name}" shows how far it is; nothing was changed`,
      { code: 'database-locked', cause: messageOf(error) },
    );
  }
}
