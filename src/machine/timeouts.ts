/** Limits that PostgreSQL keeps for the statements of a session; in milliseconds, 0 is none. */
export interface Timeouts {
  /** How long one statement waits for one lock. */
  readonly lock: number;
  /** How long one statement runs. */
  readonly statement: number;
}

/** The largest value that PostgreSQL takes: almost 25 days. */
export const longestTimeout = 2_147_483_647;

/** As PGOPTIONS, which every driver on libpq passes on to the server; added to what is there, and stronger. */
export function withTimeouts(options: string | undefined, { lock, statement }: Timeouts): string {
  return [options ?? '', `-c lock_timeout=${lock}`, `-c statement_timeout=${statement}`]
    .filter((part) => part.trim() !== '')
    .join(' ');
}

/** Whether no limit is asked for at all. */
export function isUnlimited({ lock, statement }: Timeouts): boolean {
  return lock === 0 && statement === 0;
}
