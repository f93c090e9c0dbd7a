import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { UserError } from '../../../src/ground/errors.ts';
import { type RepairOptions, repairTenant } from '../../../src/provisioning/repair.ts';
import { failureOf } from '../lab-server.ts';
import { step } from '../migrations/shop-fleet.ts';
import { folders, project, recordedLog } from '../projects.ts';
import type { ScratchDatabase } from '../scratch-database.ts';
import { acme, bring, type ShopScene, shopScene, whole } from './scene.ts';

let scene: ShopScene;
let scratch: ScratchDatabase;

beforeAll(async () => {
  scene = await shopScene();
}, 300_000);

afterEach(() => scene.endTest());
afterAll(() => scene.end());

const productOf = (name: string, slug: string) =>
  `INSERT INTO elder.catalog_product (category_id, name, slug, price, active, image)
   SELECT id, '${name}', '${slug}', 3, true, '' FROM elder.catalog_category`;
const tea = `INSERT INTO elder.catalog_category (name) VALUES ('Drinks'); ${productOf('Tea', 'tea')}`;

/** What every mode works with. */
function work(schema: string, dryRun = false) {
  return {
    project: project(folders.shop, scene.python, scratch),
    database: scratch.database,
    log: recordedLog(),
    signal: new AbortController().signal,
    schema,
    dryRun,
  };
}

describe('repair', () => {
  const repair = (dryRun = false, more: Partial<RepairOptions> = {}) =>
    repairTenant({ ...work('elder', dryRun), commandTimeout: 60_000, ...more });

  test('tables and columns that are recorded and absent, sequences, content types, pending migrations', async () => {
    scratch = await scene.fresh();
    expect(await repair(true)).toMatchObject({ steps: [], tables: undefined });
    await scratch.sql(tea);
    await scratch.sql(`
      SELECT setval('elder.catalog_product_id_seq', 1, false);
      DROP TABLE elder.orders_orderline, elder.orders_order CASCADE;
      ALTER TABLE elder.catalog_product DROP COLUMN active;
      DELETE FROM elder.auth_permission WHERE codename = 'add_product'`);
    const steps = (await repair(true)).steps;
    expect(steps).toEqual([
      'make table orders_order',
      'make table orders_orderline',
      'add column catalog_product.active',
      'move the sequence of catalog_product.id',
      'make content types and permissions (catalog.product.add_product)',
    ]);
    // Killed between its two halves: what is left is seen again.
    const kill = async (phase: string) => {
      if (phase === 'migrating elder') throw new Error('killed');
    };
    await expect(repair(false, { atSafePoint: kill })).rejects.toThrow('killed');
    expect(await repair()).toMatchObject({ steps: steps.slice(-1), tables: 14 });
    expect((await repair(true)).steps).toEqual([]);
    const { failure } = await scene.provision(); // it is compared with elder
    expect(failure).toBeUndefined();
  });

  test('what nobody knows a value for is refused before anything is changed', async () => {
    scratch = await scene.fresh();
    await scratch.sql(tea);
    await scratch.sql(`
      ALTER TABLE elder.catalog_product DROP COLUMN slug; DROP TABLE elder.orders_orderline`);
    const refused = await failureOf(repair(), UserError);
    expect(refused.sentence).toBe(
      'The tenant elder cannot be mended — catalog_product.slug must have a value, and nothing says which — decide that by hand, or restore the tenant from a backup; nothing was changed',
    );
    expect(
      (await failureOf(repairTenant({ ...work('nobody'), commandTimeout: 1_000 }), UserError)).code,
    ).toBe('tenant-unknown');
  });
});

describe('clone', () => {
  const product = `${tea}; ${productOf('Secret', 'secret')}`;
  const copy = { source: 'elder', anonymiseCommand: ['tenant_command', 'hide', '--schema={schema}'] };

  async function shopThatHides(command: string) {
    return scene.changedShop({
      'catalog/management/__init__.py': '',
      'catalog/management/commands/__init__.py': '',
      'catalog/management/commands/hide.py': `
from django.core.management.base import BaseCommand
from customers.models import Domain
from catalog.models import Product
from django.db import connection


class Command(BaseCommand):
    def handle(self, **options):
        assert not Domain.objects.filter(tenant__schema_name=connection.schema_name).exists()
        ${command}
`,
    });
  }

  test('rows, keys and sequences of another tenant; what nobody may see is gone before it has a domain', async () => {
    scratch = await scene.fresh();
    await scratch.sql(product);
    const shop = await shopThatHides('Product.objects.filter(slug="secret").update(name="?")');
    const cloned = await scene.provision(acme, { in: shop, copy });
    expect(cloned.failure).toBeUndefined();
    expect(await scene.world()).toEqual(whole);
    expect(await scratch.sql('SELECT id::int, name FROM acme.catalog_product ORDER BY id')).toEqual([
      { id: 1, name: 'Tea' },
      { id: 2, name: '?' },
    ]);
    expect(await scratch.sql('SELECT last_value::int AS last FROM acme.catalog_product_id_seq')).toEqual([
      { last: 2 },
    ]);
    expect(await scratch.sql(`SELECT name FROM elder.catalog_product WHERE slug = 'secret'`)).toEqual([
      { name: 'Secret' },
    ]);
  });

  test('a copy that cannot be made, or not be cleaned, is not left behind', async () => {
    scratch = await scene.fresh();
    await scratch.sql(product);
    const shop = await shopThatHides('raise RuntimeError("not today")');
    const failed = await scene.provision(acme, { in: shop, copy });
    expect(failed.failure?.code).toBe('after-command-failed');
    expect(await scene.world()).toEqual([]);
    await scratch.sql('ALTER TABLE elder.catalog_product ADD COLUMN odd int');
    const odd = await scene.provision(acme, { copy: { ...copy, anonymiseCommand: undefined } });
    expect(odd.failure?.code).toBe('tenant-not-copied');
    expect(odd.failure?.hint).toMatch(/everything that this run made is removed again$/);
    const nobody = await scene.provision(acme, {
      copy: { ...copy, source: 'nobody', anonymiseCommand: undefined },
    });
    expect(nobody.failure?.code).toBe('tenant-unknown');
    expect(await scene.world()).toEqual([]);
  });
});

describe('deprovision', () => {
  let shelf: string;
  beforeAll(async () => {
    shelf = await mkdtemp(join(tmpdir(), 'tenantry-backups-'));
  });
  afterAll(() => rm(shelf, { recursive: true, force: true }));

  let folder = folders.shop;
  afterEach(() => {
    folder = folders.shop;
  });
  const inputs = () => ({
    'database-url': scratch.env.DATABASE_URL ?? '',
    'working-directory': folder,
    python: scene.python,
    env: 'SECRET_KEY=only for tests\nPUBLIC_DOMAIN=shop.example',
  });
  const deprovision = (schema: string, more: Readonly<Record<string, string>> = {}) =>
    step('provision-tenant', {
      ...inputs(),
      mode: 'deprovision',
      'schema-name': schema,
      confirm: schema,
      'backup-folder': shelf,
      ...more,
    });
  /** `migrate-schemas with mode: restore, schemas: acme …`, or `SQL …: statements`. */
  async function goBack(line: string): Promise<void> {
    const [how = '', what = ''] = line.split(/: (.*)/s);
    if (how.startsWith('SQL')) return void (await scratch.sql(`BEGIN; ${what}; COMMIT`));
    const [action, words = ''] = line.split(' with ');
    expect(action).toBe('migrate-schemas');
    const given = Object.fromEntries(words.split(', ').map((word) => word.split(': ')));
    const seen = await step('migrate-schemas', { ...inputs(), ...given });
    expect(seen.annotations).toEqual([]);
    expect(seen.outputs.result).toBe('restored');
  }

  /** Shared models whose rows depend on a tenant, directly and through each other. */
  async function shopWithContracts() {
    const foreignKey = (to: string, more: string) => `models.ForeignKey("customers.${to}", ${more})`;
    const cascade = 'on_delete=models.CASCADE';
    const tables: Readonly<Record<string, readonly string[]>> = {
      Contract: [
        `("customer", ${foreignKey('Customer', cascade)})`,
        `("replaces", ${foreignKey('Contract', `${cascade}, null=True`)})`,
        '("label", models.TextField())',
      ],
      Page: [
        `("contract", ${foreignKey('Contract', cascade)})`,
        '("domains", models.ManyToManyField("customers.Domain"))',
      ],
      Idea: [
        `("page", ${foreignKey('Page', 'on_delete=models.SET_NULL, null=True')})`,
        `("first", ${foreignKey('Page', 'on_delete=models.SET(None), null=True, related_name="+"')})`,
      ],
    };
    const id = '("id", models.BigAutoField(primary_key=True))';
    const models = await readFile(join(folders.shop, 'customers/models.py'), 'utf8');
    return scene.changedShop({
      'customers/models.py': [
        models,
        ...Object.entries(tables).map(([name, fields]) =>
          [
            `\n\nclass ${name}(models.Model):`,
            ...fields.map((field) => `    ${field.replace(/^\("(\w+)", (.*)\)$/, '$1 = $2')}`),
          ].join('\n'),
        ),
      ].join(''),
      'customers/migrations/0002_contracts.py': `
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [${Object.entries(tables)
      .map(([name, fields]) => `migrations.CreateModel("${name}", [${[id, ...fields].join(', ')}])`)
      .join(', ')}]
`,
    });
  }

  test('a backup, then all of it at once; the way back that it tells leads back, keys and all that depended on it included', async () => {
    scratch = await scene.fresh();
    const shop = await shopWithContracts();
    folder = shop.workingDirectory;
    await bring(shop, scratch);
    const made = await scene.provision(acme, { in: shop });
    expect(made.failure).toBeUndefined();
    await scratch.sql(tea.replaceAll('elder', 'acme'));
    await scratch.sql(`
      ALTER TABLE customers_contract ADD COLUMN loud text GENERATED ALWAYS AS (upper(label)) STORED;
      CREATE TABLE log (contract bigint REFERENCES customers_contract ON DELETE CASCADE);
      INSERT INTO customers_contract (customer_id, label, replaces_id)
        SELECT id, schema_name, NULL FROM customers_customer WHERE schema_name IN ('acme', 'elder');
      INSERT INTO customers_contract (customer_id, label, replaces_id)
        SELECT t.id, 'of another, instead of it', c.id FROM customers_contract c, customers_customer t
         WHERE label = 'acme' AND t.schema_name = 'elder';
      INSERT INTO customers_page (contract_id) SELECT id FROM customers_contract;
      INSERT INTO customers_page_domains (page_id, domain_id)
        SELECT p.id, d.id FROM customers_page p, customers_domain d WHERE d.domain LIKE '%acme.example';
      INSERT INTO customers_idea (page_id) SELECT id FROM customers_page`);
    const everything = () =>
      scratch.sql<{ line: string }>(`SELECT line FROM (
        SELECT 'customer ' || t::text AS line FROM customers_customer t UNION ALL SELECT 'domain ' || t::text FROM customers_domain t
        UNION ALL SELECT 'contract ' || t::text FROM customers_contract t UNION ALL SELECT 'page ' || t::text FROM customers_page t
        UNION ALL SELECT 'shown at ' || t::text FROM customers_page_domains t
        UNION ALL SELECT 'idea ' || t::text FROM customers_idea t UNION ALL SELECT 'product ' || t::text FROM acme.catalog_product t
      ) AS lines ORDER BY line`);
    const before = await everything();
    await scratch.sql('UPDATE customers_idea SET first_id = page_id');
    const dry = await deprovision('acme', { 'dry-run': 'true' });
    await scratch.sql('UPDATE customers_idea SET first_id = NULL');
    expect(dry.report.removed).toMatchObject({
      tables: 14,
      domains: [{ domain: 'acme.example' }, { domain: 'www.acme.example' }],
      goes: [
        { table: 'customers_customer', rows: 1 },
        { model: 'customers.Contract', rows: 2 },
        { model: 'customers.Domain', rows: 2 },
        { model: 'customers.Page', rows: 2 },
        { model: 'customers.Page_domains', rows: 6 },
      ],
      changes: [{ model: 'customers.Idea', column: 'first_id', rows: 2 }],
    });
    expect(await scene.world()).toEqual(whole);

    // What Django does not know of goes with a row, too: then nothing goes.
    await scratch.sql('INSERT INTO log SELECT id FROM customers_contract');
    const beyond = await deprovision('acme');
    expect(beyond.annotations[0]).toMatch(
      /^The tenant acme could not be removed — 2 rows of public\.log would go with it and not come back — all of it is still there; remove those rows first/,
    );
    expect(await everything()).toEqual(before);
    await scratch.sql('DELETE FROM log');

    const removed = await deprovision('acme');
    expect(removed.annotations).toEqual([]);
    expect(removed.outputs.result).toBe('deprovisioned');
    expect(removed.outputs['backup-path']).toContain(shelf);
    expect(await scene.world()).toEqual([]);
    expect((await deprovision('acme')).outputs['failure-code']).toBe('tenant-unknown');
    for (const shared of ['public', 'pg_catalog']) {
      expect((await deprovision(shared)).outputs['failure-code']).toBe('tenant-not-removed');
    }

    const { wayBack } = removed.report.removed as { wayBack: readonly string[] };
    expect(wayBack).toHaveLength(4);
    for (const line of wayBack) await goBack(line);
    expect(await scene.world()).toEqual(whole);
    expect(await everything()).toEqual(before);
    expect(await scene.provision(acme, { in: shop })).toMatchObject({
      state: 'unchanged',
      failure: undefined,
    });
  }, 600_000);

  test('while somebody uses it, all of it stays', async () => {
    scratch = await scene.fresh();
    await scene.provision();
    const holder = scratch.sql(
      'BEGIN; LOCK TABLE acme.orders_order IN ACCESS SHARE MODE; SELECT pg_sleep(60) /* holder */; COMMIT',
    );
    const stuck = await deprovision('acme');
    await scratch.sql(
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%/* holder */%' AND pid <> pg_backend_pid()`,
    );
    await holder.catch(() => {});
    expect(stuck.annotations[0]).toMatch(
      /^The tenant acme could not be removed — canceling statement due to lock timeout — all of it is still there/,
    );
    expect(await scene.world()).toEqual(whole);
  });
});
