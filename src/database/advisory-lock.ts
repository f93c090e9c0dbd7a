import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration } from '../ground/duration.ts';
import { LostConnection, messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { describeHolder, type Holder, type LockOrigin, noteOf, readHolder } from './lock-holder.ts';
import type { Database } from './session.ts';

/**
 * One run at a time changes a database. The lock is an advisory lock of a session: PostgreSQL keeps it for each
 * database on its own, and frees it when the session ends, however that comes about. Nobody else can take it away.
 */

/** The two halves of the key: the letters `tntr`, and 1 for "the schemas are being changed". They never change. */
const key = { space: 0x746e7472, number: 1 } as const;

/** Our entry in pg_locks: two halves of four bytes are kind 2 there, so that keys of eight bytes never meet them. */
const held = `l.locktype = 'advisory' and l.classid = ${key.space} and l.objid = ${key.number} and l.objsubid = 2
  and l.granted and l.database = (select oid from pg_database where datname = current_database())`;

/** Milliseconds between two tries. */
const pollInterval = 1_000;

export interface LockOptions {
  readonly origin: LockOrigin;
  /** Milliseconds to wait while somebody else holds it; 0 tries once. */
  readonly wait: number;
  readonly log: Log;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

export interface DatabaseLock {
  /**
   * Tells whoever waits what the run is about to do. To be called before every change.
   * @throws UserError `connection-lost` when the lock is no longer held: then nothing more may be changed
   */
  at(phase: string): Promise<void>;
  /** Frees the lock; never fails. The end of its session does the same. */
  release(): Promise<void>;
}

/**
 * Takes the lock on a session of its own, and waits for it; the holder is told whenever it is another one. Tries
 * again and again instead of waiting inside PostgreSQL: a statement that waits there holds a snapshot, for
 * which a CREATE INDEX CONCURRENTLY of the holder would wait in turn.
 * @param database used for nothing else; the caller has made sure that no pooler by transaction is in front
 * @throws UserError `database-locked` with the holder; why the step was cancelled
 */
export async function takeLock(database: Database, options: LockOptions): Promise<DatabaseLock> {
  const { origin, wait, log, signal } = options;
  const started = performance.now();
  await noticeSilence(database);
  let shown = '';
  for (;;) {
    signal.throwIfAborted();
    const since = await tryToTake(database, origin);
    if (since !== undefined) return holding(database, origin, since);
    const left = wait - (performance.now() - started);
    const holder = await findHolder(database);
    if (left <= 0) throw locked(database.label, wait, holder);
    if (holder !== undefined && identity(holder) !== shown) {
      shown = identity(holder);
      log.info(
        `Waiting up to ${showDuration(wait)} for the lock, nothing has been changed: ${describeHolder(holder)} holds it`,
      );
    }
    await sleep(Math.min(pollInterval, left), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** A holder whose machine is gone without a word is noticed after a minute, not after PostgreSQL's two hours. */
async function noticeSilence(database: Database): Promise<void> {
  await database.query(
    `select set_config(name, value, false)
       from (values ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3'),
                    ('idle_session_timeout', '0'), ('statement_timeout', '0')) wanted (name, value)
      where exists (select from pg_settings where pg_settings.name = wanted.name)`,
  );
}

/** Since when it is ours, by the server's clock; undefined when somebody else has it. */
async function tryToTake(database: Database, origin: LockOrigin): Promise<string | undefined> {
  const [row] = await database.query<{ taken: boolean; now: string }>(
    `${noteOf({ ...origin, phase: 'the beginning', since: '' })}
     select pg_try_advisory_lock(${key.space}, ${key.number}) as taken,
            to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now`,
  );
  return row?.taken === true ? row.now : undefined;
}

async function findHolder(database: Database): Promise<Holder | undefined> {
  const [row] = await database.query<Parameters<typeof readHolder>[0]>(
    `select l.pid, coalesce(a.usename::text, '') as role, coalesce(a.application_name, '') as application,
            coalesce(a.query, '') as query, (extract(epoch from clock_timestamp()) * 1000)::float8 as now
       from pg_locks l left join pg_stat_activity a on a.pid = l.pid
      where ${held}`,
  );
  return row === undefined ? undefined : readHolder(row);
}

function identity({ pid, note }: Holder): string {
  return `${pid} ${note?.run} ${note?.since}`;
}

function holding(database: Database, origin: LockOrigin, since: string): DatabaseLock {
  return {
    async at(phase) {
      const rows = await database
        .query(
          `${noteOf({ ...origin, phase, since })} select from pg_locks l where l.pid = pg_backend_pid() and ${held}`,
        )
        .catch((error: unknown) => {
          throw error instanceof LostConnection
            ? lost(database.label, phase, messageOf(error.cause), error)
            : error;
        });
      if (rows.length === 0) throw lost(database.label, phase, 'its session no longer has it');
    },
    async release() {
      await database.query(`select pg_advisory_unlock(${key.space}, ${key.number})`).catch(() => {});
    },
  };
}

function lost(label: string, phase: string, observed: string, cause?: unknown): UserError {
  return new UserError(
    `The lock on ${label} was lost, noticed before ${phase} — ${observed}`,
    'another run may be changing the database now: see that none is, then run again; this run has stopped there, what is done stays done',
    { code: 'connection-lost', cause },
  );
}

/** @param wait milliseconds that were waited; 0: it was tried once */
export function locked(label: string, wait: number, holder: Holder | undefined): UserError {
  const who = holder === undefined ? 'a session that has ended since' : describeHolder(holder);
  const observed =
    wait === 0 ? `${who} holds the lock` : `${who} still held the lock after ${showDuration(wait)}`;
  const dead =
    holder === undefined
      ? ''
      : `; if that run is dead, end its session with SELECT pg_terminate_backend(${holder.pid})`;
  return new UserError(
    `Another run is changing ${label} — ${observed}`,
    `run again when it has ended, or raise lock-wait${dead}; nothing was changed`,
    { code: 'database-locked' },
  );
}
