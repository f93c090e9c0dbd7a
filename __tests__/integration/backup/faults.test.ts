import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';

import { bringUp, type Lab } from '../../../lab/lab.ts';
import { postgresPrograms } from '../../../lab/postgres-programs.ts';
import { type BackupRequest, backUp, type ProvenBackup } from '../../../src/backup/back-up.ts';
import { chooseBackup } from '../../../src/backup/chosen-backup.ts';
import type { Manifest } from '../../../src/backup/manifest.ts';
import { planRestore, type RestoreRequest, restore } from '../../../src/backup/restore.ts';
import { runnerShelf } from '../../../src/backup/runner-shelf.ts';
import { connect, type Database } from '../../../src/database/connection.ts';
import type { StructureGroup } from '../../../src/database/structure.ts';
import { readStructures } from '../../../src/database/structures.ts';
import { parseDatabaseUrl } from '../../../src/database/url.ts';
import { LostConnection, UserError } from '../../../src/ground/errors.ts';
import { localMachine } from '../../../src/machine/local.ts';
import type { Machine } from '../../../src/machine/machine.ts';
import { type OwnPostgres, ownPostgres } from '../database/own-postgres.ts';
import { failureOf, KeptLog } from '../lab-server.ts';
import { type ScratchDatabase, scratchDatabase, scratchRole } from '../scratch-database.ts';

/** What can go wrong with a backup and on the way back: each brought about for real. */
let lab: Lab;
let scratch: ScratchDatabase;
let folder: string;
/** As whoever has looked at the database before knows them. */
let structures: readonly StructureGroup[];
const pgbin = process.env.PGBIN;
const { signal } = new AbortController();

beforeAll(async () => {
  lab = await bringUp(['postgres15', 'postgres18']);
  process.env.PGBIN = postgresPrograms();
  scratch = await scratchDatabase();
  folder = mkdtempSync(join(tmpdir(), 'tenantry-faults-'));
  await scratch.sql(`
    CREATE TABLE public.plans (id serial PRIMARY KEY, name text);
    INSERT INTO public.plans (name) VALUES ('free'), ('team');
    ${['acme', 'beta'].map(tenant).join('')}`);
  structures = await readStructures(scratch.database, ['acme', 'beta', 'public']);
}, 600_000);

afterEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});

afterAll(async () => {
  if (pgbin === undefined) delete process.env.PGBIN;
  else process.env.PGBIN = pgbin;
  await scratch?.drop();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

const tenant = (name: string) => `
  CREATE SCHEMA ${name};
  CREATE TABLE ${name}.orders (id serial PRIMARY KEY, plan int REFERENCES public.plans, status varchar(9) CHECK (status IN ('placed', 'paid')));
  INSERT INTO ${name}.orders (plan, status) SELECT 1, 'paid' FROM generate_series(1, 500);`;

interface Circumstances {
  readonly url?: string;
  readonly machine?: Machine;
  readonly into?: string;
  readonly log?: KeptLog;
  readonly request?: Partial<BackupRequest>;
}

const session = (url: string, name = 'tenantry test') =>
  connect(parseDatabaseUrl(url), { applicationName: name, connectTimeout: 20_000, signal });

async function take({
  url = scratch.env.DATABASE_URL ?? '',
  machine = localMachine,
  into = folder,
  log = new KeptLog(),
  request = {},
}: Circumstances = {}): Promise<ProvenBackup | undefined> {
  const database = await session(url);
  try {
    return await backUp(
      {
        databaseUrl: parseDatabaseUrl(url),
        schemas: ['acme', 'beta'],
        shared: 'public',
        shelf: runnerShelf(into),
        keep: 0,
        before: 'a test',
        origin: { run: 'test', actor: 'test', commit: '' },
        lockTimeout: 5_000,
        sessions: 'tenantry/faults',
        ...request,
      },
      { database, another: () => session(url), machine, log, signal },
    );
  } finally {
    await database.close();
  }
}

/** This machine, on which something happens as soon as pg_dump is started, or when it has ended. */
function disturbed({
  before,
  after,
}: {
  before?: () => unknown;
  after?: (file: string) => unknown;
}): Machine {
  return {
    ...localMachine,
    async run(argv, options) {
      const file = argv.find((word) => word.startsWith('--file='))?.slice('--file='.length);
      const isDump = file !== undefined && argv.some((word) => word.startsWith('--snapshot='));
      if (isDump) await before?.();
      const result = await localMachine.run(argv, options);
      if (isDump) await after?.(file);
      return result;
    },
  };
}

/** Somebody holds a table while the work is done. */
async function whileLocked<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: scratch.env.DATABASE_URL,
    application_name: 'a long report',
  });
  await client.connect();
  try {
    await client.query('BEGIN; LOCK TABLE beta.orders IN ACCESS EXCLUSIVE MODE');
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The running pg_dumps of this file's backups. */
function dumps(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(
          'PGAPPNAME=tenantry/faults/backup',
        );
        return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--snapshot=');
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function until<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    await sleep(50);
  }
}

/** The backup failed in this way, and nothing of it is left. */
async function expectNoBackup(work: Promise<unknown>, code: string, said: RegExp): Promise<void> {
  const failure = await failureOf(work, UserError);
  expect({ code: failure.code, said: failure.sentence }).toEqual({ code, said: expect.stringMatching(said) });
  expect(readdirSync(folder)).toEqual([]);
  expect(dumps()).toEqual([]);
}

describe('a backup that is none', () => {
  test('a table is locked for longer than lock-timeout: who holds it is named', async () => {
    await whileLocked(() =>
      expectNoBackup(
        take({ request: { lockTimeout: 1_500, structures } }),
        'migration-blocked',
        /within lock-timeout; in the way: session \d+ \("a long report", .*; nothing was changed$/,
      ),
    );
  });

  test('it is locked already when its structure is looked at', async () => {
    await whileLocked(() =>
      expectNoBackup(
        take({ request: { lockTimeout: 300 } }),
        'schema-unreadable',
        /locked: beta\.orders, by session \d+ \("a long report"/,
      ),
    );
  });

  test('pg_dump is killed', async () => {
    await whileLocked(async () => {
      const backup = take({ request: { lockTimeout: 60_000, structures } });
      const expected = expectNoBackup(
        backup,
        'backup-failed',
        /pg_dump was ended by SIGKILL — mostly that is a lack of memory/,
      );
      const [pid = 0] = await until(() => (dumps().length > 0 ? dumps() : undefined));
      process.kill(pid, 'SIGKILL');
      await expected;
    });
  });

  test('its session in the server is ended: nobody takes that for a verdict', async () => {
    await whileLocked(async () => {
      const backup = take({ request: { lockTimeout: 60_000, structures } });
      const lost = failureOf(backup, LostConnection);
      await until(async () => {
        const [ended] = await scratch.sql(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tenantry/faults/backup' AND wait_event_type = 'Lock'`,
        );
        return ended;
      });
      expect((await lost).code).toBe('connection-lost');
      expect(readdirSync(folder)).toEqual([]);
    });
  });

  test('a schema that is not there, and one that goes away while it is dumped', async () => {
    await expectNoBackup(
      take({ request: { schemas: ['acme', 'gone'] } }),
      'schema-vanished',
      /gone is not there/,
    );
    await scratch.sql(tenant('leaving'));
    const machine = disturbed({ before: () => scratch.sql('DROP SCHEMA leaving CASCADE') });
    await expectNoBackup(
      take({ machine, request: { schemas: ['acme', 'leaving'] } }),
      'schema-vanished',
      /run again; nothing was changed$/,
    );
  });

  test('an archive that cannot be read to its end, and one that lacks rows', async () => {
    const half = disturbed({ after: (file) => truncateSync(file, 3_500) });
    await expectNoBackup(take({ machine: half }), 'backup-not-proven', /^The backup is not proven — /);
    // Rows that are written between the snapshot and the archive would be such a difference: the archive is of another moment.
    const other: Machine = {
      ...localMachine,
      async run(argv, options) {
        const without = argv.filter((word) => !word.startsWith('--snapshot='));
        if (without.length < argv.length)
          await scratch.sql(`INSERT INTO beta.orders (plan, status) VALUES (2, 'paid')`);
        return localMachine.run(without, options);
      },
    };
    await expectNoBackup(
      take({ machine: other }),
      'backup-not-proven',
      /beta\.orders has 500 rows, 501 are in it/,
    );
    await scratch.sql('DELETE FROM beta.orders WHERE plan = 2');
  });

  test('the disk is full', async () => {
    const small = join(folder, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', small]);
    try {
      const failure = await failureOf(take({ into: small }), UserError);
      expect(failure.code).toBe('disk-full');
      expect(failure.sentence).toMatch(/is full|No space left/);
      expect(readdirSync(small)).toEqual([]);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  test('no pg_dump is as new as the server', async () => {
    await expectNoBackup(
      take({ url: lab.postgres.v18.superuserUrl, request: { schemas: [], shared: 'pg_catalog' } }),
      'backup-program-missing',
      /it is PostgreSQL 18\.\d+, and this machine has 15\.\d+.* — install PostgreSQL’s client programs 18 .*postgresql-client-18/,
    );
  });
});

describe('the server’s lock table', () => {
  let small: OwnPostgres;
  const urlOf = () => `postgresql://postgres@${small.host}:${small.port}/postgres`;
  beforeAll(async () => {
    small = await ownPostgres({
      rules: 'host all all all trust',
      settings: 'max_locks_per_transaction = 10\nmax_connections = 20',
    });
    for (const name of ['t1', 't2', 't3', 't4', 't5', 't6', 't7', 't8']) {
      await small.sql(`CREATE SCHEMA ${name}; ${tables(name, 30)}`);
    }
  }, 600_000);
  afterAll(() => small?.remove());

  const tables = (schema: string, amount: number) =>
    Array.from({ length: amount }, (_, index) => `CREATE TABLE ${schema}.a${index} (x int);`).join(' ');

  test('has no room for everything: as many batches as are needed, told with the numbers', async () => {
    const log = new KeptLog();
    const schemas = ['t1', 't2', 't3', 't4', 't5', 't6', 't7', 't8'];
    const backup = await take({ url: urlOf(), log, request: { schemas } });
    expect(backup?.manifest.schemas.map(({ name }) => name)).toEqual(['public', ...schemas]);
    expect(backup?.manifest.archives.length).toBeGreaterThan(1);
    expect(log.text).toMatch(/pg_dump of all needs 240 locks, 200 exist: \d batches/);
  });

  test('has no room for a single schema', async () => {
    await small.sql('CREATE SCHEMA huge');
    for (let part = 0; part < 5; part += 1) {
      await small.sql(
        Array.from({ length: 50 }, (_, index) => `CREATE TABLE huge.b${part}_${index} (x int);`).join(' '),
      );
    }
    await expectNoBackup(
      take({ url: urlOf(), request: { schemas: ['huge'] } }),
      'lock-table-too-small',
      /needs? 250 locks at once, and of the 200 that exist \(max_locks_per_transaction \(10\) × \(max_connections \(20\)/,
    );
  });
});

describe('a way back that is refused before anything is touched', () => {
  let place: string;
  let taken: Manifest;

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'tenantry-faults-'));
    const backup = await take({ into: place, request: { structures } });
    if (backup === undefined) throw new Error('there is nothing to back up');
    taken = backup.manifest;
  }, 600_000);
  afterAll(() => rmSync(place, { recursive: true }));

  async function back(
    to: RestoreRequest['to'],
    {
      url = scratch.env.DATABASE_URL ?? '',
      identity = {} as Partial<Manifest['database']>,
      extensions = [] as Manifest['extensions'],
    } = {},
  ): Promise<void> {
    const database: Database = await session(url);
    try {
      const chosen = await chooseBackup({ shelf: runnerShelf(place), database: taken.database });
      const manifest = { ...chosen.manifest, extensions: [...chosen.manifest.extensions, ...extensions] };
      const request: RestoreRequest = {
        databaseUrl: parseDatabaseUrl(url),
        backup: { ...chosen, manifest },
        schemas: manifest.schemas.filter(({ name }) => name === 'acme'),
        to,
        identity: { ...manifest.database, ...identity },
        dryRun: false,
        lockTimeout: 1_000,
        sessions: 'tenantry/faults',
      };
      const ports = {
        database,
        machine: localMachine,
        log: new KeptLog(),
        signal,
        atSafePoint: async () => {},
        onRestored: () => {},
      };
      await restore(await planRestore(request, ports), request, ports);
    } finally {
      await database.close();
    }
  }

  const schemas = () => scratch.sql(`SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1`);

  async function expectRefused(work: Promise<void>, code: string, said: RegExp): Promise<void> {
    const before = await schemas();
    const failure = await failureOf(work, UserError);
    expect({ code: failure.code, said: failure.sentence }).toEqual({
      code,
      said: expect.stringMatching(said),
    });
    expect(await schemas()).toEqual(before);
  }

  test('a materialized view outside depends on it', async () => {
    await scratch.sql('CREATE MATERIALIZED VIEW public.totals AS SELECT count(*) FROM acme.orders');
    await expectRefused(
      back('in-place'),
      'restore-pointed-into',
      /acme cannot be replaced — 1 object outside it depends on its tables .*: rule _RETURN on materialized view public\.totals — restore it beside/,
    );
    await scratch.sql('DROP MATERIALIZED VIEW public.totals');
  });

  test('a table outside has rows that the backup does not have: the old schema stays, the restored one goes', async () => {
    await scratch.sql(`
      INSERT INTO acme.orders (id, status) VALUES (9999, 'paid');
      CREATE TABLE public.marked (id int REFERENCES acme.orders);
      INSERT INTO public.marked VALUES (9999);`);
    await expectRefused(
      back('in-place'),
      'restore-failed',
      /^acme is not replaced — .*violates foreign key constraint "marked_id_fkey" — .*restore it beside/,
    );
    await scratch.sql('DROP TABLE public.marked; DELETE FROM acme.orders WHERE id = 9999');
  });

  test('the role may not make a schema', async () => {
    await scratchRole('tenantry_reader');
    const url = (scratch.env.DATABASE_URL ?? '').replace(/\/\/[^@]*@/, '//tenantry_reader:tenantry_reader@');
    await expectRefused(
      back('beside', { url }),
      'database-permission-denied',
      /the role tenantry_reader may not create a schema there — let .* run: GRANT CREATE ON DATABASE "scratch_.*" TO "tenantry_reader"/,
    );
  });

  test('an extension is missing', async () => {
    const extensions = [{ name: 'citext', schema: 'public', version: '1.6' }];
    await expectRefused(
      back('beside', { extensions }),
      'extension-missing',
      /1 extension of the backup is not in .* — citext 1\.6 — .*CREATE EXTENSION "citext" WITH SCHEMA "public"/,
    );
  });

  test('it is of another database', async () => {
    await expectRefused(
      back('in-place', { identity: { system: '1' } }),
      'backup-other-database',
      /acme is not replaced — the backup is of another database .*another cluster/,
    );
  });
});
