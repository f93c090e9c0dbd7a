import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
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

/** A program that was started, wherever that is. */
export interface Partner {
  /** For people. */
  readonly name: string;
  readonly input: Writable;
  readonly output: Readable;
  readonly errors: Readable;
  /** Resolved when it has ended; never rejected. */
  readonly exited: Promise<Pick<CommandResult, 'exitCode' | 'signal'>>;
  /** Asks it and what it started to end, and ends them when they do not. */
  stop(): Promise<void>;
  /** Ends what it has left behind. */
  tidy(): void;
}

/** A conversation with a program on this machine. */
export async function converseLocally(
  argv: readonly string[],
  options: ConverseOptions,
): Promise<Conversation> {
  options.signal?.throwIfAborted();
  const [program = ''] = argv;
  const child = startGroup(argv, options);
  const conversation = conversationWith(partnerOf(child, program), options);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw cannotStart(program, options.workingDirectory, error);
  }
  return conversation;
}

function partnerOf(child: ChildProcessWithoutNullStreams, name: string): Partner {
  return {
    name,
    input: child.stdin,
    output: child.stdout,
    errors: child.stderr,
    exited: new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
      child.once('error', () => resolve({ exitCode: null, signal: null }));
    }),
    stop: () => endGroup(child),
    tidy: () => signalGroup(child, 'SIGKILL'),
  };
}

/** The conversation with a program that has just been started; nothing of what it says was taken yet. */
export function conversationWith(
  partner: Partner,
  { signal, onLine }: Pick<ConverseOptions, 'signal' | 'onLine'>,
): Conversation {
  const { name, input } = partner;
  input.on('error', () => {}); // told to whoever sends
  const inbox = new Inbox(partner.output);
  const said = lastLines(partner.errors, onLine);

  const onAbort = () => {
    input.end(); // some programs hear this sooner than a signal
    void partner.stop();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const ended = endOf(partner, inbox).then(({ exitCode, signal: bySignal }): CommandResult => {
    signal?.removeEventListener('abort', onAbort);
    inbox.close();
    return { exitCode, signal: bySignal, stdout: '', stderr: said().join('\n') };
  });

  return {
    ended,
    receive: () => inbox.next(),

    send(line) {
      return new Promise((resolve, reject) => {
        input.write(`${line}\n`, (error) => {
          if (error == null) return resolve();
          reject(new LostConnection(`the conversation with ${name}`, messageOf(error), { cause: error }));
        });
      });
    },

    async end(patience = 5_000) {
      input.end();
      const result = await Promise.race([ended, sleep(patience, undefined, { ref: false })]);
      if (result === undefined) await partner.stop();
      else partner.tidy();
      return ended;
    },
  };
}

/** Lines of standard output in the order in which they came, for one reader. */
class Inbox {
  readonly #output: Readable;
  readonly #lines: string[] = [];
  readonly #waiting: ((line: string | undefined) => void)[] = [];
  #unfinished: string[] = [];
  #closed = false;
  #flowing = false;

  constructor(output: Readable) {
    this.#output = output;
    output.setEncoding('utf8');
    output.on('data', (text: string) => this.#take(text));
    output.on('error', () => {});
  }

  next(): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (this.#lines.length < unreadLines) this.#output.resume();
    if (line !== undefined || this.#closed) return Promise.resolve(line);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing will be held up any more: the program has ended. */
  flow(): void {
    this.#flowing = true;
    this.#output.resume();
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
    if (this.#lines.length >= unreadLines && !this.#flowing) this.#output.pause();
  }

  #tell(line: string): void {
    const tell = this.#waiting.shift();
    if (tell === undefined) this.#lines.push(line);
    else tell(line);
  }
}

function lastLines(errors: Readable, onLine: ConverseOptions['onLine']): () => readonly string[] {
  const kept: string[] = [];
  const splitter = lineSplitter((line) => {
    kept.push(line);
    if (kept.length > keptLines) kept.shift();
    onLine?.(line);
  });
  errors.setEncoding('utf8');
  errors.on('data', (text: string) => splitter.push(text));
  errors.on('end', () => splitter.end());
  errors.on('error', () => {});
  return () => kept;
}

/** Waits until a program has ended and what it said is read. */
async function endOf(
  { output, errors, exited }: Partner,
  inbox: Inbox,
): Promise<Pick<CommandResult, 'exitCode' | 'signal'>> {
  const closed = Promise.all([output, errors].map((stream) => stream.closed || once(stream, 'close')));
  closed.catch(() => {});
  const ending = await exited;
  inbox.flow();
  await Promise.race([closed, sleep(lingering, undefined, { ref: false })]);
  output.destroy();
  errors.destroy();
  return ending;
}
