import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { shownOnGitHub, statusIsComplete } from '../../src/actions/github-status.ts';
import { Cancelled, UserError } from '../../src/ground/errors.ts';
import type { Log } from '../../src/ground/log.ts';

/** GitHub's API as far as deployments go: the documented requests, the documented answers. */
const states = ['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success'];
let server: Server;
let apiUrl: string;
let received: { path: string; body: Record<string, unknown> }[];
let refusal: { status: number; body: object } | 'hang up' | undefined;

beforeEach(async () => {
  received = [];
  refusal = undefined;
  server = createServer(async (request, response) => {
    const path = request.url ?? '';
    const body = (await json(request)) as Record<string, unknown>;
    received.push({ path, body });
    const answer = (status: number, content: object) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(content));
    };
    if (refusal === 'hang up') return request.socket.destroy();
    if (refusal !== undefined) return answer(refusal.status, refusal.body);
    if (request.headers.authorization !== 'token canary-token')
      return answer(401, { message: 'Bad credentials' });
    if (request.method !== 'POST') return answer(404, { message: 'Not Found' });
    if (path === '/api/v3/repos/acme/shop/deployments') {
      const isWhole = typeof body.ref === 'string' && Array.isArray(body.required_contexts);
      return isWhole
        ? answer(201, { id: 42, sha: 'a1b2', ref: body.ref, task: 'deploy', environment: body.environment })
        : answer(422, { message: 'Validation Failed' });
    }
    if (path === '/api/v3/repos/acme/shop/deployments/42/statuses') {
      const isWhole = states.includes(String(body.state)) && String(body.description ?? '').length <= 140;
      return isWhole
        ? answer(201, { id: 1, state: body.state })
        : answer(422, { message: 'Validation Failed' });
    }
    return answer(404, { message: 'Not Found' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`;
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

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
    github: { repository: 'acme/shop', apiUrl },
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
  expect(received.map(({ body }) => body)).toEqual([
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
  expect(received.at(-1)?.body).toMatchObject({ state: 'failure', description: 'failed: container-stopped' });
  expect(received.at(-1)?.body).not.toHaveProperty('environment_url');
  expect(JSON.stringify(received)).not.toContain('canary-secret');
});

test('a cancelled one is an error', async () => {
  const cancelled = new Cancelled('The step was cancelled (SIGINT)');
  await deploy(() => Promise.reject(cancelled), {}, AbortSignal.abort(cancelled));
  expect(received.at(-1)?.body).toMatchObject({ state: 'error', description: 'failed: cancelled' });
});

describe('GitHub failing is a warning, and the deployment goes on', () => {
  test.each([
    [
      'it refuses',
      { status: 403, body: { message: 'Resource not accessible by integration' } },
      /not accessible/,
    ],
    ['it wants a merge first', { status: 202, body: { message: 'Auto-merged main' } }, /Auto-merged/],
    ['it hangs up', 'hang up', /GitHub was not told/],
  ] as const)('%s', async (_name, how, says) => {
    refusal = how;
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
  expect(received).toEqual([]);
  expect(statusIsComplete({ deploymentEnvironment: 'uat' })).toContain('needs github-token');
  expect(statusIsComplete({ deploymentEnvironment: 'uat', githubToken: 'x' })).toBeUndefined();
});
