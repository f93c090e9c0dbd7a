import { showDuration } from '../ground/duration.ts';
import { codeOf, UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import { type Blocker, describeBlockers } from './blockers.ts';
import type { Database } from './session.ts';

interface Holder extends Blocker {
  /** `acme.orders_order`. */
  readonly table: string;
}

/**
 * Reads, and waits for locks no longer than so many milliseconds each (0: without end): who changes a table keeps
 * everybody from looking at it, until the transaction is over.
 * @throws UserError `schema-unreadable` with the tables and who has locked them
 */
export async function readWithin<T>(database: Database, limit: number, read: () => Promise<T>): Promise<T> {
  await limitWaiting(database, limit);
  try {
    return await read();
  } catch (error) {
    if (codeOf(error) !== lockNotAvailable) throw error;
    throw lockedAway(database.label, limit, await findHolders(database));
  } finally {
    await limitWaiting(database, 0).catch(() => {}); // it is gone
  }
}

const lockNotAvailable = '55P03';

async function limitWaiting(database: Database, milliseconds: number): Promise<void> {
  await database.query(`select set_config('lock_timeout', $1, false)`, [String(milliseconds)]);
}

/** Who has tables of their own for themselves alone. */
function findHolders(database: Database): Promise<Holder[]> {
  return database.query<Holder>(
    `select n.nspname || '.' || c.relname as "table", coalesce(a.pid, 0) as pid, coalesce(a.usename::text, '') as role,
            coalesce(a.application_name, '') as application, coalesce(a.state, '') as state,
            coalesce(a.query, '') as query,
            (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as milliseconds
       from pg_locks l
       join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
       left join pg_stat_activity a on a.pid = l.pid
      where l.granted and l.mode = 'AccessExclusiveLock' and l.pid is distinct from pg_backend_pid()
        and l.database = (select oid from pg_database where datname = current_database())
        and c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_'
      order by 1`,
  );
}

function lockedAway(label: string, limit: number, holders: readonly Holder[]): UserError {
  const tables = listed(
    holders.map(({ table }) => table),
    3,
  );
  const sessions = [...new Map(holders.map((holder) => [holder.pid, holder])).values()];
  const who =
    holders.length === 0
      ? 'a table was locked, nobody could be seen in the way'
      : `locked: ${tables}, by ${describeBlockers(sessions)}`;
  const end = sessions
    .filter(({ pid }) => pid !== 0)
    .map(({ pid }) => `SELECT pg_terminate_backend(${pid})`)
    .join('; ');
  return new UserError(
    `The schemas of ${label} could not be looked at within ${showDuration(limit)} — ${who}`,
    `run again when that has ended${end === '' ? '' : ` (or end it: ${end})`}`,
    { code: 'schema-unreadable' },
  );
}
