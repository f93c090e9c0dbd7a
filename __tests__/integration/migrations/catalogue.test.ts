import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { goingBackSentence } from '../../../src/migrations/old-code.ts';
import { migrationSituations } from '../../../src/migrations/situations.ts';
import { tenantSituations } from '../../../src/provisioning/situations.ts';
import { runDoor } from '../../end-to-end/door.ts';
import { folders } from '../projects.ts';
import { scratchRole } from '../scratch-database.ts';
import {
  type Fleet,
  migrationFile,
  note,
  ordersHead,
  replacedOrders,
  ShopFleets,
  type StepSeen,
  squashedOrders,
  step,
  tenantsNamed,
} from './shop-fleet.ts';

/**
 * The safety catalogue: each situation is brought about for real, and the whole action has to give its sentence, its
 * code in the report and the right end of the step.
 */

/** Where each situation is brought about: a file beside this one, and the name of its test. `this`: here. */
const provokedBy: Readonly<Record<number, readonly (readonly [file: string, test: string])[]>> = {
  1: [
    [
      'lock.test.ts',
      'two runs at once: the second waits and names the first, changes nothing meanwhile, then goes on',
    ],
    ['lock.test.ts', 'lock-wait is over: the failure names the holder, and nothing was changed'],
  ],
  2: [
    ['lock.test.ts', 'a run of another role: its session is named, and why no more is known'],
    [
      'lock.test.ts',
      'through PgBouncer by transaction there is no lock that could be left behind: it is refused',
    ],
  ],
  3: [
    [
      'lock.test.ts',
      'through PgBouncer by transaction there is no lock that could be left behind: it is refused',
    ],
  ],
  4: [['this', 'a commit that is older than the database']],
  5: [['this', 'an applied migration was renamed']],
  6: [['this', 'two heads in an app']],
  7: [['this', 'a migration is recorded before the one that it depends on']],
  8: [
    ['this', 'a squashed migration is partly applied, and the old files are gone'],
    ['this', 'a squashed migration is partly applied, and the old files are there'],
  ],
  9: [['this', 'only the row of a squashed migration is missing']],
  10: [['this', 'an app was moved from the shared schema to the tenants']],
  11: [['this', 'the template of new tenants is behind, and one was copied from it']],
  12: [['this', 'a row without a schema']],
  13: [['this', 'a schema without a row']],
  14: [['this', 'a schema that is left over, when its tenant is provisioned']],
  15: [
    ['this', 'a tenant that differs since before the run'],
    ['this', 'a tenant that the run itself makes different'],
  ],
  29: [['this', 'a migration that would change the shared schema’s table']],
  30: [['this', 'a foreign key into the shared schema']],
  31: [
    ['lock.test.ts', 'a migration that gets no lock is stopped, names who is in the way, and leaves nothing'],
    [
      'resume.test.ts',
      'tried again after the others: migrated once it is free, and failed with who is in the way when it never is',
    ],
  ],
  32: [['resume.test.ts', 'a deadlock: ours is rolled back and tried again']],
  33: [['this', 'no connection is left for the migration']],
  34: [
    [
      '../backup/faults.test.ts',
      'has no room for everything: as many batches as are needed, told with the numbers',
    ],
    ['../backup/faults.test.ts', 'has no room for a single schema'],
  ],
  35: [
    ['../backup/faults.test.ts', 'the role may not make a schema'],
    ['../backup/faults.test.ts', 'an extension is missing'],
  ],
  36: [['this', 'tables of another role']],
  37: [
    [
      'resume.test.ts',
      '%s: no lock in time: not tried again; the INVALID index is named until it is dropped',
    ],
  ],
  38: [
    ['this', 'slower than expected: a warning with the estimate, and on'],
    ['this', 'the rest cannot be done in time: stopped after the canary'],
  ],
  39: [['this', 'the failure budget is reached']],
  40: [
    [
      'resume.test.ts',
      'the time is nearly over: the tenant under way is brought to its end, no other is begun, and the next run goes on',
    ],
  ],
  41: [
    ['this', 'the health check fails after a migration that the old code can live with'],
    ['this', 'the health check fails after a migration that cannot be taken back'],
  ],
  42: [
    [
      '../everywhere/tunnel.test.ts',
      'in the middle of a tenant is noticed, and its ledger is read again when there is a way',
    ],
  ],
  43: [['this', 'tables of the shared schema that are not what its initial migration makes']],
  44: [
    ['../backup/backup.test.ts', 'before a migration: what changes and the shared schema; and each way back'],
    ['../backup/faults.test.ts', 'a materialized view outside depends on it'],
    [
      '../backup/faults.test.ts',
      'a table outside has rows that the backup does not have: the old schema stays, the restored one goes',
    ],
  ],
};

let fleets: ShopFleets;

beforeAll(async () => {
  fleets = await ShopFleets.make();
}, 300_000);

afterEach(() => fleets?.tidy());
afterAll(() => fleets?.end());

/** A failed step: one annotation, the same sentence in outputs, report and summary, and the code. */
function expectBlocked(seen: StepSeen, code: string, sentence: string | RegExp): void {
  const [annotation = ''] = seen.annotations;
  expect({ code: seen.report['failure-code'], annotation }).toEqual({
    code,
    annotation: typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
  });
  expect(seen.annotations).toHaveLength(1);
  expect(seen.exitCode).toBe(1);
  expect(seen.outputs).toMatchObject({
    result: 'failed',
    'failure-code': code,
    'failure-reason': annotation,
  });
  expect(seen.report).toMatchObject({ result: 'failed', 'failure-reason': annotation });
  expect(seen.summary).toContain(`> ❌ ${annotation}`);
}

function expectDone(seen: StepSeen, result: string): void {
  expect({ annotations: seen.annotations, exitCode: seen.exitCode }).toEqual({
    annotations: [],
    exitCode: 0,
  });
  expect(seen.outputs.result).toBe(result);
  expect(seen.report['failure-code']).toBeUndefined();
}

/** Everything that a migration could have changed: which tables, columns and indexes there are, and every ledger. */
async function world(fleet: Fleet): Promise<unknown> {
  return fleet.sql(`
    SELECT md5(string_agg(concat_ws(' ', c.oid, n.nspname, c.relname, c.relfilenode, c.relnatts,
             CASE WHEN c.relname = 'django_migrations'
                  THEN query_to_xml(format('SELECT app, name FROM %I.%I ORDER BY id', n.nspname, c.relname), false, true, '')::text
              END), ',' ORDER BY c.oid)) AS world
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`);
}

/** Migrates, is refused, and has changed nothing. */
async function refused(fleet: Fleet, folder: string | undefined, code: string, sentence: string | RegExp) {
  const before = await world(fleet);
  const seen = await fleet.migrate({}, folder);
  expectBlocked(seen, code, sentence);
  expect(await world(fleet)).toEqual(before);
  return seen;
}

/** Takes the last migration back in one tenant, as it was before it. */
const betaWithoutIndex = `
  DROP INDEX beta.order_status_placed;
  DELETE FROM beta.django_migrations WHERE app = 'orders' AND name = '0004_order_status_placed';`;

describe('code and ledgers', () => {
  test('a commit that is older than the database', async () => {
    const fleet = await fleets.copy();
    await fleet.manage(await fleets.shopWith(note), 'migrate_schemas', '--schema=acme');
    await refused(
      fleet,
      undefined,
      'code-older-than-database',
      'The database has 1 migration that this code does not know — orders.0005_note (1 schema): an older commit may be on its way — deploy the commit that made it, or set allow-unknown-migrations: true; nothing was changed',
    );
  });

  test('an applied migration was renamed', async () => {
    const fleet = await fleets.copy();
    const folder = await fleets.shopWith(
      {
        'orders/migrations/0005_order_status_placed.py': migrationFile(
          '("orders", "0003_fill_order_total")',
          'migrations.AddIndex("order", models.Index(fields=["status", "-placed"], name="order_status_placed"))',
        ),
      },
      ['orders/migrations/0004_order_status_placed.py'],
    );
    await refused(
      fleet,
      folder,
      'migration-renamed',
      '1 recorded migration has no file any more — orders.0004_order_status_placed is recorded in 4 schemas, and the pending orders.0005_order_status_placed looks the same: renaming an applied migration runs it again — give it its old name back, or set allow-unknown-migrations: true; nothing was changed',
    );
  });

  test('two heads in an app', async () => {
    const fleet = await fleets.copy();
    const other = { 'orders/migrations/0005_other.py': migrationFile(ordersHead, '') };
    await refused(
      fleet,
      await fleets.shopWith({ ...note, ...other }),
      'migrations-conflict',
      'The app orders has several newest migrations — 0005_note and 0005_other — run python manage.py makemigrations --merge and commit its migration; nothing was changed',
    );
  });

  test('a migration is recorded before the one that it depends on', async () => {
    const fleet = await fleets.copy(
      `DELETE FROM beta.django_migrations WHERE app = 'orders' AND name = '0003_fill_order_total'`,
    );
    const seen = await refused(
      fleet,
      undefined,
      'migration-history-inconsistent',
      /^Django refuses the history of 1 tenant — beta: Migration orders\.0004_order_status_placed is applied before its dependency orders\.0003_fill_order_total — .+; nothing was changed$/,
    );
    expect(seen.outputs['tenants-failed']).toBe('1');
  });

  test('a squashed migration is partly applied, and the old files are gone', async () => {
    const fleet = await fleets.copy(betaWithoutIndex);
    await refused(
      fleet,
      await fleets.shopWith(squashedOrders, replacedOrders),
      'squash-partly-applied',
      'A squashed migration is partly applied in 1 tenant — beta: has 3 of the 4 migrations that orders.0001_squashed_0004 replaces, and the files of the others are gone (it lacks orders.0004_order_status_placed) — put the old files back, and keep them until every tenant has all of them; nothing was changed',
    );
  });

  test('a squashed migration is partly applied, and the old files are there', async () => {
    const fleet = await fleets.copy(betaWithoutIndex);
    const folder = await fleets.shopWith(squashedOrders);
    const seen = await fleet.migrate({}, folder);
    expectDone(seen, 'migrated');
    expect(seen.log).toContain(
      '1 schema with 3 of the 4 migrations that orders.0001_squashed_0004 replaces (beta): keep the old files until it has all',
    );
    expectDone(await fleet.migrate({ mode: 'verify' }, folder), 'verified');
  });

  test('only the row of a squashed migration is missing', async () => {
    const fleet = await fleets.copy();
    const folder = await fleets.shopWith(squashedOrders);
    const seen = await fleet.migrate({}, folder);
    expectDone(seen, 'migrated');
    expect(seen.report.steps).toContainEqual(
      expect.objectContaining({ label: 'Plan', text: '3 tenants: 3 need only the squash row' }),
    );
    const rows = await fleet.sql(`
      SELECT FROM acme.django_migrations WHERE name = '0001_squashed_0004' UNION ALL
      SELECT FROM beta.django_migrations WHERE name = '0001_squashed_0004' UNION ALL
      SELECT FROM zeta.django_migrations WHERE name = '0001_squashed_0004'`);
    expect(rows).toHaveLength(3);
    // The release that deletes the replaced files meets no CREATE TABLE again.
    const settled = await fleets.shopWith(squashedOrders, replacedOrders);
    expectDone(await fleet.migrate({}, settled), 'up-to-date');
  });
});

const finance = {
  'finance/__init__.py': '',
  'finance/models.py':
    'from django.db import models\n\n\nclass Invoice(models.Model):\n    number = models.IntegerField()\n',
  'finance/migrations/__init__.py': '',
  'finance/migrations/0001_initial.py': migrationFile(
    '',
    'migrations.CreateModel("Invoice", [("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("number", models.IntegerField())])',
    { body: 'initial = True' },
  ),
};
const withFinanceIn = (apps: string) =>
  `from shop.settings import *\n\n${apps} = [*${apps}, "finance"]\nINSTALLED_APPS = [*INSTALLED_APPS, "finance"]\n`;

describe('ledgers and tables', () => {
  test('an app was moved from the shared schema to the tenants', async () => {
    const fleet = await fleets.copy();
    const folder = await fleets.shopWith({
      ...finance,
      'shop/before.py': withFinanceIn('SHARED_APPS'),
      'shop/after.py': withFinanceIn('TENANT_APPS'),
    });
    expectDone(await fleet.migrate({ 'settings-module': 'shop.before' }, folder), 'migrated');
    const before = await world(fleet);
    const seen = await fleet.migrate({ 'settings-module': 'shop.after' }, folder);
    expectBlocked(
      seen,
      'tenant-tables-missing',
      '3 tenants lack what their ledgers promise — acme, beta and zeta: finance is recorded as applied, but its 1 table (finance_invoice) does not exist (its statements reach public.finance_invoice instead) — take the record back, then run again: python manage.py migrate_schemas --schema=acme finance zero --fake (the same, with its own names, for each of them); nothing was changed',
    );
    expect(seen.outputs).toMatchObject({ 'tenants-total': '3', 'tenants-failed': '3' });
    expect(await world(fleet)).toEqual(before);
  });

  test('the template of new tenants is behind, and one was copied from it', async () => {
    const fleet = await fleets.copy(
      `CREATE SCHEMA pattern; ALTER TABLE beta.orders_order DROP COLUMN total;`,
    );
    const folder = await fleets.shopWith({
      'shop/cloning.py':
        'from shop.settings import *\n\nTENANT_BASE_SCHEMA = "pattern"\nTENANT_CREATION_FAKES_MIGRATIONS = True\n',
    });
    const seen = await fleet.migrate({ 'settings-module': 'shop.cloning' }, folder);
    expectBlocked(
      seen,
      'tenant-tables-missing',
      '1 tenant lacks what its ledger promises — beta: lacks the column orders_order.total, which its ledger says it has — make what is missing as another tenant has it, or restore the schema from a backup; nothing was changed',
    );
    expect(seen.report.notices).toContainEqual(
      expect.stringMatching(
        /^the template pattern is \d+ migrations behind: a tenant copied from it would have them recorded and not made$/,
      ),
    );
    expect(seen.summary).toContain('**Look at this:** the template pattern is ');
    // Without that tenant the run goes on, and the template first.
    await fleet.sql(`DELETE FROM customers_customer WHERE schema_name = 'beta'`);
    expectDone(await fleet.migrate({ 'settings-module': 'shop.cloning' }, folder), 'up-to-date');
    expect(await fleet.sql(`SELECT FROM pg_tables WHERE schemaname = 'pattern'`)).toHaveLength(14);
  });

  test('a row without a schema', async () => {
    const fleet = await fleets.copy(`
      INSERT INTO customers_customer (schema_name, name, plan, created) VALUES ('lost', 'lost', 'free', now())`);
    const seen = await refused(
      fleet,
      undefined,
      'tenant-without-schema',
      '1 tenant has a row but no schema — lost — provision them (provision-tenant completes a tenant) or remove their rows; nothing was changed',
    );
    expect(seen.outputs).toMatchObject({ 'tenants-total': '4', 'tenants-failed': '1' });
  });

  test('a schema without a row', async () => {
    const fleet = await fleets.copy(`
      DELETE FROM customers_customer WHERE schema_name = 'zeta';
      UPDATE zeta.django_migrations SET applied = '2025-03-01 10:00+00'`);
    const seen = await fleet.migrate();
    expectDone(seen, 'up-to-date');
    const sentence = '1 schema of no tenant, not migrated: zeta (last migrated 2025-03-01 10:00 UTC)';
    expect(seen.log).toContain(sentence);
    expect(seen.report.notices).toEqual([sentence]);
    expect(seen.summary).toContain(`**Look at this:** ${sentence}`);
  });

  test('a schema that is left over, when its tenant is provisioned', async () => {
    const fleet = await fleets.copy('CREATE SCHEMA gamma');
    const before = await world(fleet);
    const gamma = { 'schema-name': 'gamma', domain: 'gamma.example', fields: 'plan: free' };
    const seen = await step('provision-tenant', { ...fleet.inputs(), ...gamma });
    expectBlocked(
      seen,
      'schema-left-over',
      'The schema gamma exists, but no tenant has it — it holds 0 tables — set adopt: true to give it to the new tenant and migrate it, or remove it (DROP SCHEMA "gamma" CASCADE) if nobody needs what is in it; nothing was made',
    );
    expect(await world(fleet)).toEqual(before);
    const adopted = await step('provision-tenant', { ...fleet.inputs(), ...gamma, adopt: 'true' });
    expectDone(adopted, 'adopted');
    expectDone(await fleet.migrate({ mode: 'verify' }), 'verified');
  });

  test('a tenant that differs since before the run', async () => {
    const fleet = await fleets.copy('DROP INDEX zeta.order_status_placed');
    const seen = await fleet.migrate();
    expectDone(seen, 'up-to-date');
    expect(seen.report.steps).toContainEqual(
      expect.objectContaining({
        label: 'Proof',
        text: expect.stringMatching(
          /^3 tenants have all 14 tables and \d+ columns; 1 differs: zeta lacks index order_status_placed/,
        ),
      }),
    );
    expect(seen.outputs['drift-groups']).toBe('2');
    expect(seen.report.notices).toContainEqual(
      expect.stringContaining('1 differs: zeta lacks index order_status_placed'),
    );
    expect(seen.summary).toMatch(/\*\*Look at this:\*\* .*zeta lacks index order_status_placed/);
  });

  test('a tenant that the run itself makes different', async () => {
    const fleet = await fleets.copy(
      `INSERT INTO beta.orders_order (email, status, placed) VALUES ('ana@shop.example', 'placed', now())`,
    );
    const folder = await fleets.shopWith({
      'orders/migrations/0005_if_used.py': migrationFile(
        ordersHead,
        `migrations.RunSQL("""
          DO $$ BEGIN
            IF EXISTS (SELECT FROM orders_order) THEN CREATE INDEX order_email_ix ON orders_order (email); END IF;
          END $$""", "")`,
      ),
    });
    const seen = await fleet.migrate({}, folder);
    expectBlocked(
      seen,
      'tenant-drifted',
      /^1 tenant came out of this run otherwise than the others — beta: .*order_email_ix.* — a migration has made something else of them than of the others: /,
    );
    expect(seen.outputs['drift-groups']).toBe('2');
  });

  test('a migration that would change the shared schema’s table', async () => {
    const fleet = await fleets.copy(`
      DROP TABLE beta.auth_user CASCADE;
      DELETE FROM beta.django_migrations WHERE app = 'auth' AND name ~ '^0012'`);
    await refused(
      fleet,
      undefined,
      'migration-would-alter-shared',
      '1 tenant would change the shared schema — beta: auth.0012_alter_user_first_name_max_length would alter public.auth_user, because the tenant has no such table: stopped before running — bring back the tables that its ledger promises first; nothing was changed',
    );
  });
});

test('a foreign key into the shared schema', async () => {
  const fleet = await fleets.copy(
    'CREATE TABLE public.witness (tenant text, begun timestamptz, ended timestamptz)',
  );
  await fleet.sql(tenantsNamed('delta'));
  await fleet.manage(folders.shop, 'migrate_schemas', '--schema=delta');
  const folder = await fleets.shopWith({
    'orders/migrations/0005_customer.py': migrationFile(
      `${ordersHead}, ("customers", "0001_initial")`,
      `migrations.RunSQL("INSERT INTO public.witness VALUES (current_schema, clock_timestamp()); SELECT pg_sleep(0.3)", ""),
       migrations.AddField("order", "customer", models.ForeignKey("customers.Customer", models.CASCADE, null=True)),
       migrations.RunSQL("UPDATE public.witness SET ended = clock_timestamp() WHERE tenant = current_schema", "")`,
    ),
  });
  const dry = await fleet.migrate({ 'dry-run': 'true' }, folder);
  expectDone(dry, 'planned');
  expect(dry.log).toContain('locks public.customers_customer for writes: one worker (orders.0005_customer)');

  const seen = await fleet.migrate({ parallel: '2' }, folder);
  expectDone(seen, 'migrated');
  const sentence = 'locks customers_customer of the shared schema for every tenant: one at a time';
  expect(seen.report.notices).toContain(sentence);
  expect(seen.summary).toContain(sentence);
  // No tenant was begun before another one had ended.
  const meanwhile = await fleet.sql(`
    SELECT one.tenant, other.tenant AS meanwhile FROM public.witness one JOIN public.witness other
        ON one.tenant <> other.tenant AND other.begun >= one.begun AND other.begun < one.ended`);
  expect(meanwhile).toEqual([]);
  const witnessed = await fleet.sql('SELECT tenant FROM public.witness WHERE ended IS NOT NULL ORDER BY 1');
  expect(witnessed.map(({ tenant }) => tenant)).toEqual(['acme', 'beta', 'delta', 'zeta']);
});

test('tables of another role', async () => {
  await scratchRole('tenantry_clerk');
  const fleet = await fleets.copy('', { role: 'tenantry_clerk' });
  await fleet.sql(`
    DO $$ DECLARE name text; one record; BEGIN
      FOREACH name IN ARRAY ARRAY['public', 'acme', 'beta', 'zeta'] LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO tenantry_clerk', name);
        EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA %I TO tenantry_clerk', name);
        EXECUTE format('GRANT ALL ON ALL SEQUENCES IN SCHEMA %I TO tenantry_clerk', name);
        CONTINUE WHEN name = 'zeta';
        FOR one IN SELECT relname FROM pg_class WHERE relnamespace = name::regnamespace AND relkind = 'r' LOOP
          EXECUTE format('ALTER TABLE %I.%I OWNER TO tenantry_clerk', name, one.relname);
        END LOOP;
      END LOOP;
    END $$`);
  const columns = () =>
    fleet.sql(`SELECT attrelid::regclass::text FROM pg_attribute WHERE attname = 'note' ORDER BY 1`);
  const before = await columns();
  const seen = await fleet.migrate({}, await fleets.shopWith(note));
  expectBlocked(
    seen,
    'tables-of-another-role',
    /^1 schema has tables that belong to another role — zeta: \d+ tables of postgres: ALTER would fail — migrate as postgres, or make \*{3} a member: GRANT "postgres" TO "\*{3}"; /,
  );
  expect(await columns()).toEqual(before);
});

test('the failure budget is reached', async () => {
  const twice = (schema: string) => `
    INSERT INTO ${schema}.orders_order (email, status, placed)
      SELECT 'ana@shop.example', 'placed', now() FROM generate_series(1, 2);`;
  const fleet = await fleets.copy(['acme', 'beta', 'zeta'].map(twice).join('\n'));
  const folder = await fleets.shopWith({
    'orders/migrations/0005_unique_email.py': migrationFile(
      ordersHead,
      'migrations.AlterField("order", "email", models.EmailField(max_length=254, unique=True))',
    ),
  });
  const seen = await fleet.migrate({ canary: '0%', 'max-failures': '2', parallel: '1' }, folder);
  expectBlocked(
    seen,
    'tenant-migration-failed',
    /^2 tenants failed with the same error — Migration orders\.0005_unique_email failed in tenant acme — could not create unique index ".+" \(Key \(email\)=\(ana@shop\.example\) is duplicated\.\) — mend the cause, then run again; stopped at max-failures \(2\); 1 tenant was not tried$/,
  );
  expect(seen.outputs).toMatchObject({
    'tenants-total': '3',
    'tenants-failed': '2',
    'tenants-migrated': '0',
  });
  expect(seen.summary).toContain('### 2 tenants failed (1 not tried)');
});

test('no connection is left for the migration', async () => {
  await scratchRole('tenantry_thrifty');
  const fleet = await fleets.copy('', { role: 'tenantry_thrifty' });
  await fleet.database.close(); // it would take one
  await fleet.sql(`
    ALTER ROLE tenantry_thrifty CONNECTION LIMIT 3;
    DO $$ DECLARE one record; BEGIN
      FOR one IN SELECT oid::regclass AS name FROM pg_class
                  WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('public', 'acme', 'beta', 'zeta') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO tenantry_thrifty', one.name);
      END LOOP;
      FOR one IN SELECT unnest(ARRAY['public', 'acme', 'beta', 'zeta']) AS name LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO tenantry_thrifty', one.name);
      END LOOP;
    END $$`);
  const seen = await fleet.migrate({}, await fleets.shopWith(note));
  expectBlocked(
    seen,
    'database-too-many-connections',
    / has no connection left for the migration — the role \*{3} may have 3 connections, 2 are taken — end idle connections /,
  );
  expect(await fleet.sql(`SELECT FROM pg_attribute WHERE attname = 'note'`)).toEqual([]);
});

test('tables of the shared schema that are not what its initial migration makes', async () => {
  const fleet = await fleets.copy(`
    DELETE FROM public.django_migrations WHERE app = 'customers';
    ALTER TABLE public.customers_customer ALTER name TYPE varchar(50)`);
  await refused(
    fleet,
    undefined,
    'shared-tables-differ',
    /^The shared schema public has tables that its ledger does not know, other than what each of its initial migrations makes: 1 difference — customers\.0001_initial: customers_customer\.name is character varying\(50\).* — make them alike, .*; nothing was changed$/,
  );
});

describe('time', () => {
  /** A migration that takes a second and a half in every tenant. */
  const slow = {
    'orders/migrations/0005_slow.py': migrationFile(
      ordersHead,
      'migrations.RunSQL("SELECT pg_sleep(1.5)", "SELECT 1")',
    ),
  };
  const many = (count: number) =>
    tenantsNamed(...Array.from({ length: count }, (_, index) => `more${String(index).padStart(2, '0')}`));

  test('slower than expected: a warning with the estimate, and on', async () => {
    const fleet = await fleets.copy();
    const seen = await fleet.migrate(
      { 'expect-max-duration': '1s', canary: '67%', engine: 'worker' },
      await fleets.shopWith(slow),
    );
    expectDone(seen, 'migrated');
    expect(seen.log).toContainEqual(
      expect.stringMatching(/^Canary .+ each \(2 tenants\): the other tenant would take about .+$/),
    );
    expect(seen.warnings).toEqual([
      expect.stringMatching(
        /^The migration has taken .+, longer than expect-max-duration \(1\.0 s\) — 1 tenant is left, about .+$/,
      ),
    ]);
  });

  test('the rest cannot be done in time: stopped after the canary', async () => {
    const fleet = await fleets.copy(many(77));
    const seen = await fleet.migrate(
      { timeout: '110s', canary: '3%', engine: 'worker', parallel: '1' },
      await fleets.shopWith(slow),
    );
    // 78 tenants of a second and a half each are more than any rest of 110 seconds.
    expectBlocked(
      seen,
      'time-limit-near',
      /^Canary .+ each \(2 tenants\): the other 78 tenants would take about .+, one after the other — timeout leaves .+ — raise timeout \(by .+ or more; the job’s timeout-minutes, too\), or parallel where the server has room, then run again: what is done stays done; the other tenants were not touched$/,
    );
    expect(seen.outputs).toMatchObject({ 'tenants-total': '80', 'tenants-migrated': '2' });
  });
});

describe('the health check of the line fails', () => {
  /** An address where nothing listens. */
  async function nobody(): Promise<string> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  }

  async function line(fleet: Fleet, folder: string): Promise<StepSeen> {
    const { env = '', ...inputs } = fleet.inputs(folder);
    return step('tenantry', {
      ...inputs,
      'project-env': env,
      steps: 'migrate\ncheck',
      lint: 'off',
      url: await nobody(),
      attempts: '1',
    });
  }

  test('the health check fails after a migration that the old code can live with', async () => {
    const fleet = await fleets.copy();
    const seen = await line(fleet, await fleets.shopWith(note));
    expectBlocked(
      seen,
      'health-refused',
      new RegExp(
        `^check: .+; done before: migrate \\(migrated\\); ${goingBackSentence({ reversible: true, oldCode: 'yes' })}$`,
      ),
    );
    expect(seen.outputs).toMatchObject({ reversible: 'true', 'old-code-compatible': 'yes' });
  });

  test('the health check fails after a migration that cannot be taken back', async () => {
    const fleet = await fleets.copy();
    const seen = await line(
      fleet,
      await fleets.shopWith({
        'orders/migrations/0005_less.py': migrationFile(
          ordersHead,
          'migrations.RemoveIndex("order", "order_status_placed"), migrations.RemoveField("order", "status"), migrations.RunPython(lambda apps, editor: None)',
        ),
      }),
    );
    expectBlocked(
      seen,
      'health-refused',
      new RegExp(
        `^check: .+; done before: migrate \\(migrated\\); ${goingBackSentence({ reversible: false, oldCode: 'no' })}$`,
      ),
    );
    expect(seen.outputs).toMatchObject({ reversible: 'false', 'old-code-compatible': 'no' });
  });
});

describe('through the door, as the runner opens it', () => {
  test('blocked: exit code 1, one annotation, outputs', async () => {
    const fleet = await fleets.copy();
    await fleet.manage(await fleets.shopWith(note), 'migrate_schemas', '--schema=acme');
    const end = await runDoor('migrate-schemas', fleet.inputs());
    expect(end.exitCode).toBe(1);
    expect(end.annotations).toEqual([
      expect.stringMatching(/^The database has 1 migration that this code does not know — orders\.0005_note/),
    ]);
    expect(end.outputs).toMatchObject({ result: 'failed', 'failure-code': 'code-older-than-database' });
    expect(JSON.parse(end.report)).toMatchObject({ 'failure-code': 'code-older-than-database' });
    expect(end.summary).toContain(`> ❌ ${end.annotations[0]}`);
  });

  test('a notice: exit code 0, no annotation', async () => {
    const fleet = await fleets.copy(`DELETE FROM customers_customer WHERE schema_name = 'zeta'`);
    const end = await runDoor('migrate-schemas', fleet.inputs());
    expect(end.annotations).toEqual([]);
    expect(end.exitCode).toBe(0);
    expect(end.outputs).toMatchObject({ result: 'up-to-date', 'tenants-total': '2' });
    expect(end.summary).toContain('**Look at this:** 1 schema of no tenant, not migrated: zeta');
  });
});

describe('no situation is left out', () => {
  const rows = [...migrationSituations, ...tenantSituations].map(({ row }) => row);
  const provoked = Object.keys(provokedBy).map(Number);

  test('each one that is documented is brought about, and the other way round', () => {
    expect(provoked.sort((a, b) => a - b)).toEqual([...new Set(rows)].sort((a, b) => a - b));
    // Of the catalogue's 44 the others belong to the preview.
    expect(provoked).toHaveLength(31);
  });

  test.each(Object.entries(provokedBy))('%s', (_, tests) => {
    expect(tests).not.toEqual([]);
    expect(tests.filter(([file, name]) => !runs(file, name))).toEqual([]);
  });

  test('a test that is not there, or is not run, is noticed', () => {
    expect(runs('lock.test.ts', 'no such test')).toBe(false);
    expect(runs('no-such-file.test.ts', 'lock-wait 0: one try')).toBe(false);
    expect(runs('lock.test.ts', 'lock-wait 0: one try')).toBe(true);
  });

  /** Whether a file has a test of this name that is run. */
  function runs(file: string, name: string): boolean {
    const path = file === 'this' ? import.meta.filename : join(import.meta.dirname, file);
    if (!existsSync(path)) return false;
    const text = readFileSync(path, 'utf8');
    return ["'", '"', '`'].some((quote) =>
      new RegExp(`\\btest(\\.each[\\s\\S]{0,200}?\\))?\\(\\s*${quote}${literal(name)}${quote},`).test(text),
    );
  }

  function literal(text: string): string {
    return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  }
});
