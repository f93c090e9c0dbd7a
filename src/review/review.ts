import type { Database } from '../database/session.ts';
import type { GroupSql, MigrationSql } from '../django/discovery.ts';
import { acceptedByLabel, acceptedInFile, type Label } from './acknowledged.ts';
import { type Change, type Cost, changesOf, type Lock } from './changes.ts';
import { type RowsInTheWay, rowsInTheWay, ruleOf } from './existing-rows.ts';
import type { Finding, Review, ReviewedMigration, Touch } from './review-shape.ts';
import type { ReadOperation, Scene } from './situation.ts';
import { situations } from './situations.ts';
import type { SqlParser } from './sql-parser.ts';
import { columnTypes, type TableSize, tableSizes } from './table-sizes.ts';
import { rewritesFor } from './type-change.ts';

export interface ReviewOptions {
  readonly parser: SqlParser;
  readonly publicSchema: string;
  readonly database: Database;
  /** False: its tables say nothing about those that the migrations are for, neither how large they are nor what is in them. */
  readonly looksAtRows: boolean;
  /** Labels of the pull requests that a migration came with; asked only where its file accepts not everything. */
  readonly labels: (migration: MigrationSql) => Promise<readonly Label[]>;
}

/** A group, with its SQL read. */
interface ReadGroup extends GroupSql {
  readonly read: ReadonlyMap<string, readonly ReadOperation[]>;
  readonly unreadable: ReadonlyMap<string, readonly string[]>;
  /** Tables that its plan makes. */
  readonly made: ReadonlySet<string>;
}

/**
 * Looks at pending migrations before they run: what they do to which tables, and what of it is dangerous. Changes
 * nothing; asks the database for sizes, and for rows that would stand in the way.
 */
export async function reviewMigrations(sql: readonly GroupSql[], options: ReviewOptions): Promise<Review> {
  const groups = sql.map((group) => readGroup(group, options.parser));
  const facts = await factsOf(groups, options);
  const findings = await findingsOf(groups, facts, options);
  return {
    groups: groups.map((group) => ({
      kind: group.kind,
      tenantType: group.tenantType,
      schemas: group.schemas,
      migrations: group.migrations.map((migration) => reviewed(migration, group, facts, options)),
    })),
    findings: findings.sort(worstFirst),
  };
}

function readGroup(group: GroupSql, parser: SqlParser): ReadGroup {
  const read = new Map<string, ReadOperation[]>();
  const unreadable = new Map<string, string[]>();
  for (const { migration, operations } of group.migrations) {
    const understood = operations.map((operation) => ({
      operation,
      ...changesOf(operation.statements.join('\n'), parser),
    }));
    read.set(migration, understood);
    unreadable.set(
      migration,
      understood.flatMap(({ operation, unreadable: why }) => {
        const reason = operation.unknown ?? why;
        return reason === undefined ? [] : [`${operation.description}: ${reason}`];
      }),
    );
  }
  const changes = [...read.values()].flat().flatMap((one) => one.changes);
  const made = changes.filter(({ does }) => does === 'create-table').map(({ table }) => table.name);
  return { ...group, read, unreadable, made: new Set(made) };
}

/** What the database says about the tables of each kind of schema. */
interface Facts {
  size(kind: GroupSql['kind'], table: string): TableSize | undefined;
  /** `table.column` to its type now. */
  readonly types: ReadonlyMap<GroupSql['kind'], ReadonlyMap<string, string>>;
  readonly extensions: ReadonlySet<string>;
}

async function factsOf(
  groups: readonly ReadGroup[],
  { database, looksAtRows, publicSchema }: ReviewOptions,
): Promise<Facts> {
  const sizes = new Map<string, Map<string, TableSize>>();
  const types = new Map<GroupSql['kind'], Map<string, string>>();
  for (const kind of ['shared', 'tenant'] as const) {
    const of = groups.filter((group) => group.kind === kind);
    const schemas = kind === 'shared' ? [publicSchema] : of.flatMap((group) => group.schemas);
    const tables = [...new Set(of.flatMap(tablesOf))];
    if (looksAtRows) sizes.set(kind, await tableSizes(database, schemas, tables));
    const [schema] = schemas;
    if (schema !== undefined) types.set(kind, await columnTypes(database, schema, tables));
  }
  const extensions = await database.query<{ name: string }>(`select extname::text as name from pg_extension`);
  return {
    size: (kind, table) => sizes.get(kind)?.get(table),
    types,
    extensions: new Set(extensions.map(({ name }) => name)),
  };
}

function tablesOf({ read }: ReadGroup): string[] {
  return [...read.values()]
    .flat()
    .flatMap(({ operation, changes }) => [
      ...changes.map(({ table }) => table.name),
      ...(operation.python?.tables ?? []),
    ])
    .filter((name) => name !== '');
}

/** Each migration is judged once for each kind of schema, by the group that is furthest: there its tables have rows. */
async function findingsOf(
  groups: readonly ReadGroup[],
  facts: Facts,
  options: ReviewOptions,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const furthestFirst = [...groups].sort((one, other) => one.migrations.length - other.migrations.length);
  const seen = new Set<string>();
  for (const group of furthestFirst) {
    for (const migration of group.migrations) {
      const key = `${group.kind} ${group.tenantType} ${migration.migration}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const alike = groups.filter(
        (one) =>
          one.kind === group.kind && one.tenantType === group.tenantType && one.read.has(migration.migration),
      );
      const rows = await rowsOf(migration, group, { alike, options });
      const scene = sceneOf(migration, group, { facts, rows });
      for (const situation of situations) {
        const { row, name, level } = situation;
        const all = situation.find(scene);
        if (all.length === 0) continue;
        const reason =
          acceptedInFile(name, migration) ?? acceptedByLabel(name, await options.labels(migration)) ?? null;
        for (const found of all) {
          const { migration: of, file } = migration;
          findings.push({ row, name, level, migration: of, file, ...found, acknowledged: reason });
        }
      }
    }
  }
  return unique(findings);
}

/** The same of several types of tenant is one. */
function unique(findings: readonly Finding[]): Finding[] {
  return [
    ...new Map(findings.map((one) => [`${one.migration} ${one.name} ${one.line} ${one.said}`, one])).values(),
  ];
}

interface Rows {
  readonly alike: readonly ReadGroup[];
  readonly options: ReviewOptions;
}

/** What existing rows say to each change that demands something of them. */
async function rowsOf(
  migration: MigrationSql,
  group: ReadGroup,
  { alike, options: { database, looksAtRows, publicSchema } }: Rows,
): Promise<Map<Change, RowsInTheWay>> {
  const answers = new Map<Change, RowsInTheWay>();
  if (!looksAtRows) return answers;
  for (const change of changesIn(migration.migration, group)) {
    const rule = ruleOf(change);
    if (rule === undefined || isMended(change, migration.migration, group)) continue;
    const schemas = alike.filter(({ made }) => !made.has(rule.table)).flatMap((one) => one.schemas);
    const ownTables = await tableNames(database, schemas[0]);
    if (schemas.length === 0 || !ownTables.has(rule.table)) continue;
    answers.set(change, await rowsInTheWay(rule, { database, schemas, publicSchema, ownTables }));
  }
  return answers;
}

async function tableNames(database: Database, schema: string | undefined): Promise<Set<string>> {
  if (schema === undefined) return new Set();
  const rows = await database.query<{ name: string }>(
    `select c.relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind in ('r', 'p')`,
    [schema],
  );
  return new Set(rows.map(({ name }) => name));
}

function changesIn(migration: string, { read }: ReadGroup): Change[] {
  return (read.get(migration) ?? []).flatMap(({ changes }) => changes);
}

/**
 * Whether something of the plan before it may have made the rows fit: columns that are new, rows that are filled or
 * worked on. Nobody can ask today's rows then.
 */
function isMended(change: Change, migration: string, group: ReadGroup): boolean {
  const { table, columns, condition = '' } = change;
  // A CHECK names its columns in its text only.
  const isAbout = (column: string | undefined) =>
    column !== undefined && (columns.includes(column) || condition.includes(column));
  for (const [name, operations] of group.read) {
    for (const { operation, changes } of operations) {
      if (operation.python?.tables.includes(table.name) === true) return true;
      for (const one of changes) {
        if (one === change) return false;
        if (one.table.name !== table.name) continue;
        if (one.does === 'change-rows' && (one.fills === undefined || isAbout(one.fills))) return true;
        const isNew = one.does === 'add-column' || one.does === 'rename-column';
        if (isNew && (isAbout(one.name) || one.columns.some(isAbout))) return true;
      }
    }
    if (name === migration) return false;
  }
  return false;
}

function sceneOf(
  migration: MigrationSql,
  group: ReadGroup,
  { facts, rows }: { readonly facts: Facts; readonly rows: ReadonlyMap<Change, RowsInTheWay> },
): Scene {
  return {
    migration,
    operations: group.read.get(migration.migration) ?? [],
    isThere: (table) => table !== '' && !group.made.has(table),
    size: (table) => facts.size(group.kind, table),
    rewrites: (change) => costOf(change, group.kind, facts) === 'rewrite',
    inTheWay: (change) => rows.get(change),
  };
}

function costOf({ cost, table, columns, type = '' }: Change, kind: GroupSql['kind'], { types }: Facts): Cost {
  if (cost !== 'type') return cost;
  return rewritesFor(types.get(kind)?.get(`${table.name}.${columns[0]}`), type) ? 'rewrite' : 'instant';
}

function reviewed(
  migration: MigrationSql,
  group: ReadGroup,
  facts: Facts,
  { publicSchema }: ReviewOptions,
): ReviewedMigration {
  const { kind, made } = group;
  const changes = changesIn(migration.migration, group);
  const touches = changes
    .filter(({ lock, table }) => lock !== 'none' && table.name !== '' && !made.has(table.name))
    .map((change) => ({
      table: shownName(change, publicSchema),
      lock: change.lock,
      cost: costOf(change, kind, facts),
      size: facts.size(kind, change.table.name) ?? null,
    }));
  return {
    migration: migration.migration,
    atomic: migration.atomic,
    reversible: migration.operations.every(({ reversible }) => reversible),
    statements: migration.operations.flatMap(({ statements }) => statements),
    unknown: [
      ...migration.operations
        .filter(({ python }) => python !== null)
        .map(({ description }) => `${description}: Python, which is not run for a preview`),
      ...(group.unreadable.get(migration.migration) ?? []),
    ],
    touches: heaviest(touches),
    needs: changes
      .filter(({ does }) => does === 'create-extension')
      .map(({ name = '' }) =>
        facts.extensions.has(name)
          ? `extension ${name} (is installed)`
          : `extension ${name}: the role that migrates must be allowed to create it in the database`,
      ),
  };
}

function shownName({ does, table }: Change, publicSchema: string): string {
  if (does === 'drop-index') return `index ${table.name}`;
  return table.schema === publicSchema ? `${publicSchema}.${table.name}` : table.name;
}

const locks: readonly Lock[] = [
  'none',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'ACCESS EXCLUSIVE',
];
const costs: readonly Cost[] = ['instant', 'type', 'unknown', 'rows', 'scan', 'index', 'rewrite'];

/** Of each table the heaviest lock and what takes longest while it is held: a transaction keeps all of them. */
function heaviest(touches: readonly Touch[]): Touch[] {
  return [...Map.groupBy(touches, ({ table }) => table).values()].map((of) =>
    of.reduce(({ table, size, ...one }, other) => ({
      table,
      size,
      lock: locks.indexOf(other.lock) > locks.indexOf(one.lock) ? other.lock : one.lock,
      cost: costs.indexOf(other.cost) > costs.indexOf(one.cost) ? other.cost : one.cost,
    })),
  );
}

/** Errors that have to be acknowledged. */
export function unacknowledged(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ level, acknowledged: reason }) => level === 'error' && reason === null);
}

function badness({ level, acknowledged: reason }: Finding): number {
  return reason === null ? (level === 'error' ? 0 : 1) : 2;
}

function worstFirst(one: Finding, other: Finding): number {
  return badness(one) - badness(other);
}
