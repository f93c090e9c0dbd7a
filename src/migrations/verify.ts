import type { Structure, StructureGroup } from '../database/structure.ts';
import type { Discovery, SchemaKind } from '../django/discovery.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import type { Before, Fleet } from './application.ts';
import { type Drift, differingSentence, driftOf } from './drift.ts';
import { planMigrations, refusals, troubles } from './plan.ts';

export interface IncompleteSchema {
  readonly schema: string;
  /** Tables. */
  readonly missing: readonly string[];
  /** `table.column` of tables that are there. */
  readonly missingColumns: readonly string[];
}

export interface InvalidIndex {
  readonly schema: string;
  readonly index: string;
}

/** What the catalogue says after (or instead of) a run. */
export interface Proof {
  /** Schemas that were looked at, the shared one included. */
  readonly schemas: number;
  /** How many tables a tenant must have; several numbers when there are several types. */
  readonly tables: readonly number[];
  /** How many columns these tables must have, the ledger's not counted. */
  readonly columns: readonly number[];
  readonly incomplete: readonly IncompleteSchema[];
  readonly invalidIndexes: readonly InvalidIndex[];
  /** By what a tenant was measured: what its ledger and models promise, or what most tenants have. */
  readonly measure: 'promises' | 'each-other';
  /** Of the tenants at head. */
  readonly drift: readonly Drift[];
  /** Whether it was compared with how things stood before a run. */
  readonly compared: boolean;
  /** Where the schemas stand that have gone back: `app name` each. */
  readonly targets?: readonly string[] | undefined;
  /** Why this is no proof. */
  readonly failure?: UserError | undefined;
}

/**
 * The verdict on what was found. Pure; what is not known counts as a failure: a schema that is in no group has nothing.
 * @param before how things stood before a run: only then is drift that the run has made told from older drift
 */
export function judge(discovery: Discovery, structures: readonly StructureGroup[], before?: Before): Proof {
  const kinds = kindBySchema(discovery);
  const incomplete = incompleteOf(kinds, structures);
  const invalidIndexes = invalidIndexesOf(kinds, structures);
  const drift = driftOf(discovery, structures, before);
  const tenantKinds = discovery.kinds.filter(({ kind }) => kind === 'tenant');
  return {
    schemas: kinds.size,
    tables: tenantKinds.map((kind) => kind.tables.length),
    columns: tenantKinds.map((kind) => sum(Object.values(kind.columns).map(({ length }) => length))),
    measure: 'promises',
    incomplete,
    invalidIndexes,
    drift,
    compared: before !== undefined,
    failure: ledgersOf(discovery) ?? missingIn(incomplete) ?? invalidIn(invalidIndexes) ?? driftedIn(drift),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The kind of each schema, that is, what it must have at head. Undefined: of a type that nobody knows. */
export function kindBySchema({ publicSchema, tenants, kinds }: Fleet): Map<string, SchemaKind | undefined> {
  const shared = kinds.find(({ kind }) => kind === 'shared');
  const byType = new Map(
    kinds.filter(({ kind }) => kind === 'tenant').map((kind) => [kind.tenantType, kind]),
  );
  const rows = tenants.filter(({ schema }) => schema !== publicSchema);
  return new Map([
    [publicSchema, shared],
    ...rows.map(({ schema, tenantType }): [string, SchemaKind | undefined] => [
      schema,
      byType.get(tenantType),
    ]),
  ]);
}

/** Judged once for each structure and kind. */
function incompleteOf(
  kinds: ReadonlyMap<string, SchemaKind | undefined>,
  structures: readonly StructureGroup[],
): IncompleteSchema[] {
  const groups = new Map(structures.flatMap((group) => group.schemas.map((schema) => [schema, group])));
  const judged = new Map<SchemaKind, Map<Structure | undefined, Omit<IncompleteSchema, 'schema'>>>();
  return [...kinds].flatMap(([schema, kind]) => {
    if (kind === undefined) return [];
    const structure = groups.get(schema)?.structure;
    const verdicts = judged.get(kind) ?? new Map();
    judged.set(kind, verdicts);
    const verdict = verdicts.get(structure) ?? missingOf(kind, structure);
    verdicts.set(structure, verdict);
    return verdict.missing.length + verdict.missingColumns.length === 0 ? [] : [{ schema, ...verdict }];
  });
}

/** Which of the tables and columns that a kind of schema must have are not in a structure. */
export function missingOf(
  { tables, columns }: SchemaKind,
  structure: Structure | undefined,
): Omit<IncompleteSchema, 'schema'> {
  const missing = tables.filter((table) => structure?.tables.has(table) !== true);
  const missingColumns = Object.entries(columns).flatMap(([table, names]) => {
    const found = structure?.tables.get(table);
    if (found === undefined) return [];
    const existing = new Set(found.columns.map(({ name }) => name));
    return names.filter((name) => !existing.has(name)).map((name) => `${table}.${name}`);
  });
  return { missing, missingColumns };
}

export function invalidIndexesOf(
  kinds: ReadonlyMap<string, unknown>,
  structures: readonly StructureGroup[],
): InvalidIndex[] {
  return structures.flatMap(({ schemas, structure }) => {
    const invalid = [...structure.tables.values()]
      .flatMap(({ indexes }) => indexes)
      .filter(({ valid }) => !valid);
    return schemas
      .filter((schema) => kinds.has(schema))
      .flatMap((schema) => invalid.map(({ name }) => ({ schema, index: name })));
  });
}

/** What the ledgers say against it. */
function ledgersOf(discovery: Discovery): UserError | undefined {
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
  const behind = [plan.shared, ...plan.tenants].filter(({ pending }) => pending.length > 0);
  if (behind.length === 0) return undefined;
  return new UserError(
    `${counted(behind.length, 'schema')} ${behind.length === 1 ? 'is' : 'are'} behind the code — ${listed(
      behind.map(({ schema, pending }) => `${schema} lacks ${listed(pending, 2)}`),
      3,
    )}`,
    'run migrate-schemas; if it has just run, another deployment may have changed the ledger meanwhile',
    { code: 'migrations-left-pending' },
  );
}

function missingIn(incomplete: readonly IncompleteSchema[]): UserError | undefined {
  if (incomplete.length === 0) return undefined;
  const what = incomplete.every(({ missing }) => missing.length === 0) ? 'columns' : 'tables';
  return new UserError(
    `${counted(incomplete.length, 'schema')} ${incomplete.length === 1 ? 'lacks' : 'lack'} ${what} — ${listed(
      incomplete.map(
        ({ schema, missing, missingColumns }) =>
          `${schema} has no ${listed([...missing, ...missingColumns.map((name) => `column ${name}`)], 3)}`,
      ),
      3,
    )}`,
    'their ledgers say that everything is applied, so migrating again makes nothing: restore what is missing; where an app lacks all of its tables, fake that app back to zero in that schema and migrate again',
    {
      code: 'tenant-tables-missing',
      evidence: incomplete
        .map(
          ({ schema, missing, missingColumns }) => `${schema}: ${[...missing, ...missingColumns].join(', ')}`,
        )
        .join('\n'),
    },
  );
}

export function invalidIn(invalid: readonly InvalidIndex[]): UserError | undefined {
  const [first] = invalid;
  if (first === undefined) return undefined;
  const commands = invalid.map(
    ({ schema, index }) => `DROP INDEX CONCURRENTLY ${quoted(schema)}.${quoted(index)};`,
  );
  const one = invalid.length === 1;
  return new UserError(
    `${one ? 'An index is' : `${counted(invalid.length, 'index', 'indexes')} are`} invalid — ${listed(
      invalid.map(({ schema, index }) => `${schema}: ${index}`),
      3,
    )}: PostgreSQL keeps ${one ? 'it' : 'them'} up to date and never reads ${one ? 'it' : 'them'}`,
    `unless ${one ? 'it is' : 'they are'} being built right now, remove ${one ? 'it' : 'each'} and make it again: ${commands[0]}`,
    { code: 'invalid-index', ...(one ? {} : { evidence: commands.join('\n') }) },
  );
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function driftedIn(drift: readonly Drift[]): UserError | undefined {
  const groups = drift.flatMap(({ others }) => others).filter(({ byThisRun }) => byThisRun.length > 0);
  const [first] = groups;
  if (first === undefined) return undefined;
  const schemas = groups.flatMap(({ byThisRun }) => byThisRun);
  return new UserError(
    `${counted(schemas.length, 'tenant')} came out of this run otherwise than the others — ${listed(first.byThisRun, 3)}: ${listed(first.differences, 3)}`,
    'a migration has made something else of them than of the others: their data, a trigger, or something that was there before; bring them in line by hand, and find out why before the next run',
    {
      code: 'tenant-drifted',
      evidence: groups
        .map(({ byThisRun, differences }) => `${byThisRun.join(', ')}:\n  ${differences.join('\n  ')}`)
        .join('\n'),
    },
  );
}

/** `1,000 tenants have all 65 tables and 412 columns; 1 differs: t5 lacks index orders_email_ix`. */
export function proofSentence({
  schemas,
  tables,
  columns,
  measure,
  drift,
  compared,
  targets,
}: Proof): string {
  const tenants = schemas - 1;
  if (targets !== undefined) {
    return `${counted(tenants, 'tenant')} at ${listed(targets)} or before it, by ledger and catalogue`;
  }
  if (measure === 'each-other') return likenessSentence(drift, tables[0] ?? 0, columns[0] ?? 0);
  if (tenants === 0) return 'the shared schema has all its tables and columns';
  const each =
    tables.length === 1
      ? `all ${counted(tables[0] ?? 0, 'table')} and ${counted(columns[0] ?? 0, 'column')}`
      : 'all tables and columns of their type';
  const proven = `${counted(tenants, 'tenant')} ${tenants === 1 ? 'has' : 'have'} ${each}`;
  if (drift.every(({ others }) => others.length === 0)) return proven;
  return `${proven}; ${differingSentence(drift, compared ? ' (since before this run)' : '')}`;
}

/** `40 tenants are alike: 12 tables and 51 columns; 1 differs: …`. */
function likenessSentence(drift: readonly Drift[], tables: number, columns: number): string {
  const alike = sum(drift.map(({ equal }) => equal.length));
  if (alike === 0) return 'there are no tenants';
  const what = `${counted(tables, 'table')} and ${counted(columns, 'column')}`;
  const proven = alike === 1 ? `1 tenant has ${what}` : `${counted(alike, 'tenant')} are alike: ${what}`;
  if (drift.every(({ others }) => others.length === 0)) return proven;
  return `${proven}; ${differingSentence(drift)}`;
}
