import type { Database } from '../database/session.ts';

/** What there is to back up, as the catalogue says it. */

export interface SchemaExtent {
  readonly name: string;
  readonly oid: number;
  /** Numbers of tables with rows of their own. */
  readonly tables: readonly number[];
  /** Of whatever else an archive has to list: partitioned tables, views, sequences, foreign tables. */
  readonly others: readonly number[];
  /** So many entries pg_dump takes in the server's lock table: tables, views, sequences. */
  readonly locks: number;
  /** On disk, without indexes, as the last VACUUM or ANALYZE saw them. */
  readonly bytes: number;
}

interface ExtentRow {
  readonly name: string;
  readonly oid: number;
  readonly tables: number[];
  readonly others: number[];
  readonly bytes: number;
}

/**
 * Each of the schemas that exists. What belongs to an extension is made by CREATE EXTENSION, and in no archive. The
 * sequence of an identity column is listed with it from PostgreSQL 10 on, that of a serial column, too.
 */
export async function readExtents(
  database: Pick<Database, 'query'>,
  schemas: readonly string[],
): Promise<SchemaExtent[]> {
  const rows = await database.query<ExtentRow>(extentStatement, [schemas]);
  return rows.map((row) => ({ ...row, locks: row.tables.length + row.others.length }));
}

const extentStatement = `
  select n.nspname::text as name, n.oid::int8::float8 as oid,
         coalesce(array_agg(c.oid::int8::float8) filter (where c.relkind = 'r'), '{}') as tables,
         coalesce(array_agg(c.oid::int8::float8) filter (where c.relkind in ('p', 'v', 'm', 'f', 'S')), '{}') as others,
         coalesce(sum(c.relpages) filter (where c.relkind in ('r', 'm')), 0)::float8 * 8192 as bytes
    from pg_catalog.pg_namespace n
    left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
         and not exists (select from pg_catalog.pg_depend d
                          where d.classid = 1259 and d.objid = c.oid and d.objsubid = 0 and d.deptype = 'e')
   where n.nspname = any($1::text[])
   group by n.nspname, n.oid
   order by n.nspname collate "C"`;

/** How many entries the server's lock table has, and how many are in use. */
export interface LockTable {
  readonly capacity: number;
  readonly used: number;
  /** `max_locks_per_transaction (64) × (max_connections (100) + max_prepared_transactions (0))` */
  readonly sentence: string;
}

export async function readLockTable(database: Pick<Database, 'query'>): Promise<LockTable> {
  const [row] = await database.query<{ each: number; connections: number; prepared: number; used: number }>(`
    select current_setting('max_locks_per_transaction')::int as each,
           current_setting('max_connections')::int as connections,
           current_setting('max_prepared_transactions')::int as prepared,
           (select count(*) from pg_catalog.pg_locks where not fastpath)::int as used`);
  const { each = 64, connections = 100, prepared = 0, used = 0 } = row ?? {};
  return {
    capacity: each * (connections + prepared),
    used,
    sentence: `max_locks_per_transaction (${each}) × (max_connections (${connections}) + max_prepared_transactions (${prepared}))`,
  };
}

/** What is beside the schemas, and whether it matters. */
export interface Surroundings {
  readonly extensions: readonly {
    readonly name: string;
    readonly schema: string;
    readonly version: string;
  }[];
  readonly largeObjects: number;
  readonly system: string | null;
  readonly database: string;
  readonly oid: string;
}

export async function readSurroundings(database: Pick<Database, 'query'>): Promise<Surroundings> {
  const extensions = await database.query<Surroundings['extensions'][number]>(`
    select e.extname::text as name, n.nspname::text as schema, e.extversion as version
      from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
     where e.extname <> 'plpgsql' order by 1`);
  const [facts] = await database.query<{ database: string; oid: string; large: number }>(`
    select current_database()::text as database,
           (select oid::text from pg_catalog.pg_database where datname = current_database()) as oid,
           (select count(*) from pg_catalog.pg_largeobject_metadata)::float8 as large`);
  const system = await database
    .query<{ system: string }>('select system_identifier::text as system from pg_catalog.pg_control_system()')
    .then(
      ([row]) => row?.system ?? null,
      () => null, // some hosted servers keep it to themselves
    );
  return {
    extensions,
    largeObjects: facts?.large ?? 0,
    system,
    database: facts?.database ?? '',
    oid: facts?.oid ?? '',
  };
}
