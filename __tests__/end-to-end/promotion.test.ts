/**
 * The reusable workflows, called from somebody else's repository as the examples do, by `act` on the lab. Each scene
 * begins where the one before has ended; the verdicts come from the registry, the server, the database and GitHub's list of
 * deployments.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { bringUp, type Lab } from '../../lab/lab.ts';
import { type MermaidParser, mermaidParser } from '../../lab/tools/mermaid.ts';
import { act } from '../../lab/tools/workflow-tools.ts';
import { formsOf } from '../../src/step/masking.ts';
import { type GitHub, startGitHub } from '../github/github.ts';
import { runWorkflow, type WorkflowRun } from './act.ts';
import { type ShopDatabase, shopDatabase } from './shop-database.ts';
import { newColumn, type ShopRepository, shopRepository } from './shop-repository.ts';
import { digestInRegistry, type ShopServer, shopServer } from './shop-server.ts';

const tenMinutes = 600_000;
const mark = randomBytes(3).toString('hex');
const imageName = `line-${mark}`;
const secretKey = `canary-${randomBytes(24).toString('hex')}`;
const domain = 'shop.example';
const token = `canary-${randomBytes(12).toString('hex')}`;
const path = `/canary-${randomBytes(8).toString('hex')}`;

let lab: Lab;
let repository: ShopRepository;
let database: ShopDatabase;
let server: ShopServer;
let github: GitHub;
let parse: MermaidParser;
let chat: Server;
let told: { moment: string; environment: string; sentence: string }[] = [];
/** What the first one came to: what every later one compares itself with. */
let release: string;
let digest: string | undefined;

beforeAll(async () => {
  lab = await bringUp(['postgres15', 'registry', 'builder', 'base-image', 'host1']);
  repository = await shopRepository();
  database = await shopDatabase(lab, `line_${mark}`);
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
  await database?.drop();
  await github?.close();
  chat?.close();
  repository?.remove();
}, tenMinutes);

test(
  'what is missing is named at once, by the first job; the last one tells it',
  async () => {
    await repository.commit('The shop');
    const { SSH_KEY: _key, SECRET_KEY: _secret, ...secrets } = secretsOf();
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
    expectJobs(
      end,
      ['image', 'test', 'migrate', 'deploy', 'check', 'report'].map((job) => `${job}: success`),
    );
    digest = await digestInRegistry(lab, imageName, release);
    expect(digest).toMatch(/^sha256:/);
    expect(await server.digestOf('shop', `${lab.registry.address}/${imageName}`)).toBe(digest);
    expect(await digestInRegistry(lab, imageName, 'dev-latest')).toBe(digest);
    expect(await server.answers([domain])).toEqual([{ status: 200, release, schema: 'public' }]);
    expect(statesOf('dev')).toEqual(['success']);
    expect(github.refused).toEqual([]);
    expect(told.map(({ moment }) => moment)).toEqual(['start', 'success']);
    const whole = end.summaries.at(-1);
    expect(whole?.job).toBe('report');
    expect(whole?.text).toContain(`✅ shop is on ${release} in dev.`);
    await expectPictures(end);
    expect(secretsIn(end)).toEqual([]);
  },
  tenMinutes,
);

test(
  'again, nothing changes',
  async () => {
    const before = await server.digestOf('shop', `${lab.registry.address}/${imageName}`);
    const end = await run('deploy.yml', { event: 'workflow_dispatch' });
    expect(end.exitCode).toBe(0);
    expect(end.outputs['migrate.migrate.result'] ?? resultIn(end, 'migrate')).toContain('up-to-date');
    expect(end.summaries.at(-1)?.text).toContain(`shop stays on ${release} in dev.`);
    expect(await server.digestOf('shop', `${lab.registry.address}/${imageName}`)).toBe(before);
  },
  tenMinutes,
);

test(
  'a form makes a tenant by the image that was green, without a checkout; at night all of them are proven',
  async () => {
    await repository.commit('Verify dev', {
      '.github/workflows/verify-nightly.yml': (before) => before.replace(': production', ': dev'),
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
      await database.sql("SELECT name, plan FROM customers_customer WHERE schema_name = 'acme'"),
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
  'production refuses what was never green in uat, and touches nothing',
  async () => {
    const end = await run('deploy-production.yml', { event: 'workflow_dispatch' });
    expect(end.exitCode).not.toBe(0);
    expect(end.annotations.map(({ text }) => text).join()).toMatch(
      /was not green in uat — .* — deploy it to uat first; nothing was changed/,
    );
    expect(await digestInRegistry(lab, imageName, 'production-latest')).toBeUndefined();
    expect(statesOf('production')).toEqual([]);
  },
  tenMinutes,
);

test(
  'a container that cannot start: the old one serves, and the run says what is true and what is next',
  async () => {
    await repository.commit('It cannot start', {
      'shop/wsgi.py': (before) => `${before}\nraise RuntimeError("no licence for this machine")\n`,
    });
    told = [];
    const end = await run('deploy.yml');
    expect(end.jobs).toMatchObject({ migrate: 'success', deploy: 'failure', report: 'success' });
    expect(end.jobs.check).toBeUndefined();
    expect(await server.answers([domain])).toMatchObject([{ status: 200 }]);
    expect(await server.digestOf('shop', `${lab.registry.address}/${imageName}`)).toBe(digest);
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
  'uat gets the very digest that was green in dev, under a name of its own',
  async () => {
    await server.remove('shop'); // UAT has a server of its own, on which there is nothing yet
    const end = await run('deploy-uat.yml', { event: 'workflow_dispatch' });
    expectJobs(
      end,
      ['image', 'migrate', 'deploy', 'check', 'report'].map((job) => `${job}: success`),
    );
    expect(await digestInRegistry(lab, imageName, release.replace('dev-', 'uat-'))).toBe(digest);
    expect(statesOf('uat')).toEqual(['success']);
  },
  tenMinutes,
);

interface Wanted {
  readonly event?: 'push' | 'workflow_dispatch';
  readonly secrets?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
}

function run(workflow: string, wanted: Wanted = {}): Promise<WorkflowRun> {
  const { event = 'push', secrets = secretsOf(), inputs = {} } = wanted;
  return runWorkflow({
    repository: repository.folder,
    workflow: `.github/workflows/${workflow}`,
    event,
    inputs,
    secrets,
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

function secretsOf(): Record<string, string> {
  return {
    DATABASE_URL: database.url,
    TEST_DATABASE_URL: database.url,
    SECRET_KEY: secretKey,
    SSH_KEY: readFileSync(lab.host1.privateKeyPath, 'utf8'),
    REGISTRY_PASSWORD: lab.registry.password,
    GITHUB_TOKEN: token,
    NOTIFY_URLS: `http://127.0.0.1:${(chat.address() as AddressInfo).port}${path}`,
  };
}

/** The last state of each deployment to an environment, in their order. */
function statesOf(environment: string): unknown[] {
  return github.repository.deployments
    .filter((deployment) => deployment.environment === environment)
    .map(({ id }) => github.repository.deploymentStatuses.get(Number(id))?.at(-1)?.state);
}

function resultIn(end: WorkflowRun, job: string): string {
  return end.summaries
    .filter((summary) => summary.job === job)
    .map(({ text }) => text)
    .join();
}

function secretsIn(end: WorkflowRun): string[] {
  const said = [
    end.log,
    end.argumentLists,
    JSON.stringify(end.outputs),
    JSON.stringify(end.summaries),
  ].join();
  return Object.entries({ ...secretsOf(), NOTIFY_URLS: path })
    .filter(([, secret]) => formsOf(secret).some((form) => said.includes(form)))
    .map(([name]) => name);
}

/** Every picture of every summary, read by the real Mermaid. */
async function expectPictures({ summaries }: WorkflowRun): Promise<void> {
  const pictures = summaries.flatMap(({ text }) => [...text.matchAll(/```mermaid\n([\s\S]*?)\n```/g)]);
  expect(pictures.length).toBeGreaterThan(0);
  for (const [, picture = ''] of pictures) expect(await parse(picture)).toMatch(/flowchart|gantt/);
}

/** @throws Error with the end of the log, which says why */
function expectJobs({ jobs, log }: WorkflowRun, wanted: readonly string[]): void {
  const ran = Object.entries(jobs).map(([job, result]) => `${job}: ${result}`);
  if (ran.join() === wanted.join()) return;
  throw new Error(
    `Wanted ${wanted.join(', ')} — the jobs were ${ran.join(', ')}\n${log.split('\n').slice(-60).join('\n')}`,
  );
}
