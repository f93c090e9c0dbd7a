import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type DjangoProject, manage } from '../../../src/django/project.ts';
import {
  startWorker,
  type TenantRequest,
  type TenantResult,
  type Worker,
  type WorkerOptions,
} from '../../../src/django/worker.ts';
import { each } from '../breadth.ts';
import { compare, type Difference, type Picture, takePictures } from '../comparison.ts';
import { changedCopy, folders, project } from '../projects.ts';
import {
  asSuperuser,
  databaseEnvironment,
  type ScratchDatabase,
  scratchDatabase,
} from '../scratch-database.ts';
import { digestOfProject, templateDatabase } from '../template-database.ts';
import { oldestPython, shopPython } from '../venv.ts';

/** Farms: tenants of the project kinds, with auth in every schema, and whatever migrations a test adds. */

/** Settings of the farms, with more lines. */
export async function settings(more = ''): Promise<string> {
  const text = await readFile(join(folders.kinds, 'kinds/settings.py'), 'utf8');
  return `${text}
for _kind in TENANT_TYPES.values():
    _kind["APPS"].append("django.contrib.auth")
INSTALLED_APPS = list(dict.fromkeys(app for kind in TENANT_TYPES.values() for app in kind["APPS"]))
${more}
`;
}

/** A migration of the app farming. */
export function farming(
  number: number,
  name: string,
  operations: string,
  more: { readonly before?: string; readonly attributes?: string; readonly after?: string } = {},
): Record<string, string> {
  const after = more.after ?? '0001_initial';
  return {
    [`farming/migrations/${String(number).padStart(4, '0')}_${name}.py`]: `
import os, subprocess, sys
import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection, migrations, models, transaction
${more.before ?? ''}

class Migration(migrations.Migration):
    ${more.attributes ?? ''}
    dependencies = [("farming", "${after}"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [${operations}]
`,
  };
}

export const addNote =
  'migrations.AddField("harvest", "note", models.CharField(default="none yet", max_length=20)),';

const newest = ['the newest versions, psycopg 3', shopPython] as const;
const oldest = ['the oldest versions, psycopg 2', oldestPython] as const;

/** The ends of the range of versions that the worker migrates. */
export const bothStacks = [oldest, newest] as const;

/** The same for what hardly depends on versions. */
export const stacks = each<(typeof bothStacks)[number]>(bothStacks, newest);

export interface Farms {
  /** A database with the farms acme, beta and gamma and the flat loft, all at head; gone after the test. */
  fresh(): Promise<ScratchDatabase>;
  /** The project with more files, in the test's database. */
  project(
    files: Readonly<Record<string, string>>,
    env?: Readonly<Record<string, string>>,
  ): Promise<DjangoProject>;
  /** A worker that ends with the test. */
  worker(of: DjangoProject, options?: WorkerOptions): Promise<Worker>;
  /** How farms that were migrated already differ from acme, which Django's own command migrates here. */
  differencesToDjango(of: DjangoProject, ...schemas: string[]): Promise<Difference[]>;
  endTest(): Promise<void>;
}

/** Farms for tests that run with one Python. */
export async function farmsWith(python: string): Promise<Farms> {
  const template = await farmsTemplate(python);
  const cleanUps: (() => Promise<unknown>)[] = [];
  let scratch: ScratchDatabase | undefined;

  function database(): ScratchDatabase {
    if (scratch === undefined) throw new Error('fresh() comes first');
    return scratch;
  }

  return {
    async fresh() {
      scratch = await scratchDatabase({ template });
      cleanUps.push(scratch.drop);
      return scratch;
    },

    async project(files, env = {}) {
      const copy = await changedCopy(folders.kinds, { 'kinds/settings.py': await settings(), ...files });
      cleanUps.push(copy.remove);
      return { ...project(copy.folder, python, database(), env), sessions: 'tenantry/test' };
    },

    async worker(of, options = {}) {
      const started = await startWorker(of, options);
      cleanUps.push(() => started.end());
      return started;
    },

    async differencesToDjango(of, ...schemas) {
      await migrateSchemas(of, '--schema=acme');
      const [expected, ...found] = (await takePictures(database(), ['acme', ...schemas])).values();
      if (expected === undefined) throw new Error('no picture of acme');
      return found.flatMap((picture) => differing(expected, picture));
    },

    async endTest() {
      for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    },
  };
}

/** The farms as Django makes them with this Python. */
async function farmsTemplate(python: string): Promise<string> {
  const text = await settings();
  return templateDatabase(
    `farms_template_${digestOfProject(folders.kinds, `${python}\n${text}`)}`,
    async (database) => {
      const copy = await changedCopy(folders.kinds, { 'kinds/settings.py': text });
      const original = project(copy.folder, python, { env: databaseEnvironment(database) });
      const sql = (statements: string) => asSuperuser(database, (client) => client.query(statements));
      await sql('CREATE SCHEMA shared');
      await migrateSchemas(original, '--shared');
      await sql(`
        INSERT INTO shared.estate_holding (schema_name, kind, acres, note)
        VALUES ('acme', 'farm', 1, ''), ('beta', 'farm', 1, ''), ('gamma', 'farm', 1, ''), ('loft', 'flat', 1, '');
        CREATE SCHEMA acme; CREATE SCHEMA beta; CREATE SCHEMA gamma; CREATE SCHEMA loft;`);
      await migrateSchemas(original);
      // The same content type has another number in each of them.
      for (const [schema, shift] of [
        ['beta', 100],
        ['gamma', 200],
      ] as const) {
        await sql(`BEGIN; SET CONSTRAINTS ALL DEFERRED;
          UPDATE ${schema}.django_content_type SET id = id + ${shift};
          UPDATE ${schema}.auth_permission SET content_type_id = content_type_id + ${shift}; COMMIT`);
      }
      await copy.remove();
    },
  );
}

/**
 * The project's own command, and what it printed.
 * @throws when it fails.
 */
export async function migrateSchemas(of: DjangoProject, ...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await manage(of, ['migrate_schemas', ...words, '--noinput'], {
    timeout: 120_000,
  });
  if (exitCode !== 0) throw new Error(stdout + stderr);
  return stdout;
}

/** A farm as the worker is asked to migrate it. */
export function farm(schema: string): TenantRequest {
  return { schema, tenantType: 'farm', postMigrate: 'auto', timeout: 60_000 };
}

/** @throws with what went wrong instead. */
export function done(result: TenantResult): Extract<TenantResult, { outcome: 'done' }> {
  if (result.outcome === 'done') return result;
  throw new Error(JSON.stringify(result, undefined, 2));
}

/** How two of the pictured schemas differ. */
export function differences(
  pictures: Awaited<ReturnType<typeof takePictures>>,
  expected: string,
  found: string,
) {
  const [one, other] = [pictures.get(expected), pictures.get(found)];
  return one === undefined || other === undefined ? ['missing'] : differing(one, other);
}

/** Behind the last schema, pg_dump writes settings for what follows. */
function differing(expected: Picture, found: Picture): Difference[] {
  return compare(expected, found).filter(({ name }) => name !== 'SCHEMA THE_SCHEMA');
}

/** The same migrations, which depend on one more. */
export function withDependency(files: Record<string, string>, dependency: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      text.replace('dependencies = [', `dependencies = [${dependency}, `),
    ]),
  );
}
