/**
 * Runs that are killed, cancelled or cut off in the middle of a fleet: what is left of them in the database, what the
 * run itself says where it still can, and how the next run goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { connect } from '../../../src/database/connection.ts';
import { parseDatabaseUrl } from '../../../src/database/url.ts';
import { Cancelled } from '../../../src/ground/errors.ts';
import { migrateSchemas } from '../../../src/migrations/migrate.ts';
import { each } from '../breadth.ts';
import { project, recordedLog } from '../projects.ts';
import { oldestPython } from '../venv.ts';
import { ownFarm } from './resume/own-farm.ts';
import { type Kind, migrationsOf, projectWith } from './resume/project.ts';
import {
  type Farm,
  killPythons,
  farm as newFarm,
  pythons,
  run,
  sessionIn,
  sessions,
  start,
  stranger,
  until,
  type Wanted,
  world,
} from './resume/scene.ts';

const projects = new Map<Kind, { folder: string; remove(): Promise<void> }>();
let farm: Farm;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  for (const kind of ['two', 'shared', 'deferred', 'concurrent', 'several', 'twoTables', 'limits'] as const) {
    projects.set(kind, await projectWith(kind));
  }
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await farm?.drop();
});

afterAll(async () => {
  for (const project of projects.values()) await project.remove();
});

/** A farm whose shared schema has the rows of these migrations already: only the tenants are behind. */
async function farmFor(
  kind: Exclude<Kind, 'shared'>,
  make: (tenants: number) => Promise<Farm> = newFarm,
  tenants = 5,
) {
  farm = await make(tenants);
  const rows = migrationsOf(kind).map((name) => `('app00', '${name}', now())`);
  await farm.sql(`INSERT INTO public.django_migrations (app, name, applied) VALUES ${rows.join(', ')}`);
}

const folderOf = (kind: Kind) => projects.get(kind)?.folder ?? '';

function runOf(kind: Kind, wanted: Omit<Wanted, 'in'> = {}) {
  return run(farm, { in: folderOf(kind), ...wanted });
}

/** Catches a tenant in the middle of the second migration of `two`; undone with `release`. */
const trap = (schema: string, how: 'waits' | 'fails' = 'waits') =>
  farm.sql(`INSERT INTO public.trap VALUES ('${schema}', '${how}')`);
const release = () => farm.sql('DELETE FROM public.trap');

async function aStranger(applicationName?: string) {
  const session = await stranger(farm, applicationName);
  cleanUps.push(() => session.end().catch(() => {}));
  return session;
}

const atHead = ' first before_trap after_trap | 0004_first 0005_second';
/** What has become of the tenants of `two`: those at head are told by their name alone. */
async function standing(): Promise<string[]> {
  return (await world(farm)).map((line) => line.replace(`:${atHead}`, ''));
}

const everybody = ['t0001', 't0002', 't0003', 't0004', 't0005'];

describe('the runner is killed in the middle of the fleet', () => {
  test('the worker ends by itself; what manage.py still does is waited for; each next run goes on', async () => {
    await farmFor('two');
    await trap('t0002');
    const first = start(farm, { in: folderOf('two'), engine: 'worker' });
    await sessionIn(farm, 't0002');
    first.process.kill('SIGKILL');
    expect((await first.end()).text).toContain('1 of 5: t0001');
    await until(async () => (await sessions(farm)).length === 0, 'the worker has ended');
    await until(() => pythons(farm).length === 0, 'its process has ended');
    expect(await standing()).toEqual([
      't0001',
      't0002: first | 0004_first',
      't0003:  | ',
      't0004:  | ',
      't0005:  | ',
    ]);

    await release();
    await trap('t0004');
    const second = start(farm, { in: folderOf('two'), engine: 'django' });
    await sessionIn(farm, 't0004');
    second.process.kill('SIGKILL');
    expect((await second.end()).text).toContain('2 of 4: t0003');
    expect(await sessions(farm)).toEqual(['t0004']);

    const impatient = await runOf('two', { lockWait: 0 });
    expect(impatient.failure?.code).toBe('database-locked');
    expect(impatient.failure?.message).toMatch(
      /^What an earlier run has begun in .+ is still at work — session \d+ \("tenantry\/.+\/t0004", role postgres, active for .+, statement: DO .+\)$/,
    );
    expect(impatient.failure?.hint).toMatch(
      /^run again when it has ended, or raise lock-wait; if that run is dead, end what is left of it: SELECT pg_terminate_backend\(\d+\); nothing was changed$/,
    );
    expect(await standing()).toEqual(['t0001', 't0002', 't0003', 't0004: first | 0004_first', 't0005:  | ']);

    const third = await runOf('two', {
      onLine: (line) => {
        if (line.startsWith('Waiting')) void release();
      },
    });
    expect(third.lines.find((line) => line.startsWith('Waiting'))).toMatch(
      /^Waiting up to (1 min|5\d s), nothing has been changed: what an earlier run has begun is still at work: session \d+ /,
    );
    // manage.py has ended its tenant before the plan was made.
    expect(third.lines).toContain('Plan: 5 tenants: 4 up to date, 1 needs 2 migrations');
    expect([third.result, third.totals]).toEqual(['migrated', '5 1 4 0']);
    expect(await standing()).toEqual(everybody);
    expect(await sessions(farm)).toEqual([]);
  });
});

describe('a process of Python is killed in the middle of a tenant', () => {
  test.each(each(['worker', 'django'] as const, 'worker'))(
    '%s: nothing is left at work, the ledger is read again, the next run goes on',
    async (engine) => {
      await farmFor('two');
      await trap('t0002');
      const running = runOf('two', { engine, maxFailures: { count: 2 } });
      await sessionIn(farm, 't0002');
      killPythons(farm);
      const { failure, totals, outcomes } = await running;
      const who =
        engine === 'worker' ? 'the worker ended \\(ended by SIGKILL\\)' : 'manage.py was ended by SIGKILL';
      expect(failure?.code).toBe('connection-lost');
      expect(failure?.message).toMatch(
        new RegExp(
          `^The connection was lost in tenant t0002 — ${who}; its ledger was read again: app00\\.0004_first is recorded, app00\\.0005_second is not$`,
        ),
      );
      expect(failure?.hint).toBe(
        'run again: it goes on from there, or says what was left half done; 4 tenants are done and stay done',
      );
      expect(totals).toBe('5 4 0 1');
      expect(outcomes[1]).toBe('t0002 failed');
      expect(await sessions(farm)).toEqual([]);
      expect((await standing()).slice(0, 3)).toEqual(['t0001', 't0002: first | 0004_first', 't0003']);

      await release();
      const second = await runOf('two', { lockWait: 0 });
      expect([second.result, second.totals]).toEqual(['migrated', '5 1 4 0']);
      expect(second.tenants.find(({ schema }) => schema === 't0002')?.migrations).toEqual([
        'app00.0005_second',
      ]);
      expect(await standing()).toEqual(everybody);
    },
  );

  test('manage.py, in the shared schema: no tenant is touched', async () => {
    farm = await newFarm(2);
    await trap('public');
    const running = runOf('shared');
    await sessionIn(farm, 'public');
    killPythons(farm);
    const { failure, totals } = await running;
    expect(failure?.code).toBe('shared-migration-failed');
    expect(failure?.sentence).toBe(
      'Migration customers.0002_shared failed in the shared schema public — manage.py was ended by SIGKILL — mend the cause, then run again; no tenant was touched',
    );
    expect(totals).toBe('2 0 0 0');
    expect(await sessions(farm)).toEqual([]);
    const columns = `SELECT FROM pg_attribute WHERE attrelid = 'public.customers_customer'::regclass AND attname = 'region'`;
    expect(await farm.sql(columns)).toHaveLength(0);
    await release();
    expect((await runOf('shared', { lockWait: 0 })).totals).toBe('2 2 0 0');
    expect(await farm.sql(columns)).toHaveLength(1);
  });
});

describe('a session is ended by the server', () => {
  test.each(each(['worker', 'django'] as const, 'worker'))(
    '%s: the tenant’s own, in the middle of it',
    async (engine) => {
      await farmFor('two');
      await trap('t0002');
      const running = runOf('two', { engine, maxFailures: { count: 2 } });
      const pid = await sessionIn(farm, 't0002');
      await farm.sql(`SELECT pg_terminate_backend(${pid})`);
      const { failure, totals } = await running;
      expect(failure?.code).toBe('connection-lost');
      expect(failure?.message).toBe(
        'The connection was lost in tenant t0002 — terminating connection due to administrator command; its ledger was read again: app00.0004_first is recorded, app00.0005_second is not',
      );
      expect(totals).toBe('5 4 0 1');
      expect((await standing())[1]).toBe('t0002: first | 0004_first');
      await release();
      expect((await runOf('two')).totals).toBe('5 1 4 0');
      expect(await standing()).toEqual(everybody);
    },
  );

  test('the lock’s: the run stops before the next tenant and says so', async () => {
    await farmFor('two');
    await trap('t0002');
    const running = runOf('two');
    await sessionIn(farm, 't0002');
    await farm.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'tenantry lock%'`,
    );
    await sleep(1_100); // the lock is asked for once a second
    await release();
    const { failure, outcomes } = await running;
    expect(failure?.code).toBe('connection-lost');
    expect(failure?.message).toMatch(
      /^The lock on .+ was lost, noticed before tenant t0003 \(3 of 5, Fleet\) — terminating connection due to administrator command$/,
    );
    expect(failure?.hint).toBe(
      'another run may be changing the database now: see that none is, then run again; this run has stopped there, what is done stays done; 2 tenants are done and stay done; 3 tenants were not tried',
    );
    expect(outcomes[2]).toBe('t0003 not-tried');
    expect((await standing()).slice(1)).toEqual(['t0002', 't0003:  | ', 't0004:  | ', 't0005:  | ']);
    expect((await runOf('two')).totals).toBe('5 3 2 0');
    expect(await standing()).toEqual(everybody);
  });
});

test('the server crashes, and the server is stopped, in the middle: what is known is told, and the next run goes on', async () => {
  let server: Awaited<ReturnType<typeof ownFarm>>['server'] | undefined;
  await farmFor('two', async (tenants) => {
    const own = await ownFarm(tenants);
    server = own.server;
    return own;
  });
  await trap('t0002');
  const crashing = runOf('two');
  await sessionIn(farm, 't0002');
  await server?.crash();
  const crashed = await crashing;
  expect(crashed.failure?.code).toBe('connection-lost');
  expect(crashed.failure?.message).toMatch(
    /^The connection was lost in tenant t0002 — .+; what became of it is not known, because its ledger cannot be read: .+$/,
  );
  expect(crashed.failure?.hint).toBe(
    'run again: the ledger is read first, and it goes on from there; 1 tenant is done and stays done; 3 tenants were not tried',
  );
  expect(crashed.outcomes.slice(0, 3)).toEqual(['t0001 migrated', 't0002 unknown', 't0003 not-tried']);
  expect(crashed.totals).toBe('5 1 0 1');
  await server?.start();
  expect((await standing()).slice(0, 3)).toEqual(['t0001', 't0002: first | 0004_first', 't0003:  | ']);

  await release();
  await trap('t0003');
  const stopping = runOf('two', { engine: 'django' });
  await sessionIn(farm, 't0003');
  await server?.stop();
  const stopped = await stopping;
  expect(stopped.failure?.code).toBe('connection-lost');
  expect(stopped.failure?.message).toMatch(
    /^The connection was lost in tenant t0003 — .+ cannot be read: .+$/,
  );
  expect(stopped.outcomes.slice(0, 4)).toEqual([
    't0001 skipped',
    't0002 migrated',
    't0003 unknown',
    't0004 not-tried',
  ]);
  await server?.start();

  await release();
  expect((await runOf('two')).totals).toBe('5 3 2 0');
  expect(await standing()).toEqual(everybody);
});

describe('the job is cancelled while a statement runs long', () => {
  test.each(each(['worker', 'django'] as const, 'worker'))(
    '%s: our own sessions end, a stranger’s is left alone, the lock is free',
    async (engine) => {
      await farmFor('two');
      await trap('t0002');
      const strangers = await Promise.all(
        ['psql', 'tenantry/other-run/t0002', 'tenantry'].map((name) => aStranger(name)),
      );
      const controller = new AbortController();
      const running = runOf('two', { engine, signal: controller.signal });
      await sessionIn(farm, 't0002');
      controller.abort(new Cancelled('The job was cancelled'));
      const { failure, outcomes } = await running;
      expect(failure?.code).toBe('cancelled');
      expect(outcomes.slice(0, 3)).toEqual(['t0001 migrated', 't0002 unknown', 't0003 not-tried']);
      expect(await sessions(farm)).toEqual([]);
      for (const session of strangers)
        expect((await session.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      expect((await standing())[1]).toBe('t0002: first | 0004_first');

      await release();
      expect((await runOf('two', { lockWait: 0 })).totals).toBe('5 4 1 0');
      expect(await standing()).toEqual(everybody);
    },
  );

  test('by Ctrl-C: the program ends in time, says so, and leaves nothing', async () => {
    await farmFor('two');
    await trap('t0002');
    const program = start(farm, { in: folderOf('two') });
    await sessionIn(farm, 't0002');
    program.process.kill('SIGINT');
    const { exitCode, text } = await program.end();
    expect(exitCode).toBe(1);
    expect(text).toContain('result=cancelled');
    expect(text).toContain('The step was cancelled (SIGINT) — run again: what is done stays done');
    expect(text).toContain('tenants-migrated=1');
    expect(await sessions(farm)).toEqual([]);
    expect(pythons(farm)).toEqual([]);
    await release();
    expect((await runOf('two', { lockWait: 0 })).totals).toBe('5 4 1 0');
  });
});

describe('a migration whose row is missing though everything else is there', () => {
  test('killed between commit and record: recorded, because it is exactly as in the others', async () => {
    await farmFor('deferred');
    const session = await aStranger();
    await session.query('BEGIN; LOCK TABLE t0003.django_migrations IN SHARE MODE');
    const running = runOf('deferred', { lockTimeout: 0 });
    await sessionIn(farm, 't0003', 'INSERT INTO');
    killPythons(farm);
    const first = await running;
    await session.query('ROLLBACK');
    expect(first.failure?.message).toContain('its ledger was read again: app00.0004_code is not recorded');
    expect(await world(farm)).toEqual([
      't0001: code | 0004_code',
      't0002: code | 0004_code',
      't0003: code | ',
      't0004:  | ',
      't0005:  | ',
    ]);

    const second = await runOf('deferred');
    expect([second.result, second.totals]).toEqual(['migrated', '5 3 2 0']);
    expect(second.lines).toContain(
      't0003: app00.0004_code was there already, exactly as in other tenants: recorded',
    );
    expect(await world(farm)).toEqual(everybody.map((schema) => `${schema}: code | 0004_code`));

    // Nothing else is pending.
    await farm.sql(`DELETE FROM t0002.django_migrations WHERE name = '0004_code'`);
    const third = await runOf('deferred');
    expect([third.result, third.totals, third.failure?.sentence]).toEqual(['migrated', '5 1 4 0', undefined]);
    expect((await world(farm))[1]).toBe('t0002: code | 0004_code');

    // Two lack the row, and one of them is not as the others are.
    await farm.sql(
      `DELETE FROM t0002.django_migrations WHERE name = '0004_code'; DELETE FROM t0004.django_migrations WHERE name = '0004_code';
       ALTER TABLE t0004.app00_record0 ALTER COLUMN code TYPE bigint`,
    );
    const fourth = await runOf('deferred');
    expect(fourth.failure?.code).toBe('migration-not-recorded');
    expect(fourth.failure?.message).toBe(
      'Tenant t0004 is not migrated — has all tables and columns of app00.0004_code, which is not recorded',
    );
    expect(fourth.failure?.hint).toMatch(
      /^compare it with a tenant that has it, then record it: python manage\.py migrate_schemas --schema=t0004 app00 0004_code --fake/,
    );
    expect(fourth.totals).toBe('5 1 3 1');
    expect((await world(farm)).slice(1, 4)).toEqual([
      't0002: code | 0004_code',
      't0003: code | 0004_code',
      't0004: code | ',
    ]);
  });
});

describe('a migration without a transaction stops in the middle', () => {
  test.each(each(['worker', 'django'] as const, 'worker'))(
    '%s: no lock in time: not tried again; the INVALID index is named until it is dropped',
    async (engine) => {
      await farmFor('concurrent');
      const session = await aStranger('a forgotten terminal');
      await session.query('BEGIN; LOCK TABLE t0002.app00_record0 IN ROW EXCLUSIVE MODE');
      const first = await runOf('concurrent', { engine, lockTimeout: 1_000 });
      expect(first.failure?.code).toBe('migration-blocked');
      expect(first.failure?.message).toMatch(
        new RegExp(
          `^Migration app00\\.0004_concurrent was blocked in tenant t0002 — it did not get a lock within lock-timeout \\(1\\.0 s\\); in the way: session ${session.pid} \\("a forgotten terminal", role postgres, idle in transaction for `,
        ),
      );
      expect(first.lines.filter((line) => line.includes('; try '))).toEqual([]);
      expect(first.totals).toBe('5 1 0 1');
      expect((await world(farm)).slice(0, 3)).toEqual([
        't0001: by_reference | 0004_concurrent',
        't0002: by_reference! | ',
        't0003:  | ',
      ]);
      await session.query('ROLLBACK');

      const second = await runOf('concurrent', { engine });
      expect(second.failure?.code).toBe('migration-half-applied');
      expect(second.failure?.message).toContain(
        't0002: has half of app00.0004_concurrent: there is invalid index by_reference',
      );
      const [, drop = ''] = /(DROP INDEX CONCURRENTLY [^;]+)/.exec(second.failure?.hint ?? '') ?? [];
      expect(drop).toBe('DROP INDEX CONCURRENTLY "t0002"."by_reference"');
      expect((await world(farm))[1]).toBe('t0002: by_reference! | ');
      await farm.sql(drop);
      expect((await runOf('concurrent', { engine })).totals).toBe('5 4 1 0');
      expect(await world(farm)).toEqual(
        everybody.map((schema) => `${schema}: by_reference | 0004_concurrent`),
      );
    },
  );

  test('killed in the middle of several operations: what is there and what is not is named, nothing is recorded', async () => {
    await farmFor('several');
    const reader = await aStranger();
    // CREATE INDEX CONCURRENTLY waits for every old snapshot of the database.
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM customers_customer');
    const running = runOf('several', { lockTimeout: 0 });
    await sessionIn(farm, 't0001', 'CREATE INDEX CONCURRENTLY');
    killPythons(farm);
    expect((await running).failure?.code).toBe('connection-lost');
    await reader.query('ROLLBACK');
    const halfway = ['t0001: one by_reference! | ', 't0002:  | '];
    expect((await world(farm)).slice(0, 2)).toEqual(halfway);

    const second = await runOf('several');
    expect(second.failure?.code).toBe('migration-half-applied');
    expect(second.failure?.message).toContain(
      't0001: has half of app00.0004_several: there is column app00_record0.one and invalid index by_reference, there is no column app00_record0.three',
    );
    expect(second.failure?.hint).toContain(
      'do by hand what is open and record it (python manage.py migrate_schemas --schema=t0001 app00 0004_several --fake), or undo what is done, then run again',
    );
    expect(second.totals).toBe('5 0 0 1');
    expect((await world(farm)).slice(0, 2)).toEqual(halfway);

    await farm.sql('DROP INDEX t0001.by_reference; ALTER TABLE t0001.app00_record0 DROP COLUMN one');
    expect((await runOf('several')).totals).toBe('5 5 0 0');
    expect(await world(farm)).toEqual(
      everybody.map((schema) => `${schema}: one three by_reference | 0004_several`),
    );
  });
});

describe('somebody else has a lock', () => {
  test('tried again after the others: migrated once it is free, and failed with who is in the way when it never is', async () => {
    await farmFor('two');
    const lockOf = async (schema: string, name: string) => {
      const session = await aStranger(name);
      await session.query(`BEGIN; SELECT count(*) FROM ${schema}.app00_record0`);
      return session;
    };
    const short = await lockOf('t0002', 'a report');
    const long = await lockOf('t0004', 'a forgotten terminal');
    const { failure, lines, totals } = await runOf('two', {
      lockTimeout: 200,
      maxFailures: { count: 2 },
      onLine: (line) => {
        if (line.includes('; try 3/5')) void short.query('ROLLBACK');
      },
    });
    expect(lines.filter((line) => line.startsWith('t0002: '))).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `^t0002: it did not get a lock within lock-timeout \\(0\\.2 s\\); in the way: session ${short.pid} \\("a report", role postgres, idle in transaction for .+, last statement: BEGIN; SELECT count\\(\\*\\) FROM t0002\\.app00_record0\\); try 2/5 in .+, after the others$`,
        ),
      ),
    );
    const ended = lines.flatMap((line) => /^\d of 5: (\w+)/.exec(line)?.[1] ?? []);
    expect(ended).toEqual(['t0001', 't0003', 't0005', 't0002', 't0004']);
    expect(lines.filter((line) => line.startsWith('t0004: ') && line.includes('; try 5/5'))).toHaveLength(1);
    expect(failure?.code).toBe('migration-blocked');
    expect(failure?.message).toMatch(
      new RegExp(
        `^Migration app00\\.0004_first was blocked in tenant t0004 — it did not get a lock within lock-timeout \\(0\\.2 s\\); in the way: session ${long.pid} \\("a forgotten terminal", role postgres, idle in transaction for `,
      ),
    );
    expect(failure?.hint).toMatch(
      new RegExp(`SELECT pg_terminate_backend\\(${long.pid}\\).+; 4 tenants are done and stay done$`),
    );
    expect(totals).toBe('5 4 0 1');
    expect((await standing())[3]).toBe('t0004:  | ');
    await long.query('ROLLBACK');
    expect((await runOf('two')).totals).toBe('5 1 4 0');
    expect(await standing()).toEqual(everybody);
  });

  test('nobody can even look at a table: it is told with who has it, and nothing is changed', async () => {
    await farmFor('two');
    const session = await aStranger('a forgotten terminal');
    await session.query('BEGIN; LOCK TABLE t0003.app00_record0');
    const { failure } = await runOf('two', { lockTimeout: 500 });
    expect(failure?.code).toBe('schema-unreadable');
    expect(failure?.message).toMatch(
      new RegExp(
        `^The schemas of .+ could not be looked at within 0\\.5 s — locked: t0003\\.app00_record0, by session ${session.pid} \\("a forgotten terminal", role postgres, idle in transaction for `,
      ),
    );
    expect(failure?.hint).toBe(
      `run again when that has ended (or end it: SELECT pg_terminate_backend(${session.pid}))`,
    );
    await session.query('ROLLBACK');
    expect(await standing()).toEqual(everybody.map((schema) => `${schema}:  | `));
  });

  test('a deadlock: ours is rolled back and tried again', async () => {
    await farmFor('twoTables');
    const session = await aStranger();
    await session.query(`SET deadlock_timeout = '1h'; BEGIN; LOCK TABLE t0002.app00_record1 IN SHARE MODE`);
    const running = runOf('twoTables', {
      lockTimeout: 60_000,
      // So that there is time for the stranger to ask for what ours holds.
      env: { ...farm.env, PGOPTIONS: '-c deadlock_timeout=3s' },
    });
    await sessionIn(farm, 't0002', 'app00_record1');
    await session.query('SELECT count(*) FROM t0002.app00_record0');
    await session.query('COMMIT');
    const { result, lines, totals } = await running;
    expect(lines).toContainEqual(
      expect.stringMatching(/^t0002: deadlock detected .+; try 2\/5 in .+, after the others$/),
    );
    expect([result, totals]).toEqual(['migrated', '5 5 0 0']);
    expect(await world(farm)).toEqual(everybody.map((schema) => `${schema}: extra extra | 0004_two_tables`));
  });
});

test('several migrations are pending and the second fails: the first stays, the next run begins with the second', async () => {
  await farmFor('two');
  await trap('t0002', 'fails');
  await trap('t0004', 'fails');
  const first = await runOf('two', { maxFailures: { count: 2 } });
  expect(first.failure?.code).toBe('tenant-migration-failed');
  expect(first.failure?.message).toBe(
    '2 tenants failed with the same error — Migration app00.0005_second failed in tenant t0002 — division by zero',
  );
  expect(first.failure?.hint).toBe(
    'mend the cause, then run again; stopped at max-failures (2); 2 tenants are done and stay done; 1 tenant was not tried',
  );
  expect(first.totals).toBe('5 2 0 2');
  expect(first.tenants.find(({ schema }) => schema === 't0002')?.migrations).toEqual(['app00.0004_first']);
  const halfway = ['t0001', 't0002: first | 0004_first', 't0003', 't0004: first | 0004_first', 't0005:  | '];
  expect(await standing()).toEqual(halfway);

  const second = await runOf('two', { engine: 'django' });
  expect(second.failure?.message).toBe(
    'Migration app00.0005_second failed in tenant t0002 — division by zero',
  );
  expect(await standing()).toEqual(halfway);

  await release();
  const third = await runOf('two');
  expect(third.lines).toContain('Plan: 5 tenants: 2 up to date, 2 need 1 migration, 1 needs 2 migrations');
  expect([third.result, third.totals]).toEqual(['migrated', '5 3 2 0']);
  expect(await standing()).toEqual(everybody);
});

test('a canary that fails ends the run at once, whatever failures are allowed', async () => {
  await farmFor('two');
  await trap('t0001', 'fails');
  const { failure, totals, outcomes } = await runOf('two', { canary: 0.2, maxFailures: { count: 3 } });
  expect(failure?.sentence).toBe(
    'Migration app00.0005_second failed in tenant t0001 — division by zero — mend the cause, then run again; 4 tenants were not tried',
  );
  expect(totals).toBe('5 0 0 1');
  expect(outcomes[0]).toBe('t0001 failed');
  expect(await standing()).toEqual([
    't0001: first | 0004_first',
    ...everybody.slice(1).map((one) => `${one}:  | `),
  ]);
});

test('the time is nearly over: the tenant under way is brought to its end, no other is begun, and the next run goes on', async () => {
  await farmFor('two');
  await trap('t0001');
  const log = recordedLog();
  const database = await connect(parseDatabaseUrl(farm.url), {
    applicationName: 'tenantry',
    connectTimeout: 20_000,
    signal: new AbortController().signal,
  });
  cleanUps.push(() => database.close());
  let deadline: number | undefined;
  const running = migrateSchemas({
    project: { ...project(folderOf('two'), farm.python, farm), sessions: 'tenantry/4812-abcd' },
    database,
    log,
    signal: new AbortController().signal,
    ...{ dryRun: false, engine: 'worker', parallel: 1, canary: 0 },
    // Asked for when the tenants begin: however long it takes until then, the first one is begun in time.
    get deadline() {
      deadline ??= performance.now() + 8_000;
      return deadline;
    },
  });
  await sessionIn(farm, 't0001');
  await until(() => performance.now() > (deadline ?? Number.POSITIVE_INFINITY), 'the time is over');
  await release();
  const outcome = await running;
  expect(outcome.failure?.code).toBe('time-limit-near');
  expect(outcome.failure?.sentence).toBe(
    'The time limit is near — the next tenant could not be finished before it — run again to continue, or raise timeout; 1 tenant is done and stays done; 4 tenants were not tried',
  );
  expect(outcome.tenants.map((tenant) => `${tenant.schema} ${tenant.outcome}`)).toEqual([
    't0001 migrated',
    't0002 not-tried',
    't0003 not-tried',
    't0004 not-tried',
    't0005 not-tried',
  ]);
  expect(await standing()).toEqual(['t0001', 't0002:  | ', 't0003:  | ', 't0004:  | ', 't0005:  | ']);
  expect((await runOf('two')).totals).toBe('5 4 1 0');
  expect(await standing()).toEqual(everybody);
});

test.each(each(['new', 'old'] as const, 'new'))(
  'the time limits hold on the connection that migrates: %s versions, both engines',
  async (versions) => {
    await farmFor('limits', newFarm, 2);
    await farm.sql('CREATE TABLE public.limits (schema text, lock text, statement text)');
    const python = versions === 'new' ? farm.python : await oldestPython();
    for (const [schema, engine] of [
      ['t0001', 'worker'],
      ['t0002', 'django'],
    ] as const) {
      const { failure } = await runOf('limits', {
        ...{ schemas: [schema], engine, python },
        lockTimeout: 4_000,
        statementTimeout: 60_000,
      });
      expect(failure?.sentence).toBeUndefined();
    }
    expect(await farm.sql('SELECT * FROM public.limits ORDER BY schema')).toEqual([
      { schema: 't0001', lock: '4s', statement: '1min' },
      { schema: 't0002', lock: '4s', statement: '1min' },
    ]);
  },
);
