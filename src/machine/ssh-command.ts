import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration } from '../ground/duration.ts';
import { LostConnection, messageOf, UserError } from '../ground/errors.ts';
import { giveInput } from './input.ts';
import { lineSplitter } from './lines.ts';
import { type CommandResult, lastWords, type RunOptions } from './machine.ts';
import { afterMarker, noFolder, noProgram, remoteCommand, signalScript } from './ssh-script.ts';
import { openChannel, type SshChannel, type SshSession } from './ssh-session.ts';

/** Milliseconds that a command has to end after it was asked to, and after it was killed. */
const grace = { TERM: 4_000, KILL: 1_000 } as const;

/** `Machine.run` over SSH. */
export async function runOn(
  session: SshSession,
  argv: readonly string[],
  options: RunOptions,
): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  const marker = `tenantry-${randomBytes(8).toString('hex')}`;
  const { line, script } = remoteCommand(argv, { ...options, marker });
  const what = `${nameOf(argv)} on ${session.name}`;
  const channel = await openChannel(session, line, what);
  const command = follow(channel, script, marker, options);

  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const interrupted = new Promise<'time is up' | 'cancelled'>((resolve) => {
    timer = setTimeout(() => resolve('time is up'), options.timeout);
    onAbort = () => resolve('cancelled');
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted === true) onAbort();
  });
  try {
    const lost = session.lost.catch((error) => {
      throw new LostConnection(what, messageOf(error), { cause: error });
    });
    const end = await Promise.race([command.ended, interrupted, lost]);
    if (typeof end !== 'string') return resultOf(session, end, command, { argv, marker, options, what });
    const reallyEnded = await endCommand(session, command);
    channel.close();
    if (end === 'cancelled') options.signal?.throwIfAborted();
    throw timedOut(what, options.timeout, reallyEnded, command.output);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** What a person calls a command: `docker pull`. A script has no name. */
export function nameOf([program = '', first = '']: readonly string[]): string {
  if (program === 'sh' && first === '-c') return 'a script';
  return /^[a-z]/.test(first) ? `${program} ${first}` : program;
}

interface Ending {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

interface RunningCommand {
  readonly ended: Promise<Ending>;
  readonly output: { stdout: string; stderr: string };
  /** Everything on standard output, with what the login shell said before the command began. */
  readonly raw: { stdout: string };
  /** The process on the server. Pending for as long as the login shell has not come to the command. */
  readonly started: Promise<number>;
  hasStarted(): boolean;
}

function follow(
  channel: SshChannel,
  script: string,
  marker: string,
  { onLine = () => {}, stdin }: Pick<RunOptions, 'onLine' | 'stdin'>,
): RunningCommand {
  const output = { stdout: '', stderr: '' };
  const raw = { stdout: '' };
  let hasStarted = false;
  const { promise: started, resolve: start } = Promise.withResolvers<number>();
  const lines = { stdout: lineSplitter(onLine), stderr: lineSplitter(onLine) };
  const take = (name: 'stdout' | 'stderr') => (text: string) => {
    output[name] += text;
    lines[name].push(text);
  };
  const fromMarker = afterMarker(marker, {
    onStart: (processId) => {
      hasStarted = true;
      start(processId);
    },
    onText: take('stdout'),
  });
  channel.setEncoding('utf8').on('data', (text: string) => {
    if (!hasStarted) raw.stdout += text;
    fromMarker(text);
  });
  channel.stderr.setEncoding('utf8').on('data', take('stderr'));
  channel.on('error', () => {}); // a command that does not read its input is no failure
  channel.write(script);
  giveInput(channel, stdin);

  const ended = new Promise<Ending>((resolve) => {
    let end: Ending = { exitCode: null, signal: null };
    channel.on('exit', (code: number | null, signal?: string) => {
      end = { exitCode: code ?? null, signal: signal ?? null };
    });
    channel.on('close', () => {
      lines.stdout.end();
      lines.stderr.end();
      resolve(end);
    });
  });
  return { ended, output, raw, started, hasStarted: () => hasStarted };
}

function resultOf(
  session: SshSession,
  { exitCode, signal }: Ending,
  { output, raw, hasStarted }: RunningCommand,
  {
    argv,
    marker,
    options,
    what,
  }: { argv: readonly string[]; marker: string; options: RunOptions; what: string },
): CommandResult {
  // sshd tells how every command ended. When it did not, nobody knows: the session is gone, or is going.
  if (exitCode === null && signal === null)
    throw new LostConnection(what, 'the session ended without a result');
  if (!hasStarted()) {
    const said = `${raw.stdout}\n${output.stderr}`.trim().split('\n').at(-1);
    throw new UserError(
      `${session.name} does not run commands — its login shell said: ${said === '' ? 'nothing' : said}`,
      'give the account a plain login shell (chsh -s /bin/sh) without a forced command',
      { code: 'ssh-shell-unusable' },
    );
  }
  const refusal = startRefusal(session.name, argv, { exitCode, stderr: output.stderr, marker, ...options });
  if (refusal !== undefined) throw refusal;
  return { exitCode, signal, ...output };
}

interface Refused {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly marker: string;
  readonly workingDirectory?: string | undefined;
}

/** Why the script could not start its program, if that is what happened. */
export function startRefusal(
  place: string,
  [program = '']: readonly string[],
  { exitCode, stderr, marker, workingDirectory }: Refused,
): UserError | undefined {
  const refused = stderr.trim();
  if (exitCode === 127 && refused === noProgram(marker)) {
    return new UserError(
      `Cannot start ${program} on ${place} — there is no such program`,
      'install it there, or put it on the PATH of this account when it logs in without a terminal',
      { code: 'command-not-found' },
    );
  }
  if (exitCode === 126 && refused === noFolder(marker)) {
    return new UserError(
      `Cannot start ${program} on ${place} — the folder ${workingDirectory} cannot be entered`,
      'create it, or give this account the right to enter it',
      { code: 'command-not-found' },
    );
  }
  return undefined;
}

/** Sends a signal to a command and what it started, through a channel beside it. */
export async function signalCommand(session: SshSession, id: number, signal: 'TERM' | 'KILL'): Promise<void> {
  await runOn(session, ['sh', '-c', signalScript(id, signal)], { timeout: grace[signal] });
}

/** Ends a command through a channel beside it; false when nobody knows whether it has ended. */
async function endCommand(session: SshSession, { started, ended }: RunningCommand): Promise<boolean> {
  const id = await Promise.race([started, sleep(grace.TERM, undefined, { ref: false })]);
  if (id === undefined) return false;
  const isOver = ended.then(({ exitCode, signal }) => exitCode !== null || signal !== null);
  for (const signal of ['TERM', 'KILL'] as const) {
    try {
      await signalCommand(session, id, signal);
    } catch {
      return false; // no way to know: the sentence says so
    }
    if (await Promise.race([isOver, sleep(grace[signal], false, { ref: false })])) return true;
  }
  return false;
}

function timedOut(
  what: string,
  timeout: number,
  reallyEnded: boolean,
  output: { stdout: string; stderr: string },
): UserError {
  const evidence = lastWords({ exitCode: null, signal: null, ...output });
  return new UserError(
    `${what} did not end within ${showDuration(timeout)} — ${reallyEnded ? 'it was ended' : 'it may still be running there'}`,
    reallyEnded
      ? 'look at its last lines; if it needs longer, give it a longer time limit'
      : 'look there before you run it again; if it needs longer, give it a longer time limit',
    { code: 'command-timed-out', evidence },
  );
}
