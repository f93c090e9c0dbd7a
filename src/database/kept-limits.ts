import { setTimeout as sleep } from 'node:timers/promises';

import type { Database } from './session.ts';

/** Limits for statements, kept from outside: for sessions whose driver does not hand over what it was asked to. */

interface Limits {
  /** Milliseconds; 0 is none. */
  readonly lock: number;
  readonly statement: number;
}

/** PostgreSQL keeps them by itself where it was told to; only what is later than this is nobody's doing. */
const grace = 1_000;

/** Which limit a session has not kept. */
export type Overrun = 'lock' | 'statement';

/**
 * Cancels the statements of the sessions with this application name that are over a limit.
 * @returns the limits that they were over
 */
export async function cancelOverdue(
  database: Pick<Database, 'query'>,
  applicationName: string,
  { lock, statement }: Limits,
): Promise<Overrun[]> {
  const rows = await database.query<{ overrun: Overrun }>(
    // Materialized, and not in a condition: nobody else's statement may be cancelled while it is looked who is overdue.
    `with looked as materialized (
       select a.pid, case
                when $2 > 0 and exists (select from pg_locks l where l.pid = a.pid and not l.granted
                       and l.waitstart < clock_timestamp() - ($2 + ${grace}) * interval '1 ms') then 'lock'
                when $3 > 0 and a.query_start < clock_timestamp() - ($3 + ${grace}) * interval '1 ms' then 'statement'
              end as overrun
         from pg_stat_activity a
        where a.datname = current_database() and a.application_name = $1 and a.state = 'active'
     ), overdue as materialized (select pid, overrun from looked where overrun is not null)
     select overrun, pg_cancel_backend(pid) from overdue`,
    [applicationName, lock, statement],
  );
  return rows.map(({ overrun }) => overrun);
}

interface Watch {
  readonly database: Pick<Database, 'query'>;
  readonly applicationName: string;
  readonly limits: Limits | undefined;
}

/** Keeps the limits while some work is done. Where looking fails, the work goes on. @returns the limit that had to be kept */
export async function keepingLimits<T>(
  work: () => Promise<T>,
  { database, applicationName, limits }: Watch,
): Promise<{ readonly result: T; readonly overrun: Overrun | undefined }> {
  const ended = new AbortController();
  let overrun: Overrun | undefined;
  const watch = async ({ lock, statement }: Limits) => {
    while (lock + statement > 0 && !ended.signal.aborted) {
      await sleep(grace, undefined, { signal: ended.signal });
      const [found] = await cancelOverdue(database, applicationName, { lock, statement });
      overrun ??= found;
    }
  };
  const watching = limits === undefined ? undefined : watch(limits).catch(() => {});
  try {
    const result = await work();
    ended.abort();
    await watching; // what was cancelled last ends the work before it is told
    return { result, overrun };
  } finally {
    ended.abort();
  }
}
