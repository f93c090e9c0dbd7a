import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { Cancelled } from '../../../src/ground/errors.ts';
import type { NewTenant } from '../../../src/provisioning/fields.ts';
import { each } from '../breadth.ts';
import { folders, project } from '../projects.ts';
import { type ScratchDatabase, scratchRole } from '../scratch-database.ts';
import { oldestPython, shopPython } from '../venv.ts';
import { acme, bring, type ShopScene, shopScene, type Wish, whole } from './scene.ts';

let scene: ShopScene;
let scratch: ScratchDatabase;

beforeAll(async () => {
  scene = await shopScene();
}, 300_000);

afterEach(() => scene.endTest());
afterAll(() => scene.end());

const provision = (tenant?: NewTenant, wish?: Wish) => scene.provision(tenant, wish);
const world = () => scene.world();

describe('every combination of row, domain and schema has its answer', () => {
  test('nothing is there, and no other tenant to compare with: created; again: unchanged', async () => {
    scratch = await scene.fresh();
    await scratch.sql(
      `DROP SCHEMA elder CASCADE; DELETE FROM customers_customer WHERE schema_name = 'elder'`,
    );
    const dry = await provision(acme, { dryRun: true });
    expect(dry).toMatchObject({
      state: 'created',
      steps: ['row', 'schema', 'domain acme.example', 'domain www.acme.example'],
    });
    expect(await world()).toEqual([]);

    const first = await provision();
    expect(first.failure).toBeUndefined();
    expect(first).toMatchObject({ state: 'created', tables: 14 });
    expect(await world()).toEqual(whole);

    const second = await provision();
    expect(second.failure).toBeUndefined();
    expect(second).toMatchObject({ state: 'unchanged', steps: [], tables: 14 });
    const other = await provision({ ...acme, tenantName: 'Other' });
    expect(other).toMatchObject({
      state: 'unchanged',
      notices: ['The tenant exists with other values, which stay as they are: name'],
    });
    expect(await world()).toEqual(whole);
  });

  test.each<{ before: string; state: string }>`
    there                                 | before                           | state
    ${'row'}                              | ${''}                            | ${'completed'}
    ${'row and an empty schema'}          | ${'CREATE SCHEMA acme;'}         | ${'completed'}
    ${'row and domains'}                  | ${'DOMAINS'}                     | ${'completed'}
    ${'row, domains and an empty schema'} | ${'DOMAINS CREATE SCHEMA acme;'} | ${'completed'}
  `('$there: $state', async ({ before, state }) => {
    scratch = await scene.fresh();
    const domains = `INSERT INTO customers_domain (domain, is_primary, tenant_id)
      SELECT d, d = 'acme.example', id FROM customers_customer, unnest(ARRAY['acme.example', 'www.acme.example']) d
       WHERE schema_name = 'acme';`;
    await scratch.sql(
      `INSERT INTO customers_customer (schema_name, name, plan, created) VALUES ('acme', 'Acme', 'team', now());
       ${before.replace('DOMAINS', domains)}`,
    );
    const outcome = await provision();
    expect(outcome.failure).toBeUndefined();
    expect(outcome).toMatchObject({ state, tables: 14 });
    expect(await world()).toEqual(whole);
  });

  test('a schema that no tenant has: refused, or adopted when asked for', async () => {
    scratch = await scene.fresh();
    await scratch.sql(
      `CREATE SCHEMA acme; CREATE TABLE acme.left_over (); COMMENT ON SCHEMA acme IS 'it''s ours'`,
    );
    const refused = await provision();
    expect(refused.failure?.code).toBe('schema-left-over');
    expect(refused.failure?.message).toBe('The schema acme exists, but no tenant has it — it holds 1 table');
    expect(await world()).toEqual(['schema acme: 1']);

    const adopted = await provision(acme, { adopt: true });
    expect(adopted.failure).toBeUndefined();
    expect(adopted.state).toBe('adopted');
    expect(await world()).toEqual(whole.map((line) => line.replace('schema acme: 14', 'schema acme: 15')));
    expect(await scratch.sql(`SELECT obj_description('acme'::regnamespace, 'pg_namespace') AS it`)).toEqual([
      { it: "it's ours" },
    ]);
  });

  test.each<{ before: string }>`
    with           | before
    ${'no schema'} | ${''}
    ${'a schema'}  | ${'CREATE SCHEMA acme'}
  `('a domain of another tenant, $with: refused, naming the owner', async ({ before }) => {
    scratch = await scene.fresh();
    await scratch.sql(`
      INSERT INTO customers_domain (domain, is_primary, tenant_id) SELECT 'acme.example', false, id FROM customers_customer
       WHERE schema_name = 'public';
      ${before}`);
    const outcome = await provision(acme, { adopt: true });
    expect(outcome.failure?.sentence).toBe(
      '1 domain of acme belongs to another tenant — acme.example to public — choose another domain, or remove it from the other tenant first; nothing was made',
    );
    expect(await world()).toEqual(before === '' ? [] : ['schema acme: 0']);
  });
});

test('a tenant that the default manager hides is not made a second time', async () => {
  scratch = await scene.fresh();
  const models = await readFile(`${folders.shop}/customers/models.py`, 'utf8');
  const shop = await scene.changedShop({
    'customers/models.py': models.replace(
      'class Customer(TenantMixin):',
      `class Living(models.Manager):
    def get_queryset(self):
        return super().get_queryset().exclude(name="gone")


class Customer(TenantMixin):
    objects = Living()
`,
    ),
  });
  await scratch.sql(`
    INSERT INTO customers_customer (schema_name, name, plan, created) VALUES ('acme', 'gone', 'team', now());
    CREATE SCHEMA acme`);
  const outcome = await provision(acme, { in: shop });
  expect(outcome.failure?.code).toBe('tenant-hidden');
  expect(await world()).toEqual(['acme gone team', 'schema acme: 0']);
});

describe('what is wrong is named before anything is made', () => {
  test('everything that is wrong with names, fields and values, at once', async () => {
    scratch = await scene.fresh();
    const names = await provision({ ...acme, schemaName: 'pg_acme', domains: ['https://acme.example'] });
    expect(names.failure?.message).toBe(
      'The tenant cannot be made like this — schema-name: names that begin with pg_ are PostgreSQL’s own; domain "https://acme.example": it is a URL: leave out the scheme',
    );
    const fields = await provision({
      schemaName: 'acme',
      domains: [],
      fields: { plam: 'team', plan: 'gold', created: 'now' },
    });
    expect(fields.failure?.code).toBe('tenant-fields-wrong');
    expect(fields.failure?.message.split(' — ').slice(1).join(' — ').split('; ')).toEqual([
      'fields: customers.Customer has no field plam — did you mean plan?',
      'fields: created is made by Django — leave it out',
      'fields: plan: there is no "gold" — choose free, team and business',
    ]);
    const long = await provision({ ...acme, tenantName: 'A'.repeat(101) });
    expect(long.failure?.message).toContain('name: Ensure this value has at most 100 characters');
    expect(await world()).toEqual([]);
  });

  test('a shared schema that is behind', async () => {
    scratch = await scene.empty();
    expect((await provision()).failure?.code).toBe('shared-schema-behind');
  });

  test('a role that may not create schemas', async () => {
    await scratchRole('tenantry_clerk');
    scratch = await scene.fresh({ role: 'tenantry_clerk' });
    await scratch.sql('GRANT ALL ON ALL TABLES IN SCHEMA public TO tenantry_clerk');
    const outcome = await provision();
    expect(outcome.failure?.code).toBe('cannot-create-schema');
    expect(await world()).toEqual([]);
  });
});

/** Fails in every new tenant, after it has made a table. */
const failsInBad = `
from django.db import migrations


def fail(apps, schema_editor):
    if schema_editor.connection.schema_name not in ("public", "elder"):
        raise ValueError("this tenant cannot be had")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0004_order_status_placed")]
    operations = [
        migrations.RunSQL("CREATE TABLE half (id int)", ""),
        migrations.RunPython(fail),
    ]
`;

describe('a run that fails leaves nothing behind', () => {
  test('a migration that fails: row, domains and schema are removed again', async () => {
    scratch = await scene.fresh();
    const shop = await scene.changedShop({ 'orders/migrations/0005_fails.py': failsInBad });
    await bring(shop, scratch);
    const outcome = await provision(acme, { in: shop });
    expect(outcome.failure?.code).toBe('tenant-migration-failed');
    expect(outcome.failure?.sentence).toBe(
      'Migration orders.0005_fails failed in tenant acme — ValueError: this tenant cannot be had — mend the cause, then run again; everything that this run made is removed again',
    );
    expect(outcome.state).toBeUndefined();
    expect(await world()).toEqual([]);
  });

  test('what was there before the run stays', async () => {
    scratch = await scene.fresh();
    const shop = await scene.changedShop({ 'orders/migrations/0005_fails.py': failsInBad });
    await bring(shop, scratch);
    await scratch.sql(
      `INSERT INTO customers_customer (schema_name, name, plan, created) VALUES ('acme', 'Acme', 'team', now())`,
    );
    expect((await provision(acme, { in: shop })).failure?.code).toBe('tenant-migration-failed');
    expect(await world()).toEqual(['acme Acme team']);
  });

  test('tables that are missing after a migration that ended well', async () => {
    scratch = await scene.fresh();
    const outcome = await provision(acme, {
      makeTables: async ({ schema }) => {
        await scratch.sql(`
          CREATE TABLE ${schema}.django_migrations (LIKE public.django_migrations);
          INSERT INTO ${schema}.django_migrations SELECT * FROM public.django_migrations`);
        return { milliseconds: 1 };
      },
    });
    expect(outcome.failure?.code).toBe('tenant-not-proven');
    expect(outcome.failure?.message).toMatch(
      /^The tenant acme is not what the migrations make — it lacks the tables /,
    );
    expect(await world()).toEqual([]);
  });

  test('a run that is cancelled while the tables are made', async () => {
    scratch = await scene.fresh();
    const controller = new AbortController();
    const outcome = await provision(acme, {
      signal: controller.signal,
      makeTables: async ({ schema }) => {
        expect(await world()).toEqual(['acme Acme team', 'schema acme: 0 (unfinished)']); // nobody can reach it yet
        controller.abort(new Cancelled('The job was cancelled'));
        controller.signal.throwIfAborted();
        throw new Error(`${schema} was not cancelled`);
      },
    });
    expect(outcome.failure?.sentence).toBe(
      'The job was cancelled — run again: what is done stays done; everything that this run made is removed again',
    );
    expect(await world()).toEqual([]);
  });

  test('a receiver of post_schema_sync that fails', async () => {
    scratch = await scene.fresh();
    const shop = await scene.changedShop({
      'customers/apps.py': `
from django.apps import AppConfig


def welcome(sender, tenant, **kwargs):
    raise RuntimeError("no welcome for %s" % tenant.schema_name)


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self):
        from django_tenants.signals import post_schema_sync

        post_schema_sync.connect(welcome)
`,
    });
    const outcome = await provision(acme, { in: shop });
    expect(outcome.failure?.message).toBe(
      'A receiver of post_schema_sync failed for acme — RuntimeError: no welcome for acme (customers/apps.py:6)',
    );
    expect(await world()).toEqual([]);
  });

  test('undoing that is blocked says what is left, and the next run completes the tenant', async () => {
    scratch = await scene.fresh();
    let release: () => Promise<unknown> = async () => {};
    const outcome = await provision(acme, {
      makeTables: async ({ schema }) => {
        await scratch.sql(`CREATE TABLE ${schema}.held (id int)`);
        const holder = scratch.sql(
          `BEGIN; LOCK TABLE ${schema}.held IN ACCESS SHARE MODE; SELECT pg_sleep(30) /* holder */; COMMIT`,
        );
        release = async () => {
          await scratch.sql(
            `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%/* holder */%' AND pid <> pg_backend_pid() AND datname = current_database()`,
          );
          await holder.catch(() => {});
        };
        return { milliseconds: 1 };
      },
    });
    await release();
    expect(outcome.failure?.hint).toContain(
      'undoing was not possible (canceling statement due to lock timeout): schema and row are left; run again to complete the tenant, or remove it: DROP SCHEMA "acme" CASCADE and delete its row (5)',
    );
    expect(await world()).toEqual(['acme Acme team', 'schema acme: 1 (unfinished)']);
    const second = await provision();
    expect(second.failure).toBeUndefined();
    expect(second.state).toBe('completed');
  });
});

const newest = { stack: 'the shop’s versions', interpreter: shopPython };
const oldest = { stack: 'Django 4.2, django-tenants 3.7, psycopg 2', interpreter: oldestPython };
test.each(each([oldest, newest], oldest))(
  'a tenant of a type, in a shared schema of another name: $stack',
  async ({ interpreter }) => {
    scratch = await scene.empty();
    await scratch.sql('CREATE SCHEMA shared');
    const kinds = project(folders.kinds, await interpreter(), scratch);
    await bring(kinds, scratch);
    const hill: NewTenant = { schemaName: 'hill', domains: ['hill.example'], fields: { acres: 12 } };

    const untyped = await provision(hill, { in: kinds });
    expect(untyped.failure?.message).toContain('tenant-type: is missing — choose farm and flat');
    const odd = await provision({ ...hill, tenantType: 'fort', fields: {} }, { in: kinds });
    expect(odd.failure?.message).toContain('tenant-type: there is no "fort"');
    expect(odd.failure?.message).toContain('fields: acres: is missing (PositiveIntegerField)');

    const outcome = await provision({ ...hill, tenantType: 'farm' }, { in: kinds });
    expect(outcome.failure).toBeUndefined();
    expect(outcome).toMatchObject({ state: 'created', tables: 5 });
    expect(await scratch.sql('SELECT kind, acres FROM shared.estate_holding')).toEqual([
      { kind: 'farm', acres: 12 },
    ]);
  },
  300_000,
);
