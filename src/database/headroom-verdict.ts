import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import type { ConnectionLimit, Headroom, Replica } from './headroom.ts';

/** What may be done with the room that a server has. */

export interface HeadroomWish {
  /** How many tenants at once. */
  readonly parallel: number;
  /** Connections that each of them needs. Default: 1. */
  readonly connectionsEach?: number | undefined;
  /** What a replica may be behind. Default: 1 GiB, 5 minutes. */
  readonly replicaBytes?: number | undefined;
  readonly replicaMilliseconds?: number | undefined;
  /** Replicas (by application_name) that are behind on purpose, and the input that names them. */
  readonly delayed?: { readonly names: readonly string[]; readonly input: string } | undefined;
}

export interface HeadroomVerdict {
  /** How many tenants at once there is room for: at least 1. */
  readonly parallel: number;
  readonly notices: readonly string[];
  /** Why nothing must be begun. */
  readonly refusal: UserError | undefined;
}

/** What may be done with the room that there is. */
export function judgeHeadroom(headroom: Headroom, wish: HeadroomWish): HeadroomVerdict {
  const room = judgeConnections(headroom, wish);
  const lag = judgeReplicas(headroom, wish);
  return {
    parallel: room.parallel,
    notices: [...room.notices, ...lag.notices, ...slotNotices(headroom, wish)],
    refusal: standbyRefusal(headroom) ?? lag.refusal ?? room.refusal,
  };
}

export function standbyRefusal({
  standby,
  label,
}: Pick<Headroom, 'standby' | 'label'>): UserError | undefined {
  if (!standby) return undefined;
  return new UserError(
    `${label} takes no changes — it is a standby (in recovery)`,
    'connect to the primary; where the URL has several hosts, target_session_attrs=read-write finds it; nothing was changed',
    { code: 'database-read-only' },
  );
}

/** So many connections are left to others: the application goes on working, and somebody may have to look. */
const leftToOthers = 3;

function judgeConnections(
  headroom: Headroom,
  { parallel, connectionsEach = 1 }: HeadroomWish,
): HeadroomVerdict {
  const limits = [serverLimit(headroom), ...headroom.limits];
  const tightest = limits.reduce((one, other) => (freeOf(other) < freeOf(one) ? other : one));
  const free = freeOf(tightest);
  if (free < connectionsEach) {
    const refusal = new UserError(
      `${headroom.label} has no connection left for the migration — ${shownLimit(tightest)}`,
      'end idle connections (select usename, application_name, state, count(*) from pg_stat_activity group by 1, 2, 3 shows whose they are), or raise that limit; nothing was changed',
      { code: 'database-too-many-connections' },
    );
    return { parallel: 1, notices: [], refusal };
  }
  const fitting = Math.max(1, Math.min(parallel, Math.floor((free - leftToOthers) / connectionsEach)));
  const notices =
    fitting === parallel
      ? []
      : [
          `${counted(fitting, 'tenant')} at once instead of ${parallel}: ${shownLimit(tightest)}, and ${leftToOthers} are left to others`,
        ];
  return { parallel: fitting, notices, refusal: undefined };
}

/** Reserved ones are for emergencies: a role that may take them does so only when there are no others. */
function serverLimit({ connections, used, reserved, mayTakeReserved }: Headroom): ConnectionLimit {
  const open = connections - reserved;
  if (mayTakeReserved && open - used < 1) {
    return { of: 'with the reserved ones the server takes', limit: connections, used };
  }
  return { of: `without ${grouped(reserved)} reserved ones the server takes`, limit: open, used };
}

const freeOf = ({ limit, used }: ConnectionLimit): number => limit - used;

function shownLimit({ of, limit, used }: ConnectionLimit): string {
  return `${of} ${counted(limit, 'connection')}, ${grouped(used)} ${used === 1 ? 'is' : 'are'} taken`;
}

const gibibyte = 2 ** 30;
const fiveMinutes = 300_000;

/** From a tenth of what is allowed a lag is worth a word. */
const wordy = 0.1;

function judgeReplicas(
  { replicas, replicasUnread, label }: Headroom,
  { parallel, delayed, replicaBytes = gibibyte, replicaMilliseconds = fiveMinutes }: HeadroomWish,
): HeadroomVerdict {
  /** 1: as much as is allowed. */
  const share = ({ bytes, milliseconds }: Replica) =>
    Math.max((bytes ?? 0) / replicaBytes, (milliseconds ?? 0) / replicaMilliseconds);
  const onPurpose = ({ name }: Replica) =>
    delayed?.names.some((given) => name.split(' at ')[0] === given) ?? false;
  const lagging = replicas.filter((replica) => share(replica) > 1);
  // A migration's changes of structure do not reach a logical subscriber.
  const inTheWay = lagging.filter((replica) => replica.kind === 'physical' && !onPurpose(replica));
  const worthAWord = replicas.filter(
    (replica) => share(replica) >= wordy && !inTheWay.includes(replica) && !onPurpose(replica),
  );
  const hidden = replicas.filter(({ bytes }) => bytes === null);
  const notices = [
    ...(replicasUnread === undefined
      ? []
      : [`whether replicas of ${label} keep up could not be seen: ${replicasUnread}`]),
    ...worthAWord.map((replica) => `the replica ${shownReplica(replica)}`),
    ...(hidden.length === 0
      ? []
      : [
          `whether ${counted(hidden.length, 'replica')} of ${label} ${hidden.length === 1 ? 'keeps' : 'keep'} up cannot be seen by this role (GRANT pg_monitor shows it)`,
        ]),
  ];
  if (inTheWay.length === 0) return { parallel, notices, refusal: undefined };
  const limits = `${showBytes(replicaBytes)} or ${showDuration(replicaMilliseconds)}`;
  const exempt = delayed === undefined ? '' : `; one that is behind on purpose is named in ${delayed.input}`;
  const refusal = new UserError(
    `${counted(inTheWay.length, 'replica')} of ${label} ${inTheWay.length === 1 ? 'is' : 'are'} further behind than ${limits} — ${listed(inTheWay.map(shownReplica), 3)}`,
    `a migration would put ${inTheWay.length === 1 ? 'it' : 'them'} further behind: see why there (a long query, paused replay, its disk or network), and run again when the lag is gone${exempt}; nothing was changed`,
    { code: 'replica-behind' },
  );
  return { parallel, notices, refusal };
}

/** `web-2 at 10.0.0.7 is 1.3 GiB and 6 min behind`. */
function shownReplica({ name, bytes, milliseconds }: Replica): string {
  const lag = [
    ...(bytes === null ? [] : [showBytes(bytes)]),
    ...(milliseconds === null ? [] : [showDuration(milliseconds)]),
  ];
  return `${name} is ${listed(lag)} behind`;
}

function slotNotices({ idleSlots }: Headroom, { replicaBytes = gibibyte }: HeadroomWish): string[] {
  return idleSlots
    .filter(({ bytes }) => bytes >= replicaBytes * wordy)
    .map(
      ({ name, bytes }) =>
        `nobody reads the replication slot ${name}: ${showBytes(bytes)} are kept for it on the server’s disk, and so is what a migration writes (pg_drop_replication_slot, when it is not needed any more)`,
    );
}

/** `512 MiB`, `1.5 GiB`. */
function showBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 2 ** (10 * power)).toFixed(1))} ${units[power]}`;
}
