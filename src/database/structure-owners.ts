import type { Database } from './session.ts';

/** Relations of one schema that belong to another role. */
export interface ForeignTables {
  readonly schema: string;
  readonly owners: readonly string[];
  /** Tables, views and sequences, sorted. */
  readonly tables: readonly string[];
}

/**
 * Where the role of this session may not alter what is there: it is neither the owner of a table, view or sequence
 * nor a member of the role that is. A superuser may alter everything.
 */
export function readForeignTables(
  database: Pick<Database, 'query'>,
  schemas: readonly string[],
): Promise<ForeignTables[]> {
  return database.query<ForeignTables>(statement, [schemas]);
}

const statement = `
  select n.nspname::text as schema,
         array_agg(distinct pg_catalog.pg_get_userbyid(c.relowner)::text) as owners,
         array_agg(c.relname::text order by c.relname) as tables
    from pg_catalog.pg_namespace n
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
   where n.nspname = any($1::text[]) and c.relowner in (
           select oid from pg_catalog.pg_roles where not pg_catalog.pg_has_role(oid, 'USAGE'))
   group by n.nspname
   order by n.nspname`;
