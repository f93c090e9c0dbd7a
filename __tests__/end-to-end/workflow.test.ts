/**
 * The example workflows, run as they stand by `act` on the lab: a commit becomes an image, a migrated database, a
 * container and tenants that answer. The verdicts come from the database, the registry and the server.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { command } from '../../lab/command.ts';
import { bringUp, type Lab } from '../../lab/lab.ts';
import { shopPython } from '../../lab/shop.ts';
import { act } from '../../lab/tools/workflow-tools.ts';
import { formsOf } from '../../src/step/masking.ts';
import { whole } from '../integration/breadth.ts';
import { runWorkflow, type WorkflowRun } from './act.ts';
import { newColumn } from './shop-changes.ts';
import { type ShopDatabase, shopDatabase } from './shop-database.ts';
import { type ShopRepository, shopRepository } from './shop-repository.ts';
import { digestInRegistry, type ShopServer, shopServer } from './shop-server.ts';

const tenMinutes = 600_000;
const mark = randomBytes(3).toString('hex');
const secretKey = `canary-${randomBytes(24).toString('hex')}`;
const domain = 'shop.example';
const tenants = ['acme', 'zeta'];
const domains = [domain, ...tenants.map((name) => `${name}.${domain}`)];

let lab: Lab;
let repository: ShopRepository;

beforeAll(async () => {
  lab = await bringUp(['postgres15', 'registry', 'builder', 'base-image', 'host1']);
  repository = await shopRepository();
  await repository.commit('The shop');
  await act(); // its first build takes minutes
}, tenMinutes);

afterAll(() => repository?.remove());

describe('deploy-dev.yml', () => {
  const container = 'shop-dev';
  let database: ShopDatabase;
  let server: ShopServer;
  let first: WorkflowRun;
  let release: string;

  beforeAll(async () => {
    server = shopServer(lab, freePort(0));
    await server.remove(container);
    database = await shopDatabase(lab, `shop_${mark}`);
    // What an earlier release has left: two tenants.
    await manage('migrate_schemas', '--shared');
    for (const name of tenants) {
      const names = ['--schema_name', name, '--name', name, '--domain-domain', `${name}.${domain}`];
      await manage('create_tenant', '--noinput', ...names);
    }
    release = `dev-${await repository.commit('Products have a stock', newColumn)}`;
    first = await run('deploy-dev.yml', secretsOf(database), varsOf(server));
  }, tenMinutes);

  afterAll(async () => {
    await server?.remove(container);
    await database?.drop();
  }, tenMinutes);

  describe('a commit with a new column', () => {
    test('goes through every job, in order', () => {
      expectJobs(first, [
        'build: success',
        'test: success',
        'migrate: success',
        'deploy: success',
        'health-check: success',
      ]);
      expect(first.annotations).toEqual([]);
      expect(first.exitCode).toBe(0);
    });

    test('every tenant has the column, and the platform its tenant', async () => {
      const columns = await database.sql(`SELECT table_schema AS schema FROM information_schema.columns
        WHERE table_name = 'catalog_product' AND column_name = 'stock' ORDER BY 1`);
      expect(columns).toEqual(tenants.map((schema) => ({ schema })));
      const platform = await database.sql(`SELECT schema_name AS schema FROM customers_domain AS domain
        JOIN customers_customer AS customer ON customer.id = domain.tenant_id WHERE domain = '${domain}'`);
      expect(platform).toEqual([{ schema: 'public' }]);
    });

    test('the container runs the very image that was pushed', async () => {
      const digest = await digestInRegistry(lab, imageName, release);
      expect(digest).toMatch(/^sha256:/);
      expect(first.outputs['build.push.digest']).toBe(digest);
      expect(first.outputs['deploy.0.image-digest']).toBe(digest);
      expect(await server.digestOf(container, `${lab.registry.address}/${imageName}`)).toBe(digest);
      // The moving tag stands beside it, for people.
      expect(await digestInRegistry(lab, imageName, 'dev-latest')).toBe(digest);
    });

    test("the platform's and every tenant's domain answer with the new release", async () => {
      expect(await server.answers(domains)).toEqual(allWith(release));
    });

    test('the job summary tells what was done', () => {
      expect(first.summaries.map(({ job }) => job)).toEqual(['migrate', 'deploy', 'health-check']);
      const [migrate, deploy, check] = first.summaries.map(({ text }) => text);
      for (const schema of tenants)
        expect(migrate).toMatch(new RegExp(`${schema}.*catalog.0003_product_stock`));
      expect(deploy).toContain(`is on ${release.slice(0, 'dev-'.length + 8)},`); // as people read it
      for (const name of domains) expect(check).toContain(`| ${name} | 200 |`);
    });

    test('no secret is in the log, in the summary, in an output, or in an argument list', () => {
      expect(secretsIn(first, database)).toEqual([]);
      expect(first.argumentLists).toContain('docker push');
    });

    test.each(['log', 'argumentLists'] as const)('a secret in the %s would have been found', (place) => {
      for (const [name, secret] of Object.entries(secretsOf(database))) {
        const [form = ''] = formsOf(secret).slice(-1);
        expect(secretsIn({ ...first, [place]: `${first[place]} ${form}` }, database)).toContain(name);
      }
    });
  });

  test(
    'settings that are missing are named all at once, before anything is built',
    async () => {
      const { SSH_KEY, SECRET_KEY, ...secrets } = secretsOf(database);
      const { HOST, ...vars } = varsOf(server);
      expect([SSH_KEY, SECRET_KEY, HOST]).not.toContain(undefined);
      const { jobs, annotations } = await run('deploy-dev.yml', secrets, vars);
      expect(jobs).toEqual({ build: 'failure' });
      expect(annotations.map(({ text }) => text).join()).toMatch(
        /: secret:SECRET_KEY secret:SSH_KEY variable:HOST$/,
      );
    },
    tenMinutes,
  );

  async function manage(...args: string[]): Promise<void> {
    await command([await shopPython(), 'manage.py', ...args], {
      cwd: repository.folder,
      env: { ...process.env, DATABASE_URL: database.url, SECRET_KEY: secretKey },
    });
  }
});

// The root action by itself is tried by its door (line.test.ts) at each push.
for (const workflow of whole(['one-step.yml']))
  describe(workflow, () => {
    const container = 'shop-production';
    let database: ShopDatabase;
    let server: ShopServer;

    afterAll(async () => {
      await server?.remove(container);
      await database?.drop();
    }, tenMinutes);

    test(
      'a fresh database becomes a platform that answers',
      async () => {
        server = shopServer(lab, freePort(1));
        await server.remove(container);
        database = await shopDatabase(lab, `shop_fresh_${mark}`);
        const release = await repository.commit('Begin', { 'README.md': 'A shop.\n' });
        const end = await run(workflow, secretsOf(database), varsOf(server));
        expectJobs(end, ['deploy: success']);
        expect(end.annotations).toEqual([]);
        expect(await server.answers([domain])).toEqual([{ status: 200, release, schema: 'public' }]);
        expect(end.summaries.map(({ text }) => text).join()).toContain('flowchart');
        expect(secretsIn(end, database)).toEqual([]);
      },
      tenMinutes,
    );
  });

const imageName = `shop-${mark}`;

function freePort(offset: number): string {
  return String(20_000 + ((process.pid * 2 + offset) % 10_000));
}

function run(
  workflow: string,
  secrets: Readonly<Record<string, string>>,
  vars: Readonly<Record<string, string>>,
): Promise<WorkflowRun> {
  return runWorkflow({
    repository: repository.folder,
    workflow: `.github/workflows/${workflow}`,
    secrets,
    vars,
    environment: {
      DOCKER_HOST: lab.builder.dockerHost,
      // The lab's client has no BuildKit.
      DOCKER_BUILDKIT: '0',
      // Environments that live for one job.
      PIP_NO_COMPILE: '1',
    },
    programs: { docker: lab.docker },
  });
}

function secretsOf(database: ShopDatabase): Record<string, string> {
  return {
    DATABASE_URL: database.url,
    TEST_DATABASE_URL: database.url,
    SECRET_KEY: secretKey,
    SSH_KEY: readFileSync(lab.host1.privateKeyPath, 'utf8'),
    REGISTRY_PASSWORD: lab.registry.password,
  };
}

function varsOf({ port }: ShopServer): Record<string, string> {
  return {
    BASE_IMAGE: lab.baseImage,
    DOMAIN: domain,
    HOST: lab.host1.address,
    IMAGE: imageName,
    PORT: port,
    REGISTRY: lab.registry.address,
    REGISTRY_USERNAME: lab.registry.username,
    SSH_FINGERPRINT: lab.host1.hostKeyFingerprint,
    SSH_USER: lab.host1.user,
  };
}

/** The names of the secrets that stand somewhere, in any of their forms. */
function secretsIn(run: WorkflowRun, database: ShopDatabase): string[] {
  const said = [run.log, run.argumentLists, JSON.stringify(run.outputs), JSON.stringify(run.summaries)].join(
    '\n',
  );
  const secrets = { ...secretsOf(database), 'password of the database': database.password };
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => said.includes(form)))
    .map(([name]) => name);
}

/** @throws Error with the end of the log, which says why */
function expectJobs({ jobs, log }: WorkflowRun, wanted: readonly string[]): void {
  const ran = Object.entries(jobs).map(([job, result]) => `${job}: ${result}`);
  if (ran.join() === wanted.join()) return;
  throw new Error(
    `Wanted ${wanted.join(', ')} — the jobs were ${ran.join(', ')}\n${log.split('\n').slice(-80).join('\n')}`,
  );
}

function allWith(release: string) {
  return ['public', ...tenants].map((schema) => ({ status: 200, release, schema }));
}
