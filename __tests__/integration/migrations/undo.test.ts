/**
 * Going back with real Django: refused where there is no way, failed and killed in one tenant, run again, proven; the
 * shared schema last.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { parseTarget } from '../../../src/migrations/target.ts';
import { type Kind, projectWith } from './resume/project.ts';
import {
  type Farm,
  killPythons,
  farm as newFarm,
  run,
  sessionIn,
  sessions,
  type Wanted,
  world,
} from './resume/scene.ts';

const projects = new Map<Kind, { folder: string; remove(): Promise<void> }>();
let farm: Farm;
let backups: string;

beforeAll(async () => {
  for (const kind of ['two', 'oneWay', 'shared'] as const) projects.set(kind, await projectWith(kind));
  farm = await newFarm(4);
  backups = await mkdtemp(join(tmpdir(), 'tenantry-undo-'));
});

afterAll(async () => {
  await farm?.drop();
  for (const project of projects.values()) await project.remove();
  await rm(backups, { recursive: true, force: true });
});

const within = (kind: Kind, wanted: Omit<Wanted, 'in'> = {}) =>
  run(farm, { in: projects.get(kind)?.folder ?? '', maxFailures: { count: 2 }, ...wanted });
const back = (target: string, wanted: Omit<Wanted, 'in'> = {}, kind: Kind = 'oneWay') =>
  within(kind, { mode: 'rollback', target: [parseTarget(target)], ...wanted });

const trap = (schema: string, how: 'waits' | 'fails') =>
  farm.sql(`INSERT INTO public.trap VALUES ('${schema}', '${how}')`);
const release = () => farm.sql('DELETE FROM public.trap');
const head = 'first before_trap after_trap | 0004_first 0005_second';
const three = ['t0001', 't0002', 't0003'];
const recordedInShared = async () =>
  (
    await farm.sql<{ name: string }>(
      `SELECT name FROM public.django_migrations WHERE app = 'app00' AND name > '0004' ORDER BY 1`,
    )
  ).map(({ name }) => name);

test('what was undone and is still recorded is said so, and its command mends it', async () => {
  const some = { schemas: ['t0001'] };
  await within('two', some);
  await farm.sql('ALTER TABLE t0001.app00_record0 DROP COLUMN before_trap, DROP COLUMN after_trap');
  const cutOff = await back('app00 0003', some, 'two');
  expect([cutOff.failure?.code, cutOff.outcomes]).toEqual(['undoing-not-recorded', ['t0001 failed']]);
  expect(cutOff.failure?.sentence).toContain('has nothing of app00.0005_second, which is still recorded');
  expect(cutOff.failure?.sentence).toContain(
    'python manage.py migrate_schemas --schema=t0001 app00 0004_first --fake',
  );
  // What that command does.
  await farm.sql(`DELETE FROM t0001.django_migrations WHERE app = 'app00' AND name = '0005_second'`);
  expect((await back('app00 0003', some, 'two')).result).toBe('rolled-back');
}, 240_000);

test('one that cannot be undone refuses the whole; failed, killed, run again, it comes to its end, and so does the shared schema', async () => {
  await within('two');
  await within('oneWay', { schemas: ['t0004'] });
  const before = await world(farm);
  expect(before).toEqual([...three.map((schema) => `${schema}: ${head}`), `t0004: ${head} 0006_one_way`]);

  // Refused, and nothing is touched.
  const refused = await back('app00 0003');
  expect([refused.failure?.code, refused.failure?.sentence]).toEqual([
    'rollback-impossible',
    'app00.0006_one_way cannot be undone — Django knows no way back for “Raw Python operation”, and it is applied in 2 schemas — choose a target after it, or go back to a backup from before it: mode: restore with backup-path: (the output of the run that applied it), restore-to: in-place and schemas: public and t0004; nothing was changed',
  ]);
  const misspelt = await back('app00 0009');
  expect([misspelt.failure?.code, misspelt.failure?.message]).toEqual([
    'rollback-target-unknown',
    'There is no way back to that target — app00 has no migration 0009',
  ]);
  expect((await back('app00 0003', {}, 'two')).failure?.sentence).toMatch(
    /^The database has 1 migration that this code does not know — app00\.0006_one_way .+ — go back with the code that has these migrations, and deploy the older one afterwards; nothing was changed$/,
  );
  const planned = await back('app00 0003', { schemas: three, dryRun: true });
  expect(planned.result).toBe('planned');
  expect(planned.lines).toEqual(
    expect.arrayContaining([
      'Plan: back to app00 0003_record1_label_1: 3 of 3 tenants undo 2 migrations',
      '3 tenants (t0001, t0002 and t0003): app00.0005_second, app00.0004_first',
      expect.stringMatching(/^takes away, with what is in it: .*column app00_record0\.first/),
    ]),
  );
  expect(await world(farm)).toEqual(before);

  // One tenant fails: it is named, the others are there; it is in the backup.
  await trap('t0002', 'fails');
  const failed = await back('app00 0003', { schemas: three, backup: true, backupFolder: backups });
  expect(failed.failure?.code).toBe('tenant-migration-failed');
  expect(failed.failure?.message).toBe('Undoing app00.0005_second failed in tenant t0002 — division by zero');
  expect(failed.failure?.hint).toMatch(
    /^mend the cause, then run again; 2 tenants are done and stay done; mode: restore brings back t0002 from before this run: .+ on .+$/,
  );
  expect(failed.outcomes).toEqual(['t0001 migrated', 't0002 failed', 't0003 migrated']);
  expect(await world(farm)).toEqual(['t0001:  | ', `t0002: ${head}`, 't0003:  | ', before[3]]);

  // It is killed in the middle: its ledger is read again.
  await release();
  await trap('t0002', 'waits');
  const killing = back('app00 0003', { schemas: three });
  await sessionIn(farm, 't0002');
  killPythons(farm);
  const killed = await killing;
  expect([killed.failure?.code, killed.failure?.message]).toEqual([
    'connection-lost',
    'Going back in tenant t0002 was cut off — manage.py was ended by SIGKILL; its ledger was read again: app00.0005_second and app00.0004_first are not',
  ]);
  expect(await sessions(farm)).toEqual([]);
  await release();
  const again = await back('app00 0003', { schemas: three });
  expect([again.failure?.sentence, again.result, again.totals]).toEqual([
    undefined,
    'rolled-back',
    '3 1 2 0',
  ]);
  expect(again.tenants.find(({ schema }) => schema === 't0002')?.migrations).toEqual([
    'app00.0005_second',
    'app00.0004_first',
  ]);
  expect(await world(farm)).toEqual([...three.map((schema) => `${schema}:  | `), before[3]]);
  expect(await recordedInShared()).toEqual(['0004_first', '0005_second', '0006_one_way']);

  // Never forward: the three have not come as far as 0004. The shared schema follows the last tenant.
  await farm.sql(
    ['public', 't0004']
      .map((schema) => `DELETE FROM ${schema}.django_migrations WHERE name = '0006_one_way'`)
      .join(';'),
  );
  const further = await back('app00 0004', {}, 'two');
  expect([further.failure?.sentence, further.result, further.totals]).toEqual([
    undefined,
    'rolled-back',
    '4 1 3 0',
  ]);
  expect(await world(farm)).toEqual([
    ...three.map((schema) => `${schema}:  | `),
    't0004: first | 0004_first',
  ]);
  expect(await recordedInShared()).toEqual(['0004_first']);
  const [fleet, shared] = ['Fleet: t0004', 'Shared: public'].map((begin) =>
    further.lines.findIndex((line) => line.startsWith(begin)),
  );
  expect(fleet).toBeGreaterThan(0);
  expect(shared).toBeGreaterThan(fleet ?? 0);

  // What an undoing has left is found, also by a run that had nothing to do.
  await farm.sql('ALTER TABLE t0003.app00_record0 ADD COLUMN after_trap varchar(40)');
  const left = await back('app00 0004', {}, 'two');
  expect([left.failure?.code, left.failure?.message]).toEqual([
    'rollback-not-proven',
    '1 schema still has what was undone — t0003 has column app00_record0.after_trap',
  ]);
}, 240_000);

test('what runs in the shared schema is undone there, after the tenants, and never for some of them alone', async () => {
  const regions = `SELECT FROM pg_attribute WHERE attrelid = 'public.customers_customer'::regclass AND attname = 'region'`;
  // Behind all that the other code has left.
  await farm.sql(
    `ALTER TABLE t0003.app00_record0 DROP COLUMN after_trap; ALTER TABLE t0004.app00_record0 DROP COLUMN first;
     DELETE FROM public.django_migrations WHERE name = '0004_first'; DELETE FROM t0004.django_migrations WHERE name = '0004_first'`,
  );
  expect((await within('shared')).result).toBe('migrated');
  expect(await farm.sql(regions)).toHaveLength(1);
  const some = await back('customers 0001', { schemas: ['t0001'] }, 'shared');
  expect(some.failure?.sentence).toBe(
    'customers.0002_shared cannot be undone for some tenants — it runs in the shared schema, which all of them use — leave schemas out, or choose a target of an app that only tenants have; nothing was changed',
  );
  expect(await farm.sql(regions)).toHaveLength(1);
  const whole = await back('customers 0001', {}, 'shared');
  expect([whole.failure?.sentence, whole.result, whole.totals]).toEqual([
    undefined,
    'rolled-back',
    '4 4 0 0',
  ]);
  expect(await farm.sql(regions)).toHaveLength(0);
  expect(whole.lines).toContain('Shared: public: customers.0002_shared');
}, 120_000);
