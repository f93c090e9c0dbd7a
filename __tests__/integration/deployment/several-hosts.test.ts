import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { type DeployPorts, deployContainer } from '../../../src/deployment/fleet/deploy.ts';
import { failureOf } from '../../../src/deployment/fleet/fleet-failure.ts';
import type { HostOutcome } from '../../../src/deployment/request/outcome.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { Cancelled, UserError } from '../../../src/ground/errors.ts';
import { connectSsh } from '../../../src/machine/ssh.ts';
import { healthStep } from '../health-step.ts';
import { KeptLog, failureOf as refusal, sshServerOf } from '../lab-server.ts';
import { Site } from './site.ts';

/** Two servers with different engines: one order of waves, one end for all. */
const name = 'fleet-shop';
const port = 18_300;
let first: Site;
let second: Site;

beforeAll(async () => {
  const images = [{ tag: 'v1' }, { tag: 'v2' }, { tag: 'v3' }];
  first = await Site.up('host1', name, port, images);
  second = await Site.up('host2', name, port, []);
  await Promise.all([first.clear(), second.clear()]);
}, 900_000);
afterAll(() => Promise.all([first?.clear(), second?.clear()]), 60_000);

interface Course {
  readonly outcomes: HostOutcome[];
  readonly log: KeptLog;
  readonly standing: string;
}

async function deploy(
  tag: string,
  changes: Partial<DeployRequest> = {},
  ports: Partial<DeployPorts> = {},
): Promise<Course> {
  const log = new KeptLog();
  let standing = '';
  const outcomes = await deployContainer(
    first.request(tag, { hosts: [first.host.address, second.host.address], stopTimeout: 1_000, ...changes }),
    {
      connect(host, signal) {
        const server = host === first.host.address ? first.host : second.host;
        return connectSsh(sshServerOf(server, { host }), { signal, log });
      },
      log,
      signal: new AbortController().signal,
      standing(sentence) {
        standing = sentence;
      },
      ...ports,
    },
  );
  return { outcomes, log, standing };
}

const answers = () => Promise.all([first.answer(), second.answer()]);
const results = ({ outcomes }: Course) => outcomes.map(({ result }) => result);
const rollout = { canaryHosts: 1, maxParallel: 1, onFailure: 'rollback-all' } as const;

/** A version that is well on the first server only. */
function badOnSecond(tag: string, changes: Partial<DeployRequest>): Promise<Course> {
  return deploy(
    tag,
    { healthTimeout: 3_000, ...changes },
    {
      async ask({ url }) {
        const isSecond = url.hostname === second.host.address;
        const isOld = isSecond && (await second.answer().catch(() => '')).startsWith('v1');
        const status = isSecond && !isOld ? 500 : 200;
        return { kind: 'answer', status, headers: {}, body: '', milliseconds: 1 };
      },
    },
  );
}

test('one course after the other on both: together, a look, going back, halting, cancelled', async () => {
  const together = await deploy('v1', { rollout: { ...rollout, canaryHosts: 0, maxParallel: 2 } });
  expect(failureOf(together.outcomes)?.sentence).toBeUndefined();
  expect(results(together)).toEqual(['deployed', 'deployed']);
  expect(together.log.text).toContain(`Order ${first.host.address} and ${second.host.address}; the first`);
  expect(together.standing).toBe(`v1 serves on ${first.host.address} and ${second.host.address}`);

  const look = await deploy('v2', { dryRun: true });
  expect(results(look)).toEqual(['planned', 'planned']);
  expect(look.log.lines.filter((line) => line.startsWith('Plan '))).toHaveLength(2);
  expect(look.log.text).toContain(`Order ${first.host.address} as the canary, then ${second.host.address}`);

  // The second one is bad from outside, and only after its old version is gone: it goes back with the first.
  const back = await deploy(
    'v2',
    { rollout, strategy: 'bridge', healthTimeout: 3_000 },
    {
      async ask({ url }) {
        const isSecond = url.hostname === second.host.address;
        const isBad = isSecond && (await second.containers()).includes(`${name}-v2 running`);
        return { kind: 'answer', status: isBad ? 500 : 200, headers: {}, body: '', milliseconds: 1 };
      },
    },
  );
  expect(results(back)).toEqual(['rolled-back', 'rolled-back']);
  expect(back.outcomes.map(({ wentBack }) => wentBack)).toEqual(['yes', 'yes']);
  expect(failureOf(back.outcomes)).toMatchObject({
    code: 'health-server-error',
    message: expect.stringContaining(second.host.address),
  });
  expect(back.log.text).toContain(
    `Going back ${first.host.address} to v1, because ${second.host.address} failed`,
  );
  expect(await answers()).toEqual(['v1 hello', 'v1 hello']);

  const halted = await badOnSecond('v2', { rollout: { ...rollout, onFailure: 'halt' } });
  expect(results(halted)).toEqual(['deployed', 'rolled-back']);
  expect(halted.standing).toContain(`v2 serves on ${first.host.address}; `);
  expect(await answers()).toEqual(['v2 hello', 'v1 hello']);

  // Now they differ: a check asks each of them, and says which one it is.
  const key = readFileSync(`${first.host.privateKeyPath}.pub`, 'utf8').trim();
  await second.onServer(`echo '${key}' >>/home/${second.host.user}/.ssh/authorized_keys`);
  const checked = (given: Readonly<Record<string, string>>) =>
    refusal(
      healthStep([first.host, second.host], { container: name, attempts: '1', ...given }).running,
      UserError,
    );
  const asked = await checked({ url: `http://127.0.0.1:${port}/`, from: 'server', 'expect-text': 'v2' });
  expect(asked.code).toBe('health-text');
  expect(asked.message).toContain(
    `1 of 2 addresses is not healthy after 1 try — 1 answers 200; http://127.0.0.1:${port}/ from ${second.host.address}: `,
  );
  const looked = await checked({ 'expect-release': 'v3' });
  expect(looked.sentence).toContain(`${name} on ${first.host.address} is not v3 — it is v2`);
  expect(looked.sentence).toContain(`also ${name} on ${second.host.address} is not v3 — it is v1`);

  const controller = new AbortController();
  const cancelled = await deploy(
    'v3',
    {},
    {
      signal: controller.signal,
      async ask({ url }) {
        if (url.hostname === first.host.address)
          return { kind: 'answer', status: 200, headers: {}, body: '', milliseconds: 1 };
        controller.abort(new Cancelled('The step was cancelled (SIGINT)'));
        return { kind: 'silence', code: 'health-refused', observed: 'refused' };
      },
    },
  );
  expect(results(cancelled)).toEqual(['deployed', 'rolled-back']);
  expect(cancelled.standing).toBe(
    `v3 serves on ${first.host.address}; the old version (v1) runs again on ${second.host.address}`,
  );
  expect(await answers()).toEqual(['v3 hello', 'v1 hello']);
}, 600_000);

test('a canary that fails, a server that cannot be reached or is held by another run: no other one is touched', async () => {
  const bad = await deploy('v2', { command: ['nonesuch'] });
  expect(results(bad)).toEqual(['rolled-back', 'not-tried']);
  expect(bad.standing).toContain(`nothing was changed on ${second.host.address}`);
  const unreachable = await deploy('v2', { hosts: [first.host.address, 'nowhere.invalid'] });
  expect(results(unreachable)).toEqual(['not-tried', 'failed']);
  expect(failureOf(unreachable.outcomes)?.code).toBe('ssh-name-not-resolved');
  const lease = `${second.environmentFolder}/switch/lease`;
  await second.onServer(`
    mkdir ${lease} && cd ${lease} && echo other >token && cat /proc/sys/kernel/random/boot_id >boot
    echo proven >phase && : >heartbeat && echo '{"run":"https://example.com/runs/9"}' >record`);
  const held = await deploy('v2', { rollout: { ...rollout, maxParallel: 2 } });
  expect(results(held)).toEqual(['not-tried', 'failed']);
  expect(failureOf(held.outcomes)).toMatchObject({ code: 'deployment-locked' });
  expect(held.log.text).toContain('https://example.com/runs/9 (proven), last sign of life');
  const planned = await deploy('v2', { dryRun: true });
  expect(results(planned)).toEqual(['planned', 'planned']);
  await second.onServer(`rm -r ${lease}`);
  expect(await answers()).toEqual(['v3 hello', 'v1 hello']);
}, 300_000);
