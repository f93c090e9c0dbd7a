import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import type { DjangoProject } from '../../../src/django/project.ts';
import { manage } from '../../../src/django/project.ts';
import { UserError } from '../../../src/ground/errors.ts';
import type { NewTenant } from '../../../src/provisioning/fields.ts';
import { each } from '../breadth.ts';
import { recordedLog } from '../projects.ts';
import type { ScratchDatabase } from '../scratch-database.ts';
import { acme, type ShopScene, shopScene, type Wish, whole } from './scene.ts';

/** What a run does, in order; the first test holds that it is all of it. */
const phases = [
  'row and schema of acme',
  'the tables of acme',
  'the proof of acme',
  'the signal of acme',
  'the superuser of acme',
  'the domains of acme',
  'the command 1 of acme',
  'the health of acme',
  'the end of acme',
] as const;

/** Makes a table where it runs, and says each time that it ran. */
const seeding = `
from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    def handle(self, **options):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS seeded ()")
`;

const complete = whole.map((line) => line.replace('acme: 14', 'acme: 15'));
const tenant: NewTenant = {
  ...acme,
  superuser: { email: 'ana@acme.example', username: 'ana', password: 'correct horse' },
};

let scene: ShopScene;
let scratch: ScratchDatabase;
let shop: DjangoProject;

beforeAll(async () => {
  scene = await shopScene();
}, 300_000);

afterEach(() => scene.endTest());
afterAll(() => scene.end());

async function begin(): Promise<void> {
  scratch = await scene.fresh();
  shop = await scene.changedShop({
    'orders/management/__init__.py': '',
    'orders/management/commands/__init__.py': '',
    'orders/management/commands/seed.py': seeding,
  });
}

const provision = (more: Wish = {}, wanted: NewTenant = tenant) =>
  scene.provision(wanted, {
    in: shop,
    afterCommands: [['tenant_command', 'seed', '--schema={schema}']],
    checkHealth: async () => {},
    ...more,
  });

async function superusers(): Promise<unknown[]> {
  return scratch.sql('SELECT username FROM acme.auth_user WHERE is_superuser');
}

/** Ends a run as SIGKILL does at this phase: its process is gone, and nobody unwinds. */
async function killAt(phase: string, wanted: NewTenant = tenant): Promise<void> {
  const killed = new AbortController();
  const reached = Promise.withResolvers<void>();
  const run = provision(
    {
      signal: killed.signal,
      atSafePoint: async (now) => {
        if (now !== phase) return;
        reached.resolve();
        await new Promise(() => {});
      },
    },
    wanted,
  );
  await Promise.race([reached.promise, run.then(() => Promise.reject(new Error(`never came to ${phase}`)))]);
  killed.abort(new Error('killed'));
}

test('a run does this, in this order', async () => {
  await begin();
  const seen: string[] = [];
  const outcome = await provision({ atSafePoint: async (phase) => void seen.push(phase) });
  expect(outcome.failure).toBeUndefined();
  expect(outcome).toMatchObject({ state: 'created', superuserCreated: true, tables: 14 });
  expect(seen).toEqual(phases);
  expect(await scene.world()).toEqual(complete);
  expect(await superusers()).toEqual([{ username: 'ana' }]);
});

describe('whatever is done when a run is killed, the next one completes the tenant', () => {
  const some = ['the signal of acme'];
  test.each(each<readonly string[]>([phases], some).flat())('%s', async (phase) => {
    await begin();
    await killAt(phase);
    const left = await scene.world();
    expect(
      left.filter((line) => line.startsWith('schema')).every((line) => line.endsWith('(unfinished)')),
    ).toBe(true);
    const next = await provision();
    expect(next.failure).toBeUndefined();
    expect(next.state).toBe(phase === phases[0] ? 'created' : 'completed');
    expect(await scene.world()).toEqual(complete);
    expect(await superusers()).toEqual([{ username: 'ana' }]);
    expect((await provision()).state).toBe('unchanged');
  });

  test('the root tenant: its commands are done, and the shared schema has its own comment again', async () => {
    await begin();
    await scratch.sql('DELETE FROM customers_domain; DELETE FROM customers_customer');
    const comment = () => scratch.sql(`SELECT obj_description('public'::regnamespace) AS text`);
    const before = await comment();
    const root = { ...tenant, schemaName: 'public', domains: ['platform.example'] };
    await killAt('the command 1 of public', root);
    expect(await scratch.sql(`SELECT to_regclass('public.seeded')`)).toEqual([{ to_regclass: null }]);
    expect(await provision({}, root)).toMatchObject({ state: 'completed', failure: undefined });
    expect(await scratch.sql(`SELECT to_regclass('public.seeded')`)).toEqual([{ to_regclass: 'seeded' }]);
    expect(await comment()).toEqual(before);
    expect((await provision({}, root)).state).toBe('unchanged');
  });

  test('half of the tables, made by Django itself', async () => {
    await begin();
    const killed = new AbortController();
    const reached = Promise.withResolvers<void>();
    const run = provision({
      signal: killed.signal,
      makeTables: async ({ schema }) => {
        await manage(shop, ['migrate_schemas', 'contenttypes', `--schema=${schema}`], { timeout: 60_000 });
        reached.resolve();
        return new Promise(() => {});
      },
    });
    await Promise.race([reached.promise, run]);
    killed.abort(new Error('killed'));
    expect(await scene.world()).toEqual(['acme Acme team', 'schema acme: 2 (unfinished)']);
    expect(await provision()).toMatchObject({ state: 'completed', tables: 14, failure: undefined });
    expect(await scene.world()).toEqual(complete);
  });
});

type Killed = { when: string; fails: boolean; at: string; left: string[]; next: (string | undefined)[] };

/** A run ends where it says this line, or comes to this phase; the one after it has the whole list to make again. */
const killedLists: readonly Killed[] = [
  {
    when: 'one of two is undone',
    fails: true,
    at: 'two: everything that this run made is removed again',
    left: ['schema one: 14 (unfinished)'],
    next: ['completed', 'created', 'created'],
  },
  {
    when: 'all are undone',
    fails: true,
    at: 'one: everything that this run made is removed again',
    left: [],
    next: ['created', 'created', 'created'],
  },
  {
    when: 'all are whole, and one is final',
    fails: false,
    at: 'the end of two',
    left: ['schema one: 14 (unfinished)', 'schema three: 14', 'schema two: 14 (unfinished)'],
    next: ['completed', 'completed', 'unchanged'],
  },
];

describe('a list with on-error: undo-all is killed when', () => {
  const list = ['one', 'two', 'three'].map((name) => ({
    schemaName: name,
    domains: [`${name}.example`],
    fields: {},
  }));
  const schemas = async () => (await scene.world()).filter((line) => line.startsWith('schema'));

  test.each(each<readonly Killed[]>([killedLists], killedLists.slice(0, 1)).flat())(
    '$when',
    async (killed) => {
      await begin();
      const end = (now: string) => {
        if (now === killed.at) throw new Error('killed');
      };
      const ill = new UserError('It is ill — on purpose', 'heal it', { code: 'health-status' });
      const run = scene.provisionAll(list, {
        onError: 'undo-all',
        log: { ...recordedLog(), info: end },
        atSafePoint: async (phase) => end(phase),
        checkHealth: async (schema) => {
          if (killed.fails && schema === 'three') throw ill;
        },
      });
      await expect(run).rejects.toThrow('killed');
      expect(await schemas()).toEqual(killed.left);
      const next = await scene.provisionAll(list, { onError: 'undo-all' });
      expect(next.failure).toBeUndefined();
      expect(next.tenants.map(({ state }) => state)).toEqual(killed.next);
      expect(await schemas()).toEqual(['schema one: 14', 'schema three: 14', 'schema two: 14']);
    },
  );
});

describe('whatever is done when something fails, nothing is left', () => {
  const some = ['the end of acme'];
  test.each(each<readonly string[]>([phases], some).flat())('%s', async (phase) => {
    await begin();
    const outcome = await provision({
      atSafePoint: async (now) => {
        if (now === phase) throw new UserError('It failed — on purpose', 'do nothing', { code: 'cancelled' });
      },
    });
    expect(outcome.failure?.sentence).toBe(
      phase === phases[0]
        ? 'It failed — on purpose — do nothing; this run made nothing else'
        : 'It failed — on purpose — do nothing; everything that this run made is removed again',
    );
    expect(await scene.world()).toEqual([]);
  });

  test('a schema of that name that came meanwhile is not dropped', async () => {
    await begin();
    const outcome = await provision({
      atSafePoint: async (now) => {
        if (now !== 'the proof of acme') return;
        await scratch.sql('DROP SCHEMA acme CASCADE; CREATE SCHEMA acme; CREATE TABLE acme.precious ()');
      },
    });
    expect(outcome.failure?.hint).toContain(
      'undoing was not possible (the schema acme is not the one that this run made): schema and row are left',
    );
    expect(await scene.world()).toEqual(['acme Acme team', 'schema acme: 1']);
  });
});
