/**
 * First questions to a database: which schemas exist, and what is in them. They are asked of pg_class and its kin,
 * which show everything to everybody; information_schema hides what the role may not use, and takes every schema
 * for every question. Names are given as parameters.
 */
import type { Database } from './session.ts';

/** A question with its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

export interface Column {
  readonly name: string;
  /** As PostgreSQL writes it, with its length or precision: `character varying(100)`. */
  readonly type: string;
  readonly notNull: boolean;
}

/** So many schemas are asked for in one statement: it locks what it reads, and a server has so many locks only. */
export const schemasPerStatement = 500;

/** What Django takes for a table: tables, partitioned ones, views, materialized views, foreign tables. */
const tableKinds = `('r', 'p', 'v', 'm', 'f')`;

export function schemasStatement(schemas: readonly string[]): Statement {
  return {
    text: 'select nspname::text as schema from pg_namespace where nspname = any($1::text[])',
    values: [schemas],
  };
}

/** PostgreSQL's own schemas are left out: no other one may begin with pg_. */
export const allSchemasStatement: Statement = {
  text: `select nspname::text as schema from pg_namespace
          where nspname !~ '^pg_' and nspname <> 'information_schema'
          order by nspname`,
  values: [],
};

export function tablesStatement(schemas: readonly string[]): Statement {
  return {
    text: `select n.nspname::text as schema,
                  coalesce(array_agg(c.relname::text order by c.relname) filter (where c.oid is not null), '{}') as tables
             from pg_namespace n
             left join pg_class c on c.relnamespace = n.oid and c.relkind in ${tableKinds}
            where n.nspname = any($1::text[])
            group by n.nspname`,
    values: [schemas],
  };
}

export function columnsStatement(schemas: readonly string[]): Statement {
  return {
    text: `select n.nspname::text as schema, c.relname::text as table,
                  array_agg(a.attname::text order by a.attnum) as names,
                  array_agg(format_type(a.atttypid, a.atttypmod) order by a.attnum) as types,
                  array_agg(a.attnotnull order by a.attnum) as not_null
             from pg_namespace n
             join pg_class c on c.relnamespace = n.oid and c.relkind in ${tableKinds}
             join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where n.nspname = any($1::text[])
            group by n.nspname, c.relname`,
    values: [schemas],
  };
}

/** Django's ledger is a table of its own in each schema. */
export function ledgersStatement(schemas: readonly string[]): Statement {
  return {
    text: `select n.nspname::text as schema
             from pg_namespace n
             join pg_class c on c.relnamespace = n.oid and c.relname = 'django_migrations' and c.relkind in ('r', 'p')
            where n.nspname = any($1::text[])`,
    values: [schemas],
  };
}

/** Every schema of the database but PostgreSQL's own, by name. */
export async function allSchemas(database: Database): Promise<string[]> {
  return schemasOf(await ask(database, allSchemasStatement));
}

/** Those of the schemas that exist. */
export async function schemasThatExist(database: Database, schemas: readonly string[]): Promise<Set<string>> {
  return new Set(schemasOf(await askInBatches(database, schemas, schemasStatement)));
}

/** Those of the schemas that have a ledger of migrations. */
export async function schemasWithLedger(
  database: Database,
  schemas: readonly string[],
): Promise<Set<string>> {
  return new Set(schemasOf(await askInBatches(database, schemas, ledgersStatement)));
}

/** The tables of each schema, by name. A schema that does not exist has no entry; an empty one has an empty set. */
export async function tablesBySchema(
  database: Database,
  schemas: readonly string[],
): Promise<Map<string, ReadonlySet<string>>> {
  const rows = await askInBatches<{ schema: string; tables: string[] }>(database, schemas, tablesStatement);
  return new Map(rows.map(({ schema, tables }) => [schema, new Set(tables)]));
}

interface ColumnsRow {
  readonly schema: string;
  readonly table: string;
  readonly names: string[];
  readonly types: string[];
  readonly not_null: boolean[];
}

/**
 * The columns of each table of each schema, in their order. A schema without tables has no entry. The type of a
 * column is written with its schema when that is not on the search path.
 */
export async function columnsBySchema(
  database: Database,
  schemas: readonly string[],
): Promise<Map<string, ReadonlyMap<string, readonly Column[]>>> {
  const found = new Map<string, Map<string, readonly Column[]>>();
  for (const row of await askInBatches<ColumnsRow>(database, schemas, columnsStatement)) {
    const tables = found.get(row.schema) ?? new Map<string, readonly Column[]>();
    found.set(row.schema, tables.set(row.table, columnsOf(row)));
  }
  return found;
}

function columnsOf({ names, types, not_null: notNull }: ColumnsRow): Column[] {
  return names.map((name, index) => ({
    name,
    type: types[index] ?? '',
    notNull: notNull[index] ?? false,
  }));
}

const schemasOf = (rows: readonly { readonly schema: string }[]): string[] =>
  rows.map(({ schema }) => schema);

function ask<Row = { schema: string }>(database: Database, { text, values }: Statement): Promise<Row[]> {
  return database.query<Row>(text, values);
}

async function askInBatches<Row = { schema: string }>(
  database: Database,
  schemas: readonly string[],
  statement: (schemas: readonly string[]) => Statement,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let start = 0; start < schemas.length; start += schemasPerStatement) {
    const batch = schemas.slice(start, start + schemasPerStatement);
    for (const row of await ask<Row>(database, statement(batch))) rows.push(row);
  }
  return rows;
}
