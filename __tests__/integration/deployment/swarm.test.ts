import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { type LoadResult, startLoad } from '../../../bench/deploy/load.ts';
import { startRunner } from '../../../bench/deploy/runner.ts';
import { control, type HostName } from '../../../lab/lab.ts';
import type { DeployPorts } from '../../../src/deployment/fleet/deploy.ts';
import { type DeployRequest, noImage } from '../../../src/deployment/request/request.ts';
import { connectSsh } from '../../../src/machine/ssh.ts';
import { KeptLog, sshServerOf } from '../lab-server.ts';
import type { Course } from './site.ts';
import { SwarmSite } from './swarm-site.ts';
import type { TestImage } from './test-images.ts';

const check = [
  `HEALTHCHECK --interval=1s --timeout=10s --retries=3 CMD python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health')"`,
];
const images: readonly TestImage[] = [
  { tag: 'v1', lines: check },
  { tag: 'v2', boot: 1, lines: check },
  { tag: 'v3', lines: check },
  { tag: 'crash', fault: 'crash', lines: check },
  { tag: 'elsewhere', lines: check },
  { tag: 'sick', fault: 'sick' },
];
const name = 'swarm-shop';
const port = 18_300;

let site: SwarmSite;

beforeAll(async () => {
  site = await SwarmSite.upInSwarm(name, { port, images });
}, 900_000);
afterAll(() => site?.takeDown(), 120_000);

const request = (tag: string, changes: Partial<DeployRequest> = {}): DeployRequest =>
  site.request(tag, {
    strategy: 'auto',
    replicas: undefined,
    healthTimeout: 60_000,
    bake: 2_000,
    options: {
      init: true,
      capAdd: ['NET_ADMIN'],
      ulimits: ['nofile=1024:2048'],
      logOptions: { 'max-size': '1m' },
    },
    ...changes,
  });

/** Through another node than the manager. */
const through = (host: HostName): Partial<DeployPorts> => ({
  connect: (_host, signal) => connectSsh(sshServerOf(site.lab[host]), { signal, log: new KeptLog() }),
});

/** 50 new connections a second to the entrance, one in 50 takes 2 seconds. */
async function underLoad(work: () => Promise<Course>): Promise<{ load: LoadResult; course: Course }> {
  const load = await startLoad({ url: site.url, rate: 50, connections: 'new', slowEvery: 50 });
  try {
    const course = await work();
    return { load: await load.stop(), course };
  } finally {
    await load.stop().catch(() => {});
  }
}

/** Once it is a manager that the others reach. */
async function promoted(node: HostName): Promise<void> {
  await site.docker(`node promote ${node}`);
  await site.onServer(
    `until docker node ls --format '{{.Hostname}} {{.ManagerStatus}}' | grep -q '${node} Reachable'; do sleep 0.1; done`,
  );
}

test('a first deployment makes the service; no secret is in any list of processes; then it is unchanged', async () => {
  const planned = await site.deploy(request('v1', { strategy: 'swarm', dryRun: true }));
  expect(planned.outcome.failure?.sentence).toBeUndefined();
  expect(planned.outcome.result).toBe('planned');
  expect(planned.log.text).toContain('the swarm has no service of that name yet; v1 will be started there');
  expect(await site.docker('service ls -q --filter name=swarm-shop')).toBe('');

  const { done, seen } = await site.processesDuring(() =>
    site.deploy(request('v1', { strategy: 'swarm', replicas: 2 })),
  );
  const { outcome, standing } = done;
  expect(outcome.failure?.sentence).toBeUndefined();
  expect(outcome).toMatchObject({ result: 'deployed', release: 'v1', downtime: 0 });
  expect(standing).toBe(`v1 serves on ${site.host.address}`);
  expect(seen).toContain('docker system dial-stdio');
  expect(seen).not.toContain('canary-secret');
  expect(seen).not.toContain(site.lab.registry.password);
  expect(await site.answer()).toBe('v1 hello');
  const containers = await site.running();
  expect(containers.map((line) => line.split(' ')[1])).toEqual(
    Array(2).fill(`${site.repository}@${outcome.digest}`),
  );
  expect(
    await site.service('{{index .Spec.Labels "tenantry.release"}} {{.Spec.UpdateConfig.FailureAction}}'),
  ).toBe('v1 rollback');

  const option = '{{.Init}} {{.CapabilityAdd}} {{(index .Ulimits 0).Hard}}';
  expect(await site.service(`{{with .Spec.TaskTemplate.ContainerSpec}}${option}{{end}}`)).toBe(
    'true [CAP_NET_ADMIN] 2048',
  );

  const again = await site.deploy(request('v1'));
  expect(again.outcome).toMatchObject({ result: 'unchanged', digest: outcome.digest });
  expect(await site.running()).toEqual(containers);
});

test('a new version under load: not one new connection is lost, although the runner loses its own', async () => {
  const { load, course } = await underLoad(async () => {
    const deploying = site.deploy(request('v2'));
    await site.updating('v2');
    await site.onServer(`pkill -KILL -f '^sshd: ${site.host.user}'`);
    return deploying;
  });
  expect(course.log.text).toContain('The connection was lost');
  expect(course.outcome.failure?.sentence).toBeUndefined();
  expect(course.outcome).toMatchObject({
    result: 'deployed',
    release: 'v2',
    previousRelease: 'v1',
    downtime: 0,
  });
  expect(course.log.text).toContain('task by task, the new one before the old one ends (swarm, 2 tasks)');
  expect(load.failures).toEqual({});
  expect(Object.keys(load.versions).sort()).toEqual(['v1', 'v2']);
  expect((await site.running()).map((line) => line.split('@')[1])).toEqual(
    Array(2).fill(course.outcome.digest),
  );
});

describe('a version that is no good', () => {
  test('ends at once, through a manager with a current engine: Swarm puts the old one back, the step fails with the reason, not one request is lost', async () => {
    const before = await site.running();
    await promoted('host2');
    const { load, course } = await underLoad(() => site.deploy(request('crash'), through('host2')));
    await site.docker('node demote host2');
    expect(course.outcome.result).toBe('rolled-back');
    expect(course.outcome.failure).toMatchObject({ code: 'env-missing' });
    expect(course.outcome.failure?.sentence).toContain('SECRET_KEY is not set (/app.py:14)');
    expect(course.standing).toContain('the old version (v2) serves');
    expect(load.failures).toEqual({});
    expect(Object.keys(load.versions)).toEqual(['v2']);
    expect(await site.running()).toEqual(before);
    expect(await site.service('{{.UpdateStatus.State}} {{index .Spec.Labels "tenantry.release"}}')).toBe(
      'rollback_completed v2',
    );
  });

  test('runs, and does not answer well: the step asks Swarm to go back', async () => {
    const { outcome, standing, log } = await site.deploy(request('sick', { healthTimeout: 8_000 }));
    expect(log.text).toContain('the image has no HEALTHCHECK');
    expect(outcome).toMatchObject({ result: 'rolled-back', failure: { code: 'health-server-error' } });
    expect(standing).toContain('the old version (v2) serves');
    expect(await site.answer()).toBe('v2 hello');
  });

  test('cannot be pulled by some nodes', async () => {
    // The manager has it already; with three tasks, one of the others gets one.
    const address = site.lab.registry.address.split(':')[0];
    const table = `table ip swarm_test { chain out { type filter hook output priority 0; ip daddr ${address} reject; }; }`;
    const workers = [control('host1'), control('host2')];
    for (const worker of workers) await worker.run(['nft', table]);
    try {
      const { outcome, standing } = await site.deploy(request('elsewhere', { replicas: 3 }));
      // Docker 20.10 tells no more than that it has no such image.
      expect(outcome.failure?.sentence).toMatch(
        /on host1 — that node cannot pull|on host2 — the server cannot reach the registry/,
      );
      expect(outcome.result).toBe('rolled-back');
      expect(standing).toContain('the old version (v2) serves');
      expect(await site.answer()).toBe('v2 hello');
    } finally {
      for (const worker of workers) await worker.run(['nft', 'delete table ip swarm_test']);
    }
  });
});

test('a killed runner: the update goes on, a recovery waits for it and says so, and the next run finds it done', async () => {
  const runner = startRunner({ server: sshServerOf(site.host), request: request('v3', { bake: 5_000 }) });
  await site.updating('v3');
  runner.process.kill('SIGKILL');
  await runner.ended;
  await site.onServer(`rm -rf ${site.environmentFolder}/switch/lease`); // it would count as alive for 90 s
  const { outcome, log } = await site.deploy(request('v3', { mode: 'recover', image: noImage }));
  expect(log.text).toContain(`Repair an update to v3 is under way in the swarm of ${site.host.address}`);
  expect(log.text).toContain('it was completed: v3 serves');
  expect(outcome).toMatchObject({ result: 'recovered', release: 'v3' });
  const again = await site.deploy(request('v3', { bake: 5_000 }));
  expect(again.outcome).toMatchObject({ result: 'unchanged', release: 'v3' });
  expect(await site.answer()).toBe('v3 hello');
});

test('a rollback while a worker is down and the registry is gone: tasks of the release before run elsewhere', async () => {
  // Nodes that have had it still have it; which ones that are, only Swarm decides.
  await site.pulled('v2', 'host2');
  await control('host1').stop();
  await control('registry').stop();
  try {
    await site.onServer(
      "until docker node ls --format '{{.Hostname}} {{.Status}}' | grep -q 'host1 Down'; do sleep 0.2; done",
    );
    const { outcome, log } = await site.deploy(request('v3', { mode: 'rollback' }));
    expect(outcome.failure?.sentence).toBeUndefined();
    expect(outcome).toMatchObject({ result: 'deployed', release: 'v2', previousRelease: 'v3' });
    expect(log.text).toContain('the node host1 is down: its tasks run elsewhere');
    const where = `service ps --filter desired-state=running --format '{{.Node}}' ${name}`;
    expect(await site.docker(where)).not.toContain('host1');
    expect(await site.answer()).toBe('v2 hello');
  } finally {
    await control('registry').start();
    await control('host1').start();
  }
});

describe('one sentence for', () => {
  test('tasks that no node can take', async () => {
    const changes = { replicas: 4, healthTimeout: 5_000, healthUrl: undefined };
    const ports = [{ address: undefined, hostPort: 18_301, containerPort: 8000, protocol: 'tcp' }] as const;
    const odd = request('v1', { ...changes, strategy: 'swarm', container: 'swarm-odd', ports });
    const { outcome, log, standing } = await site.deploy(odd);
    expect(log.text).toContain(
      "port 18301 answers on the nodes that run a task: this server's kernel has no IPVS",
    );
    expect(outcome.failure).toMatchObject({ code: 'swarm-no-node' });
    expect(outcome.failure?.sentence).toContain('found no node within 5.0 s — Swarm says: no suitable node');
    expect(standing).toBe(`nothing runs on ${site.host.address}, as before`);
    expect(await site.docker('service ls -q --filter name=swarm-odd')).toBe('');
  });

  test.each([[{ files: { '/srv/config.js': 'x' } }], [{ envMode: 'mount', envPath: '/app/.env' }]] as const)(
    'what no service gets: %j',
    async (changes) => {
      const before = await site.running();
      const { outcome } = await site.deploy(request('v1', changes));
      expect(outcome).toMatchObject({ result: 'failed', failure: { code: 'strategy-impossible' } });
      expect(outcome.failure?.sentence).toContain(
        "gives them no files — take files and env-mode: mount away; a service has Docker's own configs and secrets",
      );
      expect(await site.running()).toEqual(before);
    },
  );

  test('a server that is no manager', async () => {
    const { outcome } = await site.deploy(request('v1', { strategy: 'swarm' }), through('host2'));
    expect(outcome.failure).toMatchObject({ code: 'swarm-not-manager' });
    expect(outcome.failure?.sentence).toContain('it is a worker of its swarm — give a manager as host');
  });
});
