import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { type Fault, killedAt, type SwitchStep } from '../../../bench/deploy/faults.ts';
import { type LoadPlan, type LoadResult, startLoad } from '../../../bench/deploy/load.ts';
import type { DeployRequest } from '../../../src/deployment/request.ts';
import { type Course, Site } from './site.ts';
import type { TestImage } from './test-images.ts';

const images: readonly TestImage[] = [
  { tag: 'v1', fault: 'stubborn' },
  { tag: 'v2', boot: 1 },
  { tag: 'crash', fault: 'crash' },
  { tag: 'port', fault: 'port' },
  { tag: 'sickens', fault: 'sickens', life: 4 },
  { tag: 'dies', fault: 'dies', life: 4 },
];
const name = 'bridge-shop';

/** The whole tables of loads and faults are `npm run bench -- deploy`: here is each kind once. */
const hosts: {
  where: 'host1' | 'host2';
  engine: string;
  port: number;
  bad: string[];
  killed: [Fault, SwitchStep][];
}[] = [
  {
    where: 'host1',
    engine: '20.10',
    port: 18_200,
    bad: ['crash', 'sickens'],
    killed: [
      ['both', 'flipped'],
      ['program', 'stopping'],
      ['reboot', 'stopped'],
    ],
  },
  {
    where: 'host2',
    engine: 'a current one',
    port: 18_201,
    bad: ['port'],
    killed: [
      ['runner', 'flipped'],
      ['both', 'committed'],
    ],
  },
];

const everywhere = (version: string) => ({
  'from outside': `${version} hello`,
  'from outside, IPv6': `${version} hello`,
  'on the server, its own address': `${version} hello`,
  'on the server, loopback': `${version} hello`,
  'on the server, loopback, IPv6': `${version} hello`,
  'another container': `${version} hello`,
});

const verdicts: Readonly<Record<string, { code: string; says: string; result: string }>> = {
  crash: { code: 'container-stopped', says: 'SECRET_KEY is not set', result: 'failed' },
  port: { code: 'health-refused', says: 'did not become healthy within 2.0 s', result: 'failed' },
  sickens: { code: 'health-server-error', says: 'answers 500', result: 'rolled-back' },
};

describe.each(hosts)('Docker $engine', ({ where, port, bad, killed }) => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.up(where, name, port, images);
    await site.clear();
  }, 900_000);
  afterAll(() => site?.clear(), 60_000);

  const request = (tag: string, changes: Partial<DeployRequest> = {}) =>
    site.request(tag, { strategy: 'bridge', stopTimeout: 1_000, ...changes });

  /** The old one has the name; whether a test before this one got there does not matter. */
  async function serving(tag: string): Promise<string> {
    const { outcome } = await site.deploy(request(tag, { strategy: 'recreate' }));
    expect(outcome.failure?.sentence).toBeUndefined();
    return site.inspected('{{.Id}} unless-stopped');
  }

  /** 100 requests a second from another network namespace, one in 50 takes 2 seconds. */
  async function underLoad(
    work: () => Promise<Course>,
    connections: LoadPlan['connections'] = 'new',
  ): Promise<{ load: LoadResult; course: Course }> {
    const url = `http://${site.host.address}:${port}`;
    const load = await startLoad({ url, rate: 100, connections, slowEvery: 50 });
    try {
      const course = await work();
      return { load: await load.stop(), course };
    } finally {
      await load.stop().catch(() => {});
    }
  }

  /** Nothing of a switch is left on the server. */
  async function expectRest(): Promise<void> {
    expect(await site.containers()).toEqual([`${name} running`]);
    expect(await site.rules()).toEqual([]);
    expect(await site.onServer(`ls ${site.environmentFolder}/switch`)).toBe('journal\nlease.lock\nlock\n');
    expect(await site.onServer(`ls ${site.environmentFolder} | wc -l`)).toBe('2\n');
  }

  test('a new version under load: not one request is lost', async () => {
    await serving('v1');
    const { load, course } = await underLoad(() => site.deploy(request('v2')));
    expect(course.outcome.failure?.sentence).toBeUndefined();
    expect(course.outcome).toMatchObject({
      result: 'deployed',
      release: 'v2',
      previousRelease: 'v1',
      downtime: 0,
    });
    expect(load).toMatchObject({ failed: 0, failures: {} });
    expect(Object.keys(load.versions).sort()).toEqual(['v1', 'v2']);
    expect(await site.inspected('{{.HostConfig.RestartPolicy.Name}}')).toBe('unless-stopped');
    await expectRest();
  });

  test('every client reaches the new version from the switch on', async () => {
    await serving('v1');
    await site.onServer(`rm -f ${site.environmentFolder}/switch/journal`);
    const deploying = site.deploy(request('v2', { bake: 10_000 }));
    await site.reached('proven');
    const during = await site.answersEverywhere();
    expect((await deploying).outcome.result).toBe('deployed');
    expect([during, await site.answersEverywhere()]).toEqual([everywhere('v2'), everywhere('v2')]);
  });

  test.each(bad)(
    'a version that is no good (%s): the old one serves, not one request is lost',
    async (tag) => {
      const before = await serving('v2');
      const { load, course } = await underLoad(() =>
        site.deploy(request(tag, { healthTimeout: 2_000, bake: 10_000 })),
      );
      const { code, says, result } = verdicts[tag] ?? {};
      expect(course.outcome.failure?.code).toBe(code);
      expect(course.outcome.failure?.sentence).toContain(says);
      expect(course.outcome.result).toBe(result);
      expect(course.standing).toContain('the old version (v2)');
      expect(load).toMatchObject({ failed: 0, failures: {} });
      expect(await site.inspected('{{.Id}} {{.HostConfig.RestartPolicy.Name}}')).toBe(before);
      await expectRest();
    },
  );

  // What is with it when it dies is lost; the rest is not.
  test('a version that dies while it bakes: the old one has the traffic again', async () => {
    const before = await serving('v2');
    const { load, course } = await underLoad(() => site.deploy(request('dies', { bake: 30_000 })));
    expect(course.outcome).toMatchObject({ result: 'rolled-back', failure: { code: 'container-stopped' } });
    expect(course.outcome.failure?.sentence).toContain('out of luck');
    expect(load.versions).toHaveProperty('dies');
    expect(load.gap).toBeLessThan(5_000);
    expect(await site.inspected('{{.Id}} {{.HostConfig.RestartPolicy.Name}}')).toBe(before);
    expect(await site.answer()).toBe('v2 hello');
    await expectRest();
  });

  test.each(killed)(
    'killed (%s) at "%s": one of both serves, and the next run puts it right',
    async (fault, step) => {
      await serving('v1');
      const { meanwhile, second } = await killedAt(site, request('v2'), { fault, step });
      expect(meanwhile).toMatch(/^v[12] hello$/);
      expect(second.outcome.failure?.sentence).toBeUndefined();
      expect(['deployed', 'unchanged']).toContain(second.outcome.result);
      expect(await site.answer()).toBe('v2 hello');
      expect(await site.inspected('{{.HostConfig.RestartPolicy.Name}}')).toBe('unless-stopped');
      await expectRest();
    },
  );
});
