/** Tenants of an application that is not Django: the example with node-pg-migrate, with the step of the action's page. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { command } from '../../../lab/command.ts';
import { studiosFolder, studiosPackages } from '../../../lab/studios.ts';
import { manifestOf } from '../../../src/actions/manifests.ts';
import { registeringProject } from '../../../src/actions/preset.ts';
import { provisionTenant } from '../../../src/actions/provision-tenant.ts';
import { UserError } from '../../../src/ground/errors.ts';
import { localMachine } from '../../../src/machine/local.ts';
import { type ProvisionRun, provisionTenants } from '../../../src/provisioning/provision.ts';
import { Report } from '../../../src/report/report.ts';
import { readInputs } from '../../../src/step/inputs.ts';
import { snippets } from '../../workflows/snippets.ts';
import { each } from '../breadth.ts';
import { changedCopy, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';

let packages: string;
let scratch: ScratchDatabase;
let folder: string;
const cleanUps: (() => Promise<void>)[] = [];

beforeAll(async () => {
  packages = await studiosPackages();
}, 300_000);

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** What the action's page gives to it. */
const written = snippets
  .map(({ text }) => parse(text).jobs.snippet?.steps[0])
  .find((step) => step?.uses.includes('provision-tenant') && step.with.preset === 'command')?.with;

/** The shared schema at head, and what the files say. */
async function begin(files: Readonly<Record<string, string>> = {}): Promise<void> {
  scratch = await scratchDatabase();
  cleanUps.push(scratch.drop);
  const copy = await changedCopy(studiosFolder, files);
  cleanUps.push(copy.remove);
  folder = copy.folder;
  await symlink(packages, join(folder, 'node_modules'));
  const migrate = ['node_modules/.bin/node-pg-migrate', 'up', '--migrations-dir', 'migrations/shared'];
  await command(migrate, { cwd: folder, env: { ...process.env, ...scratch.env } });
}

interface Ended {
  readonly state: unknown;
  readonly failure: UserError | undefined;
  readonly lines: readonly string[];
}

async function provision(
  changes: Readonly<Record<string, string | undefined>> = {},
  signal = new AbortController().signal,
): Promise<Ended> {
  const given = Object.entries({
    ...written,
    'database-url': scratch.env.DATABASE_URL,
    'working-directory': folder,
    ...changes,
  }).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]));
  const log = recordedLog();
  const told: Record<string, unknown> = {};
  const running = async () =>
    provisionTenant.run({
      inputs: readInputs(
        provisionTenant.inputs,
        provisionTenant.rules,
        manifestOf('provision-tenant'),
        new Map(given),
      ),
      log,
      report: new Report(),
      signal,
      origin: { run: 'https://github.example/actions/runs/7', actor: 'ana', commit: 'c'.repeat(40) },
      tell: (facts) => Object.assign(told, facts),
      standing: () => {},
      exportVariable: () => {},
      mask: () => {},
      clean: (text: string) => text,
    });
  const failure = await running().then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof UserError) return error;
      throw error;
    },
  );
  return { state: told.state, failure, lines: log.lines };
}

/** `studio berlin at berlin.example`, `schema berlin: 3`; unfinished ones say so. */
async function world(): Promise<string[]> {
  const rows = await scratch.sql<{ line: string }>(`
    SELECT 'studio ' || schema_name || ' at ' || coalesce(domain, 'no domain') AS line FROM studios
    UNION ALL
    SELECT 'schema ' || n.nspname || ': ' || count(c.oid)
           || CASE WHEN obj_description(n.oid) LIKE 'tenantry %' THEN ' (unfinished)' ELSE '' END
      FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
     WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('public', 'information_schema')
     GROUP BY n.oid, n.nspname`);
  return rows.map(({ line }) => line).sort();
}

const berlin = ['schema berlin: 3', 'studio berlin at berlin.studios.example'];
const register = (schema: string) => `INSERT INTO studios (schema_name, name) VALUES ('${schema}', 'Studio')`;

test('each of the combinations of row, schema and tables has its answer', async () => {
  await begin();
  expect((await provision({ 'dry-run': 'true' })).lines).toContain(
    'Plan: berlin needs row, schema and the tenant command',
  );
  expect(await world()).toEqual([]);

  const created = await provision();
  expect(created).toMatchObject({ state: 'created', failure: undefined });
  expect(created.lines).toContain('Proof: berlin has 3 tables; there is no other tenant to compare it with');
  expect(await world()).toEqual(berlin);
  const again = await provision();
  expect(again).toMatchObject({ state: 'unchanged', failure: undefined });
  expect(again.lines.join('\n')).not.toContain('Tables');

  await scratch.sql(register('row_only'));
  const row = await provision({ 'schema-name': 'row_only' });
  expect(row).toMatchObject({ state: 'completed', failure: undefined });
  expect(row.lines).toContain('Proof: row_only has 3 tables, as berlin has them');

  await scratch.sql(`CREATE SCHEMA left_over; COMMENT ON SCHEMA left_over IS 'mine'`);
  const other = { 'schema-name': 'left_over', domain: 'left.example' };
  expect((await provision(other)).failure?.code).toBe('schema-left-over');
  expect(await provision({ ...other, adopt: 'true' })).toMatchObject({
    state: 'adopted',
    failure: undefined,
  });
  expect(await scratch.sql(`SELECT obj_description('left_over'::regnamespace) AS comment`)).toEqual([
    { comment: 'mine' },
  ]);

  await scratch.sql(`${register('empty')}; CREATE SCHEMA empty`);
  const pending = `SELECT schema_name, to_regclass(format('%I.bookings', schema_name)) IS NULL AS pending FROM studios`;
  expect(await provision({ 'schema-name': 'empty', 'tenant-query': pending })).toMatchObject({
    state: 'completed',
    failure: undefined,
  });
  expect(await world()).toEqual([
    'schema berlin: 3',
    'schema empty: 3',
    'schema left_over: 3',
    'schema row_only: 3',
    'studio berlin at berlin.studios.example',
    'studio empty at no domain',
    'studio left_over at left.example',
    'studio row_only at no domain',
  ]);
}, 120_000);

const fails = 'psql --quiet --set=ON_ERROR_STOP=1 --set=schema={schema} --command="SELECT no_such_thing"';

test('what fails leaves nothing; a row that cannot be taken back keeps its schema, and the next run completes it', async () => {
  await begin();
  await provision();
  const hull = { 'schema-name': 'hull', domain: 'hull.example' };
  const failed = async (changes: Readonly<Record<string, string | undefined>>) => {
    const { failure } = await provision({ ...hull, ...changes });
    return { failure, left: (await world()).filter((line) => line.includes('hull')) };
  };
  const gone = { hint: expect.stringMatching(/everything that this run made is removed again$/) };

  // Another version of a table than berlin's.
  const odd = await failed({
    'tenant-command': 'psql --quiet --set=schema={schema} --command="CREATE TABLE hull.classes (id int)"',
  });
  expect(odd).toMatchObject({ failure: { code: 'tenant-not-proven', ...gone }, left: [] });
  expect(odd.failure?.message).toContain('it lacks table bookings, beside berlin');
  const taken = await failed({ domain: 'berlin.studios.example' });
  expect(taken).toMatchObject({ failure: { code: 'tenant-not-made', ...gone }, left: [] });
  expect(taken.failure?.message).toContain('duplicate key value violates unique constraint');
  const silent = await failed({ 'register-command': 'true {schema}' });
  expect(silent).toMatchObject({ failure: { code: 'tenant-not-made', ...gone }, left: [] });
  expect(silent.failure?.message).toContain('tenant-query does not name the tenant');
  const after = await failed({ 'after-commands': fails });
  expect(after).toMatchObject({ failure: { code: 'after-command-failed', ...gone }, left: [] });

  const stuck = await failed({ 'after-commands': fails, 'unregister-command': undefined });
  expect(stuck.failure?.hint).toContain(
    'undoing was not possible (tenant-query names it by now, and there is no unregister-command): schema and row are left; run again to complete the tenant, or remove it',
  );
  expect(stuck.left).toEqual(['schema hull: 3 (unfinished)', 'studio hull at hull.example']);
  const next = await provision({ ...hull, 'after-commands': 'true {schema}' });
  expect(next).toMatchObject({ state: 'completed', failure: undefined });
  expect((await world()).filter((line) => line.includes('hull'))).toEqual([
    'schema hull: 3',
    'studio hull at hull.example',
  ]);
}, 120_000);

test('cancelled while a command works: its session is ended and nothing is left', async () => {
  await begin({
    'migrations/tenant/1760300000000_slow.sql': '-- Up Migration\nCREATE TABLE slow (); SELECT pg_sleep(60);',
  });
  const controller = new AbortController();
  const cancelled = provision({}, controller.signal);
  const isAtWork = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`;
  while ((await scratch.sql(isAtWork)).length === 0) await sleep(100);
  controller.abort(new UserError('Cancelled — by ana', 'run again', { code: 'cancelled' }));
  expect((await cancelled).failure).toMatchObject({
    code: 'cancelled',
    hint: expect.stringMatching(/everything that this run made is removed again$/),
  });
  expect(await world()).toEqual([]);
}, 60_000);

/** What a run does, in order; the first test below holds that it is all of it. */
const phases = ['schema', 'tables', 'proof', 'row', 'command 1', 'health', 'end'].map(
  (name) => `the ${name} of berlin`,
);

/** A run that can be interrupted before each of its steps. */
function provisionWith(
  atSafePoint: (phase: string) => Promise<void>,
  signal = new AbortController().signal,
): Promise<ProvisionRun> {
  const inputs = readInputs(
    provisionTenant.inputs,
    provisionTenant.rules,
    manifestOf('provision-tenant'),
    new Map(Object.entries({ ...written, 'database-url': scratch.env.DATABASE_URL ?? '' })),
  );
  const django = { machine: localMachine, workingDirectory: folder, python: 'python', env: {} };
  return provisionTenants({
    project: registeringProject({ ...inputs, through: undefined }, django),
    ...scratch,
    log: recordedLog(),
    signal,
    tenants: [{ schemaName: 'berlin', domains: ['berlin.studios.example'], fields: {} }],
    run: 'a test',
    adopt: false,
    dryRun: false,
    afterCommands: [['true', '{schema}']],
    checkHealth: async () => {},
    atSafePoint,
  });
}

test('whatever is done when a run fails, nothing is left; whatever is done when it is killed, the next one completes it', async () => {
  await begin();
  const seen: string[] = [];
  await provisionWith(async (phase) => {
    seen.push(phase);
    if (phase === phases.at(-1))
      throw new UserError('It failed — on purpose', 'do nothing', { code: 'cancelled' });
  });
  expect(seen).toEqual(phases);
  expect(await world()).toEqual([]);
  for (const phase of each(phases, 'the tables of berlin')) {
    const { failure } = await provisionWith(async (now) => {
      if (now === phase) throw new UserError('It failed — on purpose', 'do nothing', { code: 'cancelled' });
    });
    expect(failure?.hint).toMatch(
      /this run made nothing else|everything that this run made is removed again/,
    );
    expect(await world()).toEqual([]);

    const killed = new AbortController();
    await new Promise<void>((reached) => {
      const hang = async (now: string) => {
        if (now !== phase) return;
        reached();
        await new Promise(() => {});
      };
      provisionWith(hang, killed.signal);
    });
    const left = await world();
    expect(
      left.filter((line) => line.startsWith('schema')).every((line) => line.endsWith('(unfinished)')),
    ).toBe(true);
    const next = await provisionWith(async () => {});
    expect(next).toMatchObject({
      failure: undefined,
      tenants: [{ state: left.length === 0 ? 'created' : 'completed' }],
    });
    expect(await world()).toEqual(berlin);
    await scratch.sql('DROP SCHEMA berlin CASCADE; DELETE FROM studios');
  }
}, 180_000);

describe('refused before anything is made', () => {
  beforeAll(async () => {
    scratch = await scratchDatabase();
    folder = studiosFolder;
    await scratch.sql('CREATE TABLE studios (id int, schema_name text, name text, domain text)');
  });
  afterAll(() => scratch.drop());

  test.each<{ change: Record<string, string | undefined>; code: string; message: string }>`
    change                                                             | code                     | message
    ${{ mode: 'deprovision', confirm: 'berlin' }}                      | ${'input-invalid'}       | ${'mode: deprovision asks the models of Django what a tenant is, and preset is command'}
    ${{ 'superuser-email': 'ana@berlin.example', 'tenant-name': 'x' }} | ${'input-invalid'}       | ${'tenant-name and superuser-email: are for Django only, and preset is command'}
    ${{ 'register-command': undefined }}                               | ${'input-invalid'}       | ${'register-command: is required with preset: command'}
    ${{ 'register-command': `sh -c 'echo {domain}' sh {schema}` }}     | ${'input-invalid'}       | ${'has {domain} within what a shell reads'}
    ${{ preset: 'django-tenants' }}                                    | ${'input-invalid'}       | ${'tenant-command, tenant-query, register-command and unregister-command: are for preset: command only'}
    ${{ 'schema-name': '-rf' }}                                        | ${'tenant-fields-wrong'} | ${'schema-name: a command would take that for an option'}
    ${{ 'schema-name': 'public' }}                                     | ${'tenant-fields-wrong'} | ${'schema-name: it is PostgreSQL’s own shared schema'}
    ${{ 'unregister-command': 'no-such-program {schema}' }}            | ${'command-missing'}     | ${'There is no program no-such-program'}
    ${{ 'tenant-query': 'SELECT name FROM nowhere' }}                  | ${'tenants-unreadable'}  | ${'a table that tenant-query names does not exist'}
  `('$message', async ({ change, code, message }) => {
    const refused = await provision({ 'tenant-command': 'true {schema}', ...change });
    expect(refused.failure).toMatchObject({ code, message: expect.stringContaining(String(message)) });
    expect(await world()).toEqual([]);
  });
});
