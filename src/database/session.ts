/** Sessions of PostgreSQL. The only file that knows node-postgres. */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

import { codeOf, LostConnection, messageOf, UserError } from '../ground/errors.ts';
import type { ConnectionPlan } from './connection-plan.ts';
import { Observed } from './observation.ts';
import { type OpenStream, watchFirstAnswer } from './wire.ts';

/** One session of a database. Questions are asked one after the other, in the order of the calls. */
export interface Database {
  /** For people: `shop on db.internal:5432`. */
  readonly label: string;
  /** As the server says it: `15.18`. */
  readonly serverVersion: string;
  /**
   * Asks one question; values go in `parameters` (`$1`), never in the text.
   * @throws LostConnection when the connection ended, so that nobody knows what became of it
   * @throws UserError `database-permission-denied`, `database-read-only`; any other refusal comes as the server's error,
   *   with its SQLSTATE in `code`
   */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Ends the session; never fails. */
  close(): Promise<void>;
}

/** A session, and what is known about it from its first moment. */
export interface Session extends Database {
  /** Whether the process of the server that answers is the one that the login named: no pooler is in front. */
  readonly direct: boolean;
  readonly standby: boolean;
  readonly readOnly: boolean;
}

/** How to log in: a part of the plan. */
export type Credentials = Pick<
  ConnectionPlan,
  'user' | 'database' | 'password' | 'backendOptions' | 'channelBinding'
> & {
  readonly applicationName: string;
};

/**
 * Logs in on an open connection, which is destroyed when that fails.
 * @param signal ends the login only
 * @throws the server's error, an error of Node, or Observed
 */
export async function logIn(
  { stream, encrypted }: OpenStream,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<pg.Client> {
  const { user, database, password, backendOptions, channelBinding, applicationName } = credentials;
  const { Client } = await import('pg'); // slow to load: not before it is needed
  const client = new Client({
    user,
    database,
    // A function, so that node-postgres does not look for a password elsewhere when there is none.
    password: () => {
      if (password === undefined) throw new Observed({ kind: 'no-password' });
      return password;
    },
    application_name: applicationName,
    ...(backendOptions === undefined ? {} : { options: backendOptions }),
    stream: () => alreadyConnected(stream),
    ssl: false, // what there is of it is done
    sslnegotiation: 'postgres',
    enableChannelBinding: channelBinding,
  });
  // A connection that is lost between two questions must not end the process; the next question tells.
  client.on('error', () => {});
  if (channelBinding) requireChannelBinding(client, stream, encrypted);
  const abort = () => stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    watchFirstAnswer(stream);
    await client.connect();
    return client;
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** node-postgres wants to connect its stream itself: this one tells it that it has done so. */
function alreadyConnected(stream: Socket): Socket {
  return Object.assign(stream, {
    connect(): Socket {
      process.nextTick(() => stream.emit('connect'));
      return stream;
    },
  });
}

/** Before a password is given away, in whatever form, the server must have offered to bind it to the encryption. */
function requireChannelBinding(client: pg.Client, stream: Socket, encrypted: boolean): void {
  const messages: EventEmitter = client.connection;
  const refuse = () => stream.destroy(new Observed({ kind: 'no-channel-binding' }));
  let offered = false;
  messages.on('authenticationSASL', ({ mechanisms }: { mechanisms: string[] }) => {
    offered = encrypted && mechanisms.includes('SCRAM-SHA-256-PLUS');
    if (!offered) refuse();
  });
  for (const other of ['authenticationCleartextPassword', 'authenticationMD5Password'])
    messages.on(other, refuse);
  messages.on('authenticationOk', () => {
    if (!offered) refuse();
  });
}

interface FirstFacts {
  readonly pid: number;
  readonly version: string;
  readonly standby: boolean;
  readonly read_only: boolean;
}

/**
 * The session of a client that has logged in.
 * @param signal ends it when the step is cancelled
 */
export async function sessionOf(client: pg.Client, label: string, signal: AbortSignal): Promise<Session> {
  const { rows } = await client.query<FirstFacts>(
    `select pg_backend_pid() as pid,
            current_setting('server_version') as version,
            pg_is_in_recovery() as standby,
            current_setting('default_transaction_read_only') = 'on' as read_only`,
  );
  const facts = rows[0];
  if (facts === undefined) throw new Observed({ kind: 'closed' });

  let lost: unknown;
  client.on('error', (error) => {
    lost ??= error;
  });
  client.on('end', () => {
    lost ??= new Error('the session has ended');
  });
  const { stream } = client.connection as unknown as { readonly stream: Socket };
  const abort = () => stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  let last: Promise<unknown> = Promise.resolve();

  async function ask<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    signal.throwIfAborted();
    if (lost !== undefined) throw lostConnection(label, lost);
    try {
      const result: pg.QueryResult | pg.QueryResult[] = await client.query(sql, [...parameters]);
      return ((Array.isArray(result) ? result.at(-1) : result)?.rows ?? []) as Row[];
    } catch (error) {
      signal.throwIfAborted();
      if (lost !== undefined || isLoss(error)) throw lostConnection(label, error);
      throw refusedQuestion(label, error) ?? error;
    }
  }

  return {
    label,
    serverVersion: facts.version.split(' ')[0] ?? facts.version,
    direct: facts.pid === processOf(client),
    standby: facts.standby,
    readOnly: facts.read_only,
    query<Row>(sql: string, parameters: readonly unknown[] = []) {
      const answer = last.then(() => ask<Row>(sql, parameters));
      last = answer.catch(() => {});
      return answer;
    },
    async close() {
      signal.removeEventListener('abort', abort);
      // A server that has gone silent would never say goodbye.
      await Promise.race([client.end().catch(() => {}), sleep(2_000, undefined, { ref: false })]);
      stream.destroy();
    },
  };
}

/** The process that the login named; node-postgres has it, its types do not. */
function processOf(client: pg.Client): number | undefined {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : undefined;
}

/** The server ended the session (57P…, 25P03: idle too long), or the wire broke. */
function isLoss(error: unknown): boolean {
  return (
    /^(57P0[1-5]|25P03|08...|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH)$/.test(codeOf(error) ?? '') ||
    /^Connection terminated|not queryable|^Client was closed/.test(messageOf(error))
  );
}

function lostConnection(label: string, error: unknown): LostConnection {
  return new LostConnection(`a question to ${label}`, messageOf(error), { cause: error });
}

/** Refusals that a user can mend. */
function refusedQuestion(label: string, error: unknown): UserError | undefined {
  switch (codeOf(error)) {
    case '42501':
      return new UserError(
        `${label} refused a question — ${messageOf(error)}`,
        'grant that right to the role, or use the role that owns the tables',
        { code: 'database-permission-denied', cause: error },
      );
    case '25006':
      return new UserError(
        `${label} takes no changes — ${messageOf(error)}`,
        'connect to the primary, as a role that may write',
        { code: 'database-read-only', cause: error },
      );
    default:
      return undefined;
  }
}
