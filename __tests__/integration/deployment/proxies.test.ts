import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { struckAt } from '../../../bench/deploy/faults.ts';
import { underLoad } from '../../../bench/deploy/scene.ts';
import { type DeployRequest, noImage } from '../../../src/deployment/request/request.ts';
import { connectSsh } from '../../../src/machine/ssh.ts';
import { KeptLog, sshServerOf } from '../lab-server.ts';
import { type ProxyName, ProxySite } from './proxy-site.ts';
import type { Course } from './site.ts';
import type { TestImage } from './test-images.ts';

/** The whole tables of loads and faults are `npm run bench -- deploy`: here is each kind once. */
const images: readonly TestImage[] = [
  { tag: 'v1' },
  { tag: 'v2', boot: 0.5 },
  { tag: 'crash', fault: 'crash' },
  { tag: 'dies', fault: 'dies', life: 5 },
];

async function siteOf(proxy: ProxyName, port: number): Promise<ProxySite> {
  const site = await ProxySite.upBehind(proxy, 'host1', `${proxy}-shop`, {
    port,
    appPort: port - 10_000,
    images,
  });
  await site.clear();
  return site;
}

/** A deployment that must come to its good end. */
async function deployed(site: ProxySite, tag: string, changes: Partial<DeployRequest> = {}) {
  const course = await site.deploy(
    site.request(tag, { stopTimeout: 1_000, drainTimeout: 4_000, ...changes }),
  );
  expect(course.outcome.failure?.sentence).toBeUndefined();
  return course;
}

/** One version answers, in one of the two slots, and nothing of a switch is left. */
async function expectRest(site: ProxySite, tag: string, slot: number): Promise<void> {
  await site.rested();
  expect(await site.answer()).toBe(`${tag} hello`);
  expect(await site.containers()).toEqual([`${site.name}-${tag} running`]);
  expect(await site.slots()).toEqual([slot]);
  const kept = ['held.once', 'journal', 'lease.lock', 'lock'];
  const beside = (await site.onServer(`ls ${site.environmentFolder}/switch`)).trim().split('\n');
  expect(beside.filter((file) => !kept.includes(file))).toEqual([]);
  const files = await site.onServer('ls -A /etc/nginx/sites-enabled /etc/nginx/conf.d /etc/caddy');
  expect(files).not.toMatch(/\.tenantry$/m);
}

/** A deployment, and what somebody does on the server after the plan and before the switch. */
async function deployedWhile(site: ProxySite, script: string): Promise<Course> {
  return site.deploy(site.request('v2'), {
    connect: async (_host, signal) => {
      const machine = await connectSsh(sshServerOf(site.host), { signal, log: new KeptLog() });
      return {
        name: machine.name,
        async run(argv, options) {
          if (argv.includes('launch')) await site.onServer(script);
          return machine.run(argv, options);
        },
        writeFile: (path, content, options) => machine.writeFile(path, content, options),
        readFile: (path) => machine.readFile(path),
        close: () => machine.close(),
      };
    },
  });
}

const load = { rate: 100, slowEvery: 25, around: 300 };

describe('nginx on the server', () => {
  let site: ProxySite;
  let first: number;
  let second: number;

  beforeAll(async () => {
    site = await siteOf('nginx', 18_410);
    [first, second] = [site.appPort, site.appPort + 0x4000];
    await deployed(site, 'v1');
  }, 900_000);
  afterAll(() => site?.takeDown(), 60_000);

  test('its configuration is wrong elsewhere: nothing is changed, and it says what nginx says', async () => {
    const file = await site.onServer(`cat ${site.siteFile}`);
    await site.onServer("echo 'upstream wrong { nonsense; }' >/etc/nginx/conf.d/wrong.conf");
    const { outcome, standing } = await site.deploy(site.request('v2'));
    await site.onServer('rm /etc/nginx/conf.d/wrong.conf');
    expect(outcome.failure?.code).toBe('strategy-impossible');
    expect(outcome.failure?.message).toContain('nonsense');
    expect(standing).toContain('as before');
    expect(await site.onServer(`cat ${site.siteFile}`)).toBe(file);
    await expectRest(site, 'v1', first);
  });

  test('its configuration becomes wrong while it is taken over: everything of it is undone', async () => {
    const file = await site.onServer(`cat ${site.siteFile}`);
    const wrong = "echo 'upstream wrong { nonsense; }' >/etc/nginx/conf.d/wrong.conf";
    const { outcome } = await deployedWhile(site, wrong);
    expect(outcome.failure?.code).toBe('proxy-unchanged');
    expect(await site.onServer(`cat ${site.siteFile}`)).toBe(file);
    expect(await site.onServer('ls /etc/nginx/tenantry /etc/nginx/conf.d')).not.toContain(site.name);
    await site.onServer('rm /etc/nginx/conf.d/wrong.conf; nginx -t -q');
    await expectRest(site, 'v1', first);
  });

  test('the first time the site includes our file, later times only a file is made: nothing is lost, no connection is closed', async () => {
    const taking = await underLoad(site, load, () => deployed(site, 'v2', { strategy: 'auto' }));
    expect(taking.done.log.text).toMatch(
      /nginx-shop:8: proxy_pass http:\/\/127\.0\.0\.1:8410; will become an include/,
    );
    expect(taking.done.log.text).toContain('nginx on this server hands requests to port 8410');
    expect(taking.load).toMatchObject({
      failures: {},
      versions: { v1: expect.anything(), v2: expect.anything() },
    });
    await expectRest(site, 'v2', second);
    // An answer of the old one took longer than the bake: nobody waited for it, and it came.
    expect(taking.done.log.text).toContain('v1 still has connections');
    const journal = await site.onServer(`cat ${site.environmentFolder}/switch/journal`);
    expect(journal).toMatch(/"deployed".*"drained".*"stopped".*"tidied"/s);

    const workers = await site.onServer('pgrep -f "^nginx: worker"');
    const again = await underLoad(site, { ...load, connections: 'kept' }, () => deployed(site, 'v1'));
    expect(again.load).toMatchObject({
      failures: {},
      versions: { v1: expect.anything(), v2: expect.anything() },
    });
    expect(await site.onServer('pgrep -f "^nginx: worker"')).toBe(workers);
    await expectRest(site, 'v1', first);
  });

  test('back to the release of before: its record has the port of its time, and the one that is free is taken', async () => {
    const back: Partial<DeployRequest> = { image: noImage, ports: [], env: {}, healthUrl: undefined };
    const { done } = await underLoad(site, load, () =>
      deployed(site, 'v1', { ...back, mode: 'rollback', strategy: 'auto' }),
    );
    expect(done.outcome).toMatchObject({ result: 'deployed', release: 'v2', previousRelease: 'v1' });
    await expectRest(site, 'v2', second);
  });

  test('a version that crashes, and one that dies after the switch: the old one serves', async () => {
    const crash = await underLoad(site, load, () => site.deploy(site.request('crash')));
    expect(crash.done.outcome).toMatchObject({ result: 'failed', failure: { code: 'env-missing' } });
    expect(crash.load).toMatchObject({ failures: {} });
    await expectRest(site, 'v2', second);
    const dies = await underLoad(site, load, () => site.deploy(site.request('dies', { bake: 15_000 })));
    expect(dies.done.outcome).toMatchObject({
      result: 'rolled-back',
      failure: { code: 'container-stopped' },
    });
    expect(dies.load.versions).toHaveProperty('dies');
    expect(dies.load.failed).toBeLessThan(10); // what was with it when it died
    await expectRest(site, 'v2', second);
  });

  test('the program and the runner are killed at the switch: the next run finishes it', async () => {
    const { meanwhile, second: next } = await struckAt(site, site.request('v1', { stopTimeout: 1_000 }), {
      fault: 'both',
      step: 'flipped',
    });
    expect(meanwhile).toBe('v1 hello');
    expect(next.outcome.failure?.sentence).toBeUndefined();
    await expectRest(site, 'v1', first);
  });

  test('an address with a path: by reload, and the workers of before end', async () => {
    await site.clear();
    await site.serve(site.nginxSite(`proxy_pass http://localhost:${first}/;`));
    await deployed(site, 'v1');
    const { done, load: result } = await underLoad(site, load, () => deployed(site, 'v2'));
    expect(done.log.text).toContain('each switch reloads nginx');
    expect(result).toMatchObject({ failures: {} });
    await expectRest(site, 'v2', second);
    await site.onServer("echo 'upstream wrong { nonsense; }' >/etc/nginx/conf.d/wrong.conf");
    const { outcome } = await site.deploy(site.request('v1'));
    await site.onServer('rm /etc/nginx/conf.d/wrong.conf');
    expect(outcome.failure?.message).toContain('nonsense');
    await expectRest(site, 'v2', second);
  });
});

describe('Caddy on the server', () => {
  let site: ProxySite;
  let first: number;
  let second: number;

  beforeAll(async () => {
    site = await siteOf('caddy', 18_420);
    [first, second] = [site.appPort, site.appPort + 0x4000];
    await deployed(site, 'v1');
  }, 900_000);
  afterAll(() => site?.takeDown(), 60_000);

  /** How often its configuration was changed. */
  const changes = () => site.onServer(`grep -cE '"method":"(POST|PATCH)"' /lab/log/caddy.log`);

  test('the file is edited while it is taken over: everything of it is undone', async () => {
    const runs = await site.onServer('curl -s localhost:2019/config/');
    const { outcome } = await deployedWhile(site, `echo '# mine' >>${site.siteFile}`);
    expect(outcome.failure?.message).toContain('edited meanwhile');
    expect(outcome.failure?.code).toBe('proxy-unchanged');
    expect(await site.onServer('curl -s localhost:2019/config/')).toBe(runs);
    expect(await site.onServer(`cat ${site.siteFile}`)).toBe(`${site.caddyFile()}# mine\n`);
    expect(await site.onServer('ls /etc/caddy/tenantry')).toBe('');
    await expectRest(site, 'v1', first);
  });

  test('the first time its file includes ours, later times only a file is made: nothing is lost, no connection is closed', async () => {
    const taking = await underLoad(site, load, () => deployed(site, 'v2', { strategy: 'auto' }));
    expect(taking.done.log.text).toMatch(/Caddyfile:2: reverse_proxy 127\.0\.0\.1:8420 will hand requests/);
    expect(taking.load).toMatchObject({
      failures: {},
      versions: { v1: expect.anything(), v2: expect.anything() },
    });
    await expectRest(site, 'v2', second);

    const before = await changes();
    const again = await underLoad(site, { ...load, connections: 'kept' }, () => deployed(site, 'v1'));
    expect(again.load).toMatchObject({
      failures: {},
      versions: { v1: expect.anything(), v2: expect.anything() },
    });
    expect(await changes()).toBe(before);
    await expectRest(site, 'v1', first);
  });

  test('a version that dies after the switch: the old one stands in for it, and serves', async () => {
    const { done, load: result } = await underLoad(site, load, () =>
      site.deploy(site.request('dies', { bake: 15_000 })),
    );
    expect(done.outcome).toMatchObject({ result: 'rolled-back', failure: { code: 'container-stopped' } });
    expect(result.versions).toHaveProperty('dies');
    expect(result).toMatchObject({ failures: {} });
    await expectRest(site, 'v1', first);
  });

  test('the server is rebooted at the switch: the next run finishes it', async () => {
    const { meanwhile, second: next } = await struckAt(site, site.request('v2', { stopTimeout: 1_000 }), {
      fault: 'reboot-both',
      step: 'flipped',
    });
    expect(meanwhile).toMatch(/^v[12] hello$/);
    expect(next.outcome.failure?.sentence).toBeUndefined();
    await expectRest(site, 'v2', second);
  });

  test('it asks the application about certificates, which takes no variable: its configuration is loaded anew', async () => {
    await site.clear();
    await site.serve(site.askingCaddyFile());
    await deployed(site, 'v1');
    /** With a certificate that Caddy asks the application for, in the first request of this name. */
    const onDemand = (name: string) =>
      site.onServer(
        `curl -ksS --max-time 10 --connect-to ::127.0.0.1:${site.port + 1} https://${name}:${site.port + 1}/`,
      );
    expect(await onDemand('one.shop.test')).toBe('v1 hello');
    const { load: result, done } = await underLoad(site, load, () => deployed(site, 'v2'));
    expect(done.log.text).toContain(
      "each switch loads Caddy's configuration anew, which closes idle connections (a client that uses one in that moment loses the request): on_demand_tls asks the application",
    );
    expect(result).toMatchObject({
      failures: {},
      versions: { v1: expect.anything(), v2: expect.anything() },
    });
    expect(await onDemand('two.shop.test')).toBe('v2 hello');
    await site.onServer(`pkill -x caddy; while pgrep -x caddy >/dev/null; do sleep 0.1; done; ${site.start}`);
    expect(await onDemand('three.shop.test')).toBe('v2 hello');
    await expectRest(site, 'v2', second);

    const file = await site.onServer(`cat ${site.siteFile}`);
    await site.onServer(`sed -i 's/^:18420 {/&\\n\\trespond \\/ping pong/' ${site.siteFile}`);
    const { outcome } = await site.deploy(site.request('v1'));
    expect(outcome.failure?.code).toBe('strategy-impossible');
    expect(outcome.failure?.message).toContain('somebody changed one of both');
    await site.serve(file);
    await expectRest(site, 'v2', second);
  });
});
