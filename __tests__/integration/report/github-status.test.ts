import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { shownOnGitHub, statusIsComplete } from '../../../src/actions/github-status.ts';
import { Cancelled, UserError } from '../../../src/ground/errors.ts';
import type { Log } from '../../../src/ground/log.ts';
import { runDoor } from '../../end-to-end/door.ts';
import { type Fault, type GitHub, startGitHub } from '../../github/github.ts';

let github: GitHub;
beforeEach(async () => {
  github = await startGitHub();
});
afterEach(() => github.close());

const inputs = {
  githubToken: 'canary-token',
  deploymentEnvironment: 'uat',
  container: 'shop',
  dryRun: false,
  healthUrl: 'https://shop.example.com/health/?x=1',
};

interface Told {
  readonly warnings: string[];
  readonly failure: unknown;
}

async function deploy(
  work: () => Promise<string>,
  changes: Partial<typeof inputs> = {},
  signal = new AbortController().signal,
): Promise<Told> {
  const warnings: string[] = [];
  const log: Log = {
    step: () => {},
    info: () => {},
    debug: () => {},
    warning: (text) => void warnings.push(text),
    details: () => {},
  };
  const origin = {
    run: 'https://github.com/acme/shop/actions/runs/7/attempts/1',
    actor: 'ana',
    commit: 'a1b2',
    github: { repository: 'acme/shop', apiUrl: github.apiUrl },
  };
  try {
    expect(await shownOnGitHub({ ...inputs, ...changes }, { origin, log, signal }, work)).toBe('done');
    return { warnings, failure: undefined };
  } catch (failure) {
    return { warnings, failure };
  }
}

const well = async () => 'done';
const failing = new UserError('shop said canary-secret', 'mend it', { code: 'container-stopped' });

test('a deployment that is in progress, then a success, with both addresses', async () => {
  expect(await deploy(well)).toEqual({ warnings: [], failure: undefined });
  const addresses = {
    log_url: 'https://github.com/acme/shop/actions/runs/7/attempts/1',
    environment_url: 'https://shop.example.com/',
  };
  expect(github.received.map(({ body }) => body)).toEqual([
    {
      ref: 'a1b2',
      environment: 'uat',
      description: 'shop is being deployed',
      auto_merge: false,
      required_contexts: [],
    },
    { state: 'in_progress', description: 'shop is being deployed', ...addresses },
    { state: 'success', description: 'shop is deployed', ...addresses },
  ]);
});

test('a failure is a failure, without what the application said; the failure is told on', async () => {
  const { failure, warnings } = await deploy(() => Promise.reject(failing), {
    healthUrl: 'http://{host}:8000/health/',
  });
  expect(failure).toBe(failing);
  expect(warnings).toEqual([]);
  expect(github.received.at(-1)?.body).toMatchObject({
    state: 'failure',
    description: 'failed: container-stopped',
  });
  expect(github.received.at(-1)?.body).not.toHaveProperty('environment_url');
  expect(JSON.stringify(github.received)).not.toContain('canary-secret');
});

test('a cancelled one is an error', async () => {
  const cancelled = new Cancelled('The step was cancelled (SIGINT)');
  await deploy(() => Promise.reject(cancelled), {}, AbortSignal.abort(cancelled));
  expect(github.received.at(-1)?.body).toMatchObject({ state: 'error', description: 'failed: cancelled' });
});

describe('GitHub failing is a warning, and the deployment goes on', () => {
  test.each<[string, Fault, RegExp]>([
    ['it refuses', { status: 403, message: 'Resource not accessible by integration' }, /not accessible/],
    ['it wants a merge first', { status: 409, message: 'Conflict merging main' }, /Conflict merging/],
    ['it hangs up', 'hang up', /GitHub was not told/],
  ])('%s', async (_name, how, says) => {
    github.fail('*', how);
    const { warnings, failure } = await deploy(well);
    expect(failure).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(says);
    expect(warnings[0]).toContain('deployments: write');
    expect(warnings[0]).not.toContain('canary-token');
  });
});

test('nothing is told that was not asked for, and of a dry run', async () => {
  await deploy(well, { dryRun: true });
  await deploy(well, { deploymentEnvironment: undefined as never });
  expect(github.received).toEqual([]);
  expect(statusIsComplete({ deploymentEnvironment: 'uat' })).toContain('needs github-token');
  expect(statusIsComplete({ deploymentEnvironment: 'uat', githubToken: 'x' })).toBeUndefined();
});

test('a line in one step is one deployment, and no better than its last stop', async () => {
  const { annotations } = await runDoor(
    'tenantry',
    {
      steps: 'deploy\ncheck',
      'database-url': 'postgresql://shop@127.0.0.1:1/shop',
      host: '127.0.0.1',
      'ssh-port': '1',
      'ssh-user': 'deploy',
      'ssh-password': 'canary-password',
      'ssh-fingerprint': `SHA256:${'A'.repeat(43)}`,
      image: 'registry.example/shop:v2',
      container: 'shop',
      ports: '8000:8000',
      url: 'http://127.0.0.1:1/',
      'github-token': 'canary-token',
      'deployment-environment': 'uat',
    },
    { env: { GITHUB_API_URL: github.apiUrl, GITHUB_SHA: 'a1b2' } },
  );
  expect(annotations).toEqual([expect.stringMatching(/^deploy: 127\.0\.0\.1 refused the connection — /)]);
  const bodies = github.received.map(({ body }) => body);
  expect(bodies).toHaveLength(3);
  expect(bodies[0]).toMatchObject({ ref: 'a1b2', environment: 'uat' });
  expect(bodies[2]).toMatchObject({ state: 'failure', description: 'failed: ssh-refused' });
});
