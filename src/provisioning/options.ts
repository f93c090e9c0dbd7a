import type { RegisteringProject } from '../command/project.ts';
import type { Database } from '../database/session.ts';
import type { DjangoProject } from '../django/project.ts';
import type { Log } from '../ground/log.ts';
import type { AfterCommand } from './after-command.ts';
import type { NewTenant } from './fields.ts';
import type { MakeTables } from './tables.ts';

/** What becomes of the others when one tenant fails. */
export type OnError = 'stop' | 'continue' | 'undo-all';

/** The kinds of project that tenants can be made for. */
export type ProvisionableProject = DjangoProject | RegisteringProject;

export interface ProvisionOptions<Kind extends ProvisionableProject = ProvisionableProject> {
  readonly project: Kind;
  /** The same database that the project's environment names. */
  readonly database: Database;
  /** Opens one more session, to be closed by whoever asked for it: what is undone after the step was cancelled needs one that goes on. */
  readonly another: (signal: AbortSignal) => Promise<Database>;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly tenants: readonly NewTenant[];
  /** Who runs this, for whoever finds an unfinished tenant. */
  readonly run: string;
  /** Takes over schemas that exist without a row. */
  readonly adopt: boolean;
  /** Looks, decides, prints; makes nothing. */
  readonly dryRun: boolean;
  readonly afterCommands?: readonly AfterCommand[] | undefined;
  readonly copy?: CopyWish | undefined;
  readonly checkHealth?: CheckHealth | undefined;
  /** Default: stop. */
  readonly onError?: OnError | undefined;
  /** How many tenants at once; each beyond the first has a process of Python of its own. Default: 1. */
  readonly parallel?: number | undefined;
  /** Milliseconds for one command of the project. Default: an hour. */
  readonly commandTimeout?: number | undefined;
  /** Called before each change with what it is; what it throws ends the run there. */
  readonly atSafePoint?: ((phase: string) => Promise<void>) | undefined;
  /** How a schema gets its tables. Default: by the project's migrations. */
  readonly makeTables?: MakeTables | undefined;
}

export interface CopyWish {
  /** The schema of the tenant whose rows are copied. */
  readonly source: string;
  /** Takes out of the copy what nobody may see. */
  readonly anonymiseCommand: AfterCommand | undefined;
}

/** Asks the tenant's primary domain; throws why it is not healthy. */
export type CheckHealth = (schema: string, domain: string) => Promise<void>;

/** Milliseconds for one command of the project, where nobody says otherwise. */
export const usualCommandTimeout = 60 * 60_000;
