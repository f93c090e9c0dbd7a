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
});

const kind = z.object({
  kind: z.enum(['shared', 'tenant']),
  tenantType: z.string().nullable(),
  apps: z.array(z.string()),
  tables: z.array(z.string()),
});

/** With where the value comes from, in PostgreSQL's words: default, client, session, … */
const timeout = z.object({ milliseconds: z.number(), source: z.string() });

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
  withoutSchema: z.array(z.string()),
  unreadable: z.array(z.object({ schema: z.string(), reason: z.string() })),
});

export type Discovery = z.infer<typeof discoveryShape>;
export type Tenant = z.infer<typeof tenant>;
export type LedgerGroup = z.infer<typeof ledgerGroup>;
export type SchemaKind = z.infer<typeof kind>;
export type ModelField = z.infer<typeof field>;
