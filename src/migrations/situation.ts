import type { UserError } from '../ground/errors.ts';
import type { FailureCode } from '../ground/failure-codes.ts';

/**
 * What can be found about a fleet, with the sentence for it. Each one is made here by the very function that makes it
 * in a run, from an example, so that the table in docs/troubleshooting.md cannot say anything else.
 */
export interface Situation {
  /** Its number; a situation with several ends has several entries. */
  readonly row: number;
  readonly title: string;
  /** Undefined: it is told, and stops nothing. */
  readonly code: FailureCode | undefined;
  /** What failed and what was observed, or what is told. */
  readonly said: string;
  /** What to do. */
  readonly next: string;
}

export function stops(row: number, title: string, failure: UserError | undefined): Situation {
  if (failure === undefined) throw new Error(`${title}: nothing stops`);
  return { row, title, code: failure.code, said: failure.message, next: failure.hint };
}

export function tells(row: number, title: string, said: string | undefined, next: string): Situation {
  if (said === undefined) throw new Error(`${title}: nothing is told`);
  return { row, title, code: undefined, said, next };
}
