import { afterEach, beforeAll, expect, test } from '@jest/globals';

import type { DjangoProject } from '../../../src/django/project.ts';
import { manage } from '../../../src/django/project.ts';
import { Cancelled } from '../../../src/ground/errors.ts';
import { type MigrateOptions, migrateSchemas, verifySchemas } from '../../../src/migrations/migrate.ts';
import { type MigrationOutcome, totalsOf } from '../../../src/migrations/outcome.ts';
import { changedCopy, folders, project, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase, scratchRole } from '../scratch-database.ts';
import { shopTemplate, tenantsNamed } from '../shop-template.ts';
import { shopPython } from '../venv.ts';

let python: string;
/** The shop's shared schema and the tenants acme, beta and zeta, all at head. */
let template: string;
let scratch: ScratchDatabase;
const cleanUps: (() => Promise<void>)[] = [];

beforeAll(async () => {
  python = await shopPython();
  template = await shopTemplate();
}, 300_000);

afterEach(async () => {
  await scratch?.drop();
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

function copyOfTemplate(role?: string): Promise<ScratchDatabase> {
  return scratchDatabase({ template, ...(role === undefined ? {} : { role }) });
}

async function migrate(
  database: ScratchDatabase,
  { in: shop = shopIn(database), ...more }: Partial<MigrateOptions> & { in?: DjangoProject } = {},
): Promise<MigrationOutcome & { lines: string[] }> {
  const log = recordedLog();
  const { signal } = new AbortController();
  const outcome = await migrateSchemas({
    project: shop,
    database: database.database,
    log,
    signal,
    dryRun: false,
    ...more,
  });
  return { ...outcome, lines: log.lines };
}

async function verify(database: ScratchDatabase): Promise<MigrationOutcome> {
  const { signal } = new AbortController();
  return verifySchemas({
    project: shopIn(database),
    database: database.database,
    log: recordedLog(),
    signal,
  });
}

function shopIn(database: ScratchDatabase, folder: string = folders.shop): DjangoProject {
  return project(folder, python, database);
}

/** The shop with some files changed, gone after the test. */
async function changedShop(files: Record<string, string>): Promise<DjangoProject> {
  const copy = await changedCopy(folders.shop, files);
  cleanUps.push(copy.remove);
  return shopIn(scratch, copy.folder);
}

const uniqueEmail = `
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_order_status_placed")]
    operations = [migrations.RunSQL("CREATE UNIQUE INDEX email_once ON orders_order (email)", "")]
`;

/** One text for everything that a migration could change: which tables there are, their files, their row counts. */
function everything(database: ScratchDatabase) {
  return database.sql(`
    SELECT md5(string_agg(concat_ws(' ', c.oid, c.relname, c.relfilenode,
             CASE WHEN c.relkind = 'r' THEN query_to_xml(format('SELECT count(*) FROM %I.%I', n.nspname, c.relname), false, true, '')::text END
           ), ',' ORDER BY c.oid)) AS everything
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`);
}

function resultOf({ tenants }: MigrationOutcome, schema: string) {
  return tenants.find((tenant) => tenant.schema === schema);
}

test('a fresh database: a dry run says what would happen and changes nothing, a run does it, the next its tenants', async () => {
  scratch = await scratchDatabase();
  const dry = await migrate(scratch, { dryRun: true });
  expect(dry.failure).toBeUndefined();
  expect(dry.plan?.shared.pending).toContain('customers.0001_initial');
  expect(dry.lines).toContain('Plan: no tenants yet: the shared schema comes first');
  expect(await scratch.sql(`SELECT 1 FROM pg_class WHERE relname = 'django_migrations'`)).toEqual([]);

  const outcome = await migrate(scratch);
  expect(outcome.failure).toBeUndefined();
  expect(outcome.shared).toMatchObject({ schema: 'public', outcome: 'migrated' });
  expect(outcome.shared?.migrations).toEqual(dry.plan?.shared.pending);
  expect(outcome.superTenant).toMatchObject({ command: 'create_super_tenant', outcome: 'done' });
  expect(outcome.lines).toContain('Proof: the shared schema has all its tables and columns');
  expect(await scratch.sql('SELECT schema_name FROM customers_customer')).toEqual([
    { schema_name: 'public' },
  ]);

  await scratch.sql(tenantsNamed('acme', 'beta', 'zeta'));
  const next = await migrate(scratch);
  expect(next.failure).toBeUndefined();
  expect(totalsOf(next)).toEqual({ total: 3, migrated: 3, skipped: 0, failed: 0 });
});

test('a second run skips every tenant and changes nothing', async () => {
  scratch = await copyOfTemplate();
  const before = await everything(scratch);
  const outcome = await migrate(scratch);
  expect(outcome.failure).toBeUndefined();
  expect(totalsOf(outcome)).toEqual({ total: 3, migrated: 0, skipped: 3, failed: 0 });
  expect(outcome.shared).toMatchObject({ outcome: 'skipped' });
  expect(outcome.lines).toContain('Proof: 3 tenants have all 14 tables and 60 columns');
  const verified = await verify(scratch);
  expect(verified.failure).toBeUndefined();
  expect(verified.proof).toMatchObject({ schemas: 4, tables: [14], incomplete: [] });
  expect(await everything(scratch)).toEqual(before);
});

test('one tenant behind: it alone is migrated, by what its ledger lacks', async () => {
  scratch = await copyOfTemplate();
  const back = await manage(
    shopIn(scratch),
    ['migrate_schemas', '--schema=zeta', 'orders', '0002', '--noinput'],
    {
      timeout: 60_000,
    },
  );
  expect(back.exitCode).toBe(0);
  const outcome = await migrate(scratch);
  expect(outcome.failure).toBeUndefined();
  expect(outcome.lines).toContain('Plan: 3 tenants: 2 up to date, 1 needs 2 migrations');
  expect(totalsOf(outcome)).toEqual({ total: 3, migrated: 1, skipped: 2, failed: 0 });
  expect(resultOf(outcome, 'zeta')?.migrations).toEqual([
    'orders.0003_fill_order_total',
    'orders.0004_order_status_placed',
  ]);
});

test('a failing migration: names it, the tenant and the database’s words, and says how the others stand', async () => {
  scratch = await copyOfTemplate();
  await scratch.sql(`INSERT INTO beta.orders_order (email, status, placed) VALUES ('ana@shop.example', 'placed', now()), ('ana@shop.example', 'placed', now());
     DROP INDEX IF EXISTS public.email_once`);
  const shop = await changedShop({
    'orders/migrations/0005_unique_email.py': uniqueEmail
      .replace(
        'migrations.RunSQL("CREATE UNIQUE INDEX email_once ON orders_order (email)", "")',
        `migrations.AlterField("order", "email", models.EmailField(max_length=254, unique=True))`,
      )
      .replace('import migrations', 'import migrations, models'),
  });
  const outcome = await migrate(scratch, { in: shop });
  expect(outcome.failure?.code).toBe('tenant-migration-failed');
  expect(outcome.failure?.message).toMatch(
    /^Migration orders\.0005_unique_email failed in tenant beta — could not create unique index ".+" \(Key \(email\)=\(ana@shop\.example\) is duplicated\.\)$/,
  );
  expect(outcome.failure?.hint).toBe(
    'mend the cause, then run again; 1 tenant is done and stays done; 1 tenant was not tried',
  );
  expect(outcome.tenants.map(({ schema, outcome }) => `${schema} ${outcome}`)).toEqual([
    'acme migrated',
    'beta failed',
    'zeta not-tried',
  ]);
  expect(resultOf(outcome, 'acme')?.migrations).toEqual(['orders.0005_unique_email']);
  expect(outcome.proof?.failure?.code).toBe('migrations-left-pending');
});

test('cancelled between two tenants: the first is done, the others were not tried', async () => {
  scratch = await copyOfTemplate();
  await scratch.sql(tenantsNamed('one', 'two'));
  const controller = new AbortController();
  const outcome = await migrate(scratch, {
    signal: controller.signal,
    onStanding: (soFar) => {
      if (totalsOf(soFar).migrated === 1) controller.abort(new Cancelled('The job was cancelled'));
    },
  });
  expect(outcome.failure?.code).toBe('cancelled');
  expect(outcome.tenants.map((tenant) => `${tenant.schema} ${tenant.outcome}`)).toEqual([
    'acme skipped',
    'beta skipped',
    'one migrated',
    'two not-tried',
    'zeta skipped',
  ]);
  const again = await migrate(scratch);
  expect(again.failure).toBeUndefined();
  expect(totalsOf(again)).toEqual({ total: 5, migrated: 1, skipped: 4, failed: 0 });
});

test('a failing shared migration touches no tenant', async () => {
  scratch = await copyOfTemplate();
  const shop = await changedShop({
    'customers/migrations/0002_broken.py': `
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [migrations.RunSQL("ALTER TABLE customers_customer ADD COLUMN name text")]
`,
  });
  const outcome = await migrate(scratch, { in: shop });
  expect(outcome.failure?.sentence).toBe(
    'Migration customers.0002_broken failed in the shared schema public — column "name" of relation "customers_customer" already exists — mend the cause, then run again; no tenant was touched',
  );
  expect(outcome.shared).toMatchObject({ outcome: 'failed', migrations: [] });
});

test('everything recorded, a table gone: blocked, though no tenant needed migrating', async () => {
  scratch = await copyOfTemplate();
  await scratch.sql('DROP TABLE acme.orders_orderline');
  const outcome = await migrate(scratch);
  expect(outcome.failure?.code).toBe('tenant-tables-missing');
  expect(outcome.failure?.message).toBe(
    '1 tenant lacks what its ledger promises — acme: lacks orders_orderline, which its ledger says it has',
  );
  expect(resultOf(outcome, 'acme')).toMatchObject({
    outcome: 'failed',
    failure: 'lacks orders_orderline, which its ledger says it has',
  });
  expect(totalsOf(outcome)).toEqual({ total: 3, migrated: 0, skipped: 2, failed: 1 });
  expect((await verify(scratch)).failure?.code).toBe('tenant-tables-missing');
});

test('a schema that the role may not use: blocked before anything is changed', async () => {
  await scratchRole('tenantry_clerk');
  scratch = await copyOfTemplate('tenantry_clerk');
  await scratch.sql(`
    GRANT ALL ON ALL TABLES IN SCHEMA public TO tenantry_clerk;
    DO $$ DECLARE name text; BEGIN
      FOREACH name IN ARRAY ARRAY['acme', 'zeta'] LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO tenantry_clerk', name);
        EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA %I TO tenantry_clerk', name);
      END LOOP;
    END $$`);
  const outcome = await migrate(scratch);
  expect(outcome.failure?.code).toBe('schema-unreadable');
  expect(outcome.failure?.message).toBe(
    '1 tenant cannot be read — beta: this role may not use the schema (no USAGE)',
  );
  expect(resultOf(outcome, 'beta')?.outcome).toBe('failed');
  expect((await verify(scratch)).failure?.code).toBe('schema-unreadable');
});

test('migrate_schemas that ends well and does nothing is not believed', async () => {
  scratch = await copyOfTemplate();
  const shop = await changedShop({
    'orders/migrations/0005_unique_email.py': uniqueEmail,
    'shop/idle.py': `
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def execute(self, *args, **options):
        print("Migrations completed successfully")
`,
    'shop/idle_settings.py': `
from shop.settings import *

TENANT_BASE_MIGRATE_COMMAND = "shop.idle.Command"
`,
  });
  const outcome = await migrate(scratch, { in: { ...shop, settingsModule: 'shop.idle_settings' } });
  expect(outcome.failure?.code).toBe('migrations-left-pending');
  expect(outcome.failure?.message).toContain('acme lacks orders.0005_unique_email');
});

test('a super tenant command that the project does not have, and one that fails, are different sentences', async () => {
  scratch = await copyOfTemplate();
  const missing = await migrate(scratch, { superTenantCommand: 'create_super_tenent' });
  expect(missing.failure?.sentence).toBe(
    'The project has no command create_super_tenent — super-tenant-command names it — did you mean create_super_tenant? nothing was changed',
  );
  const shop = { ...shopIn(scratch), env: { ...shopIn(scratch).env, PUBLIC_DOMAIN: '' } };
  const failed = await migrate(scratch, { in: shop });
  expect(failed.failure?.code).toBe('super-tenant-failed');
  expect(failed.failure?.message).toBe(
    'The command create_super_tenant failed (exit 1) — CommandError: No domain: set PUBLIC_DOMAIN, or give --domain.',
  );
  const other = await migrate(scratch, {
    superTenantCommand: 'create_super_tenant --domain other.example',
  });
  expect(other.failure).toBeUndefined();
});
