import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { manage } from '../../../src/django/project.ts';
import type { UserError } from '../../../src/ground/errors.ts';
import { migrateSchemas } from '../../../src/migrations/migrate.ts';
import { readStanding } from '../../../src/migrations/standing.ts';
import { each } from '../breadth.ts';
import { changedCopy, folders, project, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { oldestPython, shopPython } from '../venv.ts';

let python: string;
let scratch: ScratchDatabase;

beforeAll(async () => {
  python = await shopPython();
  scratch = await scratchDatabase();
}, 300_000);

afterAll(async () => {
  await scratch?.drop();
});

/** What readStanding throws for the shop with these files, environment and place. */
async function refusal({
  files = {},
  env = {},
  folder = folders.shop,
  interpreter = python,
  settingsModule,
}: {
  files?: Record<string, string>;
  env?: Record<string, string>;
  folder?: string;
  interpreter?: string;
  settingsModule?: string;
}): Promise<{ code: string; sentence: string }> {
  const copy = Object.keys(files).length === 0 ? undefined : await changedCopy(folder, files);
  const place = { ...project(copy?.folder ?? folder, interpreter, scratch, env), settingsModule };
  try {
    const { signal } = new AbortController();
    await readStanding({ project: place, database: scratch.database, signal });
    throw new Error('It was not refused.');
  } catch (error) {
    const { code, sentence } = error as UserError;
    return { code, sentence: sentence.replace(python, 'PYTHON') };
  } finally {
    await copy?.remove();
  }
}

describe('a project that cannot be asked says why', () => {
  test('no manage.py, but one further down', async () => {
    expect(await refusal({ folder: `${folders.shop}/..` })).toEqual({
      code: 'manage-py-missing',
      sentence: expect.stringMatching(/^There is no manage\.py — .* — set working-directory to .*shop/),
    });
  });

  test('no such folder', async () => {
    const { code, sentence } = await refusal({ folder: '/nowhere/at-all' });
    expect(code).toBe('manage-py-missing');
    expect(sentence).toContain('the folder /nowhere/at-all does not exist or cannot be read');
  });

  test('no such python', async () => {
    const { code, sentence } = await refusal({ interpreter: 'python3.999' });
    expect(code).toBe('python-missing');
    expect(sentence).toContain('Cannot start python3.999 on this machine — there is no such program');
  });

  test('a python without Django', async () => {
    const { code, sentence } = await refusal({ interpreter: '/usr/bin/python3' });
    expect(code).toBe('django-missing');
    expect(sentence).toContain("No module named 'django'");
  });

  test('Django without django-tenants', async () => {
    expect(await refusal({ folder: folders.plain })).toEqual({
      code: 'not-django-tenants',
      sentence: expect.stringMatching(
        /^This is not a django-tenants project — INSTALLED_APPS has no django_tenants \(Django 5\.2\.\d+ with the engine django\.db\.backends\.postgresql\) — /,
      ),
    });
  });

  test('a setting that is missing, with its place', async () => {
    const { code, sentence } = await refusal({ env: { SECRET_KEY: '' } });
    expect(code).toBe('settings-not-importable');
    expect(sentence).toMatch(
      /^The settings cannot be imported — ImproperlyConfigured: SECRET_KEY is not set \(shop\/environment\.py:\d+\) — give the project/,
    );
  });

  test('settings that do not exist', async () => {
    const { code, sentence } = await refusal({ settingsModule: 'shop.settingz' });
    expect(code).toBe('settings-not-importable');
    expect(sentence).toContain("ModuleNotFoundError: No module named 'shop.settingz'");
  });

  test('a model that cannot be imported', async () => {
    const { code, sentence } = await refusal({ files: { 'orders/models.py': 'import no_such_package\n' } });
    expect(code).toBe('project-not-loadable');
    expect(sentence).toContain("No module named 'no_such_package' (orders/models.py:1)");
  });

  test('a migration that cannot be imported', async () => {
    const { code, sentence } = await refusal({
      files: { 'orders/migrations/0005_odd.py': 'raise ValueError("odd")\n' },
    });
    expect(code).toBe('migrations-not-loadable');
    expect(sentence).toContain('ValueError: odd (orders/migrations/0005_odd.py:1)');
  });

  test('a manage.py that does something else', async () => {
    const { code } = await refusal({ files: { 'manage.py': 'import sys\nsys.exit(3)\n' } });
    expect(code).toBe('manage-py-unusable');
  });

  test('an engine that knows no schemas', async () => {
    const { code, sentence } = await refusal({
      env: { DATABASE_URL: '', DB_ENGINE: 'django.db.backends.postgresql' },
    });
    expect(code).toBe('tenant-engine-missing');
    expect(sentence).toContain("DATABASES['default'] uses django.db.backends.postgresql");
  });

  test('settings that lead nowhere', async () => {
    const { code, sentence } = await refusal({ env: { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' } });
    expect(code).toBe('project-cannot-connect');
    expect(sentence).toContain('Connection refused');
    expect(sentence).not.toContain('secret');
  });

  test('settings that lead to another database', async () => {
    const other = await scratchDatabase();
    try {
      const { code, sentence } = await refusal({ env: other.env });
      expect(code).toBe('project-other-database');
      expect(sentence).toContain(`its settings lead to ${other.name} on `);
    } finally {
      await other.drop();
    }
  });

  test('python that ends in the middle', async () => {
    const { code, sentence } = await refusal({
      files: { 'shop/urls.py': '', 'customers/apps.py': 'import os\nos._exit(7)\n' },
    });
    expect(code).toBe('probe-failed');
    expect(sentence).toContain('ended with exit 7 and left no answer');
  });
});

test('what a project prints while it is imported is no part of the answer', async () => {
  const copy = await changedCopy(folders.shop, {
    'customers/apps.py': `
import sys

from django.apps import AppConfig

print('{"complete": true, "failure": {"kind": "noise"}}')
print("warning", file=sys.stderr)


class CustomersConfig(AppConfig):
    name = "customers"
`,
  });
  try {
    const { signal } = new AbortController();
    const place = project(copy.folder, python, scratch);
    const discovery = await readStanding({ project: place, database: scratch.database, signal });
    expect(discovery.tenantsUnread).toBe('no-table');
    expect(discovery.tenantModel.name).toBe('customers.Customer');
  } finally {
    await copy.remove();
  }
});

describe('two types of tenant and a shared schema that is called otherwise', () => {
  // The newest versions are what nearly all other tests run with.
  const oldest = { stack: 'Django 4.2, django-tenants 3.7, psycopg 2', interpreter: oldestPython };
  const newest = { stack: 'the shop’s versions', interpreter: shopPython };
  test.each(each([oldest, newest], oldest))(
    '$stack',
    async ({ interpreter }) => {
      const database = await scratchDatabase();
      try {
        const kinds = project(folders.kinds, await interpreter(), database);
        const { signal } = new AbortController();
        const run = () =>
          migrateSchemas({
            project: kinds,
            database: database.database,
            log: recordedLog(),
            signal,
            dryRun: false,
          });
        expect((await run()).failure?.code).toBe('shared-schema-missing');

        await database.sql('CREATE SCHEMA shared');
        expect((await run()).failure).toBeUndefined();
        await database.sql(`
        INSERT INTO shared.estate_holding (schema_name, kind, acres, note) VALUES
          ('hill', 'farm', 12, ''), ('tower', 'flat', 1, ''), ('castle', 'fort', 1, '');
        CREATE SCHEMA hill; CREATE SCHEMA tower; CREATE SCHEMA castle;`);
        const unknown = await run();
        expect(unknown.failure?.message).toBe(
          '1 tenant of a type that TENANT_TYPES does not have — castle: fort',
        );

        await database.sql(`DELETE FROM shared.estate_holding WHERE schema_name = 'castle'`);
        const outcome = await run();
        expect(outcome.failure).toBeUndefined();
        expect(outcome.tenants.map((tenant) => `${tenant.schema} ${tenant.outcome}`)).toEqual([
          'hill migrated',
          'tower migrated',
        ]);
        expect(
          await database.sql(`
          SELECT schemaname, tablename FROM pg_tables
           WHERE schemaname IN ('hill', 'tower') AND tablename ~ '^(farming|renting)' ORDER BY 1, 2`),
        ).toEqual([
          { schemaname: 'hill', tablename: 'farming_field' },
          { schemaname: 'hill', tablename: 'farming_harvest' },
          { schemaname: 'hill', tablename: 'farming_harvest_helpers' },
          { schemaname: 'tower', tablename: 'renting_lease' },
        ]);

        await database.database.query('BEGIN; LOCK TABLE tower.django_migrations');
        const hurried = { ...kinds, env: { ...kinds.env, PGOPTIONS: '-c lock_timeout=200ms' } };
        const asked = { project: hurried, database: database.database, signal };
        const { unreadable, groups } = await readStanding(asked);
        await database.database.query('ROLLBACK');
        expect(unreadable).toEqual([{ schema: 'tower', reason: expect.stringContaining('lock timeout') }]);
        expect(groups.flatMap(({ schemas }) => schemas).sort()).toEqual(['hill', 'shared']);
      } finally {
        await database.drop();
      }
    },
    300_000,
  );
});

test('what is pending is what Django’s own plan says', async () => {
  const database = await scratchDatabase();
  try {
    const shop = project(folders.shop, python, database);
    const { signal } = new AbortController();
    const { groups } = await readStanding({ project: shop, database: database.database, signal });
    const { stdout } = await manage(shop, ['showmigrations', '--plan'], { timeout: 60_000 });
    const plan = stdout.split('\n').flatMap((line) => /^\[ \] {2}(\S+)/.exec(line)?.[1] ?? []);
    expect(plan.length).toBeGreaterThan(20);
    expect(groups).toEqual([expect.objectContaining({ schemas: ['public'], ledger: false, pending: plan })]);
  } finally {
    await database.drop();
  }
});
