import { once } from 'node:events';
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { type Fault, type FaultKind, faults, struckAt } from '../../../bench/deploy/faults.ts';
import { met } from '../../../bench/deploy/held.ts';
import { type LoadPlan, type LoadResult, startLoad } from '../../../bench/deploy/load.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { Cancelled } from '../../../src/ground/errors.ts';
import { each, whole } from '../breadth.ts';
import { type Course, Site } from './site.ts';
import type { TestImage } from './test-images.ts';

/** Nobody waits until Docker asks it. */
const checkOnceInTenMinutes = `HEALTHCHECK --interval=10m CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health')"]`;
const images: readonly TestImage[] = [
  { tag: 'v1', fault: 'stubborn' },
  { tag: 'v2', boot: 1, lines: [checkOnceInTenMinutes] },
  { tag: 'crash', fault: 'crash' },
  { tag: 'sickens', fault: 'sickens', life: 4 },
  { tag: 'dies', fault: 'dies', life: 4 },
];
const name = 'bridge-shop';

type Struck = readonly [Fault, step: string, from: 'v1' | 'either'];

interface Host {
  readonly where: 'host1' | 'host2';
  readonly engine: string;
  readonly port: number;
  /** Versions that are no good. */
  readonly bad: readonly string[];
  /** Those that die after the switch. */
  readonly dying: readonly string[];
  /** What happens, at which step, and to a deployment from which version: v1 does not listen to SIGTERM. */
  readonly struck: readonly Struck[];
  readonly backend?: 'nftables';
  /** A firewall that lets in SSH and the published port, nothing else. */
  readonly firewall?: Firewall;
  /** Who logs in, if not an account that may use `sudo -n`. */
  readonly user?: 'root';
}

type Firewall = 'ufw' | 'firewalld';

/** How each is turned on; firewalld is asked through the system's bus, and told for good: Docker makes it load anew. */
const firewalls: Readonly<Record<Firewall, { on(port: number): string; readonly off: string }>> = {
  ufw: {
    on: (port) => `ufw allow 22/tcp && ufw allow ${port}/tcp && ufw --force enable`,
    off: 'ufw --force reset',
  },
  firewalld: {
    on: (port) => `
      mkdir -p /run/dbus && rm -f /run/dbus/pid && dbus-daemon --system --fork
      setsid firewalld --nofork --nopid >/dev/null 2>&1 &
      until firewall-cmd --state >/dev/null 2>&1; do sleep 0.2; done
      firewall-cmd --quiet --permanent --add-port=${port}/tcp && firewall-cmd --quiet --reload`,
    off: 'pkill -x firewalld; pkill -x dbus-daemon; nft delete table inet firewalld; true',
  },
};

/** The whole tables of loads and faults are `npm run bench -- deploy`: here is each kind once. */
const hosts: readonly Host[] = [
  {
    where: 'host1',
    engine: '20.10',
    port: 18_200,
    bad: ['crash', 'sickens'],
    dying: [],
    struck: [
      // At another step it is seen in every run: releases.test.ts.
      ...each<readonly Struck[]>([[], [['both', 'flipped', 'either']]], []).flat(),
      ['reboot', 'stopped', 'either'],
      ['disk', 'flipped', 'either'],
    ],
  },
  {
    where: 'host2',
    engine: 'a current one',
    port: 18_201,
    bad: [],
    dying: [],
    struck: [
      ['runner', 'flipped', 'either'],
      ['sshd', 'stopping', 'v1'],
      ['docker', 'final-started', 'either'],
    ],
    firewall: 'ufw',
  },
  {
    where: 'host2',
    engine: 'a current one, with nftables',
    port: 18_202,
    bad: [],
    dying: ['dies'],
    struck: [['program', 'stopping', 'v1']],
    backend: 'nftables',
    user: 'root',
  },
  ...whole(['host1', 'host2'] as const).map(
    (where): Host => ({
      where,
      engine: where === 'host1' ? '20.10, with firewalld' : 'a current one, with firewalld',
      port: where === 'host1' ? 18_204 : 18_205,
      bad: [],
      dying: [],
      struck: [],
      firewall: 'firewalld',
    }),
  ),
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
  crash: { code: 'env-missing', says: 'SECRET_KEY is not set', result: 'failed' },
  // What is with it when it dies is lost; the rest is not.
  dies: { code: 'container-stopped', says: 'out of luck', result: 'rolled-back' },
  sickens: { code: 'health-server-error', says: 'answers 500', result: 'rolled-back' },
};

/** Those whose way leads through a port that a firewall was not told of stay with the old version for a while. */
const behindFirewall = (version: string, old: string) => ({
  ...everywhere(version),
  'from outside, IPv6': `${old} hello`,
  'on the server, loopback, IPv6': `${old} hello`,
  'another container': `${old} hello`,
});

describe.each(hosts)('Docker $engine', (host) => {
  const { where, port, bad, dying, struck, backend, firewall, user } = host;
  let site: Site;
  let undo: ((between: string) => Promise<void>) | undefined;
  const flush = 'nft flush ruleset';

  beforeAll(async () => {
    const needed = ['v1', 'v2', ...bad, ...dying];
    site = await Site.up(
      where,
      name,
      port,
      images.filter(({ tag }) => needed.includes(tag)),
      { user },
    );
    await site.clear();
    // What it wrote before, an engine that has its rules elsewhere does not remove by itself.
    if (backend !== undefined) undo = await site.engineWith({ 'firewall-backend': backend }, flush);
    if (firewall === 'ufw') await site.onServer(firewalls.ufw.on(port));
    // firewalld is there before Docker is, which then tells it of its networks.
    if (firewall === 'firewalld') undo = await site.engineWith({}, firewalls.firewalld.on(port));
  }, 900_000);
  afterAll(async () => {
    await site?.clear();
    await undo?.(firewall === undefined ? flush : firewalls[firewall].off);
    if (firewall === 'ufw') await site.onServer(firewalls.ufw.off);
  }, 120_000);

  const request = (tag: string, changes: Partial<DeployRequest> = {}) =>
    site.request(tag, { strategy: 'bridge', stopTimeout: 1_000, ...changes });

  /** The old one is there; whether a test before this one got there does not matter. */
  const serving = (tag: string) => site.serving(tag, { stopTimeout: 1_000 });

  /** 100 requests a second from another network namespace, one in 50 takes 2 seconds. */
  async function underLoad<C extends Course>(
    work: () => Promise<C>,
    connections: LoadPlan['connections'] = 'new',
  ): Promise<{ load: LoadResult; course: C }> {
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
  async function expectRest(release: string): Promise<void> {
    await site.rested();
    expect(await site.containers()).toEqual([`${name}-${release} running`]);
    expect(await site.rules()).toEqual([]);
    expect(await site.onServer(`ls ${site.environmentFolder}/switch`)).toBe('journal\nlease.lock\nlock\n');
    expect(await site.onServer(`ls ${site.environmentFolder}`)).toBe('deployments.log\nreleases\nswitch\n');
  }

  test('a new version under load: not one request is lost, and every client reaches it as the plan says', async () => {
    await serving('v1');
    const { load, course } = await underLoad(() =>
      site.deployLookingAt(request('v2', { bake: 3_000 }), 'proven', () => site.answersEverywhere()),
    );
    expect(course.outcome.failure?.sentence).toBeUndefined();
    expect(course.outcome).toMatchObject({
      result: 'deployed',
      release: 'v2',
      previousRelease: 'v1',
      downtime: 0,
    });
    expect(load.failures).toEqual({});
    expect(Object.keys(load.versions).sort()).toEqual(['v1', 'v2']);
    expect([course.seen, await site.answersEverywhere()]).toEqual([
      firewall === undefined ? everywhere('v2') : behindFirewall('v2', 'v1'),
      everywhere('v2'),
    ]);
    expect(course.log.text.includes('clients that come over IPv6: the firewall')).toBe(
      firewall !== undefined,
    );
    expect(await site.inspected('{{.HostConfig.RestartPolicy.Name}}')).toBe('unless-stopped');
    await expectRest('v2');
  }, 300_000);

  async function goneBack(tag: string): Promise<LoadResult> {
    const before = await serving('v2');
    const { load, course } = await underLoad(() =>
      site.deploy(request(tag, { healthTimeout: 2_000, bake: 10_000 })),
    );
    const { code, says, result } = verdicts[tag] ?? {};
    expect(course.outcome.failure?.code).toBe(code);
    expect(course.outcome.failure?.sentence).toContain(says);
    expect(course.outcome.result).toBe(result);
    expect(course.standing).toContain('the old version (v2)');
    await site.rested(); // it tells before the last connections of the bridge have ended
    expect(await site.inspected('{{.Id}} {{.State.StartedAt}}')).toBe(before);
    expect(await site.inspected('{{.HostConfig.RestartPolicy.Name}}')).toBe('unless-stopped');
    expect(await site.answer()).toBe('v2 hello');
    await expectRest('v2');
    return load;
  }

  if (bad.length > 0) {
    test.each(bad)('a version that is no good (%s): not one request is lost', async (tag) => {
      const load = await goneBack(tag);
      expect(load.failures).toEqual({});
      expect(load.versions).toHaveProperty('v2');
    });
  }

  if (dying.length > 0) {
    test.each(dying)(
      'a version that is healthy first (%s): what is with it when it dies is lost, no more',
      async (tag) => {
        const load = await goneBack(tag);
        expect(load.versions).toHaveProperty(tag);
        // Half a second of them: the load is 100 a second.
        expect(load.failed).toBeLessThan(50);
      },
    );
  }

  if (struck.length > 0)
    test.each(struck)(
      '%s, at "%s": one of both serves, and the next run puts it right',
      async (fault, step, version) => {
        const kind: FaultKind = faults[fault];
        await kind.prepare?.(site);
        try {
          // Where it does not matter the two take turns, beginning with what is there.
          const isV2There = (await site.containers()).join() === `${name}-v2 running`;
          const from = version === 'either' && isV2There ? 'v2' : 'v1';
          const to = from === 'v1' ? 'v2' : 'v1';
          await serving(from);
          const { meanwhile, second } = await struckAt(site, request(to), { fault, step });
          expect(meanwhile).toMatch(/^v[12] hello$/);
          expect(second.outcome.failure?.sentence).toBeUndefined();
          expect(['deployed', 'unchanged']).toContain(second.outcome.result);
          expect(await site.answer()).toBe(`${to} hello`);
          expect(await site.inspected('{{.HostConfig.RestartPolicy.Name}}')).toBe('unless-stopped');
          await site.onServer(`rm -rf ${site.environmentFolder}/switch/${met}`);
          await expectRest(to);
        } finally {
          await kind.finish?.(site);
        }
      },
    );
});

describe('who may deploy', () => {
  let site: Site;
  const port = 18_203;

  beforeAll(async () => {
    site = await Site.up('host1', 'lease-shop', port, [{ tag: 'v1' }, { tag: 'v2' }, { tag: 'v3' }]);
    await site.clear();
  }, 900_000);
  afterAll(() => site?.clear(), 60_000);

  const request = (tag: string, changes: Partial<DeployRequest> = {}) =>
    site.request(tag, { strategy: 'auto', stopTimeout: 1_000, ...changes });

  test('while one deploys, another one is refused, and told who', async () => {
    await site.deploy(request('v1'));
    const first = await site.deployLookingAt(request('v2'), 'proven', () =>
      site.deploy(request('v3', { run: 'https://example.com/runs/2' })),
    );
    expect(first.seen.outcome).toMatchObject({ result: 'failed', failure: { code: 'deployment-locked' } });
    expect(first.seen.outcome.failure?.message).toContain('https://example.com/runs/1');
    expect(first.outcome).toMatchObject({ result: 'deployed', release: 'v2' });
    expect(await site.answer()).toBe('v2 hello');
  });

  test('what a killed run began on the server is waited for, and told whose it is', async () => {
    await site.serving('v2', { stopTimeout: 1_000 });
    // As `docker stop` has it, when the program that gave the command was killed.
    const left = site.onServer(`
      cd ${site.environmentFolder}/switch && mkdir -p lease && echo old >lease/token
      cat /proc/sys/kernel/random/boot_id >lease/boot; echo '{"run":"https://example.com/runs/0"}' >lease/record
      touch -d '-2 minutes' lease/heartbeat; chown -R ${site.host.user}: lease
      exec 9>>lock; flock 9; sleep 4`);
    await site.onServer(`until ! flock -n ${site.environmentFolder}/switch/lock true; do sleep 0.05; done`);
    const { outcome, log } = await site.deploy(request('v2'));
    await left;
    expect(log.text).toMatch(
      /Wait no sign of life for .+ from https:\/\/example\.com\/runs\/0, but what it began on the server goes on/,
    );
    expect(log.text).toContain('the lease of https://example.com/runs/0 is taken over');
    expect(outcome.failure?.sentence).toBeUndefined();
    expect(outcome).toMatchObject({ result: 'unchanged', release: 'v2' });
  });

  test('cancelled while it bakes: the old one has the traffic again, and who is connected still is left to the server', async () => {
    await site.onServer(`rm -f ${site.environmentFolder}/switch/journal`);
    const controller = new AbortController();
    const deploying = site.deploy(request('v1', { bake: 30_000, drainTimeout: 60_000 }), {
      signal: controller.signal,
    });
    await site.reached('proven');
    const client = connect(port, site.host.address);
    await once(client, 'connect');
    controller.abort(new Cancelled('The step was cancelled (SIGINT)'));
    const { outcome, standing } = await deploying;
    expect(outcome).toMatchObject({ result: 'rolled-back', failure: { code: 'cancelled' } });
    expect(standing).toBe(`the old version (v2) serves again on ${site.host.address}`);
    expect(await site.answer()).toBe('v2 hello');
    expect(await site.rules()).toEqual([]);
    expect(await site.containers()).toEqual(['lease-shop-tenantry-bridge running', 'lease-shop-v2 running']);
    client.destroy();
    await site.rested();
    expect(await site.containers()).toEqual(['lease-shop-v2 running']);
  });

  test('without the right to change the packet filter: with a gap, and the plan says what would give it', async () => {
    await site.onServer('mv /etc/sudoers.d/lab /root/sudoers.kept');
    try {
      const { outcome, log } = await site.deploy(request('v1'));
      expect(outcome).toMatchObject({ result: 'deployed', release: 'v1' });
      expect(outcome.downtime).toBeGreaterThan(0);
      expect(log.text).toMatch(
        /recreate, with a gap: this account may not change the packet filter; .*sudo -n/,
      );
      const asked = await site.deploy(request('v3', { strategy: 'bridge' }));
      expect(asked.outcome.failure?.code).toBe('strategy-impossible');
      expect(await site.answer()).toBe('v1 hello');
    } finally {
      await site.onServer('mv /root/sudoers.kept /etc/sudoers.d/lab');
    }
  });

  // Its plan is a unit test's, too; here it is seen who reaches what.
  for (const title of whole(['an engine without its userland proxy: with a gap, and the plan says so'])) {
    test(title, async () => {
      await site.serving('v1');
      const undo = await site.engineWith({ 'userland-proxy': false }, 'true');
      try {
        const before = await site.answersEverywhere();
        const { outcome, log } = await site.deploy(request('v2'));
        expect(outcome).toMatchObject({ result: 'deployed', release: 'v2' });
        expect(outcome.downtime).toBeGreaterThan(0);
        expect(log.text).toContain('recreate, with a gap: Docker forwards without its userland proxy there');
        // Over IPv6 nobody reached the old one either.
        const after = Object.entries(before).map(([who, said]) => [who, said.replace('v1', 'v2')]);
        expect(await site.answersEverywhere()).toEqual(Object.fromEntries(after));
        expect(before).toMatchObject({ 'from outside': 'v1 hello', 'on the server, loopback': 'v1 hello' });
      } finally {
        await undo('true');
      }
    });
  }
});
