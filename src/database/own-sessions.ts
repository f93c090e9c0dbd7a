import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { type Blocker, describeBlockers } from './blockers.ts';
import type { LockOrigin } from './lock-holder.ts';
import type { Database } from './session.ts';

/** The sessions of one run carry its name, so that locks can be explained and nobody else's session is ended. */

/**
 * The beginning of the application names of one process: `tenantry/4812-k3f9`. A run may have several jobs,
 * hence the random end. Short: PostgreSQL keeps 63 bytes, and the schema's name follows.
 */
export function sessionsName({ run }: Pick<LockOrigin, 'run'>): string {
  const [, number] = /\/runs\/(\d+)/.exec(run) ?? [];
  const name = (number ?? run).replace(/[^\w@.-]/g, '').slice(0, 16);
  return `tenantry/${name}-${randomBytes(2).toString('hex')}`;
}

/** Milliseconds for a session to end after it was told to. */
const patience = 5_000;

export interface EndedSessions {
  readonly ended: number;
  /** How many are still there. */
  readonly left: number;
}

/**
 * Ends the sessions of the run, whose names are `<name>/…`, and waits until they are gone: a killed command's
 * statement may run on in the server.
 */
export function endOwnSessions(database: Database, name: string): Promise<EndedSessions> {
  return endSessions(database, 'left(application_name, length($1)) = $1', `${name}/`);
}

/** The same for the sessions that have exactly this name. */
export function endSession(database: Database, applicationName: string): Promise<EndedSessions> {
  return endSessions(database, 'application_name = $1', applicationName);
}

async function endSessions(database: Database, which: string, name: string): Promise<EndedSessions> {
  const mine = `datname = current_database() and pid <> pg_backend_pid() and ${which}`;
  const found = await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${mine}`, [
    name,
  ]);
  let left = found.length;
  for (let waited = 0; left > 0 && waited < patience; waited += 100) {
    await sleep(100);
    left = (await database.query(`select from pg_stat_activity where ${mine}`, [name])).length;
  }
  return { ended: found.length, left };
}

/** Milliseconds between two looks. */
const lookInterval = 500;

/**
 * Waits until the sessions of earlier runs have ended. A run that was killed has lost the lock, and its last
 * statement may still be at work in the server; nobody else may begin before. They are never ended from here.
 * To be called with the lock: whoever migrates has it, and the others only read.
 * @throws UserError `database-locked` with the sessions; why the step was cancelled
 */
export async function waitForEarlierRuns(
  database: Database,
  {
    sessions,
    wait,
    log,
    signal,
  }: {
    /** The name of this run's own sessions. */
    readonly sessions: string | undefined;
    /** Milliseconds. */
    readonly wait: number;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const started = performance.now();
  for (let told = false; ; told = true) {
    signal.throwIfAborted();
    const found = await sessionsOfOthers(database, sessions);
    if (found.length === 0) return;
    const waited = performance.now() - started;
    if (waited >= wait) throw stillAtWork(database.label, wait, found);
    if (!told) {
      log.info(
        `Waiting up to ${showDuration(wait)}, nothing has been changed: what an earlier run has begun is still at work: ${describeBlockers(found)}`,
      );
    }
    const pause = Math.min(lookInterval, wait - waited);
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** The sessions of other runs that are not only looking. */
function sessionsOfOthers(database: Database, mine: string | undefined): Promise<Blocker[]> {
  return database.query<Blocker>(
    `select pid, coalesce(usename::text, '') as role, application_name as application, coalesce(state, '') as state,
            coalesce(query, '') as query,
            (extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as milliseconds
       from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and application_name ~ '^tenantry/[A-Za-z0-9_@.-]+-[0-9a-f]{4}/'
        and application_name !~ '/discover$' and left(application_name, length($1)) <> $1
      order by pid`,
    [mine === undefined ? '/' : `${mine}/`],
  );
}

function stillAtWork(label: string, wait: number, found: readonly Blocker[]): UserError {
  const end = found.map(({ pid }) => `SELECT pg_terminate_backend(${pid})`).join('; ');
  const since = wait === 0 ? '' : ` after ${showDuration(wait)}`;
  return new UserError(
    `What an earlier run has begun in ${label} is still at work${since} — ${describeBlockers(found)}`,
    `run again when it has ended, or raise lock-wait; if that run is dead, end what is left of it: ${end}; nothing was changed`,
    { code: 'database-locked' },
  );
}
