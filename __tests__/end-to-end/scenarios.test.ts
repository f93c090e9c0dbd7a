/**
 * What happens to a line of jobs in its life: the reusable workflows, called from somebody else's repository as the
 * examples do, by `act` on the lab. Each scene begins where the one before has ended; the verdicts come from the
 * registry, the server, the databases, visitors who ask all the time, and GitHub's list of deployments.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { type LoadResult, startLoad } from '../../bench/deploy/load.ts';
import { bringUp, type Lab } from '../../lab/lab.ts';
import { type MermaidParser, mermaidParser } from '../../lab/tools/mermaid.ts';
import { act } from '../../lab/tools/workflow-tools.ts';
import { formsOf } from '../../src/step/masking.ts';
import { type GitHub, startGitHub } from '../github/github.ts';
import { type RunningWorkflow, startWorkflow, type WorkflowRun } from './act.ts';
import { cannotStart, gates, newColumn, oneIsIll, waitsAtGates, wholePrices } from './shop-changes.ts';
import { type ShopDatabase, shopDatabase } from './shop-database.ts';
import { type ShopRepository, shopRepository } from './shop-repository.ts';
import { digestInRegistry, type ShopServer, shopServer } from './shop-server.ts';

const tenMinutes = 600_000;
const mark = randomBytes(3).toString('hex');
const imageName = `line-${mark}`;
const secretKey = `canary-${randomBytes(24).toString('hex')}`;
const domain = 'shop.example';
const token = `canary-${randomBytes(12).toString('hex')}`;
const path = `/canary-${randomBytes(8).toString('hex')}`;
const environments = ['dev', 'uat', 'production'] as const;
type Environment = (typeof environments)[number];

let lab: Lab;
let repository: ShopRepository;
let databases: Record<Environment, ShopDatabase>;
let server: ShopServer;
let github: GitHub;
let parse: MermaidParser;
let chat: Server;
let told: { moment: string; environment: string; sentence: string }[] = [];
/** What the first good one came to: what every later one compares itself with. */
let release: string;
let digest: string | undefined;

beforeAll(async () => {
  lab = await bringUp(['postgres15', 'registry', 'builder', 'base-image', 'host1']);
  repository = await shopRepository();
  const made = environments.map(async (name) => [name, await shopDatabase(lab, `${name}_${mark}`)]);
  databases = Object.fromEntries(await Promise.all(made));
  server = shopServer(lab, String(30_000 + (process.pid % 2_000)));
  await server.remove('shop');
  github = await startGitHub({ token });
  parse = await mermaidParser();
  chat = createServer(async (request, response) => {
    told.push((await json(request)) as (typeof told)[number]);
    response.end();
  });
  await new Promise<void>((resolve) => chat.listen(0, '127.0.0.1', resolve));
  await act(); // its first build takes minutes
}, tenMinutes);

afterAll(async () => {
  await server?.remove('shop');
  for (const database of Object.values(databases ?? {})) await database.drop();
  await github?.close();
  chat?.close();
  repository?.remove();
}, tenMinutes);

test(
  'what is missing is named at once, by the first job; the last one tells it',
  async () => {
    await repository.commit('The shop', {
      // The way back stays open for as long as somebody may need it; here nobody does.
      '.github/workflows/deploy.yml': (before) => before.replace(/( +)container: shop\n/, '$&$1bake: 1s\n'),
    });
    const { SSH_KEY: _key, SECRET_KEY: _secret, ...secrets } = secretsOf('dev');
    const end = await run('deploy.yml', { secrets });
    expectJobs(end, ['image: failure', 'report: success']);
    expect(end.annotations.map(({ text }) => text).join()).toMatch(/: secret:SECRET_KEY secret:SSH_KEY$/);
    expect(github.repository.deployments).toEqual([]);
    expect(told).toMatchObject([{ moment: 'failure', environment: 'dev' }]);
    expect(told[0]?.sentence).toMatch(/^image: Settings are missing/);
  },
  tenMinutes,
);

test(
  'a fresh database becomes a platform; GitHub, a chat and the summary know the digest',
  async () => {
    release = `dev-${await repository.commit('Products have a stock', newColumn)}`;
    told = [];
    const end = await run('deploy.yml');
    expectJobs(end, goodJobs(['image', 'test', 'migrate', 'deploy', 'check', 'report']));
    digest = await digestInRegistry(lab, imageName, release);
    expect(digest).toMatch(/^sha256:/);
    expect(await digestThatServes()).toBe(digest);
    expect(await digestInRegistry(lab, imageName, 'dev-latest')).toBe(digest);
    expect(await server.answers([domain])).toEqual([{ status: 200, release, schema: 'public' }]);
    expect(statesOf('dev')).toEqual(['success']);
    expect(github.refused).toEqual([]);
    expect(told.map(({ moment }) => moment)).toEqual(['start', 'success']);
    const whole = end.summaries.at(-1);
    expect(whole?.job).toBe('report');
    expect(whole?.text).toContain(`✅ shop is on ${short(release)} in dev.`);
    await expectPictures(end);
    expect(secretsIn(end)).toEqual([]);
  },
  tenMinutes,
);

test(
  'the same again: nothing is migrated, and the very container stays',
  async () => {
    const before = await server.containers('shop');
    const end = await run('deploy.yml', { event: 'workflow_dispatch' });
    expect(end.exitCode).toBe(0);
    expect(end.outputs['migrate.migrate.result']).toBe('up-to-date');
    expect(end.summaries.at(-1)?.text).toContain(`shop stays on ${short(release)} in dev.`);
    expect(await server.containers('shop')).toEqual(before);
  },
  tenMinutes,
);

test(
  'tests of which none ran are none',
  async () => {
    await repository.commit('No test has this tag', {
      '.github/workflows/deploy.yml': (before) =>
        before.replace(/( +)bake: .*\n/, '$&$1test-command: python manage.py test --tag=nothing\n'),
    });
    const end = await run('deploy.yml');
    expectJobs(end, ['image: success', 'test: failure', 'report: success']);
    expect(end.summaries.at(-1)?.text).toContain('❌ test: No test ran');
  },
  tenMinutes,
);

test(
  'a form makes a tenant by the image that was green, without a checkout; at night all of them are proven',
  async () => {
    await repository.commit('Verify dev; the next scenes are not about tests', {
      '.github/workflows/verify-nightly.yml': (before) => before.replace(': production', ': dev'),
      '.github/workflows/deploy.yml': (before) => before.replace(/test-command: .*/, 'test-command: ""'),
    });
    const inputs = {
      environment: 'dev',
      schema: 'acme',
      name: 'Acme "& Sons" $(id)',
      domain: `acme.${domain}`,
      plan: 'team',
      email: 'ana@acme.example',
      'only-look': 'false',
    };
    const made = await run('provision.yml', { event: 'workflow_dispatch', inputs });
    expectJobs(made, ['provision: success']);
    expect(await server.answers([inputs.domain])).toEqual([{ status: 200, release, schema: 'acme' }]);
    expect(
      await databases.dev.sql("SELECT name, plan FROM customers_customer WHERE schema_name = 'acme'"),
    ).toEqual([{ name: inputs.name, plan: 'team' }]);
    expect(secretsIn(made)).toEqual([]);

    const night = await run('verify-nightly.yml', { event: 'workflow_dispatch' });
    // No migration has had anything to change yet, so nothing was backed up: that is no good night.
    expect(night.jobs).toEqual({ verify: 'success', rehearse: 'failure' });
    expect(night.annotations.map(({ text }) => text).join()).toMatch(/No backup in .+ — /);
  },
  tenMinutes,
);

test(
  'a migration that fails in a tenant: nothing is deployed, and every visitor is served all the while',
  async () => {
    await databases.dev.sql(`WITH category AS (INSERT INTO acme.catalog_category (name) VALUES ('Tea') RETURNING id)
      INSERT INTO acme.catalog_product (category_id, name, slug, price, active, image)
      SELECT id, 'Green tea', 'green-tea', 3.5, true, '' FROM category`);
    const before = await server.containers('shop');
    await repository.commit('Prices are whole', wholePrices);
    const { end, load } = await visited(() => run('deploy.yml'));
    expectJobs(end, ['image: success', 'migrate: failure', 'report: success']);
    expect(end.annotations.filter(({ level }) => level === 'error')).toMatchObject([{ job: 'migrate' }]);
    expect(end.annotations.map(({ text }) => text).join()).toMatch(
      /catalog\.0004_whole_prices.*acme.*Green tea costs 3\.50/,
    );
    const { text = '' } = end.summaries.at(-1) ?? {};
    expect(text).toMatch(/❌ migrate: .*Green tea costs 3\.50/);
    expect(text).toContain('Nothing was deployed');
    expect(statesOf('dev').at(-1)).toBe('failure');
    expect(await server.containers('shop')).toEqual(before);
    expectAllServed(load, [release]);
    expect(secretsIn(end)).toEqual([]);
  },
  tenMinutes,
);

test(
  'a container that cannot start: the old one serves, and the run says what is true and what is next',
  async () => {
    await repository.commit('It cannot start', cannotStart);
    told = [];
    const { end, load } = await visited(() => run('deploy.yml'));
    expectJobs(end, ['image: success', 'migrate: success', 'deploy: failure', 'report: success']);
    expect(await databases.dev.sql('SELECT price::text FROM acme.catalog_product')).toEqual([
      { price: '3.00' },
    ]);
    expect(await digestThatServes()).toBe(digest);
    expectAllServed(load, [release]);
    expect(statesOf('dev').at(-1)).toBe('failure');
    expect(told.at(-1)).toMatchObject({ moment: 'failure' });
    expect(end.summaries.at(-1)?.text).toMatch(/❌ deploy: .*no licence for this machine/);
    expect(end.summaries.at(-1)?.text).toContain('**Next:**');
    await expectPictures(end);
    expect(secretsIn(end)).toEqual([]);
  },
  tenMinutes,
);

test(
  'a form brings a tenant back beside the one of now, as the backup before the migration has it',
  async () => {
    const inputs = { environment: 'dev', schema: 'acme', 'restore-to': 'beside', 'only-look': 'false' };
    const end = await run('restore.yml', { event: 'workflow_dispatch', inputs });
    expectJobs(end, ['restore: success']);
    const prices = (schema: string) => databases.dev.sql(`SELECT price::text FROM ${schema}.catalog_product`);
    expect(await prices('acme')).toEqual([{ price: '3.00' }]);
    expect(await prices('acme_restored')).toEqual([{ price: '3.50' }]);
    expect(secretsIn(end)).toEqual([]);
    await databases.dev.sql('DROP SCHEMA acme_restored CASCADE');
  },
  tenMinutes,
);

test(
  "a tenant that does not answer after the switch: the containers go back, and the platform's visitors notice nothing",
  async () => {
    const ill = `dev-${await repository.commit('Acme is ill', oneIsIll)}`;
    const { end, load } = await visited(() => run('deploy.yml'));
    expectJobs(end, [
      ...goodJobs(['image', 'migrate', 'deploy']),
      'check: failure',
      'back: success',
      'report: success',
    ]);
    expect(await server.answers([domain, `acme.${domain}`])).toEqual([
      { status: 200, release, schema: 'public' },
      { status: 200, release, schema: 'acme' },
    ]);
    expect(await digestThatServes()).toBe(digest);
    expectAllServed(load, [release, ill]);
    expect(statesOf('dev').at(-1)).toBe('failure');
    const { text = '' } = end.summaries.at(-1) ?? {};
    expect(text).toMatch(/❌ check: .*acme/);
    expect(text).toContain(`The containers are back on ${short(release)}; the database stays as it is now.`);
  },
  tenMinutes,
);

test(
  'two runs at once, and one of them cancelled: each says who is in its way, nobody is in the way of the next',
  async () => {
    const next = `dev-${await repository.commit('All is well', waitsAtGates)}`;
    const migration = await databases.dev.hold(gates.migration);
    const boot = await databases.dev.hold(gates.boot);
    let meets = () => {};
    const met = new Promise<void>((resolve) => {
      meets = resolve;
    });
    const { end, load } = await visited(async () => {
      const first = start('deploy.yml');
      await isAt(gates.migration, first);
      const second = start('deploy.yml', {
        onLine: (line) => {
          if (/Waiting up to .* for the lock, nothing has been changed: .* holds it/.test(line)) meets();
        },
      });
      await Promise.race([met, second.end]);
      await migration.release();
      await isAt(gates.boot, first);
      const refused = await second.end;
      expectJobs(refused, [...goodJobs(['image', 'migrate']), 'deploy: failure', 'report: success']);
      expect(refused.log).toMatch(/acme\/shop\/actions\/runs\/1\S* .*holds it/);
      expect(refused.outputs['migrate.migrate.result']).toBe('up-to-date');
      expect(refused.annotations.map(({ text }) => text).join()).toMatch(
        /shop on \S+ is being deployed by somebody else — https:\/\/github\.com\/acme\/shop\/actions\/runs\/1/,
      );

      await first.cancelStep('deploy-container');
      const cancelled = await first.end;
      expectJobs(cancelled, [...goodJobs(['image', 'migrate']), 'deploy: failure', 'report: success']);
      expect(cancelled.annotations.map(({ text }) => text).join()).toMatch(/cancelled.*the old version/);
      expect(await server.answers([domain])).toMatchObject([{ status: 200, release }]);
      await boot.release();
      // It lets go; on a machine that is too busy for that, it is taken for dead soon.
      while (await server.isHeld('shop')) await sleep(500);

      return run('deploy.yml');
    });
    expectJobs(end, goodJobs(['image', 'migrate', 'deploy', 'check', 'report']));
    expect(await server.answers([domain])).toMatchObject([{ status: 200, release: next }]);
    expectAllServed(load, [release, next]);
    expect(
      await databases.dev.sql("SELECT app FROM acme.django_migrations WHERE name = '0005_gate'"),
    ).toHaveLength(1);
    expect(statesOf('dev').slice(-3)).toEqual(['failure', 'failure', 'success']);
  },
  tenMinutes,
);

test(
  'a rollback: the digest from before serves, without a registry; it is the green one, and the one from now is not',
  async () => {
    const taken = github.repository.deployments.at(-1)?.payload;
    const inputs = { environment: 'dev', release: 'previous' };
    const { end, load } = await visited(() => run('rollback.yml', { event: 'workflow_dispatch', inputs }));
    expectJobs(end, goodJobs(['back', 'check', 'report']));
    expect(await digestThatServes()).toBe(digest);
    expect(load.failed).toBe(0);
    expect(end.summaries.at(-1)?.text).toContain(`✅ shop is back on ${short(release)} in dev.`);
    expect(statesOf('dev').slice(-2)).toEqual(['failure', 'success']);
    expect(github.repository.deployments.at(-1)).toMatchObject({
      environment: 'dev',
      payload: { image: expect.stringContaining(`${release}@${digest}`) },
    });

    const { image } = taken as { image: string };
    const refused = await run('deploy-uat.yml', { event: 'workflow_dispatch', inputs: { image } });
    expect(refused.annotations.map(({ text }) => text).join()).toMatch(/was not green in dev — /);
    expect(statesOf('uat')).toEqual([]);
  },
  tenMinutes,
);

test(
  'the very digest goes from dev to uat to production, each refused where the one before was not green',
  async () => {
    const tooEarly = await run('deploy-production.yml', { event: 'workflow_dispatch' });
    expect(tooEarly.exitCode).not.toBe(0);
    expect(tooEarly.annotations.map(({ text }) => text).join()).toMatch(
      /was not green in uat — .* — deploy it to uat first; nothing was changed/,
    );
    expect(await digestInRegistry(lab, imageName, 'production-latest')).toBeUndefined();
    expect(statesOf('production')).toEqual([]);

    const jobs = goodJobs(['image', 'migrate', 'deploy', 'check', 'report']);
    for (const [environment, wanted] of [
      ['uat', jobs],
      ['production', ['approve: success', ...jobs]],
    ] as const) {
      await server.remove('shop'); // each has a server of its own, on which there is nothing yet
      const event = 'workflow_dispatch';
      const end = await run(`deploy-${environment}.yml`, { event, secrets: secretsOf(environment) });
      expectJobs(end, wanted);
      const name = release.replace('dev-', `${environment}-`);
      expect(await digestInRegistry(lab, imageName, name)).toBe(digest);
      expect(await digestThatServes()).toBe(digest);
      expect(statesOf(environment)).toEqual(['success']);
      expect(end.summaries.at(-1)?.text).toContain(`✅ shop is on ${short(name)} in ${environment}.`);
    }
  },
  tenMinutes,
);

interface Wanted {
  readonly event?: 'push' | 'workflow_dispatch';
  readonly secrets?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

function run(workflow: string, wanted?: Wanted): Promise<WorkflowRun> {
  return start(workflow, wanted).end;
}

function start(workflow: string, wanted: Wanted = {}): RunningWorkflow {
  const { event = 'push', secrets = secretsOf('dev'), inputs = {}, onLine = () => {} } = wanted;
  return startWorkflow({
    repository: repository.folder,
    workflow: `.github/workflows/${workflow}`,
    event,
    inputs,
    secrets,
    onLine,
    apiUrl: github.apiUrl,
    vars: {
      BASE_IMAGE: lab.baseImage,
      DOMAIN: domain,
      HOST: lab.host1.address,
      IMAGE: imageName,
      PORT: server.port,
      REGISTRY: lab.registry.address,
      REGISTRY_USERNAME: lab.registry.username,
      SSH_FINGERPRINT: lab.host1.hostKeyFingerprint,
      SSH_USER: lab.host1.user,
    },
    environment: { DOCKER_HOST: lab.builder.dockerHost, DOCKER_BUILDKIT: '0' },
    programs: { docker: lab.docker },
  });
}

function secretsOf(environment: Environment): Record<string, string> {
  const { url } = databases[environment];
  return {
    DATABASE_URL: url,
    TEST_DATABASE_URL: url,
    SECRET_KEY: secretKey,
    SSH_KEY: readFileSync(lab.host1.privateKeyPath, 'utf8'),
    REGISTRY_PASSWORD: lab.registry.password,
    GITHUB_TOKEN: token,
    NOTIFY_URLS: `http://127.0.0.1:${(chat.address() as AddressInfo).port}${path}`,
  };
}

/** What was done, and what became of the platform's visitors meanwhile: so many a second, each on a connection of its own. */
async function visited<Done>(work: () => Promise<Done>): Promise<{ end: Done; load: LoadResult }> {
  const url = `http://${lab.host1.address}:${server.port}`;
  const visitors = await startLoad({
    ...{ url, host: domain, path: '/health/' },
    ...{ rate: 10, connections: 'new', slowEvery: 0 },
  });
  try {
    return { end: await work(), load: await visitors.stop() };
  } finally {
    await visitors.stop().catch(() => {}); // it has ended
  }
}

/** Every one of them, and by no other than these releases. */
function expectAllServed({ sent, ok, failures, versions }: LoadResult, releases: readonly string[]): void {
  expect(failures).toEqual({});
  expect(ok).toBe(sent);
  expect(Object.keys(versions).sort()).toEqual([...releases].sort());
}

/** Waits until the shop waits there. @throws Error when the run ends before */
async function isAt(gate: number, { end }: RunningWorkflow): Promise<void> {
  let isOver: WorkflowRun | undefined;
  void end.then((run) => {
    isOver = run;
  });
  while (!(await databases.dev.isAsked(gate))) {
    if (isOver !== undefined) throw new Error(isOver.log.split('\n').slice(-60).join('\n'));
    await sleep(100);
  }
}

function digestThatServes(): Promise<string | undefined> {
  return server.digestOf('shop', `${lab.registry.address}/${imageName}`);
}

/** As a summary says it. */
function short(name: string): string {
  return name.replace(/([0-9a-f]{7})[0-9a-f]{33}$/, '$1');
}

/** The last state of each deployment to an environment, in their order. */
function statesOf(environment: string): unknown[] {
  return github.repository.deployments
    .filter((deployment) => deployment.environment === environment)
    .map(({ id }) => github.repository.deploymentStatuses.get(Number(id))?.at(-1)?.state);
}

function secretsIn(end: WorkflowRun): string[] {
  const said = [
    end.log,
    end.argumentLists,
    JSON.stringify(end.outputs),
    JSON.stringify(end.summaries),
  ].join();
  return Object.entries({ ...secretsOf('dev'), NOTIFY_URLS: path })
    .filter(([, secret]) => formsOf(secret).some((form) => said.includes(form)))
    .map(([name]) => name);
}

/** Every picture of every summary, read by the real Mermaid. */
async function expectPictures({ summaries }: WorkflowRun): Promise<void> {
  const pictures = summaries.flatMap(({ text }) => [...text.matchAll(/```mermaid\n([\s\S]*?)\n```/g)]);
  expect(pictures.length).toBeGreaterThan(0);
  for (const [, picture = ''] of pictures) expect(await parse(picture)).toMatch(/flowchart|gantt/);
}

function goodJobs(names: readonly string[]): string[] {
  return names.map((name) => `${name}: success`);
}

/** @throws Error with the end of the log, which says why */
function expectJobs({ jobs, log }: WorkflowRun, wanted: readonly string[]): void {
  const ran = Object.entries(jobs).map(([job, result]) => `${job}: ${result}`);
  if (ran.join() === wanted.join()) return;
  throw new Error(
    `Wanted ${wanted.join(', ')} — the jobs were ${ran.join(', ')}\n${log.split('\n').slice(-60).join('\n')}`,
  );
}
