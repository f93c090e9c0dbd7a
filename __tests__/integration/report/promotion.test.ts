/** Which image may go on: what GitHub's list of deployments says, and nothing else. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { manifestOf } from '../../../src/actions/manifests.ts';
import { reportLine } from '../../../src/actions/report-line.ts';
import { runStep } from '../../../src/step/run.ts';
import { type GitHub, startGitHub } from '../../github/github.ts';

const older = `ghcr.io/acme/shop:dev-1@sha256:${'1'.repeat(64)}`;
const newer = `ghcr.io/acme/shop:dev-2@sha256:${'2'.repeat(64)}`;
let github: GitHub;
beforeEach(async () => {
  github = await startGitHub();
});
afterEach(() => github.close());

/** The step as the runner has it, with the stand-in for GitHub. */
async function step(inputs: Readonly<Record<string, string>>) {
  const outputs: Record<string, string> = {};
  const warnings: string[] = [];
  let summary = '';
  const manifest = manifestOf('report-line');
  const done = await runStep('report-line', reportLine as never, manifest, {
    given: new Map(
      Object.entries({ container: 'shop', 'github-token': 'canary-token', ...inputs }).filter(
        ([, value]) => value !== '',
      ),
    ),
    origin: {
      run: 'https://github.com/acme/shop/actions/runs/7/attempts/1',
      actor: 'ana',
      commit: 'a1b2',
      github: { repository: 'acme/shop', apiUrl: github.apiUrl },
    },
    mask: () => {},
    line: () => {},
    debug: () => {},
    fold: () => {},
    warning: (text) => void warnings.push(text),
    fail: () => {},
    output: (name, value) => {
      outputs[name] = value;
    },
    exportVariable: () => {},
    summary: async (text) => {
      summary += text;
    },
    reportFolder: '/tmp',
  });
  return { done, outputs, warnings, summary };
}

/** A line that ended so. */
async function line(environment: string, image: string, result: 'success' | 'failure') {
  const begun = await step({ mode: 'begin', environment, image });
  expect(begun.warnings).toEqual([]);
  const id = begun.outputs['deployment-id'] ?? '';
  const needs = JSON.stringify({ deploy: { result, outputs: { release: 'v' } } });
  return step({ mode: 'end', environment, image, needs, 'deployment-id': id });
}

const promote = (image = '', from = 'dev') =>
  step({ mode: 'promote', environment: 'uat', 'promoted-from': from, image });

test('a line that is begun and ended is one deployment, in progress and then a success', async () => {
  const { outputs, summary } = await line('dev', newer, 'success');
  expect(outputs).toMatchObject({ result: 'told', outcome: 'success' });
  expect(summary).toContain('> ✅ shop is on v in dev.');
  expect(github.received.map(({ operation }) => operation)).toEqual([
    'repos/create-deployment',
    'repos/create-deployment-status',
    'repos/create-deployment-status',
  ]);
  expect(github.refused).toEqual([]);
});

test('the newest green one goes on, or the one that is wanted; an older success that GitHub calls inactive, too', async () => {
  await line('dev', older, 'success');
  const [{ id } = { id: 0 }] = github.repository.deployments;
  const [last] = github.repository.deploymentStatuses.get(Number(id))?.slice(-1) ?? [];
  github.repository.deploymentStatuses.get(Number(id))?.push({ ...last, state: 'inactive' });
  await line('dev', newer, 'failure');
  expect((await promote()).outputs).toMatchObject({ result: 'promoted', image: older });
  expect((await promote(older)).outputs.image).toBe(older);
});

describe('after a rollback', () => {
  const digestOf = (image: string) => image.slice(image.indexOf('@') + 1);

  /** The environment goes back from one image to another. */
  function back(to: string, from: string, check: 'success' | 'failure' = 'success') {
    const outputs = {
      result: 'deployed',
      release: 'v',
      'image-digest': digestOf(to),
      'previous-digest': digestOf(from),
    };
    const needs = JSON.stringify({
      back: { result: 'success', outputs },
      check: { result: check, outputs: {} },
    });
    return step({ mode: 'end', environment: 'dev', needs });
  }

  test('what serves again is green, and what was taken back is not', async () => {
    await line('dev', older, 'success');
    await line('dev', newer, 'success');
    const { warnings, summary } = await back(older, newer);
    expect(warnings).toEqual([]);
    expect(summary).toContain('> ✅ shop is back on v in dev.');
    expect((await promote()).outputs.image).toBe(older);
    expect((await promote(newer)).outputs['failure-reason']).toMatch(/was not green in dev/);

    await back(newer, older);
    expect((await promote()).outputs.image).toBe(newer);
    expect(github.refused).toEqual([]);
  });

  test('that its check did not like, nothing is green', async () => {
    await line('dev', older, 'success');
    await line('dev', newer, 'success');
    await back(older, newer, 'failure');
    expect((await promote()).outputs['failure-reason']).toMatch(/No image of shop/);
  });

  test('to an image of which GitHub does not know, none is invented', async () => {
    await line('dev', newer, 'success');
    await back(older, newer);
    expect(github.repository.deployments).toHaveLength(1);
    expect((await promote()).outputs['failure-reason']).toMatch(/No image of shop/);
  });

  test('one that failed has changed nothing', async () => {
    await line('dev', newer, 'success');
    const needs = JSON.stringify({
      back: { result: 'failure', outputs: { result: 'failed', 'image-digest': digestOf(older) } },
    });
    await step({ mode: 'end', environment: 'dev', needs });
    expect((await promote()).outputs.image).toBe(newer);
  });
});

describe('is refused', () => {
  test.each<[string, () => Promise<unknown>, string, RegExp]>([
    ['a digest that was never there', () => line('dev', older, 'success'), newer, /was not green in dev/],
    ['one that failed there the last time', () => twice(), newer, /was not green in dev/],
    ['anything, where nothing was green', () => line('dev', newer, 'failure'), '', /No image of shop/],
    ['one of another environment', () => line('test', newer, 'success'), newer, /was not green in dev/],
    ['what GitHub does not tell', () => silence(), newer, /is not known — .*not accessible/],
    ['an image without its digest', async () => {}, 'ghcr.io/acme/shop:dev-2', /has no digest/],
  ])('%s', async (_what, before, image, says) => {
    await before();
    const { done, outputs } = await promote(image);
    expect(done).toBe(false);
    expect(outputs['failure-reason']).toMatch(says);
    expect(outputs.image).toBeUndefined();
  });

  async function twice() {
    await line('dev', newer, 'success');
    await line('dev', newer, 'failure');
  }

  async function silence() {
    await line('dev', newer, 'success');
    const fault = { status: 403, message: 'Resource not accessible by integration' };
    github.fail('repos/list-deployments', fault);
  }
});

test('GitHub that cannot be told is a warning', async () => {
  github.fail('*', 'hang up');
  const { done, outputs, warnings } = await step({ mode: 'begin', environment: 'dev', image: newer });
  expect(done).toBe(true);
  expect(outputs['deployment-id']).toBeUndefined();
  expect(warnings).toHaveLength(1);
});
