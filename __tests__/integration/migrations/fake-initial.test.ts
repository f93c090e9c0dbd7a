import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import type { Discovery } from '../../../src/django/discovery.ts';
import { type DjangoProject, manage } from '../../../src/django/project.ts';
import type { UserError } from '../../../src/ground/errors.ts';
import { migrateShared, type RecordingFlag } from '../../../src/migrations/commands.ts';
import { type InitialPolicy, judgeInitial } from '../../../src/migrations/fake-initial.ts';
import { migrateSchemas, verifySchemas } from '../../../src/migrations/migrate.ts';
import { readStanding } from '../../../src/migrations/standing.ts';
import { each, testWhole, whole } from '../breadth.ts';
import { changedCopy, folders, project, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase, scratchRole } from '../scratch-database.ts';
import { shopTemplate, withoutTenants } from '../shop-template.ts';
import { oldestPython, shopPython } from '../venv.ts';

let python: string;
/** The shop at head, with the tenant acme. */
let template: ScratchDatabase;
let scratch: ScratchDatabase;
const cleanUps: (() => Promise<void>)[] = [];

beforeAll(async () => {
  python = await shopPython();
  template = await scratchDatabase({ template: await shopTemplate() });
  await template.sql(withoutTenants('beta', 'zeta'));
  await template.database.close();
}, 300_000);

afterEach(async () => {
  await scratch?.drop();
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

afterAll(async () => {
  await template?.drop();
});

async function bringToHead(place: DjangoProject, { database }: ScratchDatabase): Promise<void> {
  const { signal } = new AbortController();
  const log = recordedLog();
  const { failure } = await migrateSchemas({ project: place, database, signal, log, dryRun: false });
  if (failure !== undefined) throw failure;
}

interface Given {
  readonly place?: DjangoProject;
  readonly database?: ScratchDatabase;
  readonly policy?: InitialPolicy;
  readonly signal?: AbortSignal;
  /** What was found before, in a database like this one. */
  readonly discovery?: Discovery;
}

async function judged({
  database = scratch,
  place = project(folders.shop, python, database),
  policy = 'shared-if-identical',
  signal = new AbortController().signal,
  discovery: known,
}: Given = {}) {
  const log = recordedLog();
  const given = { project: place, database: database.database, signal };
  const discovery = known ?? (await readStanding(given));
  const verdict = await judgeInitial(discovery, { ...given, log, policy });
  return {
    ...verdict,
    pending: discovery.groups.find(has(discovery.publicSchema))?.pending,
    lines: log.lines,
  };
}

const has = (schema: string) => (group: { schemas: readonly string[] }) => group.schemas.includes(schema);

/** The refusal, after which nothing is other than before. */
async function refused(given: Given = {}): Promise<UserError> {
  const database = given.database ?? scratch;
  const before = await everything(database);
  const error: unknown = await judged(given).then(
    (verdict) => {
      throw new Error(`It was not refused: ${JSON.stringify(verdict)}`);
    },
    (refusal: unknown) => refusal,
  );
  expect(await everything(database)).toEqual(before);
  return error as UserError;
}

/** Every table, its file and its rows, every schema, every sequence's value. */
function everything(database: ScratchDatabase) {
  return database.sql(`
    SELECT n.nspname, c.relname, c.oid, c.relfilenode, c.relkind,
           query_to_xml(CASE WHEN c.relkind = 'r' THEN format('SELECT count(*) FROM %I.%I', n.nspname, c.relname)
                             WHEN c.relkind = 'S' THEN format('SELECT last_value FROM %I.%I', n.nspname, c.relname)
                             ELSE 'SELECT 1' END, false, true, '')::text AS content
      FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2`);
}

function ledger(database: ScratchDatabase, schema: string) {
  return database.sql<{ id: number; migration: string }>(
    `SELECT id, app || '.' || name AS migration FROM ${schema}.django_migrations ORDER BY id`,
  );
}

async function migratedShared(recording: RecordingFlag | undefined): Promise<void> {
  const { signal } = new AbortController();
  const given = { project: project(folders.shop, python, scratch), database: scratch.database, signal };
  const log = recordedLog();
  const { failure } = await migrateShared('public', { ...given, log, timeout: 60_000 }, recording);
  if (failure !== undefined) throw failure;
  expect((await verifySchemas({ ...given, log })).failure).toBeUndefined();
}

async function copyOfTemplate(change = ''): Promise<void> {
  scratch = await scratchDatabase({ template: template.name });
  if (change !== '') await scratch.sql(change);
}

async function changedShop(files: Record<string, string>): Promise<DjangoProject> {
  const copy = await changedCopy(folders.shop, files);
  cleanUps.push(copy.remove);
  return project(copy.folder, python, scratch);
}

/** A migration of the shop's shared app, after its first one. */
function later(operations: string, more = ''): Record<string, string> {
  return {
    'customers/migrations/0002_later.py': `
from django.db import migrations, models
${more}

class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [${operations}]
`,
  };
}

const forgetsThree = `DELETE FROM django_migrations WHERE app IN ('customers', 'sessions', 'admin')`;
const forgetsCustomers = `DELETE FROM django_migrations WHERE app = 'customers'`;
const forgetsAll = 'DELETE FROM django_migrations';

test('nothing is unknown: nobody is asked', async () => {
  await copyOfTemplate();
  const shop = project(folders.shop, '/no/python', scratch);
  const given = { database: scratch.database, signal: new AbortController().signal };
  const discovery = await readStanding({ ...given, project: { ...shop, python } });
  const options = { ...given, project: shop, log: recordedLog(), policy: 'shared-if-identical' } as const;
  expect(await judgeInitial(discovery, options)).toEqual({ fake: [], flag: undefined });
});

test('a fresh database: everything is pending, nothing is there, nobody is asked', async () => {
  scratch = await scratchDatabase();
  const shop = project(folders.shop, '/no/python', scratch);
  const given = { database: scratch.database, signal: new AbortController().signal };
  const discovery = await readStanding({ ...given, project: { ...shop, python } });
  const options = { ...given, project: shop, log: recordedLog(), policy: 'never' } as const;
  expect(await judgeInitial(discovery, options)).toEqual({ fake: [], flag: undefined });
});

describe('tables that are exactly what the migrations make', () => {
  test('of some apps, after their initial migrations: those are recorded, the rest runs, tenants are untouched', async () => {
    await copyOfTemplate(forgetsThree);
    const tenant = await ledger(scratch, 'acme');
    const before = await everything(scratch);
    const verdict = await judged();
    expect(verdict).toMatchObject({
      fake: ['admin.0001_initial', 'customers.0001_initial', 'sessions.0001_initial'],
      flag: '--fake-initial',
      lines: [
        'Compared: public has the tables of admin.0001_initial, customers.0001_initial and sessions.0001_initial exactly as they would be made: recorded without running',
      ],
    });
    expect(await everything(scratch)).toEqual(before);
    await migratedShared(verdict.flag);
    expect(await ledger(scratch, 'acme')).toEqual(tenant);
  });

  testWhole('of a database that had only its initial migrations: the later ones run', async () => {
    scratch = await scratchDatabase();
    const shop = project(folders.shop, python, scratch);
    for (const target of [['auth', '0001'], ['customers'], ['sessions']]) {
      const words = ['migrate_schemas', '--shared', '--noinput', ...target];
      expect((await manage(shop, words, { timeout: 60_000 })).exitCode).toBe(0);
    }
    await scratch.sql(forgetsAll);
    const verdict = await judged();
    expect(verdict).toMatchObject({
      fake: [
        'contenttypes.0001_initial',
        'auth.0001_initial',
        'customers.0001_initial',
        'sessions.0001_initial',
      ],
      flag: '--fake-initial',
    });
    await migratedShared(verdict.flag);
  });

  test('of the newest code, with a lost ledger: all are recorded', async () => {
    await copyOfTemplate(forgetsAll);
    const tenant = await ledger(scratch, 'acme');
    const verdict = await judged();
    expect(verdict.flag).toBe('--fake');
    expect(verdict.fake).toEqual(verdict.pending);
    expect(verdict.fake.length).toBeGreaterThan(20);
    await migratedShared(verdict.flag);
    expect(await ledger(scratch, 'acme')).toEqual(tenant);
  });

  const newest = { stack: 'the shop’s versions', interpreter: shopPython };
  const oldest = { stack: 'Django 4.2, django-tenants 3.7, psycopg 2', interpreter: oldestPython };
  for (const { stack, interpreter } of whole([newest, oldest])) {
    test(`of two types of tenant and a shared schema that is called otherwise: ${stack}`, async () => {
      scratch = await scratchDatabase();
      const place = project(folders.kinds, await interpreter(), scratch);
      await scratch.sql('CREATE SCHEMA shared');
      await bringToHead(place, scratch);
      await scratch.sql(`
        INSERT INTO shared.estate_holding (schema_name, kind, acres, note) VALUES ('hill', 'farm', 12, '');
        CREATE SCHEMA hill`);
      await bringToHead(place, scratch);
      const tenant = await ledger(scratch, 'hill');

      await scratch.sql(`DELETE FROM shared.django_migrations WHERE app = 'estate'`);
      const verdict = await judged({ place });
      expect(verdict).toMatchObject({ fake: ['estate.0001_initial'], flag: '--fake-initial' });
      const { signal } = new AbortController();
      const run = { project: place, database: scratch.database, signal, log: recordedLog(), timeout: 60_000 };
      expect((await migrateShared('shared', run, verdict.flag)).failure).toBeUndefined();
      expect((await verifySchemas(run)).failure).toBeUndefined();

      await scratch.sql('DELETE FROM shared.django_migrations');
      expect((await judged({ place })).flag).toBe('--fake');
      await scratch.sql('ALTER TABLE shared.estate_address ALTER domain TYPE varchar(60)');
      const { code, message } = await refused({ place });
      expect(code).toBe('shared-tables-differ');
      expect(message).toContain('character varying(60)');
      expect(await ledger(scratch, 'hill')).toEqual(tenant);
    }, 300_000);
  }
});

test('a tenant that the old way damages is left alone', async () => {
  await copyOfTemplate(`${forgetsCustomers};
    DELETE FROM acme.django_migrations WHERE app = 'orders';
    ALTER TABLE acme.orders_order DROP COLUMN email`);
  const verdict = await judged();
  expect(verdict.fake).toEqual(['customers.0001_initial']);
  const recorded = async () => (await ledger(scratch, 'acme')).map(({ migration }) => migration);
  const { signal } = new AbortController();
  const shop = project(folders.shop, python, scratch);
  const run = { project: shop, database: scratch.database, signal, log: recordedLog(), timeout: 60_000 };
  expect((await migrateShared('public', run, verdict.flag)).failure).toBeUndefined();
  expect(await recorded()).not.toContain('orders.0001_initial');
  expect((await ledger(scratch, 'public')).map(({ migration }) => migration)).toContain(
    'customers.0001_initial',
  );

  // What the scripts fall back to believes the tenant's table by its name.
  await manage(shop, ['migrate', '--fake-initial', '--noinput'], { timeout: 60_000 });
  expect(await recorded()).toContain('orders.0001_initial');
});

describe('tables that are other', () => {
  let discovery: Discovery;

  beforeAll(async () => {
    await copyOfTemplate(forgetsCustomers);
    const { signal } = new AbortController();
    const shop = project(folders.shop, python, scratch);
    discovery = await readStanding({ project: shop, database: scratch.database, signal });
    await scratch.drop();
  }, 60_000);

  interface Other {
    readonly what: string;
    readonly change: string;
    readonly said: RegExp;
  }

  const others: readonly Other[] = [
    {
      what: 'another length',
      change: 'ALTER TABLE customers_customer ALTER name TYPE varchar(80)',
      said: /name.*character varying\(80\)/,
    },
    {
      what: 'may be null',
      change: 'ALTER TABLE customers_customer ALTER plan DROP NOT NULL',
      said: /plan/,
    },
    {
      what: 'one column more',
      change: 'ALTER TABLE customers_customer ADD COLUMN phone text',
      said: /phone/,
    },
    {
      what: 'one column less',
      change: 'ALTER TABLE customers_customer DROP COLUMN created',
      said: /created/,
    },
    {
      what: 'an index is other',
      change:
        "DO $$ DECLARE name text := (SELECT indexname FROM pg_indexes WHERE indexname ~ 'is_primary' AND schemaname = 'public'); BEGIN EXECUTE 'DROP INDEX ' || name; EXECUTE 'CREATE INDEX ' || name || ' ON customers_domain (is_primary DESC)'; END $$",
      said: /is_primary/,
    },
    {
      what: 'a foreign key is switched off',
      change: 'ALTER TABLE customers_domain DISABLE TRIGGER ALL',
      said: /disabled triggers of constraint .* on customers_domain/,
    },
    {
      what: 'a table without a journal',
      change: 'ALTER TABLE customers_domain SET UNLOGGED',
      said: /unlogged table customers_domain/,
    },
    {
      what: 'no longer unique',
      change: 'ALTER TABLE customers_customer DROP CONSTRAINT customers_customer_schema_name_key',
      said: /customers_customer_schema_name_key/,
    },
  ];
  /** What cannot be beside one of those in one table. */
  const more: readonly Other[] = [
    {
      what: 'another type',
      change: 'ALTER TABLE customers_customer ALTER name TYPE text',
      said: /name.*text/,
    },
    {
      what: 'a default',
      change: "ALTER TABLE customers_customer ALTER plan SET DEFAULT 'free'",
      said: /plan.*free/,
    },
    {
      what: 'an index is missing',
      change:
        "DO $$ BEGIN EXECUTE (SELECT 'DROP INDEX ' || indexname FROM pg_indexes WHERE indexname ~ 'is_primary' AND schemaname = 'public'); END $$",
      said: /is_primary/,
    },
    {
      what: 'a constraint is missing',
      change:
        "DO $$ BEGIN EXECUTE (SELECT 'ALTER TABLE customers_domain DROP CONSTRAINT ' || conname FROM pg_constraint WHERE conrelid = 'customers_domain'::regclass AND contype = 'f'); END $$",
      said: /customers_domain.*_fk_/,
    },
  ];

  /** The evidence of a refusal after which nothing is other than before. */
  async function evidenceOf(changes: readonly Other[]): Promise<{ message: string; evidence: string }> {
    await copyOfTemplate([forgetsCustomers, ...changes.map(({ change }) => change)].join(';\n'));
    const { code, message, hint, evidence = '' } = await refused({ discovery });
    expect(code).toBe('shared-tables-differ');
    expect(message).toMatch(
      /^The shared schema public has tables that its ledger does not know, other than what .*: \d+ differences? — /,
    );
    expect(hint).toContain('migrate_schemas --shared --fake customers 0001_initial');
    return { message, evidence };
  }

  test.each([{ changes: others }, { changes: more }])(
    'many at once, each is told: $changes.length',
    async ({ changes }) => {
      const { evidence } = await evidenceOf(changes);
      const untold = changes.filter(({ said }) => !evidence.split('\n').some((line) => said.test(line)));
      expect(untold).toEqual([]);
    },
  );

  test.each(each([...others, ...more], others[0] as Other))(
    '$what: refused, and nothing is changed',
    async (other) => {
      const { message, evidence } = await evidenceOf([other]);
      expect(message).toMatch(other.said);
      expect(evidence).toMatch(other.said);
    },
  );

  test('a table is missing: half of a migration is told', async () => {
    await copyOfTemplate(`${forgetsCustomers}; DROP TABLE customers_domain`);
    const { code, message } = await refused();
    expect(code).toBe('shared-tables-differ');
    expect(message).toContain(
      'customers.0001_initial: customers_customer is there, customers_domain is missing',
    );
  });

  testWhole('many differences: three are in the sentence, all in the evidence', async () => {
    await copyOfTemplate(`${forgetsCustomers};
      ALTER TABLE customers_customer ADD a text, ADD b text, ADD c text, ADD d text, ADD e text`);
    const { message, evidence } = await refused();
    expect(message).toMatch(/: 5 differences — .*and 2 more$/);
    for (const column of 'abcde') expect(evidence).toMatch(new RegExp(`\\b${column}\\b`));
  });

  testWhole('a later migration is there, too, and its app is not at head', async () => {
    await copyOfTemplate(`${forgetsCustomers}; ALTER TABLE customers_customer ADD COLUMN phone text`);
    const place = await changedShop(
      later(
        'migrations.AddField("customer", "phone", models.TextField(default="")), migrations.AddField("customer", "fax", models.TextField(null=True))',
      ),
    );
    const { code, message, evidence } = await refused({ place });
    expect(code).toBe('shared-tables-differ');
    expect(message).toContain('phone');
    expect(evidence).toMatch(/phone/);
  });

  testWhole('rows that an initial migration puts in are not there', async () => {
    await copyOfTemplate(`${forgetsCustomers}; DELETE FROM customers_domain`);
    const place = await changedShop(later(''));
    const first = `${place.workingDirectory}/customers/migrations/0001_initial.py`;
    const text = (await place.machine.readFile(first)) ?? '';
    const seeded = text.replace(
      /\n {4}\]\n$/,
      `
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
`,
    );
    const seed = `
def seed(apps, editor):
    customer = apps.get_model("customers", "Customer").objects.create(schema_name="x", name="x")
    apps.get_model("customers", "Domain").objects.create(domain="x", tenant=customer)


class Migration`;
    await place.machine.writeFile(first, seeded.replace('\nclass Migration', seed), { mode: 0o644 });
    const { code, message } = await refused({ place });
    expect(code).toBe('shared-tables-differ');
    expect(message).toContain('rows into customers_domain, which is empty');
  });
});

describe('what cannot be proven', () => {
  testWhole('the newest code works on rows, and its ledger is lost', async () => {
    await copyOfTemplate(forgetsCustomers);
    await scratch.sql('ALTER TABLE customers_customer ADD COLUMN phone text');
    const place = await changedShop(
      later(
        'migrations.AddField("customer", "phone", models.TextField(null=True)), migrations.RunPython(fill)',
        'def fill(apps, editor):\n    open("it-ran", "w").close()\n',
      ),
    );
    const { code, sentence } = await refused({ place });
    expect(code).toBe('shared-tables-unproven');
    expect(sentence).toContain(
      'nothing in the catalogue tells whether customers.0002_later, which works on rows, has run',
    );
    expect(await place.machine.readFile(`${place.workingDirectory}/it-ran`)).toBeUndefined();
  });

  testWhole('a migration that commits by itself', async () => {
    await copyOfTemplate(forgetsCustomers);
    const copy = await changedShop({});
    await runsInFirst(copy, 'migrations.RunSQL("COMMIT")');
    const { code, message } = await refused({ place: copy });
    expect(code).toBe('shared-tables-unproven');
    expect(message).toContain('customers.0001_initial');
  });

  testWhole('a migration that changes another schema', async () => {
    await copyOfTemplate(forgetsCustomers);
    const copy = await changedShop({});
    await runsInFirst(copy, `migrations.RunSQL("UPDATE acme.orders_order SET status = 'paid'")`);
    const { code, message } = await refused({ place: copy });
    expect(code).toBe('shared-tables-unproven');
    expect(message).toContain('acme.orders_order');
  });

  testWhole('a role that may not make a schema', async () => {
    await scratchRole('tenantry_clerk');
    scratch = await scratchDatabase({ template: template.name, role: 'tenantry_clerk' });
    await scratch.sql(`${forgetsCustomers};
      GRANT USAGE ON SCHEMA public, acme TO tenantry_clerk;
      GRANT ALL ON ALL TABLES IN SCHEMA public, acme TO tenantry_clerk`);
    const { code, message } = await refused();
    expect(code).toBe('shared-tables-unproven');
    expect(message).toContain('a scratch schema cannot be made: permission denied for database');
  });

  async function runsInFirst({ machine, workingDirectory }: DjangoProject, operation: string) {
    const first = `${workingDirectory}/customers/migrations/0001_initial.py`;
    const text = (await machine.readFile(first)) ?? '';
    const changed = text.replace(/\n {4}\]\n$/, `\n        ${operation},\n    ]\n`);
    expect(changed).not.toBe(text);
    await machine.writeFile(first, changed, { mode: 0o644 });
  }
});

testWhole(
  'what is legal in the scratch schema: concurrent indexes, types of an extension, introspection',
  async () => {
    await copyOfTemplate('CREATE EXTENSION citext');
    const place = await changedShop({
      'customers/migrations/0002_later.py': `
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0001_initial")]
    operations = [
        migrations.RunSQL("ALTER TABLE customers_customer ADD COLUMN nick citext"),
        AddIndexConcurrently("customer", models.Index(fields=["name"], name="customer_name_ix")),
        migrations.AlterField("domain", "domain", models.CharField(max_length=253)),
    ]
`,
    });
    const words = ['migrate_schemas', '--shared', '--noinput'];
    expect((await manage(place, words, { timeout: 60_000 })).exitCode).toBe(0);
    await scratch.sql(forgetsCustomers);
    // RunSQL works on rows for all that anybody knows, but its column is in the catalogue: what it made is compared.
    const { code, evidence } = await refused({ place });
    expect([code, evidence]).toEqual([
      'shared-tables-unproven',
      expect.stringContaining('customers.0002_later'),
    ]);
  },
);

test('fake-initial: never', async () => {
  await copyOfTemplate(forgetsThree);
  const { code, sentence } = await refused({ policy: 'never' });
  expect(code).toBe('shared-tables-exist');
  expect(sentence).toBe(
    'The shared schema public has tables that its ledger does not know — admin.0001_initial would make django_admin_log, all there, customers.0001_initial would make customers_customer and customers_domain, all there and sessions.0001_initial would make django_session, all there — leave out fake-initial: never, and they are recorded where they are exactly what the migrations make; or record them yourself: python manage.py migrate_schemas --shared --fake admin 0001_initial; nothing was changed',
  );
});

test('a table of its own kind in the shared schema is nobody’s business', async () => {
  await copyOfTemplate(`${forgetsCustomers}; CREATE TABLE spatial_ref_sys (srid int)`);
  expect((await judged()).fake).toEqual(['customers.0001_initial']);
});

test('an initial migration that the routers keep out of the shared schema is never recorded', async () => {
  await copyOfTemplate(`
    DELETE FROM django_migrations WHERE app IN ('catalog', 'orders');
    CREATE TABLE catalog_category (id int); CREATE TABLE catalog_product (id int)`);
  expect(await judged()).toMatchObject({ fake: [], flag: undefined });
});

test('killed in the middle: nothing of the scratch schema is left', async () => {
  await copyOfTemplate(forgetsCustomers);
  const place = await changedShop(later('migrations.RunSQL("SELECT pg_sleep(600)")'));
  const controller = new AbortController();
  const before = await everything(scratch);
  const running = judged({ place, signal: controller.signal }).catch((error: unknown) => error);
  const sleeping = () =>
    scratch.sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^SELECT pg_sleep' AND state = 'active'`,
    );
  while ((await sleeping()).length === 0) await sleep(50);
  controller.abort(new Error('killed'));
  await running;
  for (const { pid } of await sleeping()) await scratch.sql(`SELECT pg_terminate_backend(${pid}, 10000)`);
  expect(await everything(scratch)).toEqual(before);
});
