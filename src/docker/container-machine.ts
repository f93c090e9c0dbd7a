/**
 * A container as a place where commands run. Its first process waits for the end of its input, so that nothing of it
 * is left when whoever started it is gone; commands come beside it by `docker exec`. Their environment and arguments
 * go by standard input: Docker itself does not know them, and `docker inspect` cannot show them.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration } from '../ground/duration.ts';
import { LostConnection, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import {
  type CommandResult,
  type Conversation,
  type ConverseOptions,
  ending,
  lastWords,
  type Machine,
  type RunOptions,
} from '../machine/machine.ts';
import { quoted } from '../machine/quoting.ts';
import { readByShell, writeByShell } from '../machine/shell-files.ts';
import { nameOf, startRefusal } from '../machine/ssh-command.ts';
import { remoteCommand, signalScript } from '../machine/ssh-script.ts';
import { endingOf, inputAfter, startIn } from './scripted-command.ts';
import { dockerVerdict } from './verdict.ts';
import { runApart } from './work-command.ts';
import { type WorkContainer, workArguments } from './work-container.ts';

/**
 * Milliseconds for a container to come up, for a small `docker` command, for a command to end once it was asked, and
 * for the end of a container to be heard.
 */
const limits = { start: 120_000, small: 60_000, end: 5_000, hear: 1_000 } as const;

/** The exit code by which the container's shell tells that it was told to end. */
const over = 7;
/**
 * Says that it is there, and is a shell for small commands until it is told that it is over. When nobody can tell it
 * any more, the commands beside it have a moment to notice the same.
 */
const waitingProgram = `echo ready; sh 3>&1; [ $? -eq ${over} ] || sleep 6`;

/**
 * Starts a container of an image and keeps it until `close`.
 * @param host where Docker is; it must be able to converse
 * @throws UserError what `dockerVerdict` makes of Docker's refusal
 */
export async function openContainer(
  host: Machine,
  work: WorkContainer,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<Machine> {
  const room = await startRoom(host, work, signal);
  const name = `the image ${work.image} on ${host.name}`;
  const inside: Inside = { host, room: work.name, name, gone: goneWith(room, work) };
  const shell = new RoomShell(room, work.name);
  const run: Machine['run'] = (argv, options) => {
    const { lasting, quick, stdin = '' } = options;
    if (lasting !== undefined) {
      return runApart(host, { ...work, command: lasting }, argv, { ...options, lasting });
    }
    if (quick === true && typeof stdin === 'string' && /^$|\n$/.test(stdin)) {
      return shell.run(argv, { ...options, stdin });
    }
    return runInside(inside, argv, options);
  };
  return {
    name,
    run,
    converse: (argv, options) => converseInside(inside, argv, options),
    writeFile: (path, content, { mode }) => writeByShell({ name, run }, path, content, mode),
    readFile: (path) => readByShell({ name, run }, path),
    async close() {
      await shell.end();
      const { exitCode } = await room.end(limits.small);
      if (exitCode === 0) return; // `docker run --rm` ends when the container is removed
      await host
        .run(['docker', 'rm', '--force', work.name], { timeout: limits.small })
        .catch(() => log.debug(`the container ${work.name} ends by itself`));
    },
  };
}

async function startRoom(host: Machine, work: WorkContainer, signal: AbortSignal): Promise<Conversation> {
  const argv = ['docker', ...workArguments(work, ['--rm', '--log-driver', 'none'], waitingProgram)];
  const room = await host.converse?.(argv, { signal });
  if (room === undefined) throw new Error(`${host.name} cannot keep a program`);
  const timer = new AbortController();
  const late = sleep(limits.start, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const);
  const said = await Promise.race([room.receive(), late]);
  timer.abort();
  if (said === 'ready') return room;
  const result = await room.end();
  signal.throwIfAborted();
  throw dockerVerdict({ failed: `Cannot start a container of ${work.image}`, server: host.name, result });
}

/** The container's first process, which takes small commands one after the other: `docker exec` takes ten times as long. */
class RoomShell {
  readonly #room: Conversation;
  readonly #name: string;
  #before: Promise<unknown> = Promise.resolve();

  constructor(room: Conversation, name: string) {
    this.#room = room;
    this.#name = name;
  }

  run(argv: readonly string[], options: RunOptions & { readonly stdin: string }): Promise<CommandResult> {
    const running = this.#before.then(() => this.#run(argv, options));
    this.#before = running.catch(() => {});
    return running;
  }

  async #run(
    argv: readonly string[],
    { stdin, env = {}, timeout }: RunOptions & { readonly stdin: string },
  ): Promise<CommandResult> {
    const marker = `tenantry-${randomBytes(8).toString('hex')}`;
    const words = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
    const text = [...words, ...argv.map(quoted)].join(' ');
    // What it writes comes as it is; what it says about it comes after it.
    const asked = this.#room.send(
      `said=$( { ${text} <<'${marker}'\n${stdin}${marker}\n} 2>&1 >&3)\nprintf '\\n%s %s\\n%s\\n%s\\n' ${marker} $? "$said" ${marker}`,
    );
    await asked.catch(() => {}); // what does not answer is gone
    const timer = new AbortController();
    const late = sleep(timeout, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const);
    try {
      const stdout = await this.#linesUntil((line) => line.startsWith(`${marker} `), late);
      const stderr = await this.#linesUntil((line) => line === marker, late);
      const exitCode = Number(stdout.pop()?.slice(marker.length + 1));
      stderr.pop();
      return { ...endingOf(exitCode), stdout: stdout.join('\n'), stderr: stderr.join('\n') };
    } finally {
      timer.abort();
    }
  }

  /** @returns them and the last one. @throws LostConnection */
  async #linesUntil(isLast: (line: string) => boolean, late: Promise<'late'>): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await Promise.race([this.#room.receive(), late]);
      if (line === undefined || line === 'late') {
        const observed = line === 'late' ? 'does not answer' : 'is gone';
        throw new LostConnection(`a command in ${this.#name}`, `its container ${observed}`);
      }
      lines.push(line);
      if (isLast(line)) return lines;
    }
  }

  async end(): Promise<void> {
    await this.#before;
    await this.#room.send(`exit ${over}`).catch(() => {}); // it may be gone already
  }
}

interface Inside {
  readonly host: Machine;
  /** The container. */
  readonly room: string;
  readonly name: string;
  /** Rejected when the container has ended. */
  readonly gone: Promise<never>;
}

/** Whoever works in the container hears when it ends. */
function goneWith(room: Conversation, { name }: WorkContainer): Promise<never> {
  const gone = room.ended.then((result): never => {
    const said = lastWords(result, 1);
    throw new Error(`its container ${name} is gone (${ending(result)})${said === '' ? '' : `: ${said}`}`);
  });
  gone.catch(() => {});
  return gone;
}

async function runInside(
  inside: Inside,
  argv: readonly string[],
  options: RunOptions,
): Promise<CommandResult> {
  const { host, room, name, gone } = inside;
  options.signal?.throwIfAborted();
  const what = `${nameOf(argv)} in ${name}`;
  const marker = `tenantry-${randomBytes(8).toString('hex')}`;
  const { program, script } = remoteCommand(argv, { ...options, marker });
  const client = new AbortController();
  const { promise: started, resolve: start } = Promise.withResolvers<number>();
  const running = host.run(['docker', 'exec', '--interactive', room, 'sh', '-c', program], {
    timeout: options.timeout + 4 * limits.end,
    signal: client.signal,
    stdin: inputAfter(script, options.stdin),
    onLine(line) {
      const id = startIn(line, marker);
      if (id === undefined) options.onLine?.(line);
      else start(id);
    },
  });
  running.catch(() => {}); // who waits for it hears of it

  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const interrupted = new Promise<'time is up' | 'cancelled'>((resolve) => {
    timer = setTimeout(() => resolve('time is up'), options.timeout);
    onAbort = () => resolve('cancelled');
    options.signal?.addEventListener('abort', onAbort, { once: true });
  });
  const lost = gone.catch((error: Error) => {
    throw new LostConnection(what, error.message);
  });
  lost.catch(() => {});
  try {
    const end = await Promise.race([running, interrupted, lost]);
    if (typeof end !== 'string') return resultOf(end, { inside, argv, marker, options });
    const reallyEnded = await endInside({ host, room }, started, running);
    client.abort();
    if (end === 'cancelled') options.signal?.throwIfAborted();
    throw new UserError(
      `${what} did not end within ${showDuration(options.timeout)} — ${reallyEnded ? 'it was ended' : 'it may still be running there'}`,
      'look what it waits for; if it needs longer, give it a longer time limit',
      { code: 'command-timed-out' },
    );
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
    client.abort();
  }
}

interface Finished {
  readonly inside: Inside;
  readonly argv: readonly string[];
  readonly marker: string;
  readonly options: RunOptions;
}

async function resultOf(
  result: CommandResult,
  { inside, argv, marker, options }: Finished,
): Promise<CommandResult> {
  const { host, name } = inside;
  const [first = '', ...rest] = result.stdout.split('\n');
  const hasStarted = startIn(first, marker) !== undefined;
  // Whatever ran in a container that was ended was ended with it, and has not failed by itself.
  if (!hasStarted || result.exitCode === 137) await requireRoom(inside, `${nameOf(argv)} in ${name}`);
  if (!hasStarted) {
    throw dockerVerdict({ failed: `Cannot run ${nameOf(argv)} in ${name}`, server: host.name, result });
  }
  const refusal = startRefusal(name, argv, { ...options, ...result, marker });
  if (refusal !== undefined) throw refusal;
  return { ...result, ...endingOf(result.exitCode), stdout: rest.join('\n') };
}

/** @throws LostConnection when the container is gone */
async function requireRoom({ host, room, gone }: Inside, what: string): Promise<void> {
  // Docker may still call it running while it ends what is in it: then its own client is about to hear.
  const settled = gone.catch(() => {});
  await Promise.race([settled, sleep(limits.hear, undefined, { ref: false })]);
  const argv = ['docker', 'container', 'inspect', '--format', '{{.State.Running}}', room];
  const { stdout } = await host.run(argv, { timeout: limits.small });
  if (stdout.trim() !== 'true') throw new LostConnection(what, `its container ${room} is gone`);
}

/** @returns whether it has ended */
async function endInside(
  { host, room }: Pick<Inside, 'host' | 'room'>,
  started: number | Promise<number>,
  over: Promise<unknown>,
): Promise<boolean> {
  // It may just be about to begin.
  const processId = await Promise.race([started, sleep(limits.end, undefined, { ref: false })]);
  if (processId === undefined) return false;
  const ended = over.then(
    () => true,
    () => true,
  );
  for (const signal of ['TERM', 'KILL'] as const) {
    const script = ['docker', 'exec', room, 'sh', '-c', signalScript(processId, signal)];
    await host.run(script, { timeout: limits.end }).catch(() => {});
    if (await Promise.race([ended, sleep(limits.end, false, { ref: false })])) return true;
  }
  return false;
}

async function converseInside(
  inside: Inside,
  argv: readonly string[],
  options: ConverseOptions,
): Promise<Conversation> {
  const { host, room, name } = inside;
  const marker = `tenantry-${randomBytes(8).toString('hex')}`;
  const { program, script } = remoteCommand(argv, { ...options, marker });
  const command = ['docker', 'exec', '--interactive', room, 'sh', '-c', program];
  const { signal, onLine } = options;
  const conversation = await host.converse?.(command, {
    ...(signal === undefined ? {} : { signal }),
    ...(onLine === undefined ? {} : { onLine }),
  });
  if (conversation === undefined) throw new Error(`${host.name} cannot keep a program`);
  await conversation.send(script.slice(0, -1)); // its last line break is the line's
  const processId = startIn((await conversation.receive()) ?? '', marker);
  if (processId === undefined) {
    const result = await conversation.end();
    signal?.throwIfAborted();
    await requireRoom(inside, `${nameOf(argv)} in ${name}`);
    throw (
      startRefusal(name, argv, { ...options, ...result, marker }) ??
      dockerVerdict({ failed: `Cannot run ${nameOf(argv)} in ${name}`, server: host.name, result })
    );
  }
  const ended = conversation.ended.then((result) => ({ ...result, ...endingOf(result.exitCode) }));
  return {
    ...conversation,
    ended,
    async end(patience = limits.end) {
      // What does not end by itself is ended where it is: with the client alone it would go on.
      const ending = conversation.end(patience + 3 * limits.end);
      const result = await Promise.race([ended, sleep(patience, undefined, { ref: false })]);
      if (result === undefined) await endInside({ host, room }, processId, ended);
      await ending;
      return ended;
    },
  };
}
