import type { Database } from '../database/session.ts';
import { codeOf, UserError } from '../ground/errors.ts';
import type { SchemaExtent } from './extent.ts';

/**
 * One moment of a database, which several pg_dumps see, and whoever counts. It lasts as long as its session's
 * transaction.
 */
export interface Snapshot {
  readonly id: string;
  /** ISO 8601, by the server's clock. */
  readonly taken: string;
  /**
   * Rows of each table, by schema and table; a schema is missing when its time was over. What is locked for it is given
   * free at once.
   */
  count(schemas: readonly SchemaExtent[]): Promise<Map<string, Map<string, number>>>;
  /** Gives the moment up; never fails. */
  end(): Promise<void>;
}

/** Milliseconds to count the rows of a few schemas; where that is not enough, the archive's own count has to do. */
const countLimit = 60_000;

/** So many schemas are counted in one question. */
const countedAtOnce = 4;

/** @param database a session of its own: it stays in a transaction */
export async function takeSnapshot(database: Database): Promise<Snapshot> {
  const row = await begin(database).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  return {
    ...row,
    async count(schemas) {
      const counted = new Map<string, Map<string, number>>();
      for (let start = 0; start < schemas.length; start += countedAtOnce) {
        const some = schemas.slice(start, start + countedAtOnce);
        for (const [schema, rows] of await countSome(database, some)) counted.set(schema, rows);
      }
      return counted;
    },
    end: () => database.close(), // and what it is counting
  };
}

async function begin(database: Database): Promise<Pick<Snapshot, 'id' | 'taken'>> {
  await database.query('begin isolation level repeatable read, read only');
  await database.query(
    `select set_config('idle_in_transaction_session_timeout', '0', true), set_config('statement_timeout', '${countLimit}', true),
            set_config('lock_timeout', '1000', true)`,
  );
  const [row] = await database.query<{ id: string; taken: string }>(
    `select pg_catalog.pg_export_snapshot() as id,
            to_char(transaction_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as taken`,
  );
  if (row === undefined) throw new Error('pg_export_snapshot gave nothing');
  return row;
}

const countStatement = `
  select n.nspname::text as schema, c.relname::text as "table",
         (pg_catalog.xpath('/row/c/text()', pg_catalog.query_to_xml(
            pg_catalog.format('select count(*) as c from only %I.%I', n.nspname, c.relname), false, true, '')))[1]::text::float8 as rows
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.oid = any($1::oid[])`;

/** A savepoint that is gone back to gives its locks free, where a transaction keeps them to its end. */
async function countSome(
  database: Database,
  schemas: readonly SchemaExtent[],
): Promise<Map<string, Map<string, number>>> {
  const tables = schemas.flatMap((schema) => schema.tables);
  await database.query('savepoint counting');
  try {
    const rows = await database.query<{ schema: string; table: string; rows: number }>(countStatement, [
      tables,
    ]);
    const counted = new Map(schemas.map(({ name }) => [name, new Map<string, number>()]));
    for (const { schema, table, rows: amount } of rows) counted.get(schema)?.set(table, amount);
    return counted;
  } catch (error) {
    if (!isImpatience(error)) throw error;
    return new Map();
  } finally {
    await database.query('rollback to savepoint counting').catch(() => {});
  }
}

/** It took too long, somebody has locked a table, or the role may not read one: pg_dump says so better. */
function isImpatience(error: unknown): boolean {
  const code = codeOf(error instanceof UserError ? error.cause : error);
  return code === '57014' || code === '55P03' || code === '42501' || code === '42P01';
}
