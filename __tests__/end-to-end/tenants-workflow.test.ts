/**
 * The example workflows that make tenants, run as they stand by `act`: a form, and a list that stands in the
 * repository. The verdicts come from the database.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { command } from '../../lab/command.ts';
import { bringUp, type Lab } from '../../lab/lab.ts';
import { shopPython } from '../../lab/shop.ts';
import { act } from '../../lab/tools/workflow-tools.ts';
import { runWorkflow, type WorkflowRun, type WorkflowToRun } from './act.ts';
import { type ShopDatabase, shopDatabase } from './shop-database.ts';
import { type ShopRepository, shopRepository } from './shop-repository.ts';

const tenMinutes = 600_000;

let lab: Lab;
let repository: ShopRepository;
let database: ShopDatabase;

beforeAll(async () => {
  lab = await bringUp(['postgres15']);
  repository = await shopRepository();
  await repository.commit('The shop');
  await act(); // its first build takes minutes
  database = await shopDatabase(lab, `tenants_${randomBytes(3).toString('hex')}`);
  await command([await shopPython(), 'manage.py', 'migrate_schemas', '--shared'], {
    cwd: repository.folder,
    env: { ...process.env, DATABASE_URL: database.url, SECRET_KEY: 'only for tests' },
  });
}, tenMinutes);

afterAll(async () => {
  repository?.remove();
  await database?.drop();
}, tenMinutes);

function run(workflow: string, more: Pick<WorkflowToRun, 'event' | 'inputs'>): Promise<WorkflowRun> {
  return runWorkflow({
    repository: repository.folder,
    workflow: `.github/workflows/${workflow}`,
    secrets: { DATABASE_URL: database.url, SECRET_KEY: 'only for tests' },
    vars: { DOMAIN: 'shop.example' },
    environment: { PIP_NO_COMPILE: '1' },
    programs: {},
    ...more,
  });
}

/** `acme acme.shop.example team`, for each tenant. */
async function tenants(): Promise<unknown[]> {
  return database.sql(`SELECT concat_ws(' ', schema_name, domain, plan) AS tenant FROM customers_customer AS customer
    JOIN customers_domain ON tenant_id = customer.id ORDER BY 1`);
}

test(
  'what is typed into the form becomes a tenant with its first administrator',
  async () => {
    const inputs = {
      schema: 'acme',
      name: 'Acme "& Sons" $(id)',
      domain: 'acme.shop.example',
      plan: 'team',
      email: 'ana@acme.example',
      'only-look': 'false',
    };
    const made = await run('provision-tenant.yml', { event: 'workflow_dispatch', inputs });
    if (made.exitCode !== 0) throw new Error(made.log.split('\n').slice(-60).join('\n'));
    expect(made.outputs).toMatchObject({
      'provision.provision.result': 'created',
      'provision.provision.superuser-created': 'true',
    });
    expect(await tenants()).toEqual([{ tenant: 'acme acme.shop.example team' }]);
    expect(
      await database.sql(`SELECT name, username FROM customers_customer, acme.auth_user WHERE is_superuser`),
    ).toEqual([{ name: inputs.name, username: 'ana@acme.example' }]);
  },
  tenMinutes,
);

test(
  'a pull request with a list in which something is wrong fails and says what; the push of a right one makes it',
  async () => {
    const header = 'schema-name,tenant-name,domain,fields.plan';
    const beta = 'beta,"Beta, GmbH",beta.shop.example,business';
    await repository.commit('A list', {
      'tenants.csv': `${header}\n${beta}\ngamma,Gamma,gamma.shop.example,gold\n`,
    });
    const wrong = await run('tenants-from-a-file.yml', { event: 'pull_request' });
    expect(wrong.jobs).toEqual({ tenants: 'failure' });
    expect(wrong.annotations.map(({ text }) => text).join()).toContain('there is no "gold"');

    await repository.commit('A list that is right', { 'tenants.csv': `${header}\n${beta}\n` });
    expect(await tenants()).toHaveLength(1);

    const pushed = await run('tenants-from-a-file.yml', { event: 'push' });
    expect(pushed.outputs).toMatchObject({ 'tenants.tenants.result': 'created' });
    expect(await tenants()).toEqual([
      { tenant: 'acme acme.shop.example team' },
      { tenant: 'beta beta.shop.example business' },
    ]);
  },
  tenMinutes,
);
