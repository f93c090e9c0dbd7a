import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { UserError } from '../../../src/ground/errors.ts';
import type { NewTenant } from '../../../src/provisioning/fields.ts';
import { recordedLog } from '../projects.ts';
import type { ScratchDatabase } from '../scratch-database.ts';
import { acme, type ShopScene, shopScene } from './scene.ts';

let scene: ShopScene;
let scratch: ScratchDatabase;

beforeAll(async () => {
  scene = await shopScene();
}, 300_000);

afterEach(() => scene.endTest());
afterAll(() => scene.end());

const unhealthy = (...bad: readonly string[]) => ({
  checkHealth: async (schema: string) => {
    if (bad.includes(schema))
      throw new UserError('It is ill — on purpose', 'heal it', { code: 'health-status' });
  },
});

describe('people', () => {
  const person = { email: 'ana@acme.example', username: undefined, password: 'correct horse battery' };

  test('a superuser of the tenant, once; the password is in no log', async () => {
    scratch = await scene.fresh();
    const log = recordedLog();
    const first = await scene.provision({ ...acme, superuser: person }, { log });
    expect(first).toMatchObject({ failure: undefined, superuserCreated: true });
    const again = await scene.provision(
      { ...acme, superuser: { ...person, password: 'another one entirely' } },
      { log },
    );
    expect(again).toMatchObject({ state: 'unchanged', superuserCreated: false });
    const users = await scratch.sql<{ username: string; email: string; password: string }>(
      'SELECT username, email, password FROM acme.auth_user',
    );
    expect(users).toMatchObject([{ username: 'ana@acme.example', email: 'ana@acme.example' }]);
    expect(users[0]?.password).toMatch(/^pbkdf2_sha256\$/);
    expect(log.lines.join('\n')).not.toMatch(/correct horse|another one/);
    const other = await scene.provision({
      ...acme,
      superuser: { email: 'bo@acme.example', username: 'bo', password: undefined },
    });
    expect(other).toMatchObject({ state: 'completed', superuserCreated: true });
    // Django resets no password that is marked as unusable (!…).
    expect(
      await scratch.sql(`SELECT username FROM acme.auth_user WHERE password NOT LIKE '!%'`),
    ).toHaveLength(2);
  });

  test('what is wrong with a person is told with everything else, before anything is made', async () => {
    scratch = await scene.fresh();
    const superuser = { email: 'ana', username: undefined, password: '12345' };
    const outcome = await scene.provision({ ...acme, fields: { plan: 'team' }, superuser });
    expect(outcome.failure?.code).toBe('tenant-fields-wrong');
    expect(outcome.failure?.message).toMatch(
      /superuser-email: Enter a valid email address\.; superuser-password: This password is too short/,
    );
    expect(outcome.failure?.message).not.toContain('12345');
    expect(await scene.world()).toEqual([]);
  });

  test('the root tenant: its superuser is in the shared schema, which is never dropped', async () => {
    scratch = await scene.fresh();
    await scratch.sql('DELETE FROM customers_domain; DELETE FROM customers_customer');
    const root: NewTenant = {
      schemaName: 'public',
      tenantName: 'Platform',
      domains: ['platform.example'],
      fields: {},
      superuser: person,
    };
    const failed = await scene.provision(root, unhealthy('public'));
    expect(failed.failure?.hint).toBe('heal it; everything that this run made is removed again');
    const people = () => scratch.sql('SELECT schema_name, username FROM customers_customer, auth_user');
    expect(await people()).toEqual([]);
    expect(await scene.provision(root)).toMatchObject({ state: 'created', failure: undefined });
    expect(await people()).toEqual([{ schema_name: 'public', username: 'ana@acme.example' }]);
    expect(await scene.provision(root)).toMatchObject({ state: 'unchanged' });
  });
});

describe('a list', () => {
  const named = (name: string): NewTenant => ({
    schemaName: name,
    domains: [`${name}.example`],
    fields: {},
  });
  const list = ['one', 'two', 'three', 'four', 'five', 'six'].map(named);
  const there = async () =>
    (await scene.world()).filter((line) => line.startsWith('schema')).map((line) => line.split(' ')[1]);

  test('is validated as a whole: one wrong tenant, and none is made', async () => {
    scratch = await scene.fresh();
    const run = await scene.provisionAll([...list, { ...named('seven'), fields: { plan: 'gold' } }]);
    expect(run.failure?.sentence).toBe(
      '1 of 7 tenants cannot be made — seven: The tenant cannot be made like this — fields: plan: there is no "gold" — choose free, team and business — correct the list and run again; nothing was made',
    );
    const twice = await scene.provisionAll([named('one'), { ...named('two'), domains: ['one.example'] }]);
    expect(twice.failure?.message).toContain('one.example: two of the new tenants have this domain');
    expect(await scene.world()).toEqual([]);
  });

  test('is made side by side; on-error: stop and continue leave what is whole, and go on where they ended', async () => {
    scratch = await scene.fresh();
    const stopped = await scene.provisionAll(list, unhealthy('three'));
    expect(stopped.failure?.message).toBe('1 of 6 tenants failed — three: It is ill — on purpose');
    expect(stopped.failure?.hint).toMatch(
      /everything that this run made is removed again; 2 tenants are complete and 3 were not begun or removed again; run again/,
    );
    expect(await there()).toEqual(['one:', 'two:']);
    const continued = await scene.provisionAll(list, {
      ...unhealthy('four'),
      onError: 'continue',
      parallel: 2,
    });
    expect(continued.tenants.map(({ state }) => state)).toEqual([
      'unchanged',
      'unchanged',
      'created',
      undefined,
      'created',
      'created',
    ]);
    const last = await scene.provisionAll(list, { parallel: 2 });
    expect(last.failure).toBeUndefined();
    expect(await there()).toHaveLength(6);
  });

  test('on-error: undo-all removes what this run has made, and nothing that was there', async () => {
    scratch = await scene.fresh();
    await scene.provision(named('one'));
    const undone = await scene.provisionAll(list, { ...unhealthy('three'), onError: 'undo-all' });
    expect(undone.failure?.code).toBe('tenants-not-provisioned');
    expect(await there()).toEqual(['one:']);
    const whole = await scene.provisionAll(list.slice(0, 3), { onError: 'undo-all' });
    expect(whole.failure).toBeUndefined();
    expect((await scene.world()).filter((line) => line.includes('unfinished'))).toEqual([]);
  });
});
