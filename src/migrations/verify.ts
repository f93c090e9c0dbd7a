import { tablesBySchema } from '../database/catalog.ts';
import type { Database } from '../database/session.ts';
import type { Discovery } from '../django/discovery.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import { needsMigration, planMigrations, refusals, troubles } from './plan.ts';

export interface IncompleteSchema {
  readonly schema: string;
  readonly missing: readonly string[];
}

/** What the catalogue says after (or instead of) a run. */
export interface Proof {
  /** Schemas that were looked at, the shared one included. */
  readonly schemas: number;
  /** How many tables a tenant must have; several numbers when there are several types. */
  readonly tables: readonly number[];
  readonly incomplete: readonly IncompleteSchema[];
  /** Why this is no proof. */
  readonly failure?: UserError | undefined;
}

/** Looks whether every schema, skipped ones too, really has what the project's migrations make. */
export async function prove(discovery: Discovery, database: Database): Promise<Proof> {
  const schemas = [...new Set([discovery.publicSchema, ...discovery.tenants.map(({ schema }) => schema)])];
  return judge(discovery, await tablesBySchema(database, schemas));
}

/** The verdict on what was found. Pure; what is not known counts as a failure. */
export function judge(discovery: Discovery, tables: ReadonlyMap<string, ReadonlySet<string>>): Proof {
  const expected = expectedTables(discovery);
  const incomplete = [...expected].flatMap(([schema, names]) => {
    const existing = tables.get(schema) ?? new Set();
    const missing = names.filter((name) => !existing.has(name));
    return missing.length === 0 ? [] : [{ schema, missing }];
  });
  const tenantKinds = discovery.kinds.filter(({ kind }) => kind === 'tenant');
  return {
    schemas: expected.size,
    tables: tenantKinds.map((kind) => kind.tables.length),
    incomplete,
    failure: failureOf(discovery, incomplete),
  };
}

/** For each schema the tables that it must have at head. */
function expectedTables({ publicSchema, tenants, kinds }: Discovery): Map<string, readonly string[]> {
  const shared = kinds.find(({ kind }) => kind === 'shared')?.tables ?? [];
  const byType = new Map(
    kinds.filter(({ kind }) => kind === 'tenant').map((kind) => [kind.tenantType, kind.tables]),
  );
  const rows = tenants.filter(({ schema }) => schema !== publicSchema);
  return new Map([
    [publicSchema, shared],
    ...rows.map(({ schema, tenantType }): [string, readonly string[]] => [
      schema,
      byType.get(tenantType) ?? [],
    ]),
  ]);
}

function failureOf(discovery: Discovery, incomplete: readonly IncompleteSchema[]): UserError | undefined {
  const plan = planMigrations(discovery);
  const [refusal] = [...refusals(plan), ...troubles(plan)];
  if (refusal !== undefined) return refusal;
  if (plan.tenantsUnknown !== undefined) {
    return new UserError(
      `The tenants cannot be read — ${plan.tenantsUnknown === 'no-table' ? `there is no table ${discovery.tenantModel.table}` : plan.tenantsUnknown}`,
      'migrate the shared schema first',
      { code: 'tenants-unreadable' },
    );
  }
  const behind = [plan.shared, ...plan.tenants].filter(needsMigration);
  if (behind.length > 0) {
    return new UserError(
      `${counted(behind.length, 'schema')} ${behind.length === 1 ? 'is' : 'are'} behind the code — ${listed(
        behind.map(({ schema, pending }) => `${schema} lacks ${listed(pending, 2)}`),
        3,
      )}`,
      'run migrate-schemas; if it has just run, another deployment may have changed the ledger meanwhile',
      { code: 'migrations-left-pending' },
    );
  }
  if (incomplete.length === 0) return undefined;
  return new UserError(
    `${counted(incomplete.length, 'schema')} ${incomplete.length === 1 ? 'lacks' : 'lack'} tables — ${listed(
      incomplete.map(({ schema, missing }) => `${schema} has no ${listed(missing, 3)}`),
      3,
    )}`,
    'their ledgers say that everything is applied, so migrating again makes nothing: restore the tables; where an app lacks all of them, fake that app back to zero in that schema and migrate again',
    { code: 'tenant-tables-missing', evidence: evidence(incomplete) },
  );
}

function evidence(incomplete: readonly IncompleteSchema[]): string {
  return incomplete.map(({ schema, missing }) => `${schema}: ${missing.join(', ')}`).join('\n');
}

/** `1,000 tenants and the shared schema have all 65 tables`. */
export function proofSentence({ schemas, tables }: Proof): string {
  const tenants = schemas - 1;
  if (tenants === 0) return 'the shared schema has all its tables';
  const each = tables.length === 1 ? `all ${tables[0]} tables` : 'all tables of their type';
  return `${counted(tenants, 'tenant')} ${tenants === 1 ? 'has' : 'have'} ${each}, the shared schema has its own`;
}

/** The proof for one tenant. */
export interface SchemaProof {
  readonly tables: number;
  readonly failure?: UserError | undefined;
}

/** Looks whether one tenant is at head and has its tables. */
export async function proveSchema(
  schema: string,
  discovery: Discovery,
  database: Database,
): Promise<SchemaProof> {
  const only = restrictedTo(schema, discovery);
  const proof = judge(only, await tablesBySchema(database, [discovery.publicSchema, schema]));
  const found = expectedTables(only).get(schema);
  if (found === undefined) {
    const failure = new UserError(
      `The tenant ${schema} cannot be found — the project’s default manager does not show its row`,
      'look at the manager of the tenant model',
      { code: 'tenant-hidden' },
    );
    return { tables: 0, failure };
  }
  return { tables: found.length, failure: proof.failure };
}

/** A discovery in which the other tenants do not occur: their state is not this tenant's fault. */
function restrictedTo(schema: string, discovery: Discovery): Discovery {
  const concerned = new Set([schema, discovery.publicSchema]);
  return {
    ...discovery,
    tenants: discovery.tenants.filter((tenant) => concerned.has(tenant.schema)),
    groups: discovery.groups.map((group) => ({
      ...group,
      schemas: group.schemas.filter((name) => concerned.has(name)),
    })),
    withoutSchema: discovery.withoutSchema.filter((name) => concerned.has(name)),
    unreadable: discovery.unreadable.filter((unknown) => concerned.has(unknown.schema)),
  };
}
