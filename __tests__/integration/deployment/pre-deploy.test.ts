/** Commands in the new image, before anything is touched. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';

import { preDeployShape } from '../../../src/deployment/request/pre-deploy-command.ts';
import { type DeployRequest, noImage } from '../../../src/deployment/request/request.ts';
import { Site } from './site.ts';

let site: Site;
const name = 'eager-shop';

beforeAll(async () => {
  site = await Site.up('host1', name, 18_030, [{ tag: 'v1' }, { tag: 'v2' }]);
}, 900_000);

beforeEach(() => site.clear(), 60_000);
afterAll(async () => {
  await site?.clear();
  await site?.docker('volume rm -f eager-marks');
}, 60_000);

const python = (text: string) => ['python3', '-c', text];
const mounts = [{ type: 'volume', source: 'eager-marks', target: '/marks', readOnly: false }] as const;

function withCommands(tag: string, commands: readonly unknown[], changes: Partial<DeployRequest> = {}) {
  return site.request(tag, {
    preDeploy: preDeployShape.parse(commands),
    mounts,
    memory: 256 * 2 ** 20,
    ...changes,
  });
}

test('they run in the new image, with its environment, mounts and limits; a failing one that may fail is a warning', async () => {
  const { outcome, log } = await site.deploy(
    withCommands('v1', [
      {
        name: 'mark',
        run: python(
          "import os; open('/marks/' + os.environ['VERSION'], 'w').write(os.environ['DB_PASSWORD'])",
        ),
      },
      {
        name: 'static',
        run: python("print('no place'); raise SystemExit('disk of media is full')"),
        blocking: false,
      },
      { name: 'absent', run: ['nonesuch'], blocking: false },
    ]),
  );
  expect(outcome.failure?.sentence).toBeUndefined();
  expect(outcome.result).toBe('deployed');
  expect(log.text).toContain('before: mark (blocking, at most 5 min)');
  expect(log.text).toContain('Before mark: done');
  expect(log.text).toContain(
    `warning: The pre-deploy command static failed on ${site.host.address} — exit 1: disk of media is full; the deployment goes on without it`,
  );
  expect(log.lines).toContain(`static on ${site.host.address}`); // its log, folded
  expect(log.text).toContain('no place');
  expect(log.text).toMatch(/warning: .*nonesuch.*; the deployment goes on without it/);
  expect(await site.docker(`run --rm -v eager-marks:/marks ${site.repository}:v1 cat /marks/v1`)).toBe(
    'canary-secret',
  );
  expect(await site.containers()).toEqual([`${name}-v1 running`]);
});

test('a blocking one that fails, or takes too long, ends the deployment; the old version was never touched', async () => {
  await site.deploy(site.request('v1'));
  const id = await site.inspected('{{.Id}} {{.State.StartedAt}}');
  const failures: [command: unknown, says: string][] = [
    [
      { name: 'check', run: python("print('looking'); raise SystemExit('SystemCheckError: DEBUG is on')") },
      'check failed on HOST — exit 1: SystemCheckError: DEBUG is on — traffic never moved',
    ],
    [
      {
        name: 'wait',
        run: python("print('for what', flush=True); import time; time.sleep(60)"),
        timeout: '2s',
      },
      'wait failed on HOST — it did not end within 2.0 s and was stopped; its last line: for what',
    ],
    [{ name: 'greedy', run: python("'x' * 10**9") }, 'it needed more than its 256 MiB'],
  ];
  for (const [command, says] of failures) {
    const { outcome, standing } = await site.deploy(withCommands('v2', [command]));
    expect(outcome).toMatchObject({ result: 'failed', downtime: 0, failure: { code: 'pre-deploy-failed' } });
    expect(outcome.failure?.sentence).toContain(says.replace('HOST', site.host.address));
    expect(standing).toBe(`the old version (v1) is running on ${site.host.address}, as before`);
    expect(await site.inspected('{{.Id}} {{.State.StartedAt}}')).toBe(id);
    expect(await site.containers()).toEqual([`${name}-v1 running`]);
  }
}, 60_000);

/** Runs until somebody says so. */
const waiting = "import os, time\nwhile not os.path.exists('/marks/go'): time.sleep(0.1)";

/** Says so once a deployment waits for it. */
async function letGo(): Promise<void> {
  await site.onServer(`
    until pgrep -f '[d]ocker wait ${name}' >/dev/null; do sleep 0.1; done
    touch "$(docker volume inspect --format '{{.Mountpoint}}' eager-marks)/go"`);
}

test('one that a killed run left running is waited for, and not run twice; what else it left is removed', async () => {
  const slow = { name: 'slow', run: python(`open('/marks/runs', 'a').write('x')\n${waiting}`) };
  const wanted = withCommands('v2', [slow]);
  const cancelled = new AbortController();
  const first = site.deploy(wanted, { signal: cancelled.signal }).catch(() => 'cancelled');
  await site.onServer(`until pgrep -f '[d]ocker wait ${name}' >/dev/null; do sleep 0.1; done`);
  cancelled.abort();
  await first;
  expect(await site.containers()).toEqual([`${name}-tenantry-pre-deploy-1 running`]);
  await site.docker(
    `run --name ${name}-tenantry-pre-deploy-9 --label tenantry.pre-deploy=${name} --label tenantry.pre-deploy-command=old ${site.repository}:v1 true`,
  );

  const [{ outcome, log }] = await Promise.all([site.deploy(wanted), letGo()]);
  expect(outcome.failure?.sentence).toBeUndefined();
  expect(log.text).toContain('slow was started by an earlier run and still runs');
  expect(await site.docker(`run --rm -v eager-marks:/marks ${site.repository}:v1 cat /marks/runs`)).toBe('x');
  expect(await site.containers()).toEqual([`${name}-v2 running`]);
}, 120_000);

test('a lease is not taken from a dead holder whose command of another release still runs', async () => {
  const hold = (release: string) =>
    site.onServer(`
      su ${site.host.user} -c 'mkdir -p ${site.environmentFolder}/switch/lease && cd ${site.environmentFolder}/switch/lease &&
        echo old >token && cat /proc/sys/kernel/random/boot_id >boot && touch -d "5 minutes ago" heartbeat'
      docker rm -f ${name}-tenantry-pre-deploy-1 2>/dev/null
      rm -f "$(docker volume inspect --format '{{.Mountpoint}}' eager-marks)/go"
      docker run -d --name ${name}-tenantry-pre-deploy-1 -v eager-marks:/marks --label tenantry.pre-deploy=${name} \\
        --label tenantry.environment= \\
        --label tenantry.pre-deploy-command=migrate --label tenantry.pre-deploy-limit=300 \\
        --label tenantry.release=${release} ${site.repository}:v1 python3 -c "${waiting}"`);
  await hold('v9');
  const { outcome } = await site.deploy(site.request('v2'));
  expect(outcome.failure).toMatchObject({ code: 'deployment-locked' });
  expect(outcome.failure?.message).toContain('its work on the server goes on');

  await hold('v2');
  const [second] = await Promise.all([site.deploy(site.request('v2')), letGo()]);
  expect(second.outcome.failure?.sentence).toBeUndefined();
  expect(second.log.text).toContain('migrate of an earlier run still runs: waiting for it');

  await hold('v2');
  const [third] = await Promise.all([
    site.deploy(site.request('v2', { mode: 'recover', image: noImage })),
    letGo(),
  ]);
  expect(third.outcome).toMatchObject({ result: 'recovered', release: 'v2' });
  expect(third.log.text).toContain('1 pre-deploy command of a killed run put away');
  expect(await site.containers()).toEqual([`${name}-v2 running`]);
}, 120_000);
