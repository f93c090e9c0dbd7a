import type { CommandResult } from '../machine/machine.ts';

/** Reading what Django's commands print. Only for sentences: what really happened is asked of the database. */

// The end of a terminal's colour codes, which some projects force on.
const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** The migration that was being applied, or undone, when the command failed, as `app.name`. */
export function migrationUnderWay(output: string): string | undefined {
  const [, ...applying] = output.replace(colours, '').split(/(?:Applying|Unapplying) (?=\S+\.\.\.)/);
  const last = applying.at(-1);
  if (last === undefined || /\b(OK|FAKED)\b/.test(last)) return undefined;
  return /^(\S+?)\.\.\./.exec(last)?.[1];
}

/** A lock that was not free in time, a deadlock, a serialization failure: as PostgreSQL numbers them. */
export type RetryableState = '55P03' | '40P01' | '40001';

const retryable: Readonly<Record<RetryableState, RegExp>> = {
  '55P03': /\bLockNotAvailable\b|canceling statement due to lock timeout/,
  '40P01': /\bDeadlockDetected\b|\bdeadlock detected\b/,
  '40001': /\bSerializationFailure\b|could not serialize access/,
};

/** Whether another try may work: by psycopg's names for it, whatever language the server speaks. */
export function retryableState({
  stdout,
  stderr,
}: Pick<CommandResult, 'stdout' | 'stderr'>): RetryableState | undefined {
  const states = Object.keys(retryable) as RetryableState[];
  return states.find((state) => retryable[state].test(stderr) || retryable[state].test(stdout));
}

export function isRetryable(state: string | undefined | null): state is RetryableState {
  return typeof state === 'string' && Object.hasOwn(retryable, state);
}

// PostgreSQL's word for it, then libpq's, then psycopg's.
const loss =
  /terminating connection|server closed the connection unexpectedly|could not (receive data from|send data to) server|consuming input failed|the connection is (closed|lost)|connection already closed/;

/** Whether the command's connection to the database was ended from outside. */
export function lostConnection({ stderr }: Pick<CommandResult, 'stderr'>): boolean {
  return loss.test(stderr);
}

/**
 * What went wrong, in the words of the program: the last exception of a traceback with PostgreSQL's DETAIL,
 * on one line; else the last line that was printed.
 */
export function failureLine({ stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>): string {
  const lines = (stderr.trim() === '' ? stdout : stderr).replace(colours, '').trimEnd().split('\n');
  const start = lines.findLastIndex((line) => exceptionLine.test(line));
  if (start === -1) return (lines.at(-1) ?? '').trim();
  const [, message = ''] = exceptionLine.exec(lines[start] ?? '') ?? [];
  const detail = lines.slice(start + 1).find((line) => line.startsWith('DETAIL:'));
  const shown = isTraceback(lines[start] ?? '') ? message : (lines[start] ?? '').trim();
  return detail === undefined ? shown : `${shown} (${detail.replace(/^DETAIL:\s*/, '').trim()})`;
}

const exceptionLine = /^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Missing|Warning): (.*)$/;

/** Database errors are best told in PostgreSQL's own words, without Django's class name. */
function isTraceback(line: string): boolean {
  return /^django\.db\.utils\.|^psycopg/.test(line);
}
