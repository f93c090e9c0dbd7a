/** An application that is not Django: the example with node-pg-migrate, as its workflow runs it. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { studiosFolder, studiosPackages } from '../../../lab/studios.ts';
import { manifestOf } from '../../../src/actions/manifests.ts';
import { migrateSchemas } from '../../../src/actions/migrate-schemas.ts';
import { UserError } from '../../../src/ground/errors.ts';
import type { SchemaResult } from '../../../src/migrations/outcome.ts';
import { Report } from '../../../src/report/report.ts';
import { readInputs } from '../../../src/step/inputs.ts';
import { read } from '../../workflows/files.ts';
import { changedCopy, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { step } from './shop-fleet.ts';

let packages: string;
let scratch: ScratchDatabase;
const cleanUps: (() => Promise<void>)[] = [];

beforeAll(async () => {
  packages = await studiosPackages();
}, 300_000);

afterEach(async () => {
  await scratch?.drop();
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** What the example's workflow gives to the action. */
const written = (
  parse(read('examples/workflows/migrate-node.yml').text) as {
    jobs: { migrate: { steps: { uses?: string; with?: Record<string, unknown> }[] } };
  }
).jobs.migrate.steps.find(({ uses }) => uses?.includes('migrate-schemas'))?.with;

async function studios(files: Record<string, string> = {}): Promise<string> {
  const { folder, remove } = await changedCopy(studiosFolder, files);
  cleanUps.push(remove);
  await symlink(packages, join(folder, 'node_modules'));
  return folder;
}

async function folderForBackups(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-backups-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Ended {
  readonly result: string | undefined;
  readonly failure: UserError | undefined;
  readonly told: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  readonly tenants: readonly string[];
}

/** The inputs of the example's workflow with some changes. */
function given(
  folder: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): [string, string][] {
  return Object.entries({
    ...written,
    'database-url': scratch.env.DATABASE_URL,
    'working-directory': folder,
    'max-failures': '1',
    backup: 'false',
    ...changes,
  }).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]));
}

/** Tenants whose bookings lack a column need the command. */
const pendingFor = (column: string) => `SELECT schema_name, NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = to_regclass(format('%I.bookings', schema_name)) AND attname = '${column}'
  ) AS pending FROM studios`;

/** The action as a step runs it, with the inputs of the example's workflow and some changes. */
async function run(
  folder: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<Ended> {
  const log = recordedLog();
  const report = new Report();
  const told: Record<string, unknown> = {};
  const ending = async () => {
    const inputs = readInputs(
      migrateSchemas.inputs,
      migrateSchemas.rules,
      manifestOf('migrate-schemas'),
      new Map(given(folder, changes)),
    );
    return migrateSchemas.run({
      inputs,
      log,
      report,
      signal: new AbortController().signal,
      origin: {
        run: 'https://github.example/acme/studios/actions/runs/7',
        actor: 'ana',
        commit: 'c'.repeat(40),
      },
      tell: (facts) => Object.assign(told, facts),
      standing: () => {},
      exportVariable: () => {},
      mask: () => {},
      clean: (text: string) => text,
    });
  };
  const ended = await ending().catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  const schemas = (report.collected.schemas ?? []) as readonly SchemaResult[];
  return {
    result: ended instanceof UserError ? undefined : ended.result,
    failure: ended instanceof UserError ? ended : undefined,
    told,
    lines: log.lines,
    tenants: schemas.slice(1).map(({ schema, outcome }) => `${schema} ${outcome}`),
  };
}

/** Rows and empty schemas, as the application's sign-up makes them. */
function signUp(...names: string[]): string {
  return names
    .map(
      (name) =>
        `CREATE SCHEMA "${name}"; INSERT INTO studios (schema_name, name) VALUES ('${name}', 'Studio');`,
    )
    .join('\n');
}

test('a fresh database, tenants of any name, a new migration, and a second run', async () => {
  scratch = await scratchDatabase();
  const folder = await studios();
  const fresh = await run(folder);
  expect(fresh.failure).toBeUndefined();
  expect(fresh.lines).toContain('Proof: there are no tenants');

  await scratch.sql(signUp('acme', 'Berlin-Mitte', 'o’hara; drop schema acme'));
  const dry = await run(folder, { 'dry-run': 'true' });
  expect(dry).toMatchObject({ result: 'planned', failure: undefined });
  expect(dry.lines).toContain('Plan: 3 tenants: the tenant command for 3');
  expect(await scratch.sql(`SELECT FROM pg_class WHERE relname = 'classes'`)).toEqual([]);

  const outcome = await run(folder);
  expect(outcome.failure).toBeUndefined();
  expect(outcome.tenants).toEqual([
    'acme migrated',
    'Berlin-Mitte migrated',
    'o’hara; drop schema acme migrated',
  ]);
  expect(outcome.lines).toContain('Proof: 3 tenants are alike: 3 tables and 11 columns');
  expect(outcome.told).toMatchObject({ 'tenants-migrated': 3, 'drift-groups': 1 });

  await writeFile(
    join(folder, 'migrations/tenant/1760200000000_waiting.sql'),
    '-- Up Migration\nALTER TABLE bookings ADD COLUMN waiting boolean NOT NULL DEFAULT false;\n',
  );
  await scratch.sql(`
    INSERT INTO acme.classes (title, starts, places) VALUES ('Yin', '2026-11-22 18:00+00', 12);
    INSERT INTO acme.bookings (class_id, email) SELECT id, 'ana@example.com' FROM acme.classes`);
  const behind = await run(folder, {
    backup: 'true',
    'backup-folder': await folderForBackups(),
    'tenant-query': pendingFor('waiting'),
  });
  expect(behind.failure).toBeUndefined();
  expect(behind.lines).toContain('Plan: 3 tenants: the tenant command for 3');
  const verified = await run(folder, { mode: 'verify' });
  expect(verified).toMatchObject({ result: 'verified', failure: undefined });
  expect(verified.lines).toContain('Proof: 3 tenants are alike: 3 tables and 12 columns');

  // The way back: a tenant, and the schema that all of them share.
  const booked = 'SELECT title, email FROM acme.classes JOIN acme.bookings ON class_id = classes.id';
  const before = await scratch.sql(booked);
  // Whoever may use the shared schema has to be able to use the one that takes its place.
  const mayUse = `SELECT nspowner::regrole::text, array(SELECT acl::text FROM unnest(nspacl) acl ORDER BY 1) AS acl
    FROM pg_namespace WHERE nspname = 'public'`;
  const allowed = await scratch.sql(mayUse);
  await scratch.sql(`DROP TABLE acme.bookings; UPDATE acme.classes SET title = 'gone'; DELETE FROM studios`);
  const back = await run(folder, {
    mode: 'restore',
    'backup-path': String(behind.told['backup-path']),
    'restore-to': 'in-place',
    schemas: 'acme\npublic',
  });
  expect(back).toMatchObject({ result: 'restored', failure: undefined });
  expect(await scratch.sql(booked)).toEqual(before);
  expect(await scratch.sql(mayUse)).toEqual(allowed);
  expect(before).toEqual([{ title: 'Yin', email: 'ana@example.com' }]);
  // It is where it was before that migration, so the next run migrates it again: by the action of the whole line, too.
  const forward = await step('tenantry', {
    ...Object.fromEntries(given(folder, { 'tenant-query': pendingFor('waiting') })),
    steps: 'migrate',
  });
  expect(forward.annotations).toEqual([]);
  expect(forward.outputs).toMatchObject({ 'tenants-total': '3', 'tenants-migrated': '1' });
}, 180_000);

test('a tenant that fails is named with the words of the command; the rest is told; the next run goes on', async () => {
  scratch = await scratchDatabase();
  const folder = await studios();
  await run(folder);
  await scratch.sql(signUp('acme', 'beta', 'zeta'));
  await scratch.sql('CREATE TABLE beta.bookings (mine text)');
  const failed = await run(folder, {
    rollout: '- name: everybody',
    backup: 'true',
    'backup-folder': await folderForBackups(),
  });
  expect(failed.failure).toMatchObject({
    code: 'tenant-migration-failed',
    message: expect.stringMatching(/^Migrating tenant beta failed — .*relation "bookings" already exists/),
    hint: expect.stringMatching(
      /^mend the cause, then run again; 1 tenant is done and stays done; 1 tenant was not tried; mode: restore brings back beta from before this run: /,
    ),
  });
  expect(failed.tenants).toEqual(['acme migrated', 'beta failed', 'zeta not-tried']);
  await scratch.sql('DROP TABLE beta.bookings');
  expect((await run(folder)).failure).toBeUndefined();

  const back = await run(folder, {
    mode: 'restore',
    'backup-path': String(failed.told['backup-path']),
    'restore-to': 'beside',
    schemas: 'beta',
  });
  expect(back).toMatchObject({ result: 'restored', failure: undefined });
  expect(
    await scratch.sql(
      `SELECT attname FROM pg_attribute WHERE attrelid = 'beta_restored.bookings'::regclass AND attnum > 0`,
    ),
  ).toEqual([{ attname: 'mine' }]);
}, 180_000);

test('what makes one tenant other than the others, or works in the shared schema, is seen', async () => {
  scratch = await scratchDatabase();
  const folder = await studios();
  await run(folder);
  await scratch.sql(signUp('acme', 'beta', 'zeta'));
  expect((await run(folder)).failure).toBeUndefined();

  const odd = await studios({
    'migrations/tenant/1760200000000_odd.sql': `-- Up Migration
      ALTER TABLE classes ADD COLUMN level text;
      DO $$ BEGIN IF current_schema = 'zeta' THEN DROP INDEX classes_by_start; END IF; END $$;`,
  });
  const drifted = await run(odd);
  expect(drifted.failure).toMatchObject({
    code: 'tenant-drifted',
    message: expect.stringContaining('zeta: classes lacks index classes_by_start'),
  });

  const astray = await run(odd, {
    'tenant-command':
      'psql --quiet --set=ON_ERROR_STOP=1 --command="CREATE TABLE oops ()" --set=schema={schema}',
  });
  expect(astray.failure).toMatchObject({
    code: 'shared-schema-changed',
    message:
      'The command for tenant zeta has changed the shared schema public — now it has a table that was not there: oops',
  });
  expect(astray.tenants).toEqual(['acme not-tried', 'beta not-tried', 'zeta failed']);
}, 120_000);

test('a lock that is not free: within lock-timeout, told with who is in the way; a command that keeps no limit is held to it', async () => {
  scratch = await scratchDatabase();
  const folder = await studios();
  await run(folder);
  await scratch.sql(signUp('acme'));
  expect((await run(folder)).failure).toBeUndefined();
  const pending = await studios({
    'migrations/tenant/1760200000000_level.sql':
      '-- Up Migration\nALTER TABLE classes ADD COLUMN level text;',
  });
  await scratch.database.query('BEGIN');
  await scratch.database.query('LOCK TABLE acme.classes IN ROW EXCLUSIVE MODE');
  const blocked = await run(pending, { 'lock-timeout': '300ms', 'tenant-command-repeatable': 'false' });
  expect(blocked.failure).toMatchObject({
    code: 'migration-blocked',
    message: expect.stringMatching(
      /did not get a lock within lock-timeout \(0\.3 s\); in the way: session \d+/,
    ),
  });
  const careless = await run(pending, {
    'lock-timeout': '300ms',
    'tenant-command':
      'psql --quiet --set=schema={schema} --command="SET lock_timeout = 0" --command="ALTER TABLE acme.classes ADD level text"',
  });
  expect(careless.failure).toMatchObject({
    code: 'timeouts-not-honoured',
    message: expect.stringContaining('a statement waited for a lock longer than lock-timeout (0.3 s)'),
  });
  await scratch.database.query('ROLLBACK');
}, 120_000);

test.each<{ change: Record<string, string | undefined>; code: string; message: string }>`
  change                                                              | code                       | message
  ${{ 'tenant-query': 'SELECT schema_name, name FROM studios' }}      | ${'tenant-query-unusable'} | ${'it returns 2 columns (schema_name and name)'}
  ${{ 'tenant-query': `SELECT 'pg_toast'` }}                          | ${'tenant-query-unusable'} | ${'it names pg_toast: that is PostgreSQL’s own'}
  ${{ 'tenant-query': 'SELECT 1; DROP TABLE studios' }}               | ${'tenant-query-unusable'} | ${'PostgreSQL refuses it: syntax error'}
  ${{ 'tenant-query': `SELECT 'nowhere'` }}                           | ${'tenant-without-schema'} | ${'1 tenant has a row but no schema — nowhere'}
  ${{ 'tenant-command': 'no-such-program {schema}' }}                 | ${'command-missing'}       | ${'There is no program no-such-program'}
  ${{ 'tenant-command': 'migrate' }}                                  | ${'input-invalid'}         | ${'tenant-command: "migrate" has no {schema}'}
  ${{ 'tenant-command': undefined, 'settings-module': 'a.settings' }} | ${'input-invalid'}         | ${'settings-module: is for Django only, and preset is command; (2) tenant-command: is required with preset: command'}
`(
  'refused before anything is touched: $message',
  async ({ change, code, message }) => {
    scratch = await scratchDatabase();
    await scratch.sql('CREATE TABLE studios (id int, schema_name text, name text); CREATE SCHEMA acme');
    await scratch.sql(`INSERT INTO studios VALUES (1, 'acme', 'Acme')`);
    const refused = await run(await studios(), change);
    expect(refused.failure).toMatchObject({ code, message: expect.stringContaining(String(message)) });
    expect(await scratch.sql(`SELECT FROM pg_class WHERE relname IN ('pgmigrations', 'classes')`)).toEqual(
      [],
    );
  },
  60_000,
);
