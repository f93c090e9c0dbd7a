import { homedir, userInfo } from 'node:os';
import { TLSSocket } from 'node:tls';

import { messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { retry } from '../ground/retry.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import { connectSomewhere, serverName } from './attempts.ts';
import { type ConnectionPlan, planConnection, type SessionWish } from './connection-plan.ts';
import { Observed, observe, observeTunnel, type Phase } from './observation.ts';
import { type PoolerMode, sharesBackends, transactionPooler, unknownPooler } from './pooler.ts';
import { lacksRule } from './server-verdict.ts';
import { type Database, logIn, type Session, sessionOf } from './session.ts';
import type { DatabaseUrl } from './url.ts';
import { NoConnection } from './verdict.ts';
import { answerToALine, openStream, type Try } from './wire.ts';

export type { Database };

export interface ConnectOptions {
  /** Shown in `pg_stat_activity`, so that whoever finds a lock knows whose it is. At most 63 bytes. */
  readonly applicationName: string;
  /** Milliseconds for each address that is tried, from the first packet to the end of the login. */
  readonly connectTimeout: number;
  /** Ends the attempt, and later the session, when the step is cancelled. */
  readonly signal: AbortSignal;
  /** Authorities in PEM form that sign the server's certificate, instead of the URL's `sslrootcert`. */
  readonly caFile?: string | undefined;
  /** What to do when a pooler in transaction mode is in front. Default: refuse. */
  readonly pooler?: 'refuse' | 'accept' | undefined;
  /** Through a server: that one resolves the name, and connects. */
  readonly through?: Tunnel | undefined;
}

/**
 * Connects as libpq would.
 * @throws UserError with a verdict: `database-name-not-resolved`, `database-refused`, `database-wrong-password` … (all
 *   of them are in docs/troubleshooting.md)
 */
export async function connect(url: DatabaseUrl, options: ConnectOptions): Promise<Database> {
  const { session } = await openSession(url, options);
  if (options.pooler !== 'accept') await refuseTransactionPooler(session, url, options);
  return session;
}

export interface WaitOptions extends ConnectOptions {
  /** How many tries at most. */
  readonly attempts: number;
  /** Milliseconds between two tries. */
  readonly interval: number;
  readonly log: Log;
}

/** So many tries for a name that does not resolve: mostly it is misspelt, seldom it is still on its way. */
const briefly = 5;

/**
 * Connects as soon as the database is there. Says why it is not, whenever the reason changes; stops at once when
 * waiting cannot help.
 * @throws UserError like `connect`, with how often and how long it was tried
 */
export async function waitForDatabase(url: DatabaseUrl, options: WaitOptions): Promise<Database> {
  const started = performance.now();
  let tries = 0;
  let unresolved = 0;
  let shown = '';
  const attempt = (number: number) => {
    tries = number;
    return connect(url, options);
  };
  try {
    return await retry(attempt, {
      ...options,
      worthAnotherTry(error) {
        if (!(error instanceof NoConnection)) return false;
        unresolved = error.waiting === 'helps briefly' ? unresolved + 1 : 0;
        return error.waiting !== 'is useless' && unresolved < briefly;
      },
      onFailure(error) {
        const reason = messageOf(error);
        if (reason !== shown) options.log.info(`Waiting for the database: ${reason}`);
        shown = reason;
      },
    });
  } catch (error) {
    throw error instanceof NoConnection ? error.after(tries, performance.now() - started) : error;
  }
}

/** What a connection test found. */
export interface ConnectionReport {
  readonly label: string;
  readonly serverVersion: string;
  /** How long it took to connect, in milliseconds. */
  readonly milliseconds: number;
  /** `TLSv1.3`, or undefined when the connection is not encrypted. */
  readonly encryption: string | undefined;
  readonly pooler: Exclude<PoolerMode, 'transaction'>;
  /** Whether the server is a standby, which cannot be migrated. */
  readonly standby: boolean;
}

/**
 * Connects once, and looks at what it got.
 * @throws UserError like `connect`; `database-pooler-transaction-mode` when such a pooler is in front
 */
export async function testConnection(url: DatabaseUrl, options: ConnectOptions): Promise<ConnectionReport> {
  const started = performance.now();
  const { session, encryption } = await openSession(url, options);
  const milliseconds = performance.now() - started;
  await refuseTransactionPooler(session, url, options);
  await session.close();
  const { label, serverVersion, standby, direct } = session;
  return { label, serverVersion, milliseconds, encryption, pooler: direct ? 'none' : 'session', standby };
}

/** Asks a second session, when there is a pooler at all. The first one is closed when the answer is no. */
async function refuseTransactionPooler(
  session: Session,
  url: DatabaseUrl,
  options: ConnectOptions,
): Promise<void> {
  if (session.direct) return;
  const ask = (database: Database) => async () => {
    const [row] = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
    return row?.pid ?? 0;
  };
  try {
    const { session: second } = await openSession(url, options).catch((error: unknown) => {
      throw error instanceof NoConnection ? unknownPooler(session.label, error) : error;
    });
    try {
      if (await sharesBackends(ask(session), ask(second))) throw transactionPooler(session.label);
    } finally {
      await second.close();
    }
  } catch (error) {
    await session.close();
    throw error;
  }
}

interface Opened {
  readonly session: Session;
  /** `TLSv1.3`, or undefined without encryption. */
  readonly encryption: string | undefined;
}

async function openSession(url: DatabaseUrl, options: ConnectOptions): Promise<Opened> {
  const plan = planConnection(url, {
    environment: process.env,
    systemUser: userInfo().username,
    homeFolder: homedir(),
    caFile: options.caFile,
  });
  try {
    if (plan.sessionWish !== 'prefer-standby') return await attempt(url, plan, options);
    return await attempt(url, { ...plan, sessionWish: 'standby' }, options).catch((error: unknown) => {
      if (!(error instanceof NoConnection && error.observation.kind === 'other-session')) throw error;
      return attempt(url, { ...plan, sessionWish: 'any' }, options);
    });
  } catch (error) {
    if (!(error instanceof NoConnection && error.observation.kind === 'server')) throw error;
    const unruled = plan.tls.mode === 'disable' && lacksRule(error.observation);
    throw unruled && (await letsInWithTls(url, plan, options)) ? error.knowing({ tlsHelps: true }) : error;
  }
}

/** Whether there is a rule for connections with TLS: asked without a password, the server asks for one, or lets us in. */
async function letsInWithTls(
  url: DatabaseUrl,
  plan: ConnectionPlan,
  options: ConnectOptions,
): Promise<boolean> {
  const tls = { ...plan.tls, mode: 'require', roots: '' } as const;
  try {
    const asked = { ...plan, tls, password: undefined, channelBinding: false, sessionWish: 'any' } as const;
    const { session } = await attempt(url, asked, options);
    await session.close();
    return true;
  } catch (error) {
    if (!(error instanceof NoConnection)) throw error;
    return error.observation.kind === 'no-password';
  }
}

function attempt(url: DatabaseUrl, plan: ConnectionPlan, options: ConnectOptions): Promise<Opened> {
  const timeout = plan.connectTimeout ?? options.connectTimeout;
  const discreet = url.perhapsMisread;
  const names = {
    database: discreet ? 'the database that the URL names' : `the database ${plan.database}`,
    user: plan.user,
    discreet,
  };
  const { signal, through } = options;
  return connectSomewhere(plan, names, { timeout, signal, through }, (one) => {
    const label = discreet ? 'the database of the URL' : `${plan.database} on ${serverName(one.place)}`;
    return tryOnce(one, { plan, options, timeout, label });
  });
}

interface Attempt {
  readonly plan: ConnectionPlan;
  readonly options: ConnectOptions;
  readonly timeout: number;
  readonly label: string;
}

/** @throws Observed; UserError for a file that cannot be read; why the step was cancelled */
async function tryOnce(one: Try, { plan, options, timeout, label }: Attempt): Promise<Opened> {
  options.signal.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeout);
  const signal = AbortSignal.any([options.signal, deadline.signal]);
  let phase: Phase = 'connect';
  try {
    const open = await openStream(one, {
      signal,
      onPhase: (reached) => {
        phase = reached;
      },
    });
    phase = 'log-in';
    const client = await logIn(open, { ...plan, applicationName: options.applicationName }, signal);
    const destroy = () => open.stream.destroy();
    signal.addEventListener('abort', destroy, { once: true });
    try {
      const session = await sessionOf(client, label, options.signal);
      const found = unwantedSession(plan.sessionWish, session);
      if (found !== undefined) {
        await session.close();
        throw new Observed({ kind: 'other-session', found });
      }
      return { session, encryption: encryptionOf(open.stream) };
    } catch (error) {
      open.stream.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', destroy);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof UserError) throw error;
    if (deadline.signal.aborted) throw await outOfTime(one, phase, error);
    const see = one.dial !== undefined && phase === 'connect' ? observeTunnel : observe;
    throw error instanceof Observed ? error : new Observed(see(error, phase), error);
  } finally {
    clearTimeout(timer);
  }
}

/** Some servers wait for the end of a line before they complain, and would look like a PostgreSQL that is busy. */
async function outOfTime(one: Try, phase: Phase, cause: unknown): Promise<Observed> {
  if (phase === 'connect') return new Observed({ kind: 'no-answer' }, cause);
  const said = phase === 'encrypt' ? undefined : await answerToALine(one);
  return new Observed(said === undefined ? { kind: 'silent' } : { kind: 'not-postgresql', said }, cause);
}

function encryptionOf(stream: object): string | undefined {
  return stream instanceof TLSSocket ? (stream.getProtocol() ?? 'TLS') : undefined;
}

/** What a session is instead of what was wished for, or undefined when it is right. */
function unwantedSession(wish: SessionWish, { standby, readOnly }: Session): string | undefined {
  const writable = !standby && !readOnly;
  switch (wish) {
    case 'read-write':
      return writable ? undefined : 'its sessions are read-only';
    case 'read-only':
      return writable ? 'its sessions may write' : undefined;
    case 'primary':
      return standby ? 'it is a standby' : undefined;
    case 'standby':
      return standby ? undefined : 'it is a primary';
    default:
      return undefined;
  }
}
