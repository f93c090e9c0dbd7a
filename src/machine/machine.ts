import type { Readable } from 'node:stream';

/**
 * A place where commands run: this machine, or a server over SSH. Whoever stands above does not know which.
 */
export interface Machine {
  /** For people: `this machine`, `deploy@web-1`. */
  readonly name: string;

  /**
   * Runs one argument list to its end. A non-zero exit is a result, not an error.
   * @throws LostConnection when the outcome is not known.
   * @throws UserError `command-not-found` when the program does not exist, `command-timed-out` when the time was
   *   up (what was started has been ended, or the sentence says that it may still run).
   */
  run(argv: readonly string[], options: RunOptions): Promise<CommandResult>;

  /**
   * Starts a program that stays, and talks with it line by line. Not every place can: callers have another way.
   * @throws UserError `command-not-found` when the program does not exist.
   */
  converse?(argv: readonly string[], options: ConverseOptions): Promise<Conversation>;

  /**
   * Starts a program whose output is taken as it comes, in bytes. Not every place can.
   * @throws UserError `command-not-found` when the program does not exist (as `ended`).
   */
  stream?(argv: readonly string[], options: StreamOptions): ByteStream;

  /** Writes a file in one step (a reader sees the old or the new one, whole), with its mode from the start. */
  writeFile(path: string, content: string, options: { readonly mode: number }): Promise<void>;

  /** The text of a file, or undefined when there is none. */
  readFile(path: string): Promise<string | undefined>;

  close(): Promise<void>;
}

export interface RunOptions {
  /** Milliseconds until the command is ended. */
  readonly timeout: number;
  /** Ends the command when the step is cancelled. */
  readonly signal?: AbortSignal;
  /** Given on standard input, which is then closed: the way for secrets. Empty when left out. */
  readonly stdin?: string | Buffer | Readable;
  /** Added to the environment; never in an argument list, so values may be secret. */
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Told each line as it comes, from standard output and standard error. */
  readonly onLine?: (line: string) => void;
  /**
   * A small command that ends at once: a place that keeps a shell gives it that one, which is faster. It cannot be
   * cancelled, and nobody is told its lines.
   */
  readonly quick?: boolean;
  /**
   * What it is, for whoever finds it later: where the place can do that, it goes on when the connection is lost or
   * the runner dies, and the place remembers what became of it.
   */
  readonly lasting?: string;
}

export type StreamOptions = Pick<RunOptions, 'signal' | 'env' | 'workingDirectory'>;

/** A program that is read from. Whoever does not read to its end ends it. */
export interface ByteStream {
  readonly output: Readable;
  /** How it ended, without its output; never before all of that was taken, or `end` was called. */
  readonly ended: Promise<CommandResult>;
  end(): Promise<void>;
}

export type ConverseOptions = Pick<RunOptions, 'signal' | 'env' | 'workingDirectory'> & {
  /** Told each line of standard error as it comes; standard output belongs to the conversation. */
  readonly onLine?: (line: string) => void;
};

/** A program that was started and stays until it is ended, or ends by itself. */
export interface Conversation {
  /**
   * Gives the program one line, once there is room for it.
   * @throws LostConnection when the program has ended or no longer listens.
   */
  send(line: string): Promise<void>;
  /** The next line of its standard output; undefined once it has ended and all lines were taken. */
  receive(): Promise<string | undefined>;
  /** Closes its standard input; a program that stays for `patience` milliseconds is ended, with what it started. */
  end(patience?: number): Promise<CommandResult>;
  /** How it ended, with the last lines of its standard error; never fails. */
  readonly ended: Promise<CommandResult>;
}

export interface CommandResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function succeeded(result: CommandResult): boolean {
  return result.exitCode === 0;
}

/** How a command ended, for a sentence: `exit 1`, `ended by SIGKILL`. */
export function ending({ exitCode, signal }: CommandResult): string {
  if (signal !== null) return `ended by ${signal}`;
  return exitCode === null ? 'no result' : `exit ${exitCode}`;
}

/** The last lines that say something, standard error first: what a person would look at first. */
export function lastWords({ stdout, stderr }: CommandResult, lines = 20): string {
  const text = stderr.trim() === '' ? stdout : stderr;
  return text.trim().split('\n').slice(-lines).join('\n');
}
