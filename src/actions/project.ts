/** From inputs to the database and the project that actions work on. */
import { takeLock } from '../database/advisory-lock.ts';
import { connect, type Database, waitForDatabase } from '../database/connection.ts';
import { djangoVariables } from '../database/django-variables.ts';
import { type LockOrigin, lockApplicationName } from '../database/lock-holder.ts';
import { endOwnSessions, waitForEarlierRuns } from '../database/own-sessions.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { composeUrl } from '../database/url-compose.ts';
import type { DjangoProject } from '../django/project.ts';
import type { Log } from '../ground/log.ts';
import { counted } from '../ground/words.ts';
import { localMachine } from '../machine/local.ts';
import { isUnlimited, withTimeouts } from '../machine/timeouts.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import type { Place } from './place.ts';

interface DatabaseInputs {
  readonly databaseUrl: DatabaseUrl;
  readonly waitAttempts: number;
  readonly waitInterval: number;
  /** Leads to the database, where it is not reached directly. */
  readonly through?: Tunnel | undefined;
}

interface ProjectInputs extends DatabaseInputs {
  readonly workingDirectory: string;
  readonly python: string;
  readonly settingsModule?: string | undefined;
}

/** Milliseconds for one connection to be made. */
const connectTimeout = 10_000;

/**
 * Waits for the database, uses it, and closes the connection whatever happens. `another` opens one more, to be closed
 * by its user; it ends with the step unless it is given a signal of its own.
 */
export async function withDatabase<T>(
  { databaseUrl, waitAttempts, waitInterval, through }: DatabaseInputs,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
  use: (database: Database, another: (until?: AbortSignal) => Promise<Database>) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const options = { applicationName: 'tenantry', connectTimeout, signal, through };
  const database = await waitForDatabase(databaseUrl, {
    ...options,
    attempts: waitAttempts,
    interval: waitInterval,
    log,
  });
  try {
    log.step(
      'Database',
      `${database.label} (PostgreSQL ${database.serverVersion})${through === undefined ? '' : `, through ${through.through}`}`,
      performance.now() - started,
    );
    // What is in front has been looked at with the first one.
    return await use(database, (until = signal) =>
      connect(databaseUrl, { ...options, signal: until, pooler: 'accept' }),
    );
  } finally {
    await database.close();
  }
}

interface LockInputs extends DatabaseInputs {
  readonly lockWait: number;
  readonly dryRun: boolean;
}

interface LockPorts {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly origin: LockOrigin;
  /** The beginning of the names of the sessions that the work makes: those that are left are ended with it. */
  readonly sessions?: string | undefined;
  /** Waits for what earlier runs have left at work elsewhere than in the database. */
  readonly settle?: ((wait: number) => Promise<void>) | undefined;
}

/**
 * Does what changes the database while no other run does. What `use` receives is to be called before each change;
 * it throws when the lock is lost. A dry run changes nothing, and takes no lock.
 */
export async function withLock<T>(
  { databaseUrl, waitAttempts, waitInterval, through, lockWait, dryRun }: LockInputs,
  { log, signal, origin, sessions, settle }: LockPorts,
  use: (atSafePoint: (phase: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (dryRun) return use(async () => {});
  signal.throwIfAborted();
  const started = performance.now();
  // Cancelling ends the waiting. A lock that is held stays until the work has unwound.
  const waiting = new AbortController();
  const cancel = () => waiting.abort(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  let session: Database | undefined;
  try {
    session = await waitForDatabase(databaseUrl, {
      applicationName: lockApplicationName(origin),
      connectTimeout,
      through,
      attempts: waitAttempts,
      interval: waitInterval,
      log,
      signal: waiting.signal,
    });
    const held = session;
    const lock = await takeLock(held, { origin, wait: lockWait, log, signal: waiting.signal });
    const left = () => Math.max(0, lockWait - (performance.now() - started));
    await settle?.(left());
    await waitForEarlierRuns(held, { sessions, wait: left(), log, signal: waiting.signal });
    signal.removeEventListener('abort', cancel);
    log.step('Lock', 'taken', performance.now() - started);
    // Nobody else may begin while a statement of ours still runs. When cancelled there are seconds only: at once.
    const clear = () => clearSessions(held, sessions, log);
    signal.addEventListener('abort', clear, { once: true });
    try {
      return await use(lock.at);
    } finally {
      signal.removeEventListener('abort', clear);
      await clear();
      await lock.release();
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    await session?.close();
  }
}

async function clearSessions(database: Database, sessions: string | undefined, log: Log): Promise<void> {
  if (sessions === undefined) return;
  const { ended, left } = await endOwnSessions(database, sessions).catch(() => ({ ended: 0, left: 0 }));
  if (ended > 0) log.info(`${counted(ended, 'session')} of this run ended in the database`);
  if (left > 0) log.warning(`${counted(left, 'session')} of this run still there: ${sessions}/…`);
}

/** The project in its place, with the database as its settings read it; its sessions keep the timeouts. */
export function projectOf(
  { databaseUrl, through, workingDirectory, python, settingsModule }: ProjectInputs,
  env: Readonly<Record<string, string>>,
  {
    timeouts,
    sessions,
    place = { machine: localMachine, isHere: true },
  }: Pick<DjangoProject, 'timeouts' | 'sessions'> & { readonly place?: Place } = {},
): DjangoProject {
  const { machine, isHere } = place;
  const options = env.PGOPTIONS ?? (machine === localMachine ? process.env.PGOPTIONS : undefined);
  // On a server the tunnel is not needed, and does not exist.
  const tunnel = isHere ? through : undefined;
  const url = tunnel === undefined ? databaseUrl : { ...databaseUrl, port: String(tunnel.port) };
  return {
    machine,
    workingDirectory,
    python,
    settingsModule,
    env: {
      DATABASE_URL: composeUrl(url, url.scheme),
      ...djangoVariables(url),
      // The host stays what it is: certificates are made out to it. libpq connects to this address instead.
      ...(tunnel === undefined ? {} : { PGHOSTADDR: '127.0.0.1' }),
      ...env,
      // Where no limit is asked for nothing is sent: some poolers refuse PGOPTIONS.
      ...(timeouts === undefined || isUnlimited(timeouts)
        ? {}
        : { PGOPTIONS: withTimeouts(options, timeouts) }),
    },
    timeouts,
    sessions,
  };
}
