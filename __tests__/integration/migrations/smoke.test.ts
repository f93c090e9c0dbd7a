import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';

import { readLab } from '../../../lab/read-lab.ts';
import { type DjangoProject, manage } from '../../../src/django/project.ts';
import { Cancelled } from '../../../src/ground/errors.ts';
import { compareCounts, smokeTables } from '../../../src/migrations/smoke.ts';
import { parseSmokeCommand, smokeCommand } from '../../../src/migrations/smoke-command.ts';
import { changedCopy, folders, project, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase, scratchRole } from '../scratch-database.ts';
import { shopPython } from '../venv.ts';

const { signal } = new AbortController();

describe('tables', () => {
  const odd = `Odd "name", it's 100%`;
  const oddQuoted = `"${odd.replaceAll('"', '""')}"`;
  const tables = ['orders', 'Mixed "Case"'];
  const role = `smoke_${process.pid}`;
  let scratch: ScratchDatabase;
  let other: pg.Client;

  beforeAll(() => scratchRole(role));
  beforeEach(async () => {
    scratch = await scratchDatabase({ role });
    await scratch.sql(
      ['acme', 'beta', odd]
        .map((name) => {
          const schema = name === odd ? oddQuoted : name;
          return `create schema ${schema};
            create table ${schema}.orders (id int primary key); insert into ${schema}.orders select generate_series(1, 100);
            create table ${schema}."Mixed ""Case""" (id int);
            grant usage on schema ${schema} to ${role}; grant select on all tables in schema ${schema} to ${role};`;
        })
        .join('\n'),
    );
    other = new pg.Client({ ...superuserOf(scratch) });
    await other.connect();
  });
  afterEach(async () => {
    await other.end();
    await scratch.drop();
  });

  const smoke = (schemas: readonly string[], more: Partial<Parameters<typeof smokeTables>[3]> = {}) =>
    smokeTables(scratch.database, schemas, tables, { signal, ...more });
  const sentences = (results: Awaited<ReturnType<typeof smoke>>) =>
    results.map(({ failure }) => failure?.sentence);

  test('all there: counted exactly, in the order that was asked for, whatever they are called', async () => {
    const counts = [
      { table: 'orders', rows: 100, exact: true },
      { table: 'Mixed "Case"', rows: 0, exact: true },
    ];
    expect(await smoke([odd, 'beta', 'acme'])).toEqual(
      [odd, 'beta', 'acme'].map((schema) => ({ schema, counts, notices: [], failure: undefined })),
    );
  });

  test('a missing table, a missing schema and an unreadable table fail their tenants alone', async () => {
    await scratch.sql(`drop table beta.orders; revoke select on ${oddQuoted}.orders from ${role}`);
    const results = await smoke(['acme', 'beta', odd, 'nowhere']);
    expect(sentences(results)).toEqual([
      undefined,
      'The smoke test failed in tenant beta — there is no table orders — other tenants have it: look what happened to it in this one, and restore it',
      `The smoke test failed in tenant ${odd} — orders may not be read by the role ${role} — give the role of this step USAGE on the schema and SELECT on the table (GRANT), or use its owner`,
      'The smoke test failed in tenant nowhere — the schema does not exist — look at that tenant, then run again',
    ]);
    expect(results[1]?.counts).toEqual([{ table: 'Mixed "Case"', rows: 0, exact: true }]);
  });

  test('without USAGE on the schema nothing can be read', async () => {
    await scratch.sql(`revoke usage on schema beta from ${role}`);
    const [, beta] = sentences(await smoke(['acme', 'beta']));
    expect(beta).toContain(`orders may not be read by the role ${role} and Mixed "Case" may not be read`);
  });

  test('a name that no tenant has is probably misspelt', async () => {
    const results = await smokeTables(scratch.database, ['acme', 'beta'], ['order'], { signal });
    expect(sentences(results)).toEqual(
      ['acme', 'beta'].map((schema) =>
        expect.stringContaining(
          `in tenant ${schema} — there is no table order — did you mean orders? no schema that was looked at has that table`,
        ),
      ),
    );
  });

  test('a table that somebody has locked is told so; the others are counted', async () => {
    await other.query('begin; lock table beta.orders in access exclusive mode');
    const results = await smoke(['acme', 'beta', odd], { timeLimit: 2_000 });
    await other.query('rollback');
    expect(sentences(results)).toEqual([
      undefined,
      expect.stringContaining(
        'in tenant beta — orders could not be counted: somebody holds a lock on it that lets nobody read',
      ),
      undefined,
    ]);
  });

  test('a view that fails when it is read', async () => {
    await scratch.sql(`alter table beta.orders rename to o; create view beta.orders as select from beta.o where 1 / (id - 50) > 0;
                       grant select on beta.orders to ${role}`);
    expect(sentences(await smoke(['acme', 'beta']))).toEqual([
      undefined,
      expect.stringContaining('orders could not be counted: division by zero'),
    ]);
  });

  test('a table that cannot be counted in time is estimated, and no failure; the settings of the session are as before', async () => {
    // Its rows are slow to read, each of them: a policy looks at them.
    await scratch.sql(`analyze; alter table beta.orders enable row level security;
                       create policy slow on beta.orders using (pg_sleep(60) is not null)`);
    await scratch.database.query(`set statement_timeout = '7min'; set lock_timeout = '3min'`);
    const results = await smoke(['acme', 'beta', odd], { timeLimit: 1_000 });
    expect(sentences(results)).toEqual([undefined, undefined, undefined]);
    expect(results[1]).toMatchObject({
      counts: [
        { table: 'orders', rows: 100, exact: false },
        { table: 'Mixed "Case"', rows: 0, exact: true },
      ],
      notices: ['beta: orders was not counted within 1.0 s; it has about 100 rows'],
    });
    expect(results[2]?.counts).toEqual(results[0]?.counts);
    expect(
      await scratch.database.query(
        `select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
                current_setting('transaction_read_only') as read_only`,
      ),
    ).toEqual([{ statement: '7min', lock: '3min', read_only: 'off' }]);
  });

  test('when the time for everything is over, the rest is estimated', async () => {
    await scratch.sql('analyze beta.orders');
    const [result] = await smoke(['beta'], { totalLimit: 0 });
    expect(result).toMatchObject({
      failure: undefined,
      counts: [
        { table: 'orders', rows: 100, exact: false },
        { table: 'Mixed "Case"', rows: undefined, exact: false },
      ],
      notices: [
        'beta: orders was not counted: the time for all counts (0 ms) was over; it has about 100 rows',
        'beta: Mixed "Case" was not counted: the time for all counts (0 ms) was over; it was never analysed',
      ],
    });
  });

  test('a partitioned table is counted with its partitions', async () => {
    await scratch.sql(`drop table acme.orders; create table acme.orders (id int primary key) partition by range (id);
      create table acme.few partition of acme.orders for values from (0) to (10);
      create table acme.many partition of acme.orders for values from (10) to (1000);
      insert into acme.orders select generate_series(1, 500); grant select on acme.orders to ${role}`);
    const [result] = await smoke(['acme']);
    expect(result?.counts[0]).toEqual({ table: 'orders', rows: 500, exact: true });
  });

  test('600 relations are not locked at once', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `many_${index}`);
    await scratch.sql(`do $$ begin for n in 0..299 loop
         execute format('create schema many_%s; create table many_%s.orders (id int primary key); grant usage on schema many_%s to ${role};
                         grant select on many_%s.orders to ${role}', n, n, n, n);
       end loop; end $$;
       drop table many_7.orders; create view many_7.orders as select from pg_sleep(1.5); grant select on many_7.orders to ${role}`);
    const work = smokeTables(scratch.database, many, ['orders'], { signal });
    const locks = await locksWhileAsleep(other);
    const results = await work;
    expect(locks).toBeGreaterThan(400);
    expect(locks).toBeLessThanOrEqual(500);
    expect(results.map(({ schema }) => schema)).toEqual(many);
    expect(
      results.filter(({ failure, counts }) => failure !== undefined || counts[0]?.exact !== true),
    ).toEqual([]);
  });

  test('rows that a migration lost', async () => {
    const before = await smoke(['acme', 'beta', odd]);
    await scratch.sql('delete from acme.orders; delete from beta.orders where id > 90');
    const { failures, fewer } = compareCounts(before, await smoke(['acme', 'beta', odd]));
    expect(failures.map(({ failure }) => failure.message)).toEqual([
      'The smoke test failed in tenant acme — orders had 100 rows and has none now',
    ]);
    expect(fewer).toEqual([{ schema: 'beta', table: 'orders', before: 100, after: 90 }]);
  });

  test('a cancelled step counts nothing more', async () => {
    const why = new Cancelled('The step was cancelled');
    await expect(smoke(['acme'], { signal: AbortSignal.abort(why) })).rejects.toBe(why);
  });
});

/** Relations that the session of the test holds while it counts the view that sleeps. */
async function locksWhileAsleep(client: pg.Client): Promise<number> {
  for (;;) {
    const { rows } = await client.query(
      `select (select count(*)::int from pg_locks l where l.pid = a.pid and l.locktype = 'relation'
                 and l.database = (select oid from pg_database where datname = current_database())) as locks
         from pg_stat_activity a where datname = current_database() and wait_event = 'PgSleep'`,
    );
    if (rows.length > 0) return rows[0].locks;
    await sleep(20);
  }
}

function superuserOf({ env, name }: ScratchDatabase) {
  const { superuser, superuserPassword } = readLab().postgres.v15;
  return {
    host: env.DB_HOST,
    port: Number(env.DB_PORT),
    user: superuser,
    password: superuserPassword,
    database: name,
  };
}

describe('commands of the project', () => {
  const command = `
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django_tenants.utils import schema_context

class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--tenant", required=True)
        parser.add_argument("--wait", type=float, default=0)

    def handle(self, *args, tenant, wait, **options):
        import time
        time.sleep(wait)
        with schema_context(tenant), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM probe")
            if cursor.fetchone()[0] == 0:
                raise CommandError(f"{tenant} has no orders")
`;
  let scratch: ScratchDatabase;
  let copy: Awaited<ReturnType<typeof changedCopy>>;
  let shop: DjangoProject;

  beforeAll(async () => {
    scratch = await scratchDatabase();
    copy = await changedCopy(folders.shop, { 'orders/management/commands/check_orders.py': command });
    shop = project(copy.folder, await shopPython(), scratch);
    await scratch.sql(`create schema acme; create table acme.probe (id int); insert into acme.probe values (1);
                       create schema beta; create table beta.probe (id int); create schema gone`);
  }, 300_000);
  afterAll(async () => {
    await copy?.remove();
    await scratch?.drop();
  });

  const run = (line: string, schema: string, timeout = 60_000) =>
    smokeCommand(shop, parseSmokeCommand(line), schema, { signal, log: recordedLog(), timeout });

  test('one that is content', async () => {
    expect(await run('check_orders --tenant={schema}', 'acme')).toBeUndefined();
  });

  test('one that is not: its own words, and how to run it', async () => {
    const failure = await run('check_orders --tenant "{schema}"', 'beta');
    expect(failure?.code).toBe('smoke-test-failed');
    expect(failure?.sentence).toBe(
      'The smoke test failed in tenant beta — check_orders --tenant beta: CommandError: beta has no orders — look at that tenant, or run it yourself: manage.py check_orders --tenant beta',
    );
  });

  test('one that crashes: the words of the database, the traceback as evidence', async () => {
    const failure = await run('check_orders --tenant={schema}', 'gone');
    expect(failure?.message).toContain('relation "probe" does not exist');
    expect(failure?.evidence).toContain('Traceback');
  });

  test('one that does not end', async () => {
    const failure = await run('check_orders --tenant={schema} --wait 60', 'acme', 2_000);
    expect(failure?.message).toContain('check_orders --tenant=acme --wait 60: it did not end within 2.0 s');
  });

  test('tenant_command fails when the command that it runs does', async () => {
    const result = await manage(shop, ['migrate_schemas', '--shared', '--noinput'], { timeout: 120_000 });
    expect(result.exitCode).toBe(0);
    await scratch.sql(
      `insert into customers_customer (schema_name, name, plan, created) values ('acme', 'Acme', 'free', now())`,
    );
    expect(await run('tenant_command check --schema={schema}', 'acme')).toBeUndefined();
    const failure = await run('tenant_command check_orders --schema={schema} --tenant=beta', 'acme');
    expect(failure?.message).toContain('CommandError: beta has no orders');
  });
});
