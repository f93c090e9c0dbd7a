/** What a database would refuse is said before the first change, a sentence for each. */
import { afterEach, beforeAll, expect, test } from '@jest/globals';

import { migrateSchemas } from '../../../src/migrations/migrate.ts';
import { folders, project, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase, scratchRole } from '../scratch-database.ts';
import { shopPython } from '../venv.ts';

const role = 'tenantry_guest';
let python: string;
let scratch: ScratchDatabase;

beforeAll(async () => {
  python = await shopPython();
  await scratchRole(role);
}, 300_000);

afterEach(async () => {
  await scratch?.drop();
});

async function migrate(dryRun = false) {
  const { database } = scratch;
  const { signal } = new AbortController();
  const options = { project: project(folders.shop, python, scratch), database, signal };
  return migrateSchemas({ ...options, log: recordedLog(), dryRun });
}

test('a role without CREATE in the shared schema; one that may only read; both may look', async () => {
  scratch = await scratchDatabase({ role });
  expect((await migrate()).failure).toMatchObject({
    code: 'database-permission-denied',
    message:
      'tenantry_guest may make no table and no index in 1 schema that is to be migrated — no CREATE in public (from PostgreSQL 15 on nobody may in public who was not given it)',
    hint: 'as the owner of the schema: GRANT CREATE ON SCHEMA "public" TO "tenantry_guest"; nothing was changed',
  });
  await scratch.sql(`GRANT CREATE ON SCHEMA public TO ${role}`);
  await scratch.database.query('SET default_transaction_read_only = on');
  expect((await migrate()).failure).toMatchObject({
    code: 'database-read-only',
    message: expect.stringMatching(
      / takes no changes from tenantry_guest — its transactions begin read-only/,
    ),
  });
  expect((await migrate(true)).failure).toBeUndefined();
  expect(await scratch.sql(`SELECT FROM pg_class WHERE relname = 'django_migrations'`)).toEqual([]);
}, 120_000);

test('a role that owns nothing', async () => {
  scratch = await scratchDatabase({ role });
  await scratch.sql(`
    CREATE TABLE django_migrations (id bigint, app text, name text, applied timestamptz);
    GRANT ALL ON SCHEMA public TO ${role}; GRANT ALL ON django_migrations TO ${role}`);
  expect((await migrate()).failure).toMatchObject({
    code: 'tables-of-another-role',
    hint: expect.stringMatching(
      /^migrate as postgres, or make tenantry_guest a member: .*; nothing was changed$/,
    ),
  });
}, 120_000);
