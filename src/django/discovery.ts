import * as z from 'zod';

/** What discover.py answers: everything about a project that migrating its tenants needs to know. */

const field = z.object({
  name: z.string(),
  /** Django's internal type: CharField, ForeignKey, … */
  type: z.string(),
  required: z.boolean(),
  /** Nobody gives it a value: keys, auto_now, generated columns. */
  madeByDjango: z.boolean(),
  hasDefault: z.boolean(),
  /** null also when the default is computed. */
  default: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  unique: z.boolean(),
  maxLength: z.number().nullable(),
  choices: z.array(z.string()).nullable(),
  relatedTo: z.string().nullable(),
});

const model = z.object({ name: z.string(), table: z.string(), fields: z.array(field) });

const tenant = z.object({
  pk: z.string(),
  schema: z.string(),
  tenantType: z.string().nullable(),
  primaryDomain: z.string().nullable(),
  domains: z.array(z.string()),
});

/** Each table with its columns, as PostgreSQL names them; sorted. */
const columnsByTable = z.record(z.string(), z.array(z.string()));

const kindName = z.object({ kind: z.enum(['shared', 'tenant']), tenantType: z.string().nullable() });

/** What a schema of this kind has where the migrations have come to some point. */
const expectation = kindName.extend({
  columns: columnsByTable,
  /** For each table the indexes and constraints to which migrations gave a name; sorted. */
  named: z.record(z.string(), z.array(z.string())),
});

/** What going back to the targets that were asked for means for a schema. */
const wayBack = z.object({
  /** For each target after which something is applied: what Django undoes, in its order. */
  steps: z.array(z.object({ target: z.string(), migrations: z.array(z.string()) })),
  /** What each kind of schema must have then. */
  expects: z.array(expectation),
  /** What later migrations make, and what must not be there then. */
  gone: z.array(expectation),
  /** The same when only the first migration is undone; null where only running it would tell. */
  first: z
    .object({
      migration: z.string(),
      /** The one before it in its app, as a target. */
      before: z.string(),
      expects: z.array(expectation),
      gone: z.array(expectation),
    })
    .nullish(),
});

const ledgerGroup = z.object({
  /** False: these schemas have no table django_migrations. */
  ledger: z.boolean(),
  /** Short name of what is applied; equal for equal ledgers. */
  id: z.string(),
  schemas: z.array(z.string()),
  /** `app.name`, in the order in which Django would apply them. */
  pending: z.array(z.string()),
  /** Squashed migrations that Django will record without running them. */
  bookkeeping: z.array(z.string()),
  /** Recorded, but not in the code. */
  ghosts: z.array(z.string()),
  /** Why Django refuses this history; the rest is unknown then. */
  inconsistent: z.string().nullable(),
  /**
   * What each kind of schema in this group must have by its ledger. Only where something is pending: elsewhere
   * it is what `kinds` says.
   */
  expects: z.array(expectation),
  /** The same after the first of the pending migrations; null also where only running it would tell. */
  afterNext: z.object({ migration: z.string(), expects: z.array(expectation) }).nullable(),
  /** Squashed migrations of which some of the replaced ones are applied: Django goes on with the old files. */
  partialSquashes: z.array(
    z.object({
      squash: z.string(),
      applied: z.number(),
      of: z.number(),
      missing: z.array(z.string()),
      /** Those of the replaced ones whose files are no longer in the code. */
      gone: z.array(z.string()),
    }),
  ),
  /** Only when it was asked for. */
  back: wayBack.nullish(),
});

const kind = kindName.extend({
  apps: z.array(z.string()),
  tables: z.array(z.string()),
  /** Of `tables`, each with its columns at head; django_migrations is not among them. */
  columns: columnsByTable,
  /** Of `tables`, the app that each belongs to. */
  owners: z.record(z.string(), z.string()),
});

/** What a migration is, told from its operations. */
const migration = z.object({
  migration: z.string(),
  atomic: z.boolean(),
  /** Each of its operations can be undone. */
  reversible: z.boolean(),
  /** Django's own words for each operation. */
  operations: z.array(z.string()),
  /** The kinds of schema where it runs at all; in the others only its row is written. */
  runsIn: z.array(kindName),
  /** Tables that its operations are about; what Python and SQL of the project do is not known. */
  tables: z.array(z.string()),
  /** Tables of the shared schema that it locks when it runs in a tenant's schema. */
  touchesShared: z.array(z.string()),
  /** Whether the code before it goes on working after it. */
  keepsOldCode: z.enum(['yes', 'no', 'unknown']),
  /** Why, when it is not `yes`. */
  oldCodeReason: z.string(),
});

/** One that would be undone. */
const undone = migration.extend({
  /** Django's own words for the operation that it cannot undo. */
  irreversible: z.string().nullable(),
});

/** Recorded, but not in the code. */
const ghost = z.object({
  migration: z.string(),
  /** It comes after everything of its app that the code has: the code is older than the database. */
  newer: z.boolean(),
  /** A pending migration of the same app that is probably the same one under a new name. */
  looksLike: z.string().nullable(),
});

/** A schema that new tenants are copied from (TENANT_BASE_SCHEMA). */
const template = z.object({
  schema: z.string(),
  /** Which type of tenant it serves; null: all. */
  tenantType: z.string().nullable(),
  exists: z.boolean(),
  pending: z.array(z.string()),
  /** Why its ledger is not known. */
  unknown: z.string().nullable(),
  /** Where the run goes back: what is undone, target by target. */
  undo: wayBack.shape.steps.optional(),
});

/** With where the value comes from, in PostgreSQL's words: default, client, session, … */
const timeout = z.object({ milliseconds: z.number(), source: z.string() });

const operationSql = z.object({
  /** Django's own words for it. */
  description: z.string(),
  /** The classes of Django's operations that it is made of, `custom` for others. */
  kinds: z.array(z.string()),
  /** Of the migration's file. */
  line: z.number(),
  reversible: z.boolean(),
  /** In the order in which they run; those that Django puts off to the end of the migration are among them. */
  statements: z.array(z.string()),
  /** Why its SQL is not (all of) what runs. */
  unknown: z.string().nullable(),
  /** For a RunPython: the tables of the models that it asks for, and the models of today's code that it uses. */
  python: z.object({ tables: z.array(z.string()), live: z.array(z.string()) }).nullable(),
});

const migrationSql = z.object({
  migration: z.string(),
  atomic: z.boolean(),
  /** Relative to the working directory; null for one of an installed package. */
  file: z.string().nullable(),
  /** What stands behind `tenantry:` in its comments. */
  comments: z.array(z.object({ line: z.number(), text: z.string() })),
  operations: z.array(operationSql),
});

/** Schemas of one kind in which the same is pending, with its SQL. */
const groupSql = kindName.extend({ schemas: z.array(z.string()), migrations: z.array(migrationSql) });

export const discoveryShape = z.object({
  versions: z.object({ django: z.string(), djangoTenants: z.string(), psycopg: z.string() }),
  database: z.object({
    alias: z.string(),
    settings: z.object({ engine: z.string(), host: z.string(), port: z.string(), name: z.string() }),
    /** What holds on the project's own connection. */
    timeouts: z.object({
      lock: timeout,
      statement: timeout,
      /** DATABASES' OPTIONS.options, which replaces PGOPTIONS. */
      options: z.string().nullable(),
    }),
    identity: z.object({ oid: z.string(), name: z.string(), role: z.string(), serverStarted: z.string() }),
  }),
  publicSchema: z.string(),
  multiType: z.object({ field: z.string(), types: z.array(z.string()) }).nullable(),
  tenantModel: model.extend({
    autoCreateSchema: z.boolean(),
    autoDropSchema: z.boolean(),
    cloneMode: z.string(),
  }),
  domainModel: model,
  commands: z.array(z.string()),
  leaves: z.array(z.string()),
  conflicts: z.array(z.object({ app: z.string(), leaves: z.array(z.string()) })),
  /** For each app the others whose migrations depend on some of its own. */
  dependents: z.record(z.string(), z.array(z.string())),
  kinds: z.array(kind),
  /** Apps with models but without migrations: migrate_schemas makes no tables for them. */
  appsWithoutMigrations: z.array(z.string()),
  /** Why the tenants could not be read: `no-table` before the first migration, else the database's words. */
  tenantsUnread: z.string().nullable(),
  /** Schemas of rows that the default manager does not show (soft-deleted tenants). */
  hiddenTenants: z.array(z.string()),
  /** In the project's own order of migration; the public schema's row is among them when there is one. */
  tenants: z.array(tenant),
  /** Every schema of the database with a table django_migrations. */
  schemasWithLedger: z.array(z.string()),
  groups: z.array(ledgerGroup),
  /** Each migration that is pending somewhere, in Django's order. */
  migrations: z.array(migration),
  /** Only when it was asked for: the targets as `app name`, and what would be undone, in Django's order of undoing. */
  back: z.object({ targets: z.array(z.string()), migrations: z.array(undone) }).nullish(),
  ghosts: z.array(ghost),
  /** Schemas with a ledger and without a tenant. */
  orphans: z.array(
    z.object({
      schema: z.string(),
      /** When its last migration was applied, as PostgreSQL writes it in UTC: `2026-01-31 12:00`. */
      lastApplied: z.string().nullable(),
    }),
  ),
  templates: z.array(template),
  /** Ledgers in which a migration is recorded more than once. */
  duplicates: z.array(z.object({ schema: z.string(), migrations: z.array(z.string()) })),
  postMigrate: z.object({
    /** Receivers of the signal post_migrate that are not Django's own, by their dotted names. */
    otherReceivers: z.array(z.string()),
    /** Only when it was asked for: schemas at head that lack what post_migrate makes, grouped by what they lack. */
    lacking: z.array(
      z.object({
        schemas: z.array(z.string()),
        contentTypes: z.array(z.string()),
        permissions: z.array(z.string()),
      }),
    ),
  }),
  /** Only when it was asked for. */
  sql: z.array(groupSql),
  /** Settings by which a project changes how django-tenants works. */
  particulars: z.object({
    extraSearchPaths: z.array(z.string()),
    baseMigrateCommand: z.string().nullable(),
    executorFunction: z.string().nullable(),
    extraSetTenantMethod: z.string().nullable(),
    limitSetCalls: z.boolean(),
  }),
  withoutSchema: z.array(z.string()),
  unreadable: z.array(z.object({ schema: z.string(), reason: z.string() })),
});

export type Discovery = z.infer<typeof discoveryShape>;
export type Tenant = z.infer<typeof tenant>;
export type LedgerGroup = z.infer<typeof ledgerGroup>;
export type SchemaKind = z.infer<typeof kind>;
export type Expectation = z.infer<typeof expectation>;
export type MigrationFacts = z.infer<typeof migration>;
export type UndoneFacts = z.infer<typeof undone>;
export type UndoStep = z.infer<typeof wayBack>['steps'][number];
export type Ghost = z.infer<typeof ghost>;
export type GroupSql = z.infer<typeof groupSql>;
export type MigrationSql = z.infer<typeof migrationSql>;
export type OperationSql = z.infer<typeof operationSql>;
export type ModelField = z.infer<typeof field>;
