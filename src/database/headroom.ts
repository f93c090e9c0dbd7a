import { codeOf, LostConnection, messageOf, UserError } from '../ground/errors.ts';
import type { Database } from './session.ts';

/**
 * Whether a server has room for a migration: connections, and replicas that keep up. How much room its disks have
 * cannot be asked by SQL: no function of PostgreSQL 15 or 18 tells it, not even to superusers (pg_stat_file,
 * pg_tablespace_size and their kin tell what is used); only COPY … FROM PROGRAM would, which runs a program on the
 * server. What SQL can tell is a replication slot without a reader, which keeps everything that is written.
 */

/** A limit of connections, and how many of them are taken. */
export interface ConnectionLimit {
  /** For people: `role app may have`. */
  readonly of: string;
  readonly limit: number;
  readonly used: number;
}

export interface Replica {
  /** Its application_name, with its address where there is one. */
  readonly name: string;
  readonly kind: 'physical' | 'logical';
  /** What it has not replayed (or, when logical, not confirmed) yet. null: this role may not see it. */
  readonly bytes: number | null;
  /** How old that is, in milliseconds; null: nobody knows. */
  readonly milliseconds: number | null;
}

/** A replication slot that nobody reads. */
export interface IdleSlot {
  readonly name: string;
  /** Bytes of the log that are kept for it. */
  readonly bytes: number;
}

export interface Headroom {
  /** For people: `shop on db.internal:5432`. */
  readonly label: string;
  /** Whether it is in recovery, and takes no changes. */
  readonly standby: boolean;
  /** max_connections. */
  readonly connections: number;
  /** Connections of all roles, this session's included. */
  readonly used: number;
  /** Kept for superusers, or for members of pg_use_reserved_connections. */
  readonly reserved: number;
  /** Whether this role may take reserved ones. */
  readonly mayTakeReserved: boolean;
  /** Of the database and of the role; none bind a superuser. */
  readonly limits: readonly ConnectionLimit[];
  readonly replicas: readonly Replica[];
  /** Why replicas and slots could not be looked at: some hosted servers refuse it. */
  readonly replicasUnread: string | undefined;
  readonly idleSlots: readonly IdleSlot[];
}

interface ConnectionFacts {
  readonly standby: boolean;
  readonly connections: number;
  readonly used: number;
  readonly superuser: boolean;
  readonly superuser_reserved: number;
  readonly reserved: number;
  readonly may_take_reserved: boolean;
  readonly role: string;
  readonly role_limit: number;
  readonly role_used: number;
  readonly database: string;
  readonly database_limit: number;
  readonly database_used: number;
}

/**
 * Others' sessions are shown to everybody, without their backend_type: then autovacuum is recognised by having no role.
 * reserved_connections came with PostgreSQL 16.
 */
const connectionFacts = `
  with client as (
    select datid, usesysid from pg_stat_activity
     where datid is not null and usesysid is not null and coalesce(backend_type, 'client backend') = 'client backend'
  )
  select pg_is_in_recovery() as standby,
         current_setting('max_connections')::int as connections,
         (select count(*)::int from client) as used,
         r.rolsuper as superuser,
         current_setting('superuser_reserved_connections')::int as superuser_reserved,
         coalesce(current_setting('reserved_connections', true)::int, 0) as reserved,
         coalesce(pg_has_role(r.oid, to_regrole('pg_use_reserved_connections')::oid, 'USAGE'), false) as may_take_reserved,
         r.rolname::text as role, r.rolconnlimit as role_limit,
         (select count(*)::int from client where usesysid = r.oid) as role_used,
         d.datname::text as database, d.datconnlimit as database_limit,
         (select count(*)::int from client where datid = d.oid) as database_used
    from pg_roles r cross join pg_database d
   where r.rolname = session_user and d.datname = current_database()`;

/** Where the log ends; a standby may have replicas of its own. */
const end = 'case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end';

/** What lies behind is old only as long as there is something: replay_lag keeps its last value for a while. */
const replicas = `
  select concat_ws(' at ', nullif(r.application_name, ''), host(r.client_addr)) as name,
         coalesce(s.slot_type, 'physical') as kind,
         pg_wal_lsn_diff(${end}, r.replay_lsn)::float8 as bytes,
         case when r.replay_lsn = ${end} then 0 else extract(epoch from r.replay_lag) * 1000 end::float8 as milliseconds
    from pg_stat_replication r left join pg_replication_slots s on s.active_pid = r.pid
   where r.state is distinct from 'backup'
   order by 1`;

const idleSlots = `
  select slot_name::text as name, pg_wal_lsn_diff(${end}, restart_lsn)::float8 as bytes
    from pg_replication_slots where not active and restart_lsn is not null
   order by 1`;

/**
 * Asks what room there is. Lags are shown to superusers and to members of pg_monitor only.
 * @throws LostConnection
 */
export async function readHeadroom(database: Database): Promise<Headroom> {
  const [facts] = await database.query<ConnectionFacts>(connectionFacts);
  if (facts === undefined) throw new Error('the server does not know the role of its own session');
  const mayTakeReserved = facts.superuser || facts.may_take_reserved;
  return {
    label: database.label,
    standby: facts.standby,
    connections: facts.connections,
    used: facts.used,
    reserved: facts.superuser_reserved + facts.reserved,
    mayTakeReserved,
    limits: facts.superuser ? [] : limitsOf(facts),
    ...(await readReplicas(database)),
  };
}

type Replication = Pick<Headroom, 'replicas' | 'replicasUnread' | 'idleSlots'>;

async function readReplicas(database: Database): Promise<Replication> {
  try {
    return {
      replicas: await database.query<Replica>(replicas),
      idleSlots: await database.query<IdleSlot>(idleSlots),
      replicasUnread: undefined,
    };
  } catch (error) {
    const refusal = error instanceof UserError ? error.cause : error;
    if (error instanceof LostConnection || !/^[0-9A-Z]{5}$/.test(codeOf(refusal) ?? '')) throw error;
    return { replicas: [], idleSlots: [], replicasUnread: messageOf(refusal) };
  }
}

/** -1 is no limit. */
function limitsOf(facts: ConnectionFacts): ConnectionLimit[] {
  return [
    { of: `the role ${facts.role} may have`, limit: facts.role_limit, used: facts.role_used },
    { of: `the database ${facts.database} takes`, limit: facts.database_limit, used: facts.database_used },
  ].filter(({ limit }) => limit >= 0);
}
