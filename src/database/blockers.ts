import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration } from '../ground/duration.ts';
import { listed } from '../ground/words.ts';
import type { Database } from './session.ts';

/** A session that holds, or asked earlier for, a lock that somebody waits for. */
export interface Blocker {
  /** 0: a prepared transaction, which has no session. */
  readonly pid: number;
  readonly role: string;
  readonly application: string;
  /** `active`, `idle in transaction`, … Empty where this role may not see it. */
  readonly state: string;
  /** Its last statement. */
  readonly query: string;
  /** Milliseconds since its transaction began; null where there is none, or where this role may not see it. */
  readonly milliseconds: number | null;
}

/** Who blocks the sessions with this application name, as long as they wait. */
export function findBlockers(database: Database, applicationName: string): Promise<Blocker[]> {
  return database.query<Blocker>(
    `select distinct blocker.pid, coalesce(a.usename::text, '') as role, coalesce(a.application_name, '') as application,
            coalesce(a.state, '') as state, coalesce(a.query, '') as query,
            (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as milliseconds
       from pg_stat_activity waiting
      cross join lateral unnest(pg_blocking_pids(waiting.pid)) as blocker (pid)
       left join pg_stat_activity a on a.pid = blocker.pid
      where waiting.datname = current_database() and waiting.application_name = $1
        and waiting.wait_event_type = 'Lock' and blocker.pid <> waiting.pid`,
    [applicationName],
  );
}

interface Watch {
  readonly database: Database;
  /** Of the sessions that may have to wait. */
  readonly applicationName: string;
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** Told whenever other sessions are in the way. */
  readonly onBlocked: (blockers: readonly Blocker[]) => void;
}

/** Looks, while some work is done, whether it has to wait, and for whom. @returns who blocked it last */
export async function watchingBlockers<T>(
  work: () => Promise<T>,
  { database, applicationName, interval, onBlocked }: Watch,
): Promise<{ readonly result: T; readonly blockers: readonly Blocker[] }> {
  const ended = new AbortController();
  let blockers: readonly Blocker[] = [];
  const watch = async () => {
    for (;;) {
      await sleep(interval, undefined, { signal: ended.signal });
      const found = await findBlockers(database, applicationName);
      if (ended.signal.aborted || found.length === 0) continue;
      const isNews = pids(found) !== pids(blockers);
      blockers = found;
      if (isNews) onBlocked(found);
    }
  };
  // It ends with the work. Where looking fails, the work goes on, and nobody is named.
  watch().catch(() => {});
  try {
    const result = await work();
    return { result, blockers };
  } finally {
    ended.abort();
  }
}

function pids(blockers: readonly Blocker[]): string {
  return blockers
    .map(({ pid }) => pid)
    .sort((a, b) => a - b)
    .join(' ');
}

/** So much of a statement is shown. */
const longestStatement = 100;

/** For people: `session 4711 ("psql", role ops, idle in transaction for 3 min 12 s, last statement: LOCK TABLE …)`. */
export function describeBlockers(blockers: readonly Blocker[]): string {
  return listed(blockers.map(describe), 3);
}

function describe({ pid, role, application, state, query, milliseconds }: Blocker): string {
  if (pid === 0) return 'a prepared transaction (pg_prepared_xacts shows it)';
  const statement = query.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const shown =
    statement.length > longestStatement ? `${statement.slice(0, longestStatement - 1)}…` : statement;
  const hidden = statement === '<insufficient privilege>';
  const facts = [
    ...(application === '' ? [] : [JSON.stringify(application)]),
    ...(role === '' ? [] : [`role ${role}`]),
    ...(state === '' ? [] : [milliseconds === null ? state : `${state} for ${showDuration(milliseconds)}`]),
    ...(hidden ? ['what it does is shown only to its role and to members of pg_read_all_stats'] : []),
    ...(hidden || shown === '' ? [] : [`${state === 'active' ? 'statement' : 'last statement'}: ${shown}`]),
  ];
  return facts.length === 0 ? `session ${pid}` : `session ${pid} (${facts.join(', ')})`;
}
