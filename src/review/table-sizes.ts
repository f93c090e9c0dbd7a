import { schemasPerStatement } from '../database/catalog.ts';
import { readWithin } from '../database/locked-tables.ts';
import type { Database } from '../database/session.ts';

/** How large a table is in many schemas. */
export interface TableSize {
  /** Schemas that have it. */
  readonly schemas: number;
  readonly bytes: number;
  readonly rows: number;
  /** Where it is largest. */
  readonly largest: { readonly schema: string; readonly bytes: number; readonly rows: number };
  /** Names of schemas in which it is big (`isBig`). */
  readonly big: readonly string[];
}

/** From here on reading or writing a whole table is felt: minutes, not seconds. */
const bigRows = 1_000_000;
const bigBytes = 2 ** 30;

export function isBig({ rows, bytes }: { readonly rows: number; readonly bytes: number }): boolean {
  return rows >= bigRows || bytes >= bigBytes;
}

interface Row {
  readonly table: string;
  readonly schemas: number;
  readonly bytes: number;
  readonly rows: number;
  readonly schema: string;
  readonly most: number;
  readonly most_rows: number;
  readonly big: string[];
}

/** Rows are what the last ANALYZE has seen; 0 where there was none, and then the bytes tell. */
const question = `
  with one as (
    select n.nspname::text as schema, c.relname::text as "table", pg_table_size(c.oid)::float8 as bytes,
           greatest(c.reltuples, 0)::float8 as rows
      from pg_namespace n join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'm')
     where n.nspname = any($1::text[]) and c.relname = any($2::text[])
  )
  select "table", count(*)::int as schemas, sum(bytes) as bytes, sum(rows) as rows,
         (array_agg(schema order by rows desc, bytes desc))[1] as schema,
         (array_agg(bytes order by rows desc, bytes desc))[1] as most,
         (array_agg(rows order by rows desc, bytes desc))[1] as most_rows,
         coalesce(array_agg(schema) filter (where rows >= $3 or bytes >= $4), '{}') as big
    from one group by "table"`;

/** Milliseconds that somebody else's lock is waited for. */
const patience = 30_000;

/** The sizes of tables that are there, by name. @throws UserError `schema-unreadable` while a table is locked */
export async function tableSizes(
  database: Database,
  schemas: readonly string[],
  tables: readonly string[],
): Promise<Map<string, TableSize>> {
  const found = new Map<string, TableSize>();
  if (tables.length === 0) return found;
  await readWithin(database, patience, async () => {
    for (let start = 0; start < schemas.length; start += schemasPerStatement) {
      const batch = schemas.slice(start, start + schemasPerStatement);
      for (const row of await database.query<Row>(question, [batch, tables, bigRows, bigBytes])) {
        found.set(row.table, together(found.get(row.table), row));
      }
    }
  });
  return found;
}

function together(before: TableSize | undefined, row: Row): TableSize {
  const largest = { schema: row.schema, bytes: row.most, rows: row.most_rows };
  if (before === undefined) {
    return { schemas: row.schemas, bytes: row.bytes, rows: row.rows, largest, big: row.big };
  }
  const isLarger = largest.rows - before.largest.rows || largest.bytes - before.largest.bytes;
  return {
    schemas: before.schemas + row.schemas,
    bytes: before.bytes + row.bytes,
    rows: before.rows + row.rows,
    largest: isLarger > 0 ? largest : before.largest,
    big: [...before.big, ...row.big],
  };
}

/** The types of the columns of some tables of one schema: `table.column` to `character varying(20)`. */
export async function columnTypes(
  database: Database,
  schema: string,
  tables: readonly string[],
): Promise<Map<string, string>> {
  if (tables.length === 0) return new Map();
  const rows = await database.query<{ place: string; type: string }>(
    `select c.relname || '.' || a.attname as place, format_type(a.atttypid, a.atttypmod) as type
       from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = any($2::text[]) and a.attnum > 0 and not a.attisdropped`,
    [schema, tables],
  );
  return new Map(rows.map(({ place, type }) => [place, type]));
}
