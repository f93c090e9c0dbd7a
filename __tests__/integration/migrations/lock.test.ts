import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';

import { readLab } from '../../../lab/read-lab.ts';
import { migrateSchemas } from '../../../src/actions/migrate-schemas.ts';
import { djangoPreset } from '../../../src/actions/preset.ts';
import { withLock } from '../../../src/actions/project.ts';
import { provisionTenant } from '../../../src/actions/provision-tenant.ts';
import { parseDatabaseUrl } from '../../../src/database/url.ts';
import { Cancelled, UserError } from '../../../src/ground/errors.ts';
import { Report } from '../../../src/report/report.ts';
import type { Inputs } from '../../../src/step/action.ts';
import { failureOf } from '../lab-server.ts';
import { changedCopy, folders, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase, scratchRole } from '../scratch-database.ts';
import { shopTemplate, withoutTenants } from '../shop-template.ts';
import { shopPython } from '../venv.ts';
import { usualWay } from './usual-way.ts';

let python: string;
/** The shop's shared schema and the tenants acme and beta, all at head. */
let template: ScratchDatabase;
let scratch: ScratchDatabase;
const cleanUps: (() => Promise<void>)[] = [];

const first = {
  run: 'https://github.example/acme/shop/actions/runs/1',
  actor: 'ana',
  commit: 'a'.repeat(40),
};
const second = {
  run: 'https://github.example/acme/shop/actions/runs/2',
  actor: 'bob',
  commit: 'b'.repeat(40),
};

beforeAll(async () => {
  python = await shopPython();
  template = await scratchDatabase({ template: await shopTemplate() });
  await template.sql(withoutTenants('zeta'));
  await template.database.close();
}, 300_000);

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await scratch?.drop();
});

afterAll(async () => {
  await template?.drop();
});

type Wanted = Partial<Inputs<typeof migrateSchemas.inputs>> & {
  readonly origin?: typeof first | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly log?: ReturnType<typeof recordedLog> | undefined;
};

/** As actions/migrate-schemas/action.yml has them. */
const fleetDefaults = {
  ...usualWay,
  ...djangoPreset,
  superTenantCommand: undefined,
  schemas: undefined,
  rollout: undefined,
  canary: 0.01,
  maxFailures: { share: 0.01 },
  engine: 'auto',
  parallel: undefined,
  postMigrate: 'auto',
  fakeInitial: 'shared-if-identical',
  allowUnknownMigrations: false,
  smokeTables: undefined,
  smokeCommand: undefined,
  expectMaxDuration: undefined,
  lint: 'off' as const,
  githubToken: undefined,
  pullRequestComment: false,
  target: undefined,
  previewReport: undefined,
  previewBase: undefined,
  previewBasis: 'database' as const,
} as const;

/** The inputs that both actions have. */
function inputsFor(database: ScratchDatabase) {
  return {
    databaseUrl: urlOf(database),
    waitAttempts: 1,
    waitInterval: 100,
    lockWait: 60_000,
    workingDirectory: folders.shop,
    python,
    settingsModule: undefined,
    env: { SECRET_KEY: 'only for tests', PUBLIC_DOMAIN: 'shop.example' },
    dryRun: false,
    timeout: 120_000,
    summary: false,
  };
}

function surroundings({ origin = second, signal, log = recordedLog() }: Wanted) {
  return {
    log,
    report: new Report(),
    signal: signal ?? new AbortController().signal,
    origin,
    standing: () => {},
    exportVariable: () => {},
    mask: () => {},
    clean: (text: string) => text,
  };
}

/** The action as a step runs it. */
async function migrate({ origin, signal, log, ...inputs }: Wanted = {}) {
  const told: Record<string, unknown> = {};
  const { result } = await migrateSchemas.run({
    inputs: {
      mode: 'migrate',
      lockTimeout: 5_000,
      statementTimeout: 0,
      ...fleetDefaults,
      ...inputsFor(scratch),
      ...inputs,
    },
    ...surroundings({ origin, signal, log }),
    tell: (facts) => Object.assign(told, facts),
  });
  return { result, told };
}

function urlOf({ env }: ScratchDatabase) {
  return parseDatabaseUrl(env.DATABASE_URL ?? '');
}

/** Somebody else's run, which holds the lock until it is told to end. */
async function otherRun({ of = scratch, origin = first, phase = 'tenant acme (1 of 2)' } = {}) {
  const ending = Promise.withResolvers<void>();
  const holding = Promise.withResolvers<(phase: string) => Promise<void>>();
  const run = withLock(
    { databaseUrl: urlOf(of), waitAttempts: 1, waitInterval: 100, lockWait: 0, dryRun: false },
    { log: recordedLog(), signal: new AbortController().signal, origin },
    async (at) => {
      await at(phase);
      holding.resolve(at);
      await ending.promise;
    },
  );
  run.catch(holding.reject);
  const at = await holding.promise;
  const end = async () => {
    ending.resolve();
    await run;
  };
  cleanUps.push(end);
  return { at, end };
}

/** A copy of the shop with one more migration for every tenant; without a transaction it is not tried again. */
async function shopWithMore({ atomic = true } = {}): Promise<string> {
  const copy = await changedCopy(folders.shop, {
    'orders/migrations/0005_note.py': `
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = ${atomic ? 'True' : 'False'}
    dependencies = [("orders", "0004_order_status_placed")]
    operations = [migrations.AddField("order", "note", models.TextField(default=""))]
`,
  });
  cleanUps.push(copy.remove);
  return copy.folder;
}

function copyOfTemplate(role?: string): Promise<ScratchDatabase> {
  return scratchDatabase({ template: template.name, ...(role === undefined ? {} : { role }) });
}

/** Which schemas have the new column, and what every ledger holds. */
function world() {
  return scratch.sql(
    `SELECT n.nspname, c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
       JOIN pg_namespace n ON n.oid = relnamespace
      WHERE attname = 'note' AND n.nspname IN ('public', 'acme', 'beta') AND c.relkind = 'r' ORDER BY 1, 2`,
  );
}

async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  for (;;) {
    if (await happened()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('two runs at once: the second waits and names the first, changes nothing meanwhile, then goes on', async () => {
  scratch = await copyOfTemplate();
  const other = await otherRun();
  const log = recordedLog();
  const run = migrate({ log, workingDirectory: await shopWithMore() });
  await until(() => log.lines.some((line) => line.startsWith('Waiting')));
  expect(log.lines.at(-1)).toMatch(
    /^Waiting up to 1 min for the lock, nothing has been changed: https:\/\/github\.example\/acme\/shop\/actions\/runs\/1 \(commit aaaaaaa, by ana, at tenant acme \(1 of 2\), for .+\) holds it$/,
  );
  expect(log.lines.filter((line) => line.startsWith('Lock') || line.startsWith('Plan'))).toEqual([]);
  expect(await world()).toEqual([]);
  await other.end();
  const { result, told } = await run;
  expect(result).toBe('migrated');
  expect(told).toMatchObject({ 'tenants-migrated': 2 });
  expect(log.lines).toContain('Lock: taken');
  expect(await world()).toHaveLength(2);
});

test('the next holder is told, too', async () => {
  scratch = await copyOfTemplate();
  const other = await otherRun();
  const log = recordedLog();
  const run = migrate({ log });
  await until(() => log.lines.some((line) => line.includes('runs/1')));
  // Somebody who asks inside PostgreSQL is served before one who tries again and again.
  const third = new pg.Client({ connectionString: superuserUrl(scratch) });
  await third.connect();
  cleanUps.push(() => third.end());
  const taken = third.query(
    `/* tenantry ${JSON.stringify({ ...first, run: 'run three', phase: 'the end', since: '' })} */
     SELECT pg_advisory_lock(1953395826, 1)`,
  );
  await until(async () => (await waitingForTheKey()) === 1);
  await other.end();
  await taken;
  await until(() => log.lines.some((line) => line.includes('run three')));
  await third.end();
  await run;
  expect(log.lines.filter((line) => line.startsWith('Waiting'))).toEqual([
    expect.stringContaining('runs/1 (commit aaaaaaa'),
    expect.stringContaining('run three (commit aaaaaaa, by ana, at the end)'),
  ]);
});

async function waitingForTheKey(): Promise<number> {
  const rows = await scratch.sql(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
  return rows.length;
}

test('lock-wait is over: the failure names the holder, and nothing was changed', async () => {
  scratch = await copyOfTemplate();
  await otherRun();
  const workingDirectory = await shopWithMore();
  const failure = await failureOf(migrate({ lockWait: 1_500, workingDirectory }), UserError);
  expect(failure.code).toBe('database-locked');
  expect(failure.message).toMatch(
    /^Another run is changing .+ — https:\/\/github\.example\/acme\/shop\/actions\/runs\/1 \(commit aaaaaaa, by ana, at tenant acme \(1 of 2\), for .+\) still held the lock after 1\.5 s$/,
  );
  expect(failure.hint).toMatch(
    /^run again when it has ended, or raise lock-wait; if that run is dead, end its session with SELECT pg_terminate_backend\(\d+\); nothing was changed$/,
  );
  expect(await world()).toEqual([]);
});

test('lock-wait 0: one try', async () => {
  scratch = await copyOfTemplate();
  await otherRun();
  const log = recordedLog();
  const failure = await failureOf(migrate({ lockWait: 0, log }), UserError);
  expect(failure.message).toMatch(/ holds the lock$/);
  expect(log.lines.filter((line) => line.startsWith('Waiting'))).toEqual([]);
});

test('a dry run and a verification wait for nobody', async () => {
  scratch = await copyOfTemplate();
  await otherRun();
  expect((await migrate({ dryRun: true, lockWait: 0 })).result).toBe('planned');
  expect((await migrate({ mode: 'verify', lockWait: 0 })).result).toBe('verified');
});

/** The tenant gamma, by the action. */
function provisionGamma(lockWait: number) {
  return provisionTenant.run({
    inputs: {
      ...usualWay,
      ...inputsFor(scratch),
      schemaName: 'gamma',
      tenantName: 'Gamma',
      domain: ['gamma.example'],
      tenantType: undefined,
      fields: { plan: 'free' },
      superuserEmail: undefined,
      superuserUsername: undefined,
      superuserPassword: undefined,
      afterCommands: undefined,
      preset: 'django-tenants',
      tenantCommand: undefined,
      tenantQuery: undefined,
      registerCommand: undefined,
      unregisterCommand: undefined,
      mode: 'provision',
      sourceSchema: undefined,
      anonymiseCommand: undefined,
      confirm: undefined,
      tenantsFile: undefined,
      onError: 'stop',
      parallel: undefined,
      tenantUrl: undefined,
      tenantUrlTimeout: 0,
      adopt: false,
      lockWait,
    },
    ...surroundings({}),
    tell: () => {},
  });
}

test('a tenant is not provisioned while another run changes the database, and afterwards it is', async () => {
  scratch = await copyOfTemplate();
  const other = await otherRun();
  expect((await failureOf(provisionGamma(0), UserError)).code).toBe('database-locked');
  expect(await scratch.sql(`SELECT FROM customers_customer WHERE schema_name = 'gamma'`)).toEqual([]);
  await other.end();
  const both = await Promise.all([provisionGamma(60_000), provisionGamma(60_000)]);
  expect(both.map(({ result }) => result).sort()).toEqual(['created', 'unchanged']);
});

test('a run of another role: its session is named, and why no more is known', async () => {
  await scratchRole('tenantry_clerk');
  scratch = await copyOfTemplate('tenantry_clerk');
  const owner = { ...scratch, env: { ...scratch.env, DATABASE_URL: superuserUrl(scratch) } };
  await otherRun({ of: owner });
  const failure = await failureOf(migrate({ lockWait: 0 }), UserError);
  expect(failure.message).toMatch(
    / — session \d+ of the role postgres \("tenantry lock run 1 by ana"\), whose run is shown only to that role and to members of pg_read_all_stats, holds the lock$/,
  );
});

function superuserUrl({ name }: ScratchDatabase): string {
  const { host, port, superuser, superuserPassword } = readLab().postgres.v15;
  return `postgres://${superuser}:${superuserPassword}@${host}:${port}/${name}`;
}

test('a holder whose process is killed: the lock is free at once', async () => {
  scratch = await copyOfTemplate();
  const source = join(import.meta.dirname, '../../../src');
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { withLock } from '${source}/actions/project.ts';
       import { parseDatabaseUrl } from '${source}/database/url.ts';
       const log = { step() {}, info() {}, debug() {}, warning() {}, details() {} };
       await withLock(
         { databaseUrl: parseDatabaseUrl(process.env.URL), waitAttempts: 1, waitInterval: 1, lockWait: 0, dryRun: false },
         { log, signal: new AbortController().signal, origin: ${JSON.stringify(first)} },
         async () => { console.log('held'); setInterval(() => {}, 1000); await new Promise(() => {}); },
       );`,
    ],
    { env: { ...process.env, URL: scratch.env.DATABASE_URL }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  expect((await failureOf(migrate({ lockWait: 0 }), UserError)).code).toBe('database-locked');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  expect((await migrate({ lockWait: 10_000 })).result).toBe('up-to-date');
});

test('the lock is lost during the run: it stops before the next change and says so', async () => {
  scratch = await copyOfTemplate();
  const workingDirectory = await shopWithMore();
  const log = recordedLog();
  const failing = failureOf(migrate({ workingDirectory, log }), UserError);
  await until(() => log.lines.some((line) => line.startsWith('Plan')));
  await scratch.sql(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tenantry lock%' AND datname = current_database()`,
  );
  const failure = await failing;
  expect(failure.code).toBe('connection-lost');
  expect(failure.message).toMatch(
    /^The lock on .+ was lost, noticed before (the super tenant|tenant acme .+|tenant beta .+) — terminating connection due to administrator command$/,
  );
  expect(failure.hint).toContain('another run may be changing the database now');
  expect((await world()).length).toBeLessThan(2);
  expect((await migrate({ workingDirectory })).result).toBe('migrated');
});

test('cancelled while it waits: it ends at once and has changed nothing', async () => {
  scratch = await copyOfTemplate();
  await otherRun();
  const controller = new AbortController();
  const log = recordedLog();
  const run = failureOf(migrate({ log, signal: controller.signal }), UserError);
  await until(() => log.lines.some((line) => line.startsWith('Waiting')));
  controller.abort(new Cancelled('The job was cancelled'));
  expect((await run).code).toBe('cancelled');
});

test('cancelled while it holds the lock: the lock is freed when the work has unwound', async () => {
  scratch = await copyOfTemplate();
  const controller = new AbortController();
  const unwound: string[] = [];
  const run = withLock(
    { databaseUrl: urlOf(scratch), waitAttempts: 1, waitInterval: 100, lockWait: 0, dryRun: false },
    { log: recordedLog(), signal: controller.signal, origin: first },
    async (at) => {
      controller.abort(new Cancelled('The job was cancelled'));
      await at('undoing');
      unwound.push((await failureOf(migrate({ lockWait: 0 }), UserError)).code);
      controller.signal.throwIfAborted();
    },
  );
  expect((await failureOf(run, UserError)).code).toBe('cancelled');
  expect(unwound).toEqual(['database-locked']);
  expect((await migrate({ lockWait: 0 })).result).toBe('up-to-date');
});

test('a failing run frees the lock', async () => {
  scratch = await copyOfTemplate();
  expect((await failureOf(migrate({ superTenantCommand: 'no_such_command' }), UserError)).code).toBe(
    'command-missing',
  );
  expect((await migrate({ lockWait: 0 })).result).toBe('up-to-date');
});

test('through PgBouncer by transaction there is no lock that could be left behind: it is refused', async () => {
  scratch = await copyOfTemplate();
  const { host, port } = readLab().pgbouncer.transaction;
  const { superuser, superuserPassword } = readLab().postgres.v15;
  const url = parseDatabaseUrl(
    `postgres://${superuser}:${superuserPassword}@${host}:${port}/${scratch.name}`,
  );
  const run = withLock(
    { databaseUrl: url, waitAttempts: 1, waitInterval: 100, lockWait: 0, dryRun: false },
    { log: recordedLog(), signal: new AbortController().signal, origin: first },
    async () => 'held',
  );
  const failure = await failureOf(run, UserError);
  expect(failure.code).toBe('database-pooler-transaction-mode');
  expect(failure.sentence).toMatch(
    / is reached through a pooler in transaction mode — one session's settings and locks would become another one's: search_path would leak between tenants — give the address of the database itself, or of a pooler in session mode \(often another port\)$/,
  );
});

describe('time limits of the migrating connection', () => {
  /** A copy of the shop whose settings say more. */
  async function shopWithSettings(text: string) {
    const copy = await changedCopy(folders.shop, {
      'shop/other_settings.py': `from shop.settings import *\n${text}`,
    });
    cleanUps.push(copy.remove);
    return { workingDirectory: copy.folder, settingsModule: 'shop.other_settings' };
  }

  /** Somebody in the middle of a transaction, as a forgotten terminal is. */
  async function forgottenTransaction(statement: string): Promise<number> {
    const { host, port, superuser, superuserPassword } = readLab().postgres.v15;
    const client = new pg.Client({
      host,
      port,
      user: superuser,
      password: superuserPassword,
      database: scratch.name,
      application_name: 'a forgotten terminal',
    });
    client.on('error', () => {}); // it may be ended from outside
    await client.connect();
    cleanUps.push(() => client.end());
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    await client.query('BEGIN');
    await client.query(statement);
    return rows[0].pid;
  }

  function ledgers() {
    return scratch.sql(
      `SELECT 'acme', app, name FROM acme.django_migrations UNION ALL SELECT 'beta', app, name FROM beta.django_migrations ORDER BY 1, 2, 3`,
    );
  }

  test('a migration that gets no lock is stopped, names who is in the way, and leaves nothing', async () => {
    scratch = await copyOfTemplate();
    const pid = await forgottenTransaction('SELECT count(*) FROM acme.orders_order');
    const before = await ledgers();
    const workingDirectory = await shopWithMore({ atomic: false });
    const log = recordedLog();
    const failure = await failureOf(migrate({ workingDirectory, lockTimeout: 1_000, log }), UserError);
    expect(failure.code).toBe('migration-blocked');
    expect(failure.message).toMatch(
      new RegExp(
        `^Migration orders\\.0005_note was blocked in tenant acme — it did not get a lock within lock-timeout \\(1\\.0 s\\); in the way: session ${pid} \\("a forgotten terminal", role postgres, idle in transaction for .+, last statement: SELECT count\\(\\*\\) FROM acme.orders_order\\)$`,
      ),
    );
    expect(failure.hint).toContain(`SELECT pg_terminate_backend(${pid})`);
    expect(failure.hint).toMatch(/1 tenant was not tried$/);
    expect(log.lines).toContainEqual(
      expect.stringMatching(/^acme waits for a lock: session \d+ .+ is in the way$/),
    );
    expect(await ledgers()).toEqual(before);
    expect(await world()).toEqual([]);
    await scratch.sql(`SELECT pg_terminate_backend(${pid})`);
    expect((await migrate({ workingDirectory, lockTimeout: 1_000 })).result).toBe('migrated');
  });

  test('the role may not see what the one in the way does: the session is named all the same', async () => {
    await scratchRole('tenantry_clerk');
    scratch = await copyOfTemplate('tenantry_clerk');
    await scratch.sql(`
      DO $$ DECLARE name text; one record; BEGIN
        FOREACH name IN ARRAY ARRAY['public', 'acme', 'beta'] LOOP
          EXECUTE format('ALTER SCHEMA %I OWNER TO tenantry_clerk', name);
          FOR one IN SELECT relname FROM pg_class WHERE relnamespace = name::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('ALTER TABLE %I.%I OWNER TO tenantry_clerk', name, one.relname);
          END LOOP;
        END LOOP;
      END $$`);
    const pid = await forgottenTransaction('SELECT count(*) FROM acme.orders_order');
    const failure = await failureOf(
      migrate({ workingDirectory: await shopWithMore({ atomic: false }), lockTimeout: 1_000 }),
      UserError,
    );
    expect(failure.message).toContain(
      `in the way: session ${pid} ("a forgotten terminal", role postgres, what it does is shown only to its role and to members of pg_read_all_stats)`,
    );
  });

  test('statement-timeout stops a statement that takes longer', async () => {
    scratch = await copyOfTemplate();
    const copy = await changedCopy(folders.shop, {
      'orders/migrations/0005_slow.py': `
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_order_status_placed")]
    operations = [migrations.RunSQL("SELECT pg_sleep(60)")]
`,
    });
    cleanUps.push(copy.remove);
    const failure = await failureOf(
      migrate({ workingDirectory: copy.folder, statementTimeout: 1_000 }),
      UserError,
    );
    expect(failure.message).toBe(
      'Migration orders.0005_slow failed in tenant acme — canceling statement due to statement timeout',
    );
  });

  test('OPTIONS of the project stand in place of PGOPTIONS: refused, with the place, before anything changes', async () => {
    scratch = await copyOfTemplate();
    await scratch.sql(`DELETE FROM customers_domain`);
    const place = await shopWithSettings(
      `DATABASES["default"]["OPTIONS"] = {"options": "-c statement_timeout=30000"}\n`,
    );
    const failure = await failureOf(migrate(place), UserError);
    expect(failure.code).toBe('timeouts-not-honoured');
    expect(failure.sentence).toBe(
      `The project’s connection does not keep the time limits that were asked for — lock_timeout is none instead of 5.0 s and statement_timeout is 30 s instead of none: DATABASES['default']['OPTIONS']['options'] is "-c statement_timeout=30000", and stands in place of PGOPTIONS — append os.environ.get("PGOPTIONS", "") to it, or write -c lock_timeout=5000 -c statement_timeout=0 there, or ask for what the project has (lock-timeout: 0s, statement-timeout: 30s); nothing was changed`,
    );
    // create_super_tenant would have made it again.
    expect(await scratch.sql(`SELECT FROM customers_domain`)).toEqual([]);
    expect((await migrate({ ...place, lockTimeout: 0, statementTimeout: 30_000 })).result).toBe('up-to-date');
  });

  test('a project that appends PGOPTIONS to its own keeps both', async () => {
    scratch = await copyOfTemplate();
    const place = await shopWithSettings(
      `DATABASES["default"]["OPTIONS"] = {"options": "-c work_mem=8MB " + environ.get("PGOPTIONS", "")}\n`,
    );
    expect((await migrate(place)).result).toBe('up-to-date');
  });

  test('a project that sets them when it connects: refused, and says so', async () => {
    scratch = await copyOfTemplate();
    const place = await shopWithSettings(`
from django.db.backends.signals import connection_created


def limit(connection, **_):
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '30s'")


connection_created.connect(limit, weak=False)
`);
    const failure = await failureOf(migrate(place), UserError);
    expect(failure.code).toBe('timeouts-not-honoured');
    expect(failure.message).toContain(
      'lock_timeout is 30 s instead of 5.0 s: the project sets it by a statement of its own when it connects',
    );
  });

  test('through a pooler that refuses PGOPTIONS: a sentence about the pooler, nothing changed', async () => {
    scratch = await copyOfTemplate();
    const { host, port } = readLab().pgbouncer.session;
    const { superuser, superuserPassword } = readLab().postgres.v15;
    const databaseUrl = parseDatabaseUrl(
      `postgres://${superuser}:${superuserPassword}@${host}:${port}/${scratch.name}`,
    );
    const failure = await failureOf(migrate({ databaseUrl }), UserError);
    expect(failure.code).toBe('database-pooler-refuses-options');
    expect(failure.message).toContain('unsupported startup parameter: options');
    expect((await migrate({ databaseUrl, mode: 'verify' })).result).toBe('verified');
    expect((await migrate({ databaseUrl, lockTimeout: 0 })).result).toBe('up-to-date');
    expect((await migrate({ lockWait: 0 })).result).toBe('up-to-date');
  });

  test('a verification keeps no limits and asks for none', async () => {
    scratch = await copyOfTemplate();
    const place = await shopWithSettings(
      `DATABASES["default"]["OPTIONS"] = {"options": "-c statement_timeout=30000"}\n`,
    );
    expect((await migrate({ ...place, mode: 'verify' })).result).toBe('verified');
  });
});
