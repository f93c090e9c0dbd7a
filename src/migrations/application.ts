import type { Database } from '../database/session.ts';
import type { StructureGroup } from '../database/structure.ts';
import type { Discovery, LedgerGroup, Tenant, UndoStep } from '../django/discovery.ts';
import type { UserError } from '../ground/errors.ts';
import type { Look, LookOptions } from './look.ts';
import type { MigrateOptions } from './options.ts';
import type { MigrationPlan, PlannedTenant } from './plan.ts';
import type { SmokeCommand } from './smoke-command.ts';
import type { Proof } from './verify.ts';
import type { Ran, Work } from './work.ts';

/**
 * What is migrated, whatever it is written in: the part of a run that differs between a Django project
 * (`django-application.ts`) and one that is known by its commands (`command-application.ts`). Locks, waves, budget,
 * retries, progress and the catalogue are the same for both, and know this alone.
 */
export interface Application {
  /** Asks the application how things stand, while the catalogue is read. Changes nothing. @throws UserError */
  ask(options: LookOptions): Promise<Standing>;
  /** How many tenants at once are sensible where nobody says otherwise. */
  lanes(tenants: number): number;
  /** Gets ready to migrate tenants. */
  engine(look: Look, beginning: Beginning): Engine;
  /**
   * Migrates one schema in the plainest way, or undoes these steps in it.
   * @throws LostConnection when it is not known what became of it
   */
  migrateSchema(schema: string, work: Work, undo?: readonly UndoStep[]): Promise<Ran>;
  /** Writes down that a migration is there already; only where a plan has such tenants (`unrecorded`). */
  record?(schema: string, migration: string, work: Work): Promise<Ran>;
  /** What became of a tenant whose migration ended without a word. @throws UserError when nobody can tell */
  lookWhatBecame(tenant: PlannedTenant, error: UserError, asking: Asking): Promise<Pick<Ran, 'failure'>>;
  /** Runs one of the application's own checks in a tenant. @returns why it failed */
  smoke(command: SmokeCommand, schema: string, work: Work): Promise<UserError | undefined>;
}

interface Beginning {
  readonly pending: readonly PlannedTenant[];
  /** How many tenants at once. */
  readonly lanes: number;
  readonly work: Work;
  readonly options: MigrateOptions;
}

/** What an application answers when it is asked how things stand. */
export interface Standing {
  readonly fleet: Fleet;
  /** The role that migrates. */
  readonly role: string;
  /** The SQL of what is pending; only where it was asked for, and the application can tell. */
  readonly sql?: Discovery['sql'] | undefined;
  /** What follows, with what the catalogue says. */
  plan(structures: readonly StructureGroup[]): MigrationPlan;
  /** The verdict on what the catalogue says after (or instead of) a run. */
  prove(structures: readonly StructureGroup[], before?: Before): Proof;
  /** Whether there are tenants by now that were not known then. */
  isOutdated(database: Database, schemas: readonly string[] | undefined): Promise<boolean>;
  /** Everything that can be judged before the first change. Changes nothing. @throws UserError */
  prepare(plan: MigrationPlan, options: MigrateOptions): Promise<Prepared>;
}

/** The schemas of an application, and how far each of them is. */
export interface Fleet {
  readonly publicSchema: string;
  /** The public schema's row may be among them. */
  readonly tenants: readonly Pick<Tenant, 'schema' | 'tenantType'>[];
  /** What schemas must have at head; nothing where nobody can tell. */
  readonly kinds: Discovery['kinds'];
  /** Schemas that are equally far. */
  readonly groups: readonly Pick<
    LedgerGroup,
    'id' | 'ledger' | 'schemas' | 'pending' | 'bookkeeping' | 'inconsistent'
  >[];
}

/** How things stood before a run, and what the run has migrated. */
export interface Before {
  readonly fleet: Fleet;
  readonly structures: readonly StructureGroup[];
  readonly migrated: ReadonlySet<string>;
}

/** What was decided before the first change. */
export interface Prepared {
  /** How the shared schema is migrated; undefined: it needs nothing. */
  readonly shared: SharedWork | undefined;
  readonly superTenant: SuperTenantWork | undefined;
}

export interface SharedWork {
  /** Migrations that will be recorded without running. */
  readonly recordedOnly: readonly string[];
  migrate(work: Work): Promise<Ran>;
}

export interface SuperTenantWork {
  /** As it is shown. */
  readonly command: string;
  make(work: Work): Promise<Ran>;
}

export interface Asking {
  /** Another connection than the one that was lost; it may be lost, too, where both went the same way. */
  readonly database: Database;
  /** Opens one more, to be closed by whoever asked for it. */
  readonly another?: (() => Promise<Database>) | undefined;
  /** How the other tenants stand, for the end of the sentence. */
  readonly standing: readonly string[];
}

/** What migrates the tenants of one run. */
export interface Engine {
  /** Migrates one tenant; a lane has one tenant at a time. */
  migrate(tenant: PlannedTenant, lane: number): Promise<Ran>;
  /** Whether two tenants would queue behind each other, because they lock the same table of the shared schema. */
  readonly oneAtATime: boolean;
  /** What was chosen and why, for the log and the summary. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}
