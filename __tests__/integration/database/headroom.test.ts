import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import type { Box } from '../../../lab/box.ts';
import { labFolders } from '../../../lab/folders.ts';
import { boxPath, inBox, logTail, startService, stopService, tryInBox } from '../../../lab/in-box.ts';
import { runningBox, until } from '../../../lab/parts/part.ts';
import { readLab } from '../../../lab/read-lab.ts';
import { connect } from '../../../src/database/connection.ts';
import { type Headroom, type Replica, readHeadroom } from '../../../src/database/headroom.ts';
import { judgeHeadroom } from '../../../src/database/headroom-verdict.ts';
import { readRights } from '../../../src/database/rights.ts';
import type { Database } from '../../../src/database/session.ts';
import { parseDatabaseUrl } from '../../../src/database/url.ts';
import { UserError } from '../../../src/ground/errors.ts';
import { readOnlyRefusal } from '../../../src/migrations/rights.ts';
import { failureOf } from '../lab-server.ts';
import { type OwnPostgres, ownPostgres } from './own-postgres.ts';

const { signal } = new AbortController();
const programs = '/usr/lib/postgresql/15/bin';
const mebibyte = 2 ** 20;

let primary: OwnPostgres;
const open: Database[] = [];

beforeAll(async () => {
  primary = await ownPostgres({
    rules: 'local replication all trust\nhost all all all trust\nhost replication all all trust',
    settings: 'max_connections = 12\nsuperuser_reserved_connections = 4',
  });
  await primary.sql(`create role app login; create role monitor login in role pg_monitor;
                     create role limited login connection limit 3; create database narrow connection limit 2;
                     create database shop`);
}, 120_000);
afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
  await until(
    async () =>
      (await primary.sql(`select count(*) from pg_stat_activity where datid is not null`)).trim() === '1',
    () => 'sessions of the last test are still there',
  );
});
afterAll(() => primary?.remove());

/** Waits until no other session is there: one that was ended needs a moment. */
function alone(database: Database): Promise<void> {
  return until(
    async () => {
      const [row] = await database.query<{ count: number }>(
        'select count(*)::int as count from pg_stat_activity where datid is not null',
      );
      return row?.count === 1;
    },
    () => 'sessions that were ended are still there',
  );
}

async function session(
  role: string,
  name = 'shop',
  { host, port }: Pick<OwnPostgres, 'host' | 'port'> = primary,
): Promise<Database> {
  const url = parseDatabaseUrl(`postgresql://${role}@${host}:${port}/${name}`);
  const database = await connect(url, { applicationName: 'tenantry test', connectTimeout: 20_000, signal });
  open.push(database);
  return database;
}

describe('connections', () => {
  test('as many as are free can be opened, and not one more', async () => {
    const headroom = await readHeadroom(await session('app'));
    expect(headroom).toMatchObject({
      standby: false,
      connections: 12,
      reserved: 4,
      used: 1,
      mayTakeReserved: false,
      limits: [],
    });
    const free = headroom.connections - headroom.reserved - headroom.used;
    for (let opened = 0; opened < free; opened += 1) await session('app');
    expect((await failureOf(session('app'), UserError)).code).toBe('database-too-many-connections');
  });

  test('with most of them taken fewer tenants are migrated at once', async () => {
    const database = await session('app');
    for (const _ of [1, 2]) await session('monitor');
    const verdict = judgeHeadroom(await readHeadroom(database), { parallel: 4 });
    expect(verdict).toMatchObject({ parallel: 2, refusal: undefined });
    expect(verdict.notices).toEqual([
      '2 tenants at once instead of 4: without 4 reserved ones the server takes 8 connections, 3 are taken, and 3 are left to others',
    ]);
  });

  test('with all of them taken nothing is begun; a superuser may', async () => {
    const database = await session('app');
    const superuser = await session('postgres');
    for (const _ of [1, 2, 3, 4, 5, 6]) await session('app');
    const verdict = judgeHeadroom(await readHeadroom(database), { parallel: 4 });
    expect(verdict.refusal?.message).toContain('takes 8 connections, 8 are taken');
    expect(judgeHeadroom(await readHeadroom(superuser), { parallel: 4 })).toMatchObject({
      parallel: 1,
      refusal: undefined,
      notices: [
        expect.stringContaining('with the reserved ones the server takes 12 connections, 8 are taken'),
      ],
    });
  });

  test('a role with a limit of its own: with the last of its connections it is refused', async () => {
    const database = await session('limited');
    await session('app');
    const headroom = await readHeadroom(database);
    expect(headroom.limits).toEqual([{ of: 'the role limited may have', limit: 3, used: 1 }]);
    expect(judgeHeadroom(headroom, { parallel: 4 })).toMatchObject({ parallel: 1, refusal: undefined });
    for (const _ of [1, 2]) await session('limited');
    expect((await failureOf(session('limited'), UserError)).code).toBe('database-too-many-connections');
    expect(judgeHeadroom(await readHeadroom(database), { parallel: 4 }).refusal?.message).toMatch(
      /has no connection left for the migration — the role limited may have 3 connections, 3 are taken$/,
    );
  });

  test('a database with a limit, which does not bind superusers', async () => {
    const database = await session('app', 'narrow');
    await session('app', 'shop');
    const [limit] = (await readHeadroom(database)).limits;
    expect(limit).toEqual({ of: 'the database narrow takes', limit: 2, used: 1 });
    expect((await readHeadroom(await session('postgres', 'narrow'))).limits).toEqual([]);
  });
});

describe('PostgreSQL 18', () => {
  const role = `headroom_${process.pid}`;
  let superuser: Database;
  beforeAll(async () => {
    superuser = await connect(parseDatabaseUrl(readLab().postgres.v18.superuserUrl), {
      applicationName: 'tenantry test',
      connectTimeout: 20_000,
      signal,
    });
    await superuser.query(`create role ${role} login password '${role}' connection limit 5`);
  });
  afterAll(async () => {
    await superuser?.query(`drop role if exists ${role}`);
    await superuser?.close();
  });

  test('reserved connections may be taken by those who were given the right', async () => {
    const { host, port } = readLab().postgres.v18;
    const database = await session(`${role}:${role}`, 'postgres', { host, port });
    const settings = await database.query<{ sum: number }>(
      `select sum(setting::int)::int from pg_settings where name in ('superuser_reserved_connections', 'reserved_connections')`,
    );
    expect(await readHeadroom(database)).toMatchObject({
      reserved: settings[0]?.sum,
      mayTakeReserved: false,
      limits: [{ limit: 5, used: 1 }],
    });
    await superuser.query(`grant pg_use_reserved_connections to ${role}`);
    expect(await readHeadroom(database)).toMatchObject({ mayTakeReserved: true });
  });
});

describe('a streaming standby', () => {
  let box: Box;
  let standby: {
    readonly name: string;
    readonly folder: string;
    readonly host: string;
    readonly port: number;
  };

  beforeAll(async () => {
    box = runningBox(labFolders(), 'postgres15');
    const name = `own-${process.pid}-standby`;
    standby = { name, folder: `/tmp/${name}`, host: primary.host, port: primary.port + 4 };
    const { folder, port } = standby;
    const source = `host=${primary.host} port=${primary.port} user=postgres application_name=standby-1`;
    await inBox(
      box,
      [`${programs}/pg_basebackup`, '-D', folder, '-R', '-X', 'stream', '-c', 'fast', '-d', source],
      {
        user: 'postgres',
      },
    );
    const settings = `port = ${port}\nunix_socket_directories = '${folder}'\nwal_receiver_status_interval = 1\n`;
    writeFileSync(boxPath(box, `${folder}/postgresql.auto.conf`), settings, { flag: 'a' });
    await startService(box, name, [`${programs}/postgres`, '-D', folder], { user: 'postgres' });
    await until(
      async () =>
        (await tryInBox(box, [`${programs}/pg_isready`, '-q', '-h', folder, '-p', String(port)])).code === 0,
      () => `${name} does not answer: ${logTail(box, name)}`,
    );
  }, 120_000);
  afterAll(async () => {
    if (standby === undefined) return;
    await stopService(box, standby.name, 'QUIT');
    await inBox(box, ['rm', '-rf', standby.folder]);
  });

  const replay = async (which: 'pause' | 'resume') => {
    await (await session('postgres', 'shop', standby)).query(`select pg_wal_replay_${which}()`);
  };
  const write = (bytes: number) =>
    primary.sql(
      `select pg_logical_emit_message(false, 'test', repeat('x', 1000)) from generate_series(1, ${Math.ceil(bytes / 1000)})`,
    );

  /** What the primary says, as soon as its only replica is as wanted. */
  async function whenReplica(database: Database, wanted: (replica: Replica) => boolean): Promise<Headroom> {
    for (;;) {
      const headroom = await readHeadroom(database);
      const [replica] = headroom.replicas;
      if (replica !== undefined && wanted(replica)) return headroom;
      await sleep(100);
    }
  }
  const caughtUp = ({ bytes, milliseconds }: Replica) => bytes === 0 && milliseconds === 0;

  test('one that has everything is not mentioned', async () => {
    const headroom = await whenReplica(await session('monitor'), caughtUp);
    expect(headroom.replicas).toEqual([
      { name: expect.stringMatching(/^standby-1 at [\d.]+$/), kind: 'physical', bytes: 0, milliseconds: 0 },
    ]);
    expect(judgeHeadroom(headroom, { parallel: 2 })).toEqual({
      parallel: 2,
      notices: [],
      refusal: undefined,
    });
  });

  test('one that does not replay: a word, then a refusal with its numbers; afterwards all is well again', async () => {
    const database = await session('monitor');
    await whenReplica(database, caughtUp);
    await replay('pause');
    await write(3 * mebibyte);
    const headroom = await whenReplica(database, ({ milliseconds }) => (milliseconds ?? 0) > 1_000);
    expect(headroom.replicas[0]?.bytes).toBeGreaterThan(3 * mebibyte);

    const little = judgeHeadroom(headroom, { parallel: 2, replicaBytes: 20 * mebibyte });
    expect(little).toMatchObject({ parallel: 2, refusal: undefined });
    expect(little.notices).toEqual([
      expect.stringMatching(/^the replica standby-1 at \S+ is 3\.\d MiB and .+ behind$/),
    ]);

    const much = judgeHeadroom(headroom, { parallel: 2, replicaBytes: 2 * mebibyte });
    expect(much.refusal?.code).toBe('replica-behind');
    expect(much.refusal?.message).toMatch(
      /further behind than 2 MiB or 5 min — standby-1 at \S+ is 3\.\d MiB and/,
    );
    const old = judgeHeadroom(headroom, { parallel: 2, replicaMilliseconds: 1_000 });
    expect(old.refusal?.code).toBe('replica-behind');
    expect(judgeHeadroom(headroom, { parallel: 2 }).refusal).toBeUndefined();

    await replay('resume');
    await whenReplica(database, caughtUp);
  });

  test('a role that may not see the lag is told so', async () => {
    const headroom = await readHeadroom(await session('app'));
    expect(headroom.replicas).toEqual([
      { name: 'standby-1', kind: 'physical', bytes: null, milliseconds: null },
    ]);
    const { notices, refusal } = judgeHeadroom(headroom, { parallel: 2, replicaBytes: 1 });
    expect(refusal).toBeUndefined();
    expect(notices).toEqual([expect.stringContaining('whether 1 replica of')]);
  });

  test('a server that does not answer such questions is told of; the connections are judged all the same', async () => {
    const database = await session('app');
    await primary.sql('revoke execute on function pg_current_wal_lsn() from public', 'shop');
    await alone(database);
    const headroom = await readHeadroom(database);
    await primary.sql('grant execute on function pg_current_wal_lsn() to public', 'shop');
    expect(judgeHeadroom(headroom, { parallel: 8 })).toEqual({
      parallel: 4,
      refusal: undefined,
      notices: [
        expect.stringContaining('4 tenants at once instead of 8'),
        expect.stringMatching(
          /keep up could not be seen: permission denied for function pg_current_wal_lsn$/,
        ),
      ],
    });
  });

  test('the standby itself is refused', async () => {
    const headroom = await readHeadroom(await session('app', 'shop', standby));
    expect(headroom.standby).toBe(true);
    expect(judgeHeadroom(headroom, { parallel: 2 }).refusal?.code).toBe('database-read-only');
    const rights = await readRights(await session('app', 'shop', standby), ['public']);
    expect(readOnlyRefusal(rights, 'shop')?.message).toBe(
      'shop takes no changes — it is a standby (in recovery)',
    );
  });

  test('a slot without a reader keeps the log', async () => {
    await primary.sql(`select pg_create_physical_replication_slot('forgotten', true)`);
    await write(2 * mebibyte);
    const headroom = await readHeadroom(await session('app'));
    await primary.sql(`select pg_drop_replication_slot('forgotten')`);
    expect(headroom.idleSlots).toEqual([{ name: 'forgotten', bytes: expect.any(Number) }]);
    expect(headroom.idleSlots[0]?.bytes).toBeGreaterThan(2 * mebibyte);
    expect(judgeHeadroom(headroom, { parallel: 2, replicaBytes: 4 * mebibyte }).notices).toContainEqual(
      expect.stringContaining('nobody reads the replication slot forgotten'),
    );
  });
});
