import type { Discovery, LedgerGroup } from '../django/discovery.ts';
import { UserError } from '../ground/errors.ts';
import type { FailureCode } from '../ground/failure-codes.ts';
import { counted, listed } from '../ground/words.ts';

/** What one schema needs. */
export interface PlannedSchema {
  readonly schema: string;
  /** `app.name`, in Django's order; includes those that only write a row into the ledger. */
  readonly pending: readonly string[];
}

export interface PlannedTenant extends PlannedSchema {
  readonly tenantType: string | undefined;
  readonly domain: string | undefined;
}

interface Unknown {
  readonly schema: string;
  readonly reason: string;
}

/** What a run would do, and what stands in its way. */
export interface MigrationPlan {
  readonly shared: PlannedSchema;
  /** Those whose standing is known; the others are in the lists below. */
  readonly tenants: readonly PlannedTenant[];
  /** Why nobody knows the tenants yet: their rows can be read once the shared schema is migrated. */
  readonly tenantsUnknown: string | undefined;
  readonly withoutSchema: readonly string[];
  readonly unreadable: readonly Unknown[];
  readonly inconsistent: readonly Unknown[];
  readonly unknownType: readonly Unknown[];
  readonly conflicts: Discovery['conflicts'];
  /** Schemas with a ledger that belong to no tenant. */
  readonly orphans: readonly string[];
  /** Tenants that the project's default manager does not show. */
  readonly hidden: readonly string[];
  /** Migrations that are recorded somewhere and not in the code, with the number of schemas. */
  readonly ghosts: readonly { readonly migration: string; readonly schemas: number }[];
  readonly appsWithoutMigrations: readonly string[];
}

/** The plan that follows from what was discovered. Pure. */
export function planMigrations(discovery: Discovery): MigrationPlan {
  const groups = new Map(discovery.groups.flatMap((group) => group.schemas.map((name) => [name, group])));
  const rows = discovery.tenants.filter(({ schema }) => schema !== discovery.publicSchema);
  const types = new Set(discovery.kinds.map((kind) => kind.tenantType));
  const unknownTenants = discovery.tenantsUnread !== null;
  const owned = new Set([
    discovery.publicSchema,
    ...rows.map(({ schema }) => schema),
    ...discovery.hiddenTenants,
  ]);

  return {
    shared: { schema: discovery.publicSchema, pending: pendingOf(groups.get(discovery.publicSchema)) },
    tenants: rows
      .filter(({ schema }) => groups.get(schema)?.inconsistent === null)
      .map(({ schema, tenantType, primaryDomain }) => ({
        schema,
        pending: pendingOf(groups.get(schema)),
        tenantType: tenantType ?? undefined,
        domain: primaryDomain ?? undefined,
      })),
    tenantsUnknown: discovery.tenantsUnread ?? undefined,
    withoutSchema: discovery.withoutSchema,
    unreadable: discovery.unreadable,
    inconsistent: discovery.groups.flatMap(({ inconsistent, schemas }) =>
      inconsistent === null ? [] : schemas.map((schema) => ({ schema, reason: inconsistent })),
    ),
    unknownType: rows
      .filter(({ tenantType }) => !types.has(tenantType))
      .map(({ schema, tenantType }) => ({ schema, reason: tenantType ?? 'no type' })),
    conflicts: discovery.conflicts,
    orphans: unknownTenants ? [] : discovery.schemasWithLedger.filter((schema) => !owned.has(schema)),
    hidden: discovery.hiddenTenants,
    ghosts: ghostsOf(discovery.groups),
    appsWithoutMigrations: discovery.appsWithoutMigrations,
  };
}

function pendingOf(group: LedgerGroup | undefined): readonly string[] {
  return group === undefined ? [] : [...group.pending, ...group.bookkeeping];
}

function ghostsOf(groups: readonly LedgerGroup[]): MigrationPlan['ghosts'] {
  const schemas = new Map<string, number>();
  for (const group of groups) {
    for (const migration of group.ghosts) {
      schemas.set(migration, (schemas.get(migration) ?? 0) + group.schemas.length);
    }
  }
  return [...schemas].map(([migration, count]) => ({ migration, schemas: count }));
}

export function needsMigration({ pending }: PlannedSchema): boolean {
  return pending.length > 0;
}

/** Why a plan must not be carried out, the gravest first, each ending in what has been changed so far. */
export function refusals(plan: MigrationPlan, soFar = 'nothing was changed'): UserError[] {
  const { shared, withoutSchema, unreadable, inconsistent, unknownType, conflicts } = plan;
  const tenantsWithout = withoutSchema.filter((name) => name !== shared.schema);
  const found: UserError[] = [];
  const refuse = (code: FailureCode, message: string, hint: string) =>
    found.push(new UserError(message, `${hint}; ${soFar}`, { code }));

  const [conflict] = conflicts;
  if (conflict !== undefined) {
    refuse(
      'migrations-conflict',
      `The app ${conflict.app} has several newest migrations — ${listed(conflict.leaves)}`,
      'run python manage.py makemigrations --merge and commit its migration',
    );
  }
  if (withoutSchema.includes(shared.schema)) {
    refuse(
      'shared-schema-missing',
      `The shared schema ${shared.schema} does not exist — PUBLIC_SCHEMA_NAME names it`,
      `create it with CREATE SCHEMA "${shared.schema}", as the role that migrates`,
    );
  }
  if (unreadable.length > 0) {
    refuse(
      'schema-unreadable',
      `${counted(unreadable.length, 'schema')} cannot be read — ${named(unreadable)}`,
      'give the role of this step USAGE on the schema and SELECT on its tables (GRANT), or use its owner',
    );
  }
  if (tenantsWithout.length > 0) {
    refuse(
      'tenant-without-schema',
      `${counted(tenantsWithout.length, 'tenant')} ${tenantsWithout.length === 1 ? 'has a row but' : 'have rows but'} no schema — ${listed(tenantsWithout, 5)}`,
      'provision them (provision-tenant completes a tenant) or remove their rows',
    );
  }
  if (inconsistent.length > 0) {
    refuse(
      'migration-history-inconsistent',
      `Django refuses the history of ${counted(inconsistent.length, 'schema')} — ${named(inconsistent)}`,
      'bring the ledger (django_migrations) of these schemas in order first',
    );
  }
  if (unknownType.length > 0) {
    refuse(
      'tenant-type-unknown',
      `${counted(unknownType.length, 'tenant')} of a type that TENANT_TYPES does not have — ${named(unknownType)}`,
      'correct the rows, or add the type to TENANT_TYPES',
    );
  }
  return found;
}

function named(unknown: readonly Unknown[]): string {
  return listed(
    unknown.map(({ schema, reason }) => `${schema}: ${reason}`),
    3,
  );
}

/** What deserves a look but stops nothing. */
export function notices(plan: MigrationPlan): string[] {
  const { orphans, hidden, ghosts, appsWithoutMigrations } = plan;
  return [
    ...(orphans.length === 0
      ? []
      : [`${counted(orphans.length, 'schema')} of no tenant, not migrated: ${listed(orphans, 5)}`]),
    ...(hidden.length === 0
      ? []
      : [
          `${counted(hidden.length, 'tenant')} hidden by the default manager, not migrated: ${listed(hidden, 5)}`,
        ]),
    ...(ghosts.length === 0
      ? []
      : [
          `recorded, but not in this code: ${listed(
            ghosts.map(({ migration, schemas }) => `${migration} (${counted(schemas, 'schema')})`),
            5,
          )}`,
        ]),
    ...(appsWithoutMigrations.length === 0
      ? []
      : [`apps with models but without migrations, which get no tables: ${listed(appsWithoutMigrations)}`]),
  ];
}
