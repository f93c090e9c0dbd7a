import type { Database } from '../database/session.ts';
import type { RetryableState } from '../django/command-output.ts';
import type { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';

/** What every piece of work on a schema is given. */
export interface Work {
  /** By which is seen who keeps it waiting. */
  readonly database: Database;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Milliseconds for one command. */
  readonly timeout: number;
}

/** How a piece of work has ended. */
export interface Ran {
  readonly milliseconds: number;
  readonly failure?: UserError | undefined;
  /** `app.name` of the one that failed, where the command has told. */
  readonly migration?: string | undefined;
  /** What ran it. */
  readonly engine?: EngineName | undefined;
  /** Why another try may work, as SQLSTATE: nothing was changed, and nothing is wrong with the migration. */
  readonly retry?: RetryableState | undefined;
  /** It failed in a way that no other tenant may go through. */
  readonly endsRun?: boolean | undefined;
}

/** What can migrate a tenant: a worker or the project's own command of Django, or the command that was given. */
export type EngineName = 'worker' | 'django' | 'command';
