import { type Blocker, describeBlockers } from '../database/blockers.ts';
import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import type { FailureCode } from '../ground/failure-codes.ts';

/** The sentence of a migration that did not work, whichever engine ran it. */

export interface FailedMigration {
  /** `app.name`; undefined: it is not known which. */
  readonly migration: string | undefined;
  /** What was observed, on one line. */
  readonly observed: string;
  readonly evidence: string;
}

export interface Place {
  readonly code: FailureCode;
  /** `in tenant acme`. */
  readonly where: string;
  /** `Migrating tenant acme`. */
  readonly trying: string;
  /** What was done with the migration. Default: `Migration`. */
  readonly doing?: string;
  /** How the rest of the world stands, for the end of the sentence. */
  readonly standing?: string;
}

export function failedMigration(
  { migration, observed, evidence }: FailedMigration,
  { code, where, trying, doing = 'Migration', standing }: Place,
): UserError {
  const what = migration === undefined ? `${trying} failed` : `${doing} ${migration} failed ${where}`;
  return new UserError(
    `${what} — ${observed}`,
    ['mend the cause, then run again', standing].filter(Boolean).join('; '),
    { code, evidence },
  );
}

/** @param lockTimeout milliseconds that one statement waits for one lock; undefined: as the project has it */
export function blockedMigration(
  { migration, evidence }: FailedMigration,
  { where, trying, doing = 'Migration', standing }: Place,
  { blockers, lockTimeout }: { blockers: readonly Blocker[]; lockTimeout: number | undefined },
): UserError {
  const what =
    migration === undefined ? `${trying} was blocked` : `${doing} ${migration} was blocked ${where}`;
  const limit = lockTimeout === undefined ? '' : ` within lock-timeout (${showDuration(lockTimeout)})`;
  const who =
    blockers.length === 0 ? 'nobody could be seen in the way' : `in the way: ${describeBlockers(blockers)}`;
  const sessions = blockers.filter(({ pid }) => pid !== 0);
  const end =
    sessions.length === 0
      ? ''
      : ` (or end it: ${sessions.map(({ pid }) => `SELECT pg_terminate_backend(${pid})`).join('; ')})`;
  const rest = standing === undefined ? '' : `; ${standing}`;
  return new UserError(
    `${what} — it did not get a lock${limit}; ${who}`,
    `run again when that has ended${end}, or raise lock-timeout: what waits for a lock makes others wait, too${rest}`,
    { code: 'migration-blocked', evidence },
  );
}
