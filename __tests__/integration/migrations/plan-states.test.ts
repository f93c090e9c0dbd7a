import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { allSchemas } from '../../../src/database/catalog.ts';
import { readStructures } from '../../../src/database/structures.ts';
import { type Discovery, discoveryShape } from '../../../src/django/discovery.ts';
import { probe } from '../../../src/django/probe.ts';
import { type DjangoProject, manage } from '../../../src/django/project.ts';
import { succeeded } from '../../../src/machine/machine.ts';
import {
  locksOnShared,
  type MigrationPlan,
  notices,
  planMigrations,
  refusals,
  troubles,
} from '../../../src/migrations/plan.ts';
import { planLines, planSentence } from '../../../src/migrations/plan-text.ts';
import { readStanding } from '../../../src/migrations/standing.ts';
import { each } from '../breadth.ts';
import { changedCopy, folders, project } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { shopTemplate } from '../shop-template.ts';
import { oldestPython, shopPython, zooPython } from '../venv.ts';
import { addNote, migrationFile, note, ordersHead, replacedOrders, squashedOrders } from './shop-fleet.ts';

/** Each state of the catalogue is brought about for real, then the plan has to say its sentence. */

let python: string;
/** The shop’s shared schema and the tenants acme, beta and zeta, all at head. */
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

async function succeeds(shop: DjangoProject, ...words: string[]): Promise<void> {
  const result = await manage(shop, words, { timeout: 120_000 });
  if (!succeeded(result)) throw new Error(`${words.join(' ')}: ${result.stderr}`);
}

/** The shop with some files more or other, and some less; gone after the test. */
async function shopWith(
  files: Readonly<Record<string, string>> = {},
  without: readonly string[] = [],
): Promise<DjangoProject> {
  const copy = await changedCopy(folders.shop, files);
  cleanUps.push(copy.remove);
  for (const name of without) await rm(join(copy.folder, name));
  return project(copy.folder, python, scratch);
}

const plainShop = () => project(folders.shop, python, scratch);

interface Looked {
  readonly plan: MigrationPlan;
  readonly discovery: Discovery;
}

async function look(shop: DjangoProject = plainShop()): Promise<Looked> {
  const { database } = scratch;
  const { signal } = new AbortController();
  const discovery = await readStanding({ project: shop, database, signal });
  return {
    discovery,
    plan: planMigrations(discovery, await readStructures(database, await allSchemas(database))),
  };
}

function sentences({ plan }: Looked): { code: string; message: string }[] {
  return [...refusals(plan), ...troubles(plan)].map(({ code, message }) => ({ code, message }));
}

/** Takes the last migration back in one tenant, as it was before it. */
const withoutIndex = `
  DROP INDEX beta.order_status_placed;
  DELETE FROM beta.django_migrations WHERE app = 'orders' AND name = '0004_order_status_placed';`;

async function fromTemplate(sql = ''): Promise<void> {
  scratch = await scratchDatabase({ template });
  if (sql !== '') await scratch.sql(sql);
}

test('all at head: nothing stands in the way, nothing is pending', async () => {
  await fromTemplate();
  const looked = await look();
  expect(sentences(looked)).toEqual([]);
  expect(planSentence(looked.plan)).toBe('3 tenants: 3 up to date');
  expect(notices(looked.plan)).toEqual([]);
  expect(looked.discovery.migrations).toEqual([]);
  expect(looked.discovery.groups.map(({ expects, afterNext }) => ({ expects, afterNext }))).toEqual([
    { expects: [], afterNext: null },
  ]);
});

describe('the code and the ledgers', () => {
  test('4: a newer commit has migrated the database', async () => {
    await fromTemplate();
    const newer = await shopWith(note);
    await succeeds(newer, 'migrate_schemas', '--schema=acme');
    expect(sentences(await look())).toEqual([
      {
        code: 'code-older-than-database',
        message:
          'The database has 1 migration that this code does not know — orders.0005_note (1 schema): an older commit may be on its way',
      },
    ]);
  });

  test('4: rows of an app that was taken out of the project are no newer commit', async () => {
    await fromTemplate(
      `INSERT INTO acme.django_migrations (app, name, applied) VALUES ('polls', '0001_initial', now())`,
    );
    const looked = await look();
    expect(sentences(looked)).toEqual([]);
    expect(notices(looked.plan)).toEqual(['recorded, but not in this code: polls.0001_initial (1 schema)']);
  });

  test('4: rows that a squashed migration has left behind are no newer commit', async () => {
    await fromTemplate();
    const settled = Object.fromEntries(
      Object.entries(squashedOrders).map(([name, text]) => [name, text.replace(/replaces = \[[^\]]*\]/, '')]),
    );
    await succeeds(await shopWith(squashedOrders), 'migrate_schemas');
    const looked = await look(await shopWith(settled, replacedOrders));
    expect(sentences(looked)).toEqual([]);
    expect(planSentence(looked.plan)).toBe('3 tenants: 3 up to date');
    expect(notices(looked.plan)).toEqual([
      expect.stringMatching(/^recorded, but not in this code: orders\.0001_initial \(4 schemas\), /),
    ]);
  });

  test('5: an applied migration was renamed', async () => {
    await fromTemplate();
    const renamed = await shopWith(
      {
        'orders/migrations/0005_order_status_placed.py': migrationFile(
          '("orders", "0003_fill_order_total")',
          'migrations.AddIndex("order", models.Index(fields=["status", "-placed"], name="order_status_placed"))',
        ),
      },
      ['orders/migrations/0004_order_status_placed.py'],
    );
    expect(sentences(await look(renamed))).toContainEqual({
      code: 'migration-renamed',
      message:
        '1 recorded migration has no file any more — orders.0004_order_status_placed is recorded in 4 schemas, and the pending orders.0005_order_status_placed looks the same: renaming an applied migration runs it again',
    });
  });

  test('6: two heads', async () => {
    await fromTemplate();
    const other = { 'orders/migrations/0005_other.py': migrationFile(ordersHead, '') };
    expect(sentences(await look(await shopWith({ ...note, ...other })))).toEqual([
      {
        code: 'migrations-conflict',
        message: 'The app orders has several newest migrations — 0005_note and 0005_other',
      },
    ]);
  });

  test('7: a migration is recorded before the one that it depends on', async () => {
    await fromTemplate(
      `DELETE FROM beta.django_migrations WHERE app = 'orders' AND name = '0003_fill_order_total'`,
    );
    const looked = await look();
    expect(sentences(looked)).toEqual([
      {
        code: 'migration-history-inconsistent',
        message:
          'Django refuses the history of 1 tenant — beta: Migration orders.0004_order_status_placed is applied before its dependency orders.0003_fill_order_total',
      },
    ]);
    expect(planSentence(looked.plan)).toBe('3 tenants: 2 up to date, 1 with an inconsistent history');
  });

  test('8: a squashed migration is partly applied: with the old files Django goes on with them', async () => {
    await fromTemplate(withoutIndex);
    const looked = await look(await shopWith(squashedOrders));
    expect(sentences(looked)).toEqual([]);
    expect(looked.plan.tenants.find(({ schema }) => schema === 'beta')?.pending).toEqual([
      'orders.0004_order_status_placed',
    ]);
    expect(notices(looked.plan)).toEqual([
      '1 schema with 3 of the 4 migrations that orders.0001_squashed_0004 replaces (beta): keep the old files until it has all',
    ]);
  });

  test('8: without the old files nobody can make the rest', async () => {
    await fromTemplate(withoutIndex);
    const looked = await look(await shopWith(squashedOrders, replacedOrders));
    expect(sentences(looked)).toEqual([
      {
        code: 'squash-partly-applied',
        message:
          'A squashed migration is partly applied in 1 tenant — beta: has 3 of the 4 migrations that orders.0001_squashed_0004 replaces, and the files of the others are gone (it lacks orders.0004_order_status_placed)',
      },
    ]);
  });

  test('9: only the row of a squashed migration is missing', async () => {
    await fromTemplate();
    const looked = await look(await shopWith(squashedOrders));
    expect(sentences(looked)).toEqual([]);
    expect(planSentence(looked.plan)).toBe('3 tenants: 3 need only the squash row');
    expect(planLines(looked.plan)).toContain(
      '3 tenants (acme, beta and zeta): only the squash row orders.0001_squashed_0004',
    );
  });

  test('a ledger with a row twice is read as if it had it once, and told', async () => {
    await fromTemplate(
      `INSERT INTO beta.django_migrations (app, name, applied) VALUES ('orders', '0001_initial', now())`,
    );
    const looked = await look();
    expect(planSentence(looked.plan)).toBe('3 tenants: 3 up to date');
    expect(looked.discovery.groups).toHaveLength(1);
    expect(notices(looked.plan)).toEqual([
      'migrations recorded twice, as two runs at once do: beta (orders.0001_initial)',
    ]);
  });
});

describe('the ledgers and the tables', () => {
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
  const settings = (apps: string) =>
    `from shop.settings import *\n\n${apps} = [*${apps}, "finance"]\nINSTALLED_APPS = [*INSTALLED_APPS, "finance"]\n`;

  test('10: an app was moved from the shared schema to the tenants', async () => {
    await fromTemplate();
    const copy = await shopWith({
      ...finance,
      'shop/before.py': settings('SHARED_APPS'),
      'shop/after.py': settings('TENANT_APPS'),
    });
    await succeeds({ ...copy, settingsModule: 'shop.before' }, 'migrate_schemas');
    const before = await look({ ...copy, settingsModule: 'shop.before' });
    expect(sentences(before)).toEqual([]);
    const looked = await look({ ...copy, settingsModule: 'shop.after' });
    expect(sentences(looked)).toEqual([
      {
        code: 'tenant-tables-missing',
        message:
          '3 tenants lack what their ledgers promise — acme, beta and zeta: finance is recorded as applied, but its 1 table (finance_invoice) does not exist (its statements reach public.finance_invoice instead)',
      },
    ]);
    expect(planSentence(looked.plan)).toBe('3 tenants: 3 lack tables');

    // What the sentence advises mends it.
    expect(looked.plan.troubled[0]?.next).toBe(
      'take the record back, then run again: python manage.py migrate_schemas --schema=acme finance zero --fake',
    );
    const after = { ...copy, settingsModule: 'shop.after' };
    await succeeds(after, 'migrate_schemas', '--schema=acme', 'finance', 'zero', '--fake');
    await succeeds(after, 'migrate_schemas', '--schema=acme');
    expect((await look(after)).plan.troubled.map(({ schema }) => schema)).toEqual(['beta', 'zeta']);
  });

  test('10: the row is all that a tenant gets of an app of the shared schema', async () => {
    await fromTemplate();
    const copy = await shopWith({ ...finance, 'shop/before.py': settings('SHARED_APPS') });
    const { plan } = await look({ ...copy, settingsModule: 'shop.before' });
    expect(planSentence(plan)).toBe('3 tenants: 3 need only a row in the ledger');
    expect(planLines(plan)).toEqual([
      'public (shared): finance.0001_initial',
      '3 tenants (acme, beta and zeta): finance.0001_initial (row only)',
    ]);
  });

  test('11: a template that is behind, and a tenant that was copied from it', async () => {
    await fromTemplate(`CREATE SCHEMA pattern; ALTER TABLE beta.orders_order DROP COLUMN total;`);
    const copy = await shopWith({
      'shop/cloning.py':
        'from shop.settings import *\n\nTENANT_BASE_SCHEMA = "pattern"\nTENANT_CREATION_FAKES_MIGRATIONS = True\n',
    });
    const cloning = { ...copy, settingsModule: 'shop.cloning' };
    await succeeds(cloning, 'migrate_schemas', '--schema=pattern', 'orders', '0001');
    const looked = await look(cloning);
    expect(notices(looked.plan)).toEqual([
      expect.stringMatching(/^the template pattern is \d+ migrations behind: a tenant copied from it/),
    ]);
    expect(looked.plan.orphans).toEqual([]);
    expect(looked.plan.templates[0]?.pending).toContain('orders.0002_order_total');
    expect(sentences(looked)).toEqual([
      {
        code: 'tenant-tables-missing',
        message:
          '1 tenant lacks what its ledger promises — beta: lacks the column orders_order.total, which its ledger says it has',
      },
    ]);
  });

  test('12: a row without a schema; 13: a schema without a row', async () => {
    await fromTemplate(`
      INSERT INTO customers_customer (schema_name, name, plan, created) VALUES ('lost', 'lost', 'free', now());
      DELETE FROM customers_customer WHERE schema_name = 'zeta';
      UPDATE zeta.django_migrations SET applied = '2025-03-01 10:00+00';`);
    const looked = await look();
    expect(sentences(looked)).toEqual([
      { code: 'tenant-without-schema', message: '1 tenant has a row but no schema — lost' },
    ]);
    expect(planSentence(looked.plan)).toBe('3 tenants: 2 up to date, 1 has no schema');
    expect(notices(looked.plan)).toEqual([
      '1 schema of no tenant, not migrated: zeta (last migrated 2025-03-01 10:00 UTC)',
    ]);
  });

  test('29: a migration would fall through to the shared schema’s table', async () => {
    await fromTemplate(`
      DROP TABLE beta.auth_user CASCADE;
      DELETE FROM beta.django_migrations WHERE app = 'auth' AND name ~ '^0012';`);
    expect(sentences(await look())).toEqual([
      {
        code: 'migration-would-alter-shared',
        message:
          '1 tenant would change the shared schema — beta: auth.0012_alter_user_first_name_max_length would alter public.auth_user, because the tenant has no such table: stopped before running',
      },
    ]);
  });

  test('30: a foreign key into the shared schema', async () => {
    await fromTemplate();
    const copy = await shopWith({
      'orders/migrations/0005_customer.py': migrationFile(
        `${ordersHead}, ("customers", "0001_initial")`,
        'migrations.AddField("order", "customer", models.ForeignKey("customers.Customer", models.CASCADE, null=True))',
      ),
    });
    const { plan } = await look(copy);
    expect([...locksOnShared(plan)]).toEqual([['customers_customer', ['orders.0005_customer']]]);
    expect(planLines(plan)).toContain(
      'locks public.customers_customer for writes: one worker (orders.0005_customer)',
    );
  });

  test('tables without a ledger', async () => {
    await fromTemplate('DROP TABLE beta.django_migrations');
    expect(sentences(await look())).toEqual([
      {
        code: 'ledger-missing',
        message: expect.stringMatching(
          /^1 tenant has tables but no ledger of migrations — beta: has \d+ tables of the project \(.*\) but no ledger \(django_migrations\)$/,
        ),
      },
    ]);
  });
});

describe('what an interrupted migration leaves', () => {
  const unatomic = {
    'orders/migrations/0005_notes.py': migrationFile(
      ordersHead,
      `${addNote},
        migrations.AddField("order", "remark", models.TextField(null=True)),
        migrations.RunPython(stop, migrations.RunPython.noop),`,
      {
        head: 'import os\n\n\ndef stop(apps, schema_editor):\n    if os.environ.get("STOP"):\n        os._exit(9)\n',
        body: 'atomic = False',
      },
    ),
  };

  test('killed before it was recorded: all of it is there', async () => {
    await fromTemplate();
    const copy = await shopWith(unatomic);
    const killed = await manage(
      { ...copy, env: { ...copy.env, STOP: '1' } },
      ['migrate_schemas', '--schema=beta'],
      {
        timeout: 120_000,
      },
    );
    expect(succeeded(killed)).toBe(false);
    const looked = await look(copy);
    expect(sentences(looked)).toEqual([]);
    expect(looked.plan.tenants.map(({ schema, unrecorded }) => [schema, unrecorded])).toEqual([
      ['acme', undefined],
      ['beta', 'orders.0005_notes'],
      ['zeta', undefined],
    ]);
  });

  test('ended in the middle: what is there and what is not', async () => {
    await fromTemplate();
    const copy = await shopWith({
      'orders/migrations/0005_notes.py': migrationFile(
        ordersHead,
        `${addNote},
        migrations.RunSQL("SELECT 1/0", ""),
        migrations.AddField("order", "remark", models.TextField(null=True)),`,
        { body: 'atomic = False' },
      ),
    });
    const failed = await manage(copy, ['migrate_schemas', '--schema=beta'], { timeout: 120_000 });
    expect(succeeded(failed)).toBe(false);
    const looked = await look(copy);
    expect(sentences(looked)).toEqual([
      {
        code: 'migration-half-applied',
        message:
          'A migration was interrupted half-way in 1 tenant and is not recorded — beta: has half of orders.0005_notes: there is column orders_order.note, there is no column orders_order.remark',
      },
    ]);
    expect(looked.plan.tenants.map(({ schema }) => schema)).toEqual(['acme', 'zeta']);
  });

  test('an index that could not be made concurrently', async () => {
    await fromTemplate(`
      INSERT INTO beta.orders_order (email, status, placed) VALUES ('a@b.example', 'paid', now()), ('a@b.example', 'paid', now());`);
    const copy = await shopWith({
      'orders/migrations/0005_once.py': migrationFile(
        ordersHead,
        'AddIndexConcurrently("order", models.Index(fields=["email"], name="order_email_ix"))',
        {
          head: 'from django.contrib.postgres.operations import AddIndexConcurrently',
          body: 'atomic = False',
        },
      ),
    });
    // As a try leaves it that failed at a row.
    await scratch
      .sql('CREATE UNIQUE INDEX CONCURRENTLY order_email_ix ON beta.orders_order (email)')
      .catch(() => {});
    const looked = await look(copy);
    expect(looked.plan.troubled).toEqual([
      expect.objectContaining({
        schema: 'beta',
        code: 'migration-half-applied',
        reason: 'has half of orders.0005_once: there is invalid index order_email_ix',
        next: 'drop what was begun, then run again: DROP INDEX CONCURRENTLY "beta"."order_email_ix"',
      }),
    ]);
  });
});

test('what is known about pending migrations', async () => {
  await fromTemplate();
  const file = (number: number, operations: string, more = {}) =>
    migrationFile(`("orders", "${names[number - 1]}")`, operations, more);
  const names: Record<number, string> = {
    4: '0004_order_status_placed',
    5: '0005_harmless',
    6: '0006_not_null',
    7: '0007_gone',
    8: '0008_wider',
    9: '0009_narrower',
    10: '0010_python',
    11: '0011_sql',
    12: '0012_only_state',
  };
  const copy = await shopWith({
    'orders/migrations/0005_harmless.py': file(
      5,
      `${addNote}, migrations.AddField("order", "rank", models.IntegerField(db_default=0))`,
    ),
    'orders/migrations/0006_not_null.py': file(
      6,
      'migrations.AddField("order", "weight", models.IntegerField(default=0))',
    ),
    'orders/migrations/0007_gone.py': file(7, 'migrations.RemoveField("order", "note")'),
    'orders/migrations/0008_wider.py': file(
      8,
      'migrations.AlterField("order", "status", models.CharField(max_length=40))',
    ),
    'orders/migrations/0009_narrower.py': file(
      9,
      'migrations.AlterField("order", "status", models.CharField(max_length=30))',
    ),
    'orders/migrations/0010_python.py': file(10, 'migrations.RunPython(lambda apps, editor: None)', {
      body: 'atomic = False',
    }),
    'orders/migrations/0011_sql.py': file(
      11,
      'migrations.RunSQL("UPDATE customers_customer SET name = name", "")',
    ),
    'orders/migrations/0012_only_state.py': file(
      12,
      'migrations.AlterModelOptions("order", {"verbose_name": "x"})',
    ),
  });
  const { discovery } = await look(copy);
  const tenant = [{ kind: 'tenant', tenantType: null }];
  const usual = { atomic: true, reversible: true, runsIn: tenant, touchesShared: [] };
  expect(
    discovery.migrations.map(({ operations, tables, oldCodeReason, ...rest }) => ({ ...rest, tables })),
  ).toEqual([
    { ...usual, migration: 'orders.0005_harmless', tables: ['orders_order'], keepsOldCode: 'yes' },
    { ...usual, migration: 'orders.0006_not_null', tables: ['orders_order'], keepsOldCode: 'no' },
    { ...usual, migration: 'orders.0007_gone', tables: ['orders_order'], keepsOldCode: 'no' },
    { ...usual, migration: 'orders.0008_wider', tables: ['orders_order'], keepsOldCode: 'yes' },
    { ...usual, migration: 'orders.0009_narrower', tables: ['orders_order'], keepsOldCode: 'no' },
    {
      ...usual,
      migration: 'orders.0010_python',
      atomic: false,
      reversible: false,
      tables: [],
      keepsOldCode: 'unknown',
    },
    {
      ...usual,
      migration: 'orders.0011_sql',
      tables: [],
      touchesShared: ['customers_customer'],
      keepsOldCode: 'unknown',
    },
    {
      ...usual,
      migration: 'orders.0012_only_state',
      runsIn: [],
      tables: ['orders_order'],
      keepsOldCode: 'yes',
    },
  ]);
  expect(discovery.migrations[1]?.oldCodeReason).toBe(
    'order.weight is NOT NULL without db_default: the old code cannot insert rows',
  );
});

test('content types and permissions that a tenant at head lacks are found when they are asked for', async () => {
  await fromTemplate(`
    DELETE FROM beta.auth_permission p USING beta.django_content_type c
     WHERE c.id = p.content_type_id AND c.model = 'orderline';
    DELETE FROM beta.django_content_type WHERE model = 'orderline';
    DELETE FROM zeta.auth_permission WHERE codename = 'add_order';`);
  const discovery = await probe(
    plainShop(),
    'discover',
    { request: { postMigrate: true }, answer: discoveryShape },
    { timeout: 60_000 },
  );
  expect(discovery.postMigrate).toEqual({
    otherReceivers: [],
    lacking: expect.arrayContaining([
      {
        schemas: ['beta'],
        contentTypes: ['orders.orderline'],
        permissions: ['add', 'change', 'delete', 'view'].map((verb) => `orders.orderline.${verb}_orderline`),
      },
      { schemas: ['zeta'], contentTypes: [], permissions: ['orders.order.add_order'] },
    ]),
  });
  expect(discovery.postMigrate.lacking).toHaveLength(2);
});

describe('two types of tenant, and a shared schema that is called otherwise', () => {
  const newest = { stack: 'the shop’s versions', interpreter: shopPython };
  const oldest = { stack: 'Django 4.2, django-tenants 3.7, psycopg 2', interpreter: oldestPython };
  test.each(each([newest, oldest], newest))(
    '$stack',
    async ({ interpreter }) => {
      scratch = await scratchDatabase();
      const copy = await changedCopy(folders.kinds, {});
      cleanUps.push(copy.remove);
      const kinds = project(copy.folder, await interpreter(), scratch);
      await scratch.sql('CREATE SCHEMA shared');
      await succeeds(kinds, 'migrate_schemas', '--shared');
      await scratch.sql(`
        INSERT INTO shared.estate_holding (schema_name, kind, acres, note) VALUES
          ('hill', 'farm', 12, ''), ('mill', 'farm', 3, ''), ('tower', 'flat', 1, '');
        CREATE SCHEMA hill; CREATE SCHEMA mill; CREATE SCHEMA tower;`);
      await succeeds(kinds, 'migrate_schemas', '--tenant');
      expect(planSentence((await look(kinds)).plan)).toBe('3 tenants: 3 up to date');

      await scratch.sql('DROP TABLE mill.farming_harvest CASCADE');
      const file = join(copy.folder, 'farming/migrations/0002_owner.py');
      await writeFile(
        file,
        migrationFile(
          '("farming", "0001_initial"), ("estate", "0001_initial")',
          `migrations.AddField("field", "owner", models.ForeignKey("estate.Holding", models.CASCADE, null=True)),
           migrations.AddIndex("field", models.Index(fields=["name", "owner"], name="field_owner_ix")),`,
        ),
      );
      const looked = await look(kinds);
      expect(sentences(looked)).toEqual([
        {
          code: 'tenant-tables-missing',
          message:
            '1 tenant lacks what its ledger promises — mill: lacks farming_harvest, which its ledger says it has',
        },
      ]);
      expect(planLines(looked.plan).slice(0, 4)).toEqual([
        'shared (shared): farming.0002_owner (row only)',
        '1 tenant (hill): farming.0002_owner',
        '1 tenant (tower): farming.0002_owner (row only)',
        'locks shared.estate_holding for writes: one worker (farming.0002_owner)',
      ]);

      await scratch.sql('ALTER TABLE hill.farming_field ADD COLUMN owner_id bigint');
      expect((await look(kinds)).plan.troubled.find(({ schema }) => schema === 'hill')).toMatchObject({
        tenantType: 'farm',
        code: 'migration-half-applied',
        reason:
          'has half of farming.0002_owner: there is column farming_field.owner_id, there is no index or constraint field_owner_ix',
      });
    },
    300_000,
  );
});

describe('tables and columns are told from the migrations as Django’s own classes would tell them', () => {
  const newest = [
    { stack: 'the shop', folder: folders.shop, interpreter: shopPython },
    { stack: 'kinds with the shop’s versions', folder: folders.kinds, interpreter: shopPython },
    {
      stack: 'the zoo with the shop’s versions',
      folder: folders.zoo,
      interpreter: () => zooPython('newest'),
    },
  ];
  const oldest = [
    {
      stack: 'kinds with Django 4.2, django-tenants 3.7, psycopg 2',
      folder: folders.kinds,
      interpreter: oldestPython,
    },
    {
      stack: 'the zoo with Django 4.2, django-tenants 3.7, psycopg 2',
      folder: folders.zoo,
      interpreter: () => zooPython('oldest'),
    },
  ];
  test.each(each([newest, oldest], newest).flat())(
    '$stack',
    async ({ folder, interpreter }) => {
      scratch = await scratchDatabase();
      const asked = project(folder, await interpreter(), scratch);
      const ask = (request: object) =>
        probe(asked, 'discover', { request, answer: discoveryShape }, { timeout: 60_000 });
      const [told, rendered] = [await ask({ render: false }), await ask({ render: true })];
      expect(told.kinds.flatMap(({ tables }) => tables).length).toBeGreaterThan(5);
      expect(told.kinds).toEqual(rendered.kinds);
      expect(told.groups).toEqual(rendered.groups);
    },
    120_000,
  );
});
