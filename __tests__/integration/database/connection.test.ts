import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { readLab } from '../../../lab/read-lab.ts';
import { connect, type Database, waitForDatabase } from '../../../src/database/connection.ts';
import { type DatabaseUrl, parseDatabaseUrl } from '../../../src/database/url.ts';
import { databaseUrlOf } from '../../../src/database/url-compose.ts';
import { LostConnection, UserError } from '../../../src/ground/errors.ts';
import type { Log } from '../../../src/ground/log.ts';
import { ownPostgres } from './own-postgres.ts';
import { freePort, relayTo, type StrangeServer, serverThat } from './strange-servers.ts';

const signal = new AbortController().signal;
const options = { applicationName: 'tenantry test', connectTimeout: 5_000, signal };

/** A URL to the lab's PostgreSQL 15, or to what stands before it on this machine. */
function urlTo(port?: number, params: Record<string, string> = {}): DatabaseUrl {
  const { host, port: own, superuser: user, superuserPassword: password } = readLab().postgres.v15;
  return databaseUrlOf({
    host: port === undefined ? host : '127.0.0.1',
    port: String(port ?? own),
    name: 'postgres',
    user,
    password,
    params,
  });
}

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => {
      throw new Error(`it did not fail, but gave ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );

describe('questions', () => {
  let database: Database;
  beforeAll(async () => {
    database = await connect(urlTo(), options);
  });
  afterAll(() => database?.close());

  test('are answered with typed rows, values given apart from the text', async () => {
    const rows = await database.query<{ sum: number; word: string; list: string[] }>(
      `select $1::int + 1 as sum, $2::text as word, $3::text[] as list`,
      [41, `it's; "quoted" $1`, ['a', 'b,c']],
    );
    expect(rows).toEqual([{ sum: 42, word: `it's; "quoted" $1`, list: ['a', 'b,c'] }]);
  });

  test('are asked one after the other, in their order', async () => {
    const answers = await Promise.all([
      database.query('select pg_sleep(0.05)'),
      database.query<{ n: number }>('select 2 as n'),
      database.query<{ n: number }>('select 3 as n'),
    ]);
    expect(answers.slice(1)).toEqual([[{ n: 2 }], [{ n: 3 }]]);
  });

  test('of several statements give the rows of the last', async () => {
    expect(await database.query('select 1 as n; select 2 as n')).toEqual([{ n: 2 }]);
  });

  test('carry our name, for whoever finds a lock', async () => {
    expect(await database.query(`select current_setting('application_name') as name`)).toEqual([
      { name: 'tenantry test' },
    ]);
  });

  test('that the server refuses leave the session usable', async () => {
    expect(await caught(database.query('select no_such_column'))).toMatchObject({ code: '42703' });
    expect(await database.query('select 1 as n')).toEqual([{ n: 1 }]);
  });

  test('without the right to ask them are a sentence', async () => {
    const role = `no_rights_${process.pid}`;
    await database.query(`create role ${role}`);
    try {
      await database.query(`set role ${role}`);
      const refused = await caught(database.query('select * from pg_authid'));
      expect(refused).toBeInstanceOf(UserError);
      expect(refused).toMatchObject({
        code: 'database-permission-denied',
        message: expect.stringMatching(/ refused a question — permission denied for table pg_authid$/),
      });
    } finally {
      await database.query('reset role');
      await database.query(`drop role ${role}`);
    }
  });

  test('that would change what is read-only are a sentence', async () => {
    await database.query('set default_transaction_read_only = on');
    const refused = await caught(database.query('create table never (id int)'));
    await database.query('set default_transaction_read_only = off');
    expect(refused).toMatchObject({ code: 'database-read-only' });
  });
});

describe('a connection that is lost', () => {
  const isLost = expect.objectContaining({ code: 'connection-lost' });

  test('because somebody ended the session: the question that was being answered', async () => {
    const [database, other] = [await connect(urlTo(), options), await connect(urlTo(), options)];
    const [row] = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
    const lost = caught(database.query('select pg_sleep(60)'));
    await other.query('select pg_terminate_backend($1)', [row?.pid]);
    expect(await lost).toEqual(isLost);
    expect(await lost).toBeInstanceOf(LostConnection);
    expect(await caught(database.query('select 1'))).toEqual(isLost);
    await Promise.all([database.close(), other.close()]);
  });

  test('between two questions: the next one says so, and the process goes on', async () => {
    const { host, port } = readLab().postgres.v15;
    const relay = await relayTo({ host, port });
    const database = await connect(urlTo(relay.port), options);
    await relay.close();
    const lost = await caught(database.query('select 1'));
    expect(lost).toEqual(isLost);
    expect((lost as UserError).sentence).toContain(`a question to postgres on 127.0.0.1:${relay.port}`);
    await database.close();
  });

  test('because the server crashed', async () => {
    const postgres = await ownPostgres({ rules: 'host all all all trust' });
    try {
      const url = parseDatabaseUrl(`postgresql://postgres@${postgres.host}:${postgres.port}/postgres`);
      const database = await connect(url, options);
      const lost = caught(database.query('select pg_sleep(60)'));
      await postgres.crash();
      expect(await lost).toEqual(isLost);
      await database.close();
    } finally {
      await postgres.remove();
    }
  });

  test('closing twice, or what is closed already, is no error', async () => {
    const database = await connect(urlTo(), options);
    await database.close();
    await database.close();
    expect(await caught(database.query('select 1'))).toEqual(isLost);
  });

  test('because we closed it while a question was answered', async () => {
    const database = await connect(urlTo(), options);
    const lost = caught(database.query('select pg_sleep(60)'));
    await new Promise((resolve) => setImmediate(resolve));
    await database.close();
    expect(await lost).toEqual(isLost);
  });
});

describe('a step that is cancelled', () => {
  const reason = new Error('cancelled by a person');

  test('while a question is answered', async () => {
    const cancel = new AbortController();
    const database = await connect(urlTo(), { ...options, signal: cancel.signal });
    const ended = caught(database.query('select pg_sleep(60)'));
    cancel.abort(reason);
    expect(await ended).toBe(reason);
    await database.close();
  });

  test('while it connects', async () => {
    const silent = await serverThat(() => {});
    const cancel = new AbortController();
    const ended = caught(
      connect(urlTo(silent.port), { ...options, connectTimeout: 60_000, signal: cancel.signal }),
    );
    setImmediate(() => cancel.abort(reason));
    expect(await ended).toBe(reason);
    await silent.close();
  });

  test('while it waits', async () => {
    const cancel = new AbortController();
    const log = quietLog(() => cancel.abort(reason));
    const waiting = waitForDatabase(urlTo(await freePort()), {
      ...options,
      signal: cancel.signal,
      attempts: 30,
      interval: 600_000,
      log,
    });
    expect(await caught(waiting)).toBe(reason);
  });
});

/** Tells each line of progress. */
function quietLog(onInfo: (text: string) => void): Log {
  const nothing = () => {};
  return { step: nothing, info: onInfo, debug: nothing, warning: nothing, details: nothing };
}

describe('waiting for the database', () => {
  const wait = (url: DatabaseUrl, attempts: number, interval: number, said: string[] = []) =>
    waitForDatabase(url, {
      ...options,
      connectTimeout: 500,
      attempts,
      interval,
      log: quietLog((text) => said.push(text)),
    });

  test('ends when it comes up, and each new reason is told once', async () => {
    const { host, port: target } = readLab().postgres.v15;
    const port = await freePort();
    const stages: StrangeServer[] = [];
    const said: string[] = [];
    // Nothing; then a proxy with nothing behind it; then the database. Each stage begins when the one before was told.
    const log = quietLog((text) => {
      said.push(text.replace(/:\d+ /, ' '));
      void next();
    });
    const next = async () => {
      await stages.at(-1)?.close();
      stages.push(
        await (said.length === 1
          ? serverThat((socket) => socket.end(), port)
          : relayTo({ host, port: target }, port)),
      );
    };
    const database = await waitForDatabase(urlTo(port), { ...options, attempts: 500, interval: 20, log });
    expect(await database.query('select 1 as n')).toEqual([{ n: 1 }]);
    expect(said.slice(0, 2)).toEqual([
      'Waiting for the database: 127.0.0.1 refused the connection — nothing listens there',
      'Waiting for the database: 127.0.0.1 took the connection and closed it without a word — a proxy with nothing behind it does so, or a server that is just starting',
    ]);
    await database.close();
    await stages.at(-1)?.close();
  });

  test('gives up after its tries, and says how many and how long', async () => {
    const said: string[] = [];
    const error = await caught(wait(urlTo(await freePort()), 3, 1, said));
    expect(error).toMatchObject({
      code: 'database-refused',
      message: expect.stringMatching(
        /^127\.0\.0\.1:\d+ refused the connection \(tried 3 times in .* m?s\) — nothing listens there$/,
      ),
    });
    expect(said).toHaveLength(1);
  });

  test.each<{ why: string; url: () => DatabaseUrl; code: string }>`
    why                    | url                                                                                 | code
    ${'wrong password'}    | ${() => ({ ...urlTo(), options: { ...urlTo().options, password: 'x' } })}           | ${'database-wrong-password'}
    ${'no such database'}  | ${() => ({ ...urlTo(), options: { ...urlTo().options, dbname: 'nowhere' } })}       | ${'database-no-such-database'}
    ${'TLS refused'}       | ${() => parseDatabaseUrl(`${readLab().postgres.v18.superuserUrl}?sslmode=require`)} | ${'database-tls-refused'}
    ${'a pooler in front'} | ${() => throughPooler()}                                                            | ${'database-pooler-transaction-mode'}
  `('stops at once when that cannot help: $why', async ({ url, code }) => {
    const said: string[] = [];
    const error = await caught(wait(url(), 30, 600_000, said));
    expect(error).toMatchObject({ code, message: expect.not.stringContaining('tried') });
    expect(said).toEqual([]);
  });

  test('does not wait long for a name that does not exist', async () => {
    // Longer than a label may be: no name server is asked.
    const url = databaseUrlOf({ ...urlTo(), host: `${'x'.repeat(64)}.invalid`, params: {} });
    expect(await caught(wait(url, 30, 1))).toMatchObject({
      code: 'database-name-not-resolved',
      message: expect.stringContaining('(tried 5 times in '),
    });
  });
});

function throughPooler(): DatabaseUrl {
  const { host, port } = readLab().pgbouncer.transaction;
  const { superuser: user, superuserPassword: password } = readLab().postgres.v15;
  return databaseUrlOf({ host, port: String(port), name: 'postgres', user, password, params: {} });
}

test('a pooler by transaction is accepted by who only reads', async () => {
  const database = await connect(throughPooler(), { ...options, pooler: 'accept' });
  expect(await database.query('select 1 as n')).toEqual([{ n: 1 }]);
  await database.close();
});
