import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { type Fleet, fleetDatabase, fleetProject, smallShape } from '../../../lab/fleet.ts';
import { checkAddress } from '../../../src/actions/rollout-check.ts';
import { connect } from '../../../src/database/connection.ts';
import type { Database } from '../../../src/database/session.ts';
import { parseDatabaseUrl } from '../../../src/database/url.ts';
import { localMachine } from '../../../src/machine/local.ts';
import { type MigrateOptions, migrateSchemas } from '../../../src/migrations/migrate.ts';
import { type MigrationOutcome, totalsOf } from '../../../src/migrations/outcome.ts';
import { rolloutShape } from '../../../src/migrations/rollout.ts';
import { parseSmokeCommand } from '../../../src/migrations/smoke-command.ts';
import { changedCopy, recordedLog } from '../projects.ts';

const tenants = 10;
const { signal } = new AbortController();

let fleet: Fleet;
let database: Database;
let releases = 0;
let health: Server;
let status = 200;

beforeAll(async () => {
  fleet = await fleetDatabase({ tenants, shape: smallShape });
  database = await connect(parseDatabaseUrl(fleet.url), {
    applicationName: 'rollout test',
    connectTimeout: 20_000,
    signal,
  });
  health = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => health.once('listening', resolve));
}, 300_000);

afterAll(async () => {
  health?.close();
  await database?.close();
  await fleet?.drop();
});

beforeEach(() => {
  status = 200;
});

/** One more migration is pending in every tenant. A test without begins where the one before it has ended: at head. */
function release(): void {
  releases += 1;
}

async function migrate(
  options: Partial<MigrateOptions> = {},
): Promise<MigrationOutcome & { lines: string[]; groups: Record<string, string[]> }> {
  const log = recordedLog();
  const outcome = await migrateSchemas({
    project: {
      machine: localMachine,
      workingDirectory: await fleetProject(releases, smallShape),
      python: fleet.python,
      env: fleet.env,
      sessions: 'tenantry/rollout',
    },
    database,
    log,
    signal,
    dryRun: false,
    check: (address) => checkAddress(address, { log, signal }),
    ...options,
  });
  const groups: Record<string, string[]> = {};
  for (const { schema, group, outcome: result } of outcome.tenants) {
    if (group !== undefined) groups[group] = [...(groups[group] ?? []), `${schema} ${result}`];
  }
  return { ...outcome, lines: log.lines, groups };
}

const migrated = (...schemas: string[]) => schemas.map((schema) => `${schema} migrated`);
const address = () => `http://127.0.0.1:${(health.address() as AddressInfo).port}/health`;

describe('groups of a rollout', () => {
  test('by name, pattern and query, in their order, with a pause and a check between them', async () => {
    release();
    const rollout = rolloutShape.parse([
      { name: 'ours', schemas: ['t0007', 't000?'], order: 'name', bake: '300ms', check: address() },
      { name: 'asked', query: `select schema_name from customers_customer where schema_name = 't0010'` },
    ]);
    const { failure, lines, groups } = await migrate({ rollout });
    expect(failure).toBeUndefined();
    expect(groups).toEqual({
      ours: migrated(...fleet.schemas.slice(0, 9)),
      asked: migrated('t0010'),
    });
    const bake = lines.findIndex((line) => line.startsWith('Bake: ours'));
    const check = lines.indexOf(`Check: ${address()} is well`);
    const asked = lines.findIndex((line) => line.startsWith('asked: t0010'));
    expect([bake, check, asked].every((line) => line > 0)).toBe(true);
    expect(bake < check && check < asked).toBe(true);
  });

  test('a check that is not well: the next group is not begun', async () => {
    release();
    status = 503;
    const rollout = rolloutShape.parse([
      { name: 'ours', schemas: 't0001', check: address() },
      { name: 'the rest' },
    ]);
    const { failure, groups } = await migrate({ rollout });
    expect(failure?.code).toBe('rollout-check-failed');
    expect(failure?.message).toMatch(/^After the group ours, http.+ is not well — .*503/);
    expect(failure?.hint).toContain('1 tenant is done and stays done; 9 tenants were not tried');
    expect(groups).toEqual({ ours: migrated('t0001') });
  });

  test('a query that is none, and one that would write: refused before anything changes', async () => {
    release();
    for (const query of ['select nonsense from nowhere', 'delete from customers_customer']) {
      const rollout = rolloutShape.parse([{ name: 'asked', query }, { name: 'the rest' }]);
      const { failure, groups } = await migrate({ rollout });
      expect(failure?.code).toBe('rollout-query-failed');
      expect(groups).toEqual({});
    }
    const [rows] = await fleet.sql<{ count: string }>('SELECT count(*) FROM customers_customer');
    expect(rows?.count).toBe(String(tenants));
  });
});

describe('what has to hold after a group', () => {
  test('smoke tables are counted, and one that is missing stops the run at the canary', async () => {
    release();
    const { failure, groups } = await migrate({ smokeTables: ['auth_user', 'no_such_table'] });
    expect(failure?.code).toBe('smoke-test-failed');
    expect(failure?.message).toContain('no_such_table');
    expect(groups).toEqual({ Canary: ['t0001 failed'] });
    const again = await migrate({ smokeTables: ['auth_user', 'auth_permission'] });
    expect(again.failure).toBeUndefined();
    expect(again.tenants.find(({ schema }) => schema === 't0005')?.rows).toEqual([
      { table: 'auth_user', rows: 0, exact: true },
      { table: 'auth_permission', rows: expect.any(Number), exact: true },
    ]);
  });

  test('a smoke command runs for each tenant, and its failure stops the run', async () => {
    release();
    const commands = (line: string) => ({ smokeCommands: [parseSmokeCommand(line)] });
    const passing = await migrate({
      ...commands('tenant_command check --schema={schema}'),
      schemas: ['t0001', 't0002'],
    });
    expect(passing.failure).toBeUndefined();
    expect(passing.lines).toContainEqual(expect.stringMatching(/^Smoke: 1 command in 1 tenant$/));
    const failing = await migrate(commands('tenant_command loaddata nothing --schema={schema}'));
    expect(failing.failure?.code).toBe('smoke-test-failed');
    expect(failing.groups.Canary).toEqual(['t0003 failed']);
  });
});

test('schemas limits a run; the proof is about these tenants, and a name that fits nobody is refused', async () => {
  release();
  const unknown = await migrate({ schemas: ['t0003', 'acne'] });
  expect(unknown.failure?.code).toBe('schemas-unknown');
  const limited = await migrate({ schemas: ['t0003', 't0004'] });
  expect(limited.failure).toBeUndefined();
  expect(totalsOf(limited)).toEqual({ total: 2, migrated: 2, skipped: 0, failed: 0 });
  const rest = await migrate();
  expect(rest.failure).toBeUndefined();
  expect(totalsOf(rest)).toEqual({ total: 10, migrated: 8, skipped: 2, failed: 0 });
});

describe('the worker', () => {
  test('earns its place: the first tenant by Django, the second tried and kept, the others trusted; slower than expected it goes on', async () => {
    release();
    const { failure, tenants: results, lines } = await migrate({ expectMaxDuration: 1, canary: 0.3 });
    expect(failure).toBeUndefined();
    expect(results.map(({ engine }) => engine)).toEqual(['django', ...Array(tenants - 1).fill('worker')]);
    expect(lines).toContainEqual(
      expect.stringMatching(/^warning: .*longer than expect-max-duration \(1 ms\)/),
    );
  });

  test('a canary that is like nobody shows nothing: Django goes on until two tenants are alike', async () => {
    release();
    // With an index less it is the smallest, and so the canary.
    await fleet.sql('DROP INDEX t0002.app00_r1_i0');
    const { failure, tenants: results, notices } = await migrate();
    await fleet.sql('CREATE INDEX app00_r1_i0 ON t0002.app00_record1 (active)');
    expect(failure).toBeUndefined();
    expect(results.slice(0, 3).map(({ schema, engine }) => `${schema} ${engine}`)).toEqual([
      't0001 django',
      't0002 django',
      't0003 worker',
    ]);
    expect(notices).toContainEqual(
      expect.stringMatching(
        /^9 tenants equal; 1 differs: t0002 lacks index app00_r1_i0 \(since before this run\)$/,
      ),
    );
  });

  test('engine: django and engine: worker force one', async () => {
    release();
    const byDjango = await migrate({ engine: 'django', schemas: ['t0001', 't0002', 't0003'] });
    expect(byDjango.tenants.map(({ engine }) => engine)).toEqual(['django', 'django', 'django']);
    const byWorker = await migrate({ engine: 'worker' });
    expect(byWorker.failure).toBeUndefined();
    expect(byWorker.tenants.filter(({ engine }) => engine === 'worker')).toHaveLength(tenants - 3);
  });
});

test('a tenant at head without its content types gets them by Django’s signal; with never it does not', async () => {
  await fleet.sql('TRUNCATE t0004.django_content_type CASCADE');
  const count = async () => {
    const [row] = await fleet.sql<{ count: string }>('SELECT count(*) FROM t0004.auth_permission');
    return Number(row?.count);
  };
  const never = await migrate({ postMigrate: 'never' });
  expect(totalsOf(never)).toMatchObject({ migrated: 0, skipped: tenants });
  expect(await count()).toBe(0);
  const auto = await migrate({ postMigrate: 'auto' });
  expect(auto.failure).toBeUndefined();
  expect(totalsOf(auto)).toMatchObject({ migrated: 1, skipped: tenants - 1 });
  expect(await count()).toBeGreaterThan(20);
  expect(totalsOf(await migrate({ postMigrate: 'auto' }))).toMatchObject({ migrated: 0, skipped: tenants });
});

test('a worker whose result is not Django’s: rolled back, Django does it and the rest, and the log says so', async () => {
  const number = String(3 + releases + 1).padStart(4, '0');
  const project = await changedCopy(await fleetProject(releases, smallShape), {
    [`app00/migrations/${number}_by_command.py`]: `
import sys

from django.db import migrations


def index(apps, editor):
    # What nobody should write: it depends on the command by which it is run.
    if "migrate_schemas" in sys.argv:
        editor.execute("CREATE INDEX by_command ON app00_record0 (reference)")


class Migration(migrations.Migration):
    dependencies = [("app00", "${String(3 + releases).padStart(4, '0')}_release_${releases}")]
    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
`,
  });
  try {
    const {
      failure,
      tenants: results,
      notices,
    } = await migrate({
      project: {
        machine: localMachine,
        workingDirectory: project.folder,
        python: fleet.python,
        env: fleet.env,
        sessions: 'tenantry/rollout',
      },
    });
    expect(failure).toBeUndefined();
    expect(results.map(({ engine }) => engine)).toEqual(Array(tenants).fill('django'));
    expect(notices).toContainEqual(
      expect.stringMatching(
        /^Engine: django, slower — the worker made t\d{4} otherwise than Django made t\d{4} \(.*by_command.*\); that was rolled back$/,
      ),
    );
    const [row] = await fleet.sql<{ count: string }>(
      `SELECT count(*) FROM pg_class WHERE relname = 'by_command'`,
    );
    expect(row?.count).toBe(String(tenants));
  } finally {
    await project.remove();
  }
});
