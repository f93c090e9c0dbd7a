import type { Database } from '../database/connection.ts';

/** More schemas in one statement make the plan of the query worse, not the answer faster. */
const schemasPerStatement = 500;

/** The tables, views and foreign tables of each schema, by name. A schema that does not exist has no entry. */
export async function tablesOf(
  database: Database,
  schemas: readonly string[],
): Promise<Map<string, ReadonlySet<string>>> {
  const tables = new Map<string, ReadonlySet<string>>();
  for (let start = 0; start < schemas.length; start += schemasPerStatement) {
    const rows = await database.query<{ schema: string; tables: string[] }>(
      `SELECT n.nspname::text AS schema, coalesce(array_agg(c.relname::text) FILTER (WHERE c.oid IS NOT NULL), '{}') AS tables
         FROM pg_namespace n
         LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        WHERE n.nspname = ANY($1)
        GROUP BY n.nspname`,
      [schemas.slice(start, start + schemasPerStatement)],
    );
    for (const row of rows) tables.set(row.schema, new Set(row.tables));
  }
  return tables;
}
