import { tablesBySchema } from '../database/catalog.ts';
import { type CountOptions, countRows, type RowCount } from '../database/row-counts.ts';
import type { Database } from '../database/session.ts';
import { UserError } from '../ground/errors.ts';
import { counted, grouped, listed, nearest } from '../ground/words.ts';

/** Whether the tables that matter most are there in each tenant and can be read, and whether they lost rows. */

export interface TableCount {
  readonly table: string;
  /** undefined: nobody knows. */
  readonly rows: number | undefined;
  /** False: what the last ANALYZE saw. */
  readonly exact: boolean;
}

export interface SmokeResult {
  readonly schema: string;
  /** Of the tables that can be read. */
  readonly counts: readonly TableCount[];
  /** What is no failure and should be told: tables that were not counted. */
  readonly notices: readonly string[];
  readonly failure: UserError | undefined;
}

/**
 * Looks at these tables (names as Django’s db_table) in each of these schemas: they must exist, be readable and be
 * counted. One that is too large to be counted in time is no failure.
 * @throws LostConnection
 */
export async function smokeTables(
  database: Database,
  schemas: readonly string[],
  tables: readonly string[],
  options: CountOptions,
): Promise<SmokeResult[]> {
  const names = [...new Set(tables)];
  const found = await countRows(database, [...new Set(schemas)], names, options);
  const meant = await meantTables(database, found, names);
  return [...Map.groupBy(found, ({ schema }) => schema)].map(([schema, ofSchema]) => ({
    schema,
    counts: ofSchema.flatMap(countOf),
    notices: ofSchema.flatMap(noticeOf),
    failure: failureOf(schema, ofSchema, meant),
  }));
}

/** For tables that no schema has: another name that is probably meant, or undefined. */
async function meantTables(
  database: Database,
  found: readonly RowCount[],
  tables: readonly string[],
): Promise<Map<string, string | undefined>> {
  const nowhere = tables.filter((name) =>
    found.every(({ table, is }) => table !== name || is === 'missing' || is === 'schema-missing'),
  );
  const example = found.find(({ is }) => is === 'missing')?.schema;
  if (nowhere.length === 0 || example === undefined) return new Map();
  const existing = [...((await tablesBySchema(database, [example])).get(example) ?? [])];
  return new Map(nowhere.map((name) => [name, nearest(name, existing)]));
}

function countOf(found: RowCount): TableCount[] {
  if (found.is !== 'counted' && found.is !== 'estimated') return [];
  return [{ table: found.table, rows: found.rows, exact: found.is === 'counted' }];
}

function noticeOf(found: RowCount): string[] {
  if (found.is !== 'estimated') return [];
  const about =
    found.rows === undefined ? 'it was never analysed' : `it has about ${counted(found.rows, 'row')}`;
  return [`${found.schema}: ${found.table} was ${found.why}; ${about}`];
}

function failureOf(
  schema: string,
  found: readonly RowCount[],
  meant: ReadonlyMap<string, string | undefined>,
): UserError | undefined {
  const wrong = found.filter(({ is }) => is !== 'counted' && is !== 'estimated');
  const [first] = wrong;
  if (first === undefined) return undefined;
  const observed =
    first.is === 'schema-missing' ? ['the schema does not exist'] : wrong.map((one) => observationOf(one));
  return new UserError(
    `The smoke test failed in tenant ${schema} — ${listed(observed, 5)}`,
    hintFor(first, meant),
    { code: 'smoke-test-failed' },
  );
}

function observationOf(found: RowCount): string {
  switch (found.is) {
    case 'missing':
      return `there is no table ${found.table}`;
    case 'unreadable':
      return `${found.table} may not be read by the role ${found.role}`;
    case 'failed':
      return `${found.table} could not be counted: ${found.why}`;
    default:
      return found.table;
  }
}

function hintFor(found: RowCount, meant: ReadonlyMap<string, string | undefined>): string {
  if (found.is === 'missing' && meant.has(found.table)) {
    const name = meant.get(found.table);
    const guess = name === undefined ? '' : `did you mean ${name}? `;
    return `${guess}no schema that was looked at has that table: smoke-tables takes names as in the database (db_table), like orders_order`;
  }
  switch (found.is) {
    case 'missing':
      return 'other tenants have it: look what happened to it in this one, and restore it';
    case 'unreadable':
      return 'give the role of this step USAGE on the schema and SELECT on the table (GRANT), or use its owner';
    default:
      return `look at that tenant, then run again`;
  }
}

/** A table with fewer rows than before. */
export interface LostRows {
  readonly schema: string;
  readonly table: string;
  readonly before: number;
  readonly after: number;
}

export interface Comparison {
  /** Tenants in which a table that had rows has none. */
  readonly failures: readonly { readonly schema: string; readonly failure: UserError }[];
  /** An application that goes on working may have deleted them. */
  readonly fewer: readonly LostRows[];
}

/**
 * What became of the rows. Tables that could not be read before (a migration may have made them) are not compared;
 * nor are estimates, but for a table that had rows by an estimate and has none by a count.
 */
export function compareCounts(before: readonly SmokeResult[], after: readonly SmokeResult[]): Comparison {
  const known = new Map(before.map(({ schema, counts }) => [schema, counts]));
  const emptied = new Map<string, LostRows[]>();
  const fewer: LostRows[] = [];
  for (const { schema, counts } of after) {
    for (const { table, rows, exact } of counts) {
      const then = known.get(schema)?.find((one) => one.table === table);
      if (then?.rows === undefined || rows === undefined || !exact || rows >= then.rows) continue;
      const lost = { schema, table, before: then.rows, after: rows };
      if (rows === 0) emptied.set(schema, [...(emptied.get(schema) ?? []), lost]);
      else if (then.exact) fewer.push(lost);
    }
  }
  return {
    failures: [...emptied].map(([schema, lost]) => ({ schema, failure: emptiedFailure(schema, lost) })),
    fewer,
  };
}

function emptiedFailure(schema: string, lost: readonly LostRows[]): UserError {
  const observed = lost.map(({ table, before }) => `${table} had ${counted(before, 'row')} and has none now`);
  return new UserError(
    `The smoke test failed in tenant ${schema} — ${listed(observed, 5)}`,
    'look what the migration did to them before anything else writes there; a backup from before has them',
    { code: 'smoke-test-failed' },
  );
}

/** `3 tables have fewer rows than before: acme.orders_order 90 (100 before), …`; undefined when none has. */
export function fewerRowsNotice(fewer: readonly LostRows[]): string | undefined {
  if (fewer.length === 0) return undefined;
  const tables = [...fewer]
    .sort((one, other) => other.before - other.after - (one.before - one.after))
    .map(
      ({ schema, table, before, after }) =>
        `${schema}.${table} ${grouped(after)} (${grouped(before)} before)`,
    );
  return `${counted(fewer.length, 'table')} ${fewer.length === 1 ? 'has' : 'have'} fewer rows than before: ${listed(tables, 5)}`;
}
