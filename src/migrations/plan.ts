import type { StructureGroup } from '../database/structure.ts';
import type { Discovery, LedgerGroup, MigrationFacts, UndoStep } from '../django/discovery.ts';
import { listed } from '../ground/words.ts';
import type { GhostInPlan, Obstacles } from './obstacles.ts';
import { Troubles } from './trouble.ts';

export { notices } from './notices.ts';
export { type RefusalOptions, refusals, troubles } from './obstacles.ts';
export { notRecorded, type Trouble } from './trouble.ts';

/** What one schema needs. */
export interface PlannedSchema {
  readonly schema: string;
  /** `app.name`, in Django's order; includes those that only write a row into the ledger. */
  readonly pending: readonly string[];
  /** Those of `pending` that run here: of the others only the row is written. */
  readonly runs: readonly string[];
  /** Those of `pending` that are squashed migrations whose row is missing. */
  readonly bookkeeping: readonly string[];
  /**
   * The first pending migration, when all its tables and columns are there already. Whoever proves that the whole
   * structure is the one after it may record it; without a proof it is a trouble (`notRecorded`).
   */
  readonly unrecorded: string | undefined;
  /** It is at head, and lacks content types or permissions, which Django's signal post_migrate makes. */
  readonly needsSignal: boolean;
  /** Where the run goes back: target by target, what is undone; `pending` has it all, and nothing else. */
  readonly undo?: readonly UndoStep[] | undefined;
}

export interface PlannedTenant extends PlannedSchema {
  readonly tenantType: string | undefined;
  readonly domain: string | undefined;
}

/** What a run would do, and what stands in its way. */
export interface MigrationPlan extends Obstacles {
  readonly shared: PlannedSchema;
  /** Those that nothing is in the way of, up to date or not, in the project's order; the others are `troubled`. */
  readonly tenants: readonly PlannedTenant[];
  /** Why nobody knows the tenants yet: their rows can be read once the shared schema is migrated. */
  readonly tenantsUnknown: string | undefined;
  /** Schemas that new tenants are copied from and that are no tenants themselves. */
  readonly templates: Discovery['templates'];
  /** What is known about each pending migration. */
  readonly migrations: readonly MigrationFacts[];
  /** Schemas with a ledger that belong to no tenant. */
  readonly orphans: Discovery['orphans'];
  /** Tenants that the project's default manager does not show. */
  readonly hidden: readonly string[];
  readonly ghosts: readonly GhostInPlan[];
  readonly partialSquashes: readonly PartialSquash[];
  readonly duplicates: Discovery['duplicates'];
  /** Schemas at head without content types or permissions that they should have; known only when asked for. */
  readonly lacking: Discovery['postMigrate']['lacking'];
  readonly particulars: Discovery['particulars'];
  readonly appsWithoutMigrations: readonly string[];
  /** What is run in each tenant, where nobody knows the migrations that are in it. */
  readonly tenantCommand?: string | undefined;
  /** The run goes back: what is pending is to be undone. */
  readonly back?: WayBack | undefined;
}

export interface WayBack {
  /** `app name` each. */
  readonly targets: readonly string[];
  /** Tables, columns and named indexes that go, the tables and columns with what is in them. */
  readonly takesAway: readonly string[];
  /** Schemas that new tenants are copied from, and that stay where they are, ahead of the target. */
  readonly templatesAhead: readonly string[];
}

export interface PartialSquash {
  readonly squash: string;
  readonly applied: number;
  readonly of: number;
  readonly schemas: readonly string[];
}

/**
 * The plan that follows from what was discovered, and from the structures where they are known: without them nobody
 * has looked whether the tables are there that the ledgers promise. Pure.
 */
export function planMigrations(
  discovery: Discovery,
  structures: readonly StructureGroup[] = [],
): MigrationPlan {
  const { publicSchema } = discovery;
  const groups = new Map(discovery.groups.flatMap((group) => group.schemas.map((name) => [name, group])));
  const rows = discovery.tenants.filter(({ schema }) => schema !== publicSchema);
  const found = new Troubles(discovery, structures);
  const troubled = rows.flatMap(({ schema }) => found.of(schema) ?? []);
  const inTrouble = new Set(troubled.map(({ schema }) => schema));
  const running = runningIn(discovery.migrations);
  const lacking = new Set(discovery.postMigrate.lacking.flatMap(({ schemas }) => schemas));
  const planned = (schema: string, kind: KindName): PlannedSchema => ({
    schema,
    ...workOf(groups.get(schema), kind, running),
    unrecorded: found.unrecorded(schema),
    needsSignal: lacking.has(schema),
  });

  return {
    shared: planned(publicSchema, { kind: 'shared', tenantType: null }),
    sharedTrouble: found.of(publicSchema),
    tenants: rows
      .filter(({ schema }) => groups.has(schema) && !inTrouble.has(schema))
      .map(({ schema, tenantType, primaryDomain }) => ({
        ...planned(schema, { kind: 'tenant', tenantType }),
        tenantType: tenantType ?? undefined,
        domain: primaryDomain ?? undefined,
      })),
    troubled,
    tenantsUnknown: discovery.tenantsUnread ?? undefined,
    templates: discovery.templates,
    migrations: discovery.migrations,
    conflicts: discovery.conflicts,
    // As long as the tenants cannot be read, every schema seems to be without one.
    orphans: discovery.tenantsUnread === null ? discovery.orphans : [],
    hidden: discovery.hiddenTenants,
    ghosts: ghostsOf(discovery),
    partialSquashes: partialSquashesOf(discovery.groups),
    duplicates: discovery.duplicates,
    lacking: discovery.postMigrate.lacking,
    particulars: discovery.particulars,
    appsWithoutMigrations: discovery.appsWithoutMigrations,
  };
}

type KindName = MigrationFacts['runsIn'][number];

/** Whether a migration runs in a kind of schema; one that nobody knows does. */
export function runningIn(
  migrations: readonly MigrationFacts[],
): (migration: string, kind: KindName) => boolean {
  const facts = new Map(migrations.map(({ migration, runsIn }) => [migration, runsIn]));
  return (migration, { kind, tenantType }) =>
    facts.get(migration)?.some((one) => one.kind === kind && one.tenantType === tenantType) ?? true;
}

function workOf(
  group: LedgerGroup | undefined,
  kind: KindName,
  running: ReturnType<typeof runningIn>,
): Pick<PlannedSchema, 'pending' | 'runs' | 'bookkeeping'> {
  const { pending = [], bookkeeping = [] } = group ?? {};
  return {
    pending: [...pending, ...bookkeeping],
    runs: pending.filter((migration) => running(migration, kind)),
    bookkeeping,
  };
}

function ghostsOf({ groups, ghosts }: Discovery): MigrationPlan['ghosts'] {
  const about = new Map(ghosts.map((ghost) => [ghost.migration, ghost]));
  const schemas = new Map<string, number>();
  for (const group of groups) {
    for (const migration of group.ghosts) {
      schemas.set(migration, (schemas.get(migration) ?? 0) + group.schemas.length);
    }
  }
  return [...schemas].map(([migration, count]) => ({
    ...(about.get(migration) ?? { migration, newer: false, looksLike: null }),
    schemas: count,
  }));
}

function partialSquashesOf(groups: readonly LedgerGroup[]): PartialSquash[] {
  const found = groups.flatMap(({ partialSquashes, schemas }) =>
    partialSquashes
      .filter(({ gone }) => gone.length === 0)
      .map(({ squash, applied, of }) => ({ squash, applied, of, schemas })),
  );
  return [...Map.groupBy(found, ({ squash, applied }) => `${squash} ${applied}`).values()].flatMap((alike) =>
    alike.slice(0, 1).map((one) => ({ ...one, schemas: alike.flatMap(({ schemas }) => schemas) })),
  );
}

/** Whether a run has anything to do in this schema. */
export function needsMigration({ pending, needsSignal }: PlannedSchema): boolean {
  return pending.length > 0 || needsSignal;
}

/** `orders.0011 and orders.0012`, or what a schema at head needs. */
export function workSentence({ pending }: PlannedSchema): string {
  return pending.length === 0 ? 'content types and permissions' : listed(pending, 3);
}

/** Tables of the shared schema that pending work locks from within tenants, each with the migrations that do so. */
export function locksOnShared({
  tenants,
  migrations,
}: MigrationPlan): ReadonlyMap<string, readonly string[]> {
  const running = new Set(tenants.flatMap(({ runs }) => runs));
  const locks = new Map<string, string[]>();
  for (const { migration, touchesShared } of migrations) {
    if (!running.has(migration)) continue;
    for (const table of touchesShared) locks.set(table, [...(locks.get(table) ?? []), migration]);
  }
  return locks;
}
