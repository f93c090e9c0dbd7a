/**
 * First questions to a database: which schemas exist, and what is in them. They are asked of pg_class and its kin,
 * which show everything to everybody; information_schema hides what the role may not use, and takes every schema
 * for every question. Names are given as parameters.
 */
import type { Database } from './session.ts';

/** So many schemas are asked for in one statement: it locks what it reads, and a server has so many locks only. */
export const schemasPerStatement = 500;

/** What Django takes for a table: tables, partitioned ones, views, materialized views, foreign tables. */
const tableKinds = `('r', 'p', 'v', 'm', 'f')`;

/** Every schema of the database by name, but PostgreSQL's own, which alone may begin with pg_. */
export async function allSchemas(database: Database): Promise<string[]> {
  const rows = await database.query<{ schema: string }>(
    `select nspname::text as schema from pg_namespace
      where nspname !~ '^pg_' and nspname <> 'information_schema'
      order by nspname`,
  );
  return rows.map(({ schema }) => schema);
}

/** The tables of each schema, by name. A schema that does not exist has no entry; an empty one has an empty set. */
export async function tablesBySchema(
  database: Database,
  schemas: readonly string[],
): Promise<Map<string, ReadonlySet<string>>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (let start = 0; start < schemas.length; start += schemasPerStatement) {
    const rows = await database.query<{ schema: string; tables: string[] }>(
      `select n.nspname::text as schema,
              coalesce(array_agg(c.relname::text order by c.relname) filter (where c.oid is not null), '{}') as tables
         from pg_namespace n
         left join pg_class c on c.relnamespace = n.oid and c.relkind in ${tableKinds}
        where n.nspname = any($1::text[])
        group by n.nspname`,
      [schemas.slice(start, start + schemasPerStatement)],
    );
    for (const { schema, tables } of rows) found.set(schema, new Set(tables));
  }
  return found;
}
