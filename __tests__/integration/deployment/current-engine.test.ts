import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseImage } from '../../../src/docker/image.ts';
import { Cancelled } from '../../../src/ground/errors.ts';
import { each } from '../breadth.ts';
import { Site } from './site.ts';

/** The same on a current engine, whose words and image store are others: a course of each kind. */
let site: Site;
const name = 'current-shop';

beforeAll(async () => {
  site = await Site.up('host2', name, 18_100, [
    { tag: 'v1' },
    { tag: 'v2' },
    { tag: 'crash', fault: 'crash' },
    { tag: 'slow', boot: 60 },
  ]);
  await site.clear();
}, 900_000);
afterAll(() => site?.clear(), 60_000);

test('first, unchanged, new version', async () => {
  const first = await site.deploy(site.request('v1'));
  expect(first.outcome.failure?.sentence).toBeUndefined();
  expect(first.outcome.result).toBe('deployed');
  expect((await site.deploy(site.request('v1'))).outcome).toMatchObject({
    result: 'unchanged',
    digest: first.outcome.digest,
  });
  const { outcome, log } = await site.deploy(site.request('v2'));
  expect(outcome).toMatchObject({
    result: 'deployed',
    previousDigest: first.outcome.digest,
    differences: ['image: v1 → v2'],
  });
  expect(log.text).toContain('image: v1 → v2');
  expect(await site.answer()).toBe('v2 hello');
  expect(await site.containers()).toEqual([`${name}-v2 running`]);
});

test('a version that crashes: the old one serves again', async () => {
  await site.serving('v1');
  const { outcome, standing } = await site.deploy(site.request('crash'));
  expect(outcome).toMatchObject({ result: 'rolled-back', failure: { code: 'env-missing' } });
  expect(outcome.failure?.message).toContain('SECRET_KEY is not set');
  expect(standing).toBe(`the old version (v1) serves again on ${site.host.address}`);
  expect(await site.answer()).toBe('v1 hello');
});

/** Nothing of it is the engine's: it is seen on the other one in every run (deploy-container.test.ts). */
const cancelled = ['cancelled while the new one boots: the old one runs again'];
for (const ending of each([[], cancelled], []).flat())
  test(ending, async () => {
    await site.serving('v1');
    const controller = new AbortController();
    const { outcome } = await site.deploy(site.request('slow'), {
      signal: controller.signal,
      ask: async () => {
        controller.abort(new Cancelled('The step was cancelled (SIGINT)'));
        return { kind: 'silence', code: 'health-refused', observed: 'refused' };
      },
    });
    expect(outcome.result).toBe('rolled-back');
    expect(await site.containers()).toEqual([`${name}-v1 running`]);
  });

describe('in this engine’s words, too', () => {
  beforeAll(() => site.clear(), 60_000);

  test.each([
    ['a missing image', () => ({ image: parseImage(`${site.repository}:nonesuch`) }), 'image-not-found'],
    [
      'a registry that is not there',
      () => ({ image: parseImage(`${site.host.address}:5999/thin/shop:v2`), registryLogin: undefined }),
      'registry-unreachable',
    ],
    [
      'a wrong registry password',
      () => ({ registryLogin: { registry: site.lab.registry.address, username: 'lab', password: 'wrong' } }),
      'registry-login-refused',
    ],
    [
      'a mount without its source',
      () => ({
        mounts: [{ type: 'bind', source: '/srv/nonesuch', target: '/data', readOnly: false }] as const,
      }),
      'mount-source-missing',
    ],
    ['an impossible limit', () => ({ cpus: 4_096 }), 'limit-impossible'],
    ['a command that the image does not have', () => ({ command: ['nonesuch'] }), 'command-not-in-image'],
    ['a network that is not there', () => ({ networks: ['nonesuch'] }), 'network-missing'],
  ])('%s is recognised', async (_name, changes, code) => {
    const { outcome } = await site.deploy(site.request('v1', changes()));
    expect(outcome.failure?.code).toBe(code);
    expect(await site.containers()).toEqual([]);
  });
});
