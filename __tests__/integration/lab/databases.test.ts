import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { bringUp, type Lab, type PostgresServer } from '../../../lab/lab.ts';

let lab: Lab;
const open: pg.Client[] = [];

beforeAll(async () => {
  lab = await bringUp(['postgres15', 'postgres18', 'pgbouncer']);
});

afterAll(async () => {
  await Promise.all(open.map((client) => client.end()));
});

async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  await client.connect();
  open.push(client);
  return client;
}

async function value(client: pg.Client, sql: string): Promise<unknown> {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
}

const login = (server: PostgresServer, more: pg.ClientConfig = {}): pg.ClientConfig => ({
  host: server.host,
  port: server.port,
  user: server.superuser,
  password: server.superuserPassword,
  database: 'postgres',
  ...more,
});

describe.each([{ version: 'v15' as const }, { version: 'v18' as const }])(
  'PostgreSQL $version',
  ({ version }) => {
    const server = () => lab.postgres[version];

    test('is the version it is called, for 200 connections, with SCRAM secrets', async () => {
      const client = await connect({ connectionString: server().superuserUrl });
      const number = Number(await value(client, 'SHOW server_version_num'));
      expect(Math.floor(number / 10_000)).toBe(server().majorVersion);
      expect(await value(client, 'SHOW max_connections')).toBe('200');
      expect(await value(client, 'SELECT rolpassword FROM pg_authid WHERE rolname = current_user')).toMatch(
        /^SCRAM-SHA-256\$/,
      );
    });

    test('refuses a wrong password', async () => {
      await expect(connect(login(server(), { password: 'wrong' }))).rejects.toMatchObject({ code: '28P01' });
    });

    test('answers at its socket, where it asks for the password too', async () => {
      const folder = server().socketDirectory;
      const client = await connect(login(server(), { host: folder }));
      expect(await value(client, 'SELECT inet_server_addr()')).toBeNull();
      await expect(connect(login(server(), { host: folder, password: 'wrong' }))).rejects.toMatchObject({
        code: '28P01',
      });
    });
  },
);

test('PostgreSQL 15 speaks TLS, and its certificate holds for its address', async () => {
  const server = lab.postgres.v15;
  if (server.caFile === undefined) throw new Error('no authority for PostgreSQL 15');
  expect(existsSync(server.caFile)).toBe(true);
  const client = await connect(login(server, { ssl: { ca: readFileSync(server.caFile, 'utf8') } }));
  expect(await value(client, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toBe(true);

  // Nobody else vouches for it.
  await expect(connect(login(server, { ssl: true }))).rejects.toThrow(/certificate/);
});

test('PostgreSQL 18 has no TLS', async () => {
  await expect(connect(login(lab.postgres.v18, { ssl: true }))).rejects.toThrow(/does not support SSL/);
});

describe('PgBouncer', () => {
  const role = { name: 'lab_pooler_test', password: 'p@ss:w/rd%' };
  let admin: pg.Client;

  beforeAll(async () => {
    admin = await connect({ connectionString: lab.postgres.v15.superuserUrl });
    await admin.query(`DROP ROLE IF EXISTS ${role.name}`);
    await admin.query(`CREATE ROLE ${role.name} LOGIN PASSWORD '${role.password}'`);
  });

  const through = (mode: 'transaction' | 'session', password = role.password) =>
    connect({ ...lab.pgbouncer[mode], user: role.name, password, database: 'postgres' });

  test('lets a role in that was made a moment ago, and nobody else', async () => {
    const client = await through('transaction');
    expect(await value(client, 'SELECT current_user')).toBe(role.name);
    await expect(through('transaction', 'wrong')).rejects.toThrow();
  });

  test('gives a server connection to the next client after each transaction, or keeps it for the session', async () => {
    const backends = async (mode: 'transaction' | 'session') => {
      const [first, second] = [await through(mode), await through(mode)];
      const backend = 'SELECT pg_backend_pid()';
      return [await value(first, backend), await value(second, backend)];
    };
    const [a, b] = await backends('transaction');
    expect(a).toBe(b);
    const [c, d] = await backends('session');
    expect(c).not.toBe(d);
  });
});
