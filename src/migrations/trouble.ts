import type { StructureGroup } from '../database/structure.ts';
import type { Discovery, LedgerGroup, SchemaKind } from '../django/discovery.ts';
import type { FailureCode } from '../ground/failure-codes.ts';
import { counted, listed } from '../ground/words.ts';
import { type Condition, conditionOf } from './condition.ts';

/** Why one schema cannot be migrated as it stands. */
export interface Trouble {
  readonly schema: string;
  readonly tenantType: string | undefined;
  readonly code: FailureCode;
  /** What was observed, as the rest of a sentence about the schema. */
  readonly reason: string;
  /** What to do, for this schema. */
  readonly next: string;
}

type Cause = Pick<Trouble, 'code' | 'reason' | 'next'>;

/** What the structure of a schema says: what is in the way, or the migration that is there and not recorded. */
interface Seen {
  readonly cause?: Cause | undefined;
  readonly unrecorded?: string | undefined;
}

/** What is known about each schema of a project that cannot be migrated, before anything is tried. */
export class Troubles {
  readonly #discovery: Discovery;
  readonly #causes: ReadonlyMap<string, Cause>;
  readonly #structures: ReadonlyMap<string, StructureGroup>;
  readonly #types: ReadonlyMap<string, string | null>;
  /** Equal structures with equal ledgers are judged once. */
  readonly #seen = new Map<string, Condition>();
  readonly #groups: ReadonlyMap<string, LedgerGroup>;

  constructor(discovery: Discovery, structures: readonly StructureGroup[]) {
    this.#discovery = discovery;
    this.#causes = knownCauses(discovery);
    this.#structures = new Map(structures.flatMap((group) => group.schemas.map((schema) => [schema, group])));
    this.#types = new Map(discovery.tenants.map(({ schema, tenantType }) => [schema, tenantType]));
    this.#groups = new Map(
      discovery.groups.flatMap((group) => group.schemas.map((schema) => [schema, group])),
    );
  }

  /** What is in the way of this schema, or undefined. */
  of(schema: string): Trouble | undefined {
    const cause = this.#causes.get(schema) ?? this.#seenIn(schema).cause;
    if (cause === undefined) return undefined;
    return { schema, tenantType: this.#types.get(schema) ?? undefined, ...cause };
  }

  /** The pending migration whose tables and columns are all there. */
  unrecorded(schema: string): string | undefined {
    return this.#seenIn(schema).unrecorded;
  }

  #seenIn(schema: string): Seen {
    const structure = this.#structures.get(schema);
    const group = this.#groups.get(schema);
    const kind = this.#kindOf(schema);
    if (structure === undefined || group === undefined || kind === undefined) return {};
    // The shared schema's tables before the first migration are looked at by whoever fakes the initial ones.
    const isShared = schema === this.#discovery.publicSchema;
    if (isShared && !group.ledger) return {};
    const key = JSON.stringify([structure.id, group.id, group.ledger, kind.kind, kind.tenantType]);
    const known = this.#seen.get(key);
    const shared = isShared ? undefined : this.#structures.get(this.#discovery.publicSchema)?.structure;
    const nextIsUnatomic =
      this.#discovery.migrations.find(({ migration }) => migration === group.pending[0])?.atomic === false;
    const condition =
      known ?? conditionOf(group, kind, { structure: structure.structure, shared, nextIsUnatomic });
    this.#seen.set(key, condition);
    if (condition.state === 'applied-unrecorded') return { unrecorded: condition.migration };
    return { cause: causeOf(condition, { schema, group, kind, discovery: this.#discovery }) };
  }

  #kindOf(schema: string): SchemaKind | undefined {
    const { kinds, publicSchema } = this.#discovery;
    if (schema === publicSchema) return kinds.find(({ kind }) => kind === 'shared');
    const type = this.#types.get(schema);
    return kinds.find(({ kind, tenantType }) => kind === 'tenant' && tenantType === type);
  }
}

/** What Django and the database have said by themselves; the first of several counts. */
function knownCauses({
  unreadable,
  withoutSchema,
  tenants,
  kinds,
  groups,
  publicSchema,
}: Discovery): Map<string, Cause> {
  const found = new Map<string, Cause>();
  const add = (schema: string, code: FailureCode, reason: string, next: string) => {
    if (!found.has(schema)) found.set(schema, { code, reason, next });
  };
  for (const { schema, reason } of unreadable) {
    add(
      schema,
      'schema-unreadable',
      reason,
      'give the role of this step USAGE on the schema and SELECT on its tables (GRANT), or use its owner',
    );
  }
  for (const schema of withoutSchema) {
    add(
      schema,
      'tenant-without-schema',
      'has a row but no schema',
      'provision them (provision-tenant completes a tenant) or remove their rows',
    );
  }
  const types = new Set(kinds.filter(({ kind }) => kind === 'tenant').map((kind) => kind.tenantType));
  for (const { schema, tenantType } of tenants) {
    if (schema === publicSchema || types.has(tenantType)) continue;
    add(
      schema,
      'tenant-type-unknown',
      tenantType ?? 'no type',
      'correct the rows, or add the type to TENANT_TYPES',
    );
  }
  for (const { schemas, inconsistent, partialSquashes } of groups) {
    const [squash] = partialSquashes.filter(({ gone }) => gone.length > 0);
    for (const schema of schemas) {
      if (squash !== undefined) {
        add(
          schema,
          'squash-partly-applied',
          `has ${squash.applied} of the ${counted(squash.of, 'migration')} that ${squash.squash} replaces, and the files of the others are gone (it lacks ${listed(squash.missing, 3)})`,
          'put the old files back, and keep them until every tenant has all of them',
        );
      }
      if (inconsistent !== null) {
        add(
          schema,
          'migration-history-inconsistent',
          inconsistent.replace(/ on database '[^']*'\.$/, ''),
          'bring the ledger (django_migrations) of these schemas in order first',
        );
      }
    }
  }
  return found;
}

interface Circumstances {
  readonly schema: string;
  readonly group: LedgerGroup;
  readonly kind: SchemaKind;
  readonly discovery: Discovery;
}

function causeOf(condition: Condition, circumstances: Circumstances): Cause | undefined {
  const { schema, discovery } = circumstances;
  switch (condition.state) {
    case 'tables-missing':
      return fallingThrough(condition, circumstances) ?? tablesMissing(condition, circumstances);
    case 'half-applied': {
      const { migration, done, open, invalid } = condition;
      return {
        code: 'migration-half-applied',
        reason: `has half of ${migration}: there is ${listed(done, 3)}${open.length === 0 ? '' : `, there is ${listed(open, 3)}`}`,
        next:
          invalid.length > 0 && open.length === 0
            ? `drop what was begun, then run again: ${invalid.map((name) => `DROP INDEX CONCURRENTLY "${schema}"."${name}"`).join('; ')}`
            : `do by hand what is open and record it (${fake(schema, migration)}), or undo what is done, then run again`,
      };
    }
    case 'ledger-missing':
      return {
        code: 'ledger-missing',
        reason: `has ${counted(condition.tables.length, 'table')} of the project (${listed(condition.tables, 3)}) but no ledger (django_migrations)`,
        next:
          schema === discovery.publicSchema
            ? 'restore it from a backup'
            : 'restore it from a backup, or drop the schema if nothing in it is wanted and provision the tenant again',
      };
    default:
      return undefined;
  }
}

type Missing = Extract<Condition, { state: 'tables-missing' }>;

/** A pending migration would change a table of the shared schema instead of the tenant's own. */
function fallingThrough({ inShared }: Missing, { group, kind, discovery }: Circumstances): Cause | undefined {
  const pending = new Set(group.pending);
  const danger = discovery.migrations
    .filter(({ migration, runsIn }) => pending.has(migration) && runsIn.some((one) => isKind(one, kind)))
    .flatMap(({ migration, tables }) =>
      tables.filter((table) => inShared.includes(table)).map((table) => ({ migration, table })),
    );
  const [first] = danger;
  if (first === undefined) return undefined;
  const tables = [...new Set(danger.map(({ table }) => `${discovery.publicSchema}.${table}`))];
  return {
    code: 'migration-would-alter-shared',
    reason: `${first.migration} would alter ${listed(tables, 3)}, because the tenant has no such table: stopped before running`,
    next: 'bring back the tables that its ledger promises first',
  };
}

function isKind(
  one: { readonly kind: string; readonly tenantType: string | null },
  { kind, tenantType }: SchemaKind,
): boolean {
  return one.kind === kind && one.tenantType === tenantType;
}

function tablesMissing({ tables, columns, inShared }: Missing, circumstances: Circumstances): Cause {
  const { schema, discovery } = circumstances;
  const apps = wholeApps(tables, circumstances);
  const reached = inShared.map((table) => `${discovery.publicSchema}.${table}`);
  const through = reached.length === 0 ? '' : ` (its statements reach ${listed(reached, 2)} instead)`;
  if (apps !== undefined && columns.length === 0) {
    const [app = ''] = apps;
    const rest = apps.length === 1 ? '' : ` and the same for ${listed(apps.slice(1))}`;
    return {
      code: 'tenant-tables-missing',
      reason: `${listed(apps)} ${apps.length === 1 ? 'is' : 'are'} recorded as applied, but ${apps.length === 1 ? 'its' : 'their'} ${counted(tables.length, 'table')} (${listed(tables, 3)}) ${tables.length === 1 ? 'does' : 'do'} not exist${through}`,
      next: `take the record back, then run again: python manage.py migrate_schemas --schema=${schema} ${app} zero --fake${rest}`,
    };
  }
  const lacking = [...tables, ...columns.map((column) => `the column ${column}`)];
  return {
    code: 'tenant-tables-missing',
    reason: `lacks ${listed(lacking, 3)}, which its ledger says it has${through}`,
    next: 'make what is missing as another tenant has it, or restore the schema from a backup',
  };
}

/**
 * The apps that lack all of their tables, when that is everything that is missing, and nothing that is there was
 * made by migrations that depend on theirs: Django takes those back, too.
 */
function wholeApps(
  missing: readonly string[],
  { kind, discovery: { dependents } }: Circumstances,
): readonly string[] | undefined {
  const absent = new Set(missing);
  const apps = [...new Set(missing.map((table) => kind.owners[table]))].sort();
  const isWhole = (app: string) =>
    Object.entries(kind.owners).every(([table, owner]) => owner !== app || absent.has(table));
  const whole = apps.filter((app) => app !== undefined).filter(isWhole);
  if (whole.length < apps.length) return undefined;
  const follow = whole.flatMap((app) => dependents[app] ?? []).filter((app) => kind.apps.includes(app));
  return follow.every((app) => whole.includes(app)) ? whole : undefined;
}

/** A tenant where a migration is there and not recorded, when it could not be proven that all of it is there. */
export function notRecorded(schema: string, tenantType: string | undefined, migration: string): Trouble {
  return {
    schema,
    tenantType,
    code: 'migration-not-recorded',
    reason: `has all tables and columns of ${migration}, which is not recorded`,
    next: `compare it with a tenant that has it, then record it: ${fake(schema, migration)}`,
  };
}

/** A schema in which the newest migration is undone and still recorded: the way back was cut off between the two. */
export function undoneButRecorded(
  { schema, tenantType }: Pick<Trouble, 'schema' | 'tenantType'>,
  { migration, before }: { readonly migration: string; readonly before: string },
): Trouble {
  return {
    schema,
    tenantType,
    code: 'undoing-not-recorded',
    reason: `has nothing of ${migration}, which is still recorded: it was undone, and the run was cut off before it was written down`,
    next: `take the record back, then run again: python manage.py migrate_schemas --schema=${schema} ${before} --fake`,
  };
}

function fake(schema: string, migration: string): string {
  const [app = '', ...name] = migration.split('.');
  return `python manage.py migrate_schemas --schema=${schema} ${app} ${name.join('.')} --fake`;
}
