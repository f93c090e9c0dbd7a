import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { LostConnection, messageOf } from '../ground/errors.ts';
import { lineSplitter } from './lines.ts';
import type { CommandResult, Conversation, ConverseOptions } from './machine.ts';
import { cannotStart, endGroup, signalGroup, startGroup } from './process-group.ts';

/** Lines of standard error that are kept for evidence. */
const keptLines = 200;
/** Unread lines after which the program has to wait until some are taken. */
const unreadLines = 1_000;
/** Milliseconds that a dead program's streams may stay open, when something that it started holds them. */
const lingering = 1_000;

/** A conversation with a program on this machine. */
export async function converseLocally(
  argv: readonly string[],
  options: ConverseOptions,
): Promise<Conversation> {
  const { signal, onLine, workingDirectory } = options;
  signal?.throwIfAborted();
  const [program = ''] = argv;
  const child = startGroup(argv, options);
  child.stdin.on('error', () => {}); // told to whoever sends
  const inbox = new Inbox(child);
  const said = lastLines(child, onLine);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw cannotStart(program, workingDirectory, error);
  }

  const onAbort = () => {
    child.stdin.end(); // some programs hear this sooner than a signal
    void endGroup(child);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const ended = endOf(child).then(({ exitCode, signal: bySignal }): CommandResult => {
    signal?.removeEventListener('abort', onAbort);
    inbox.close();
    return { exitCode, signal: bySignal, stdout: '', stderr: said().join('\n') };
  });

  return {
    ended,
    receive: () => inbox.next(),

    send(line) {
      return new Promise((resolve, reject) => {
        child.stdin.write(`${line}\n`, (error) => {
          if (error == null) return resolve();
          reject(new LostConnection(`the conversation with ${program}`, messageOf(error), { cause: error }));
        });
      });
    },

    async end(patience = 5_000) {
      child.stdin.end();
      const result = await Promise.race([ended, sleep(patience, undefined, { ref: false })]);
      if (result === undefined) await endGroup(child);
      else signalGroup(child, 'SIGKILL'); // what it left behind
      return ended;
    },
  };
}

/** Lines of standard output in the order in which they came, for one reader. */
class Inbox {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  readonly #waiting: ((line: string | undefined) => void)[] = [];
  #unfinished: string[] = [];
  #closed = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => this.#take(text));
    child.stdout.on('error', () => {});
  }

  next(): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (this.#lines.length < unreadLines) this.#child.stdout.resume();
    if (line !== undefined || this.#closed) return Promise.resolve(line);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing more will come. Half a line is nothing that anybody could use. */
  close(): void {
    this.#closed = true;
    for (const tell of this.#waiting.splice(0)) tell(undefined);
  }

  #take(text: string): void {
    const [first = '', ...more] = text.split('\n');
    this.#unfinished.push(first);
    for (const piece of more) {
      this.#tell(this.#unfinished.join(''));
      this.#unfinished = [piece];
    }
    if (this.#lines.length >= unreadLines && this.#child.exitCode === null) this.#child.stdout.pause();
  }

  #tell(line: string): void {
    const tell = this.#waiting.shift();
    if (tell === undefined) this.#lines.push(line);
    else tell(line);
  }
}

function lastLines(
  child: ChildProcessWithoutNullStreams,
  onLine: ConverseOptions['onLine'],
): () => readonly string[] {
  const kept: string[] = [];
  const splitter = lineSplitter((line) => {
    kept.push(line);
    if (kept.length > keptLines) kept.shift();
    onLine?.(line);
  });
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => splitter.push(text));
  child.stderr.on('end', () => splitter.end());
  child.stderr.on('error', () => {});
  return () => kept;
}

/** Waits until a program has ended and what it said is read. */
async function endOf(
  child: ChildProcessWithoutNullStreams,
): Promise<{ exitCode: number | null; signal: string | null }> {
  const closed = once(child, 'close');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  child.stdout.resume();
  await Promise.race([closed, sleep(lingering, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  return { exitCode: child.exitCode, signal: child.signalCode };
}
