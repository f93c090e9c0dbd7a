import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { control } from '../../../lab/lab.ts';
import { deployContainer } from '../../../src/deployment/fleet/deploy.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { parseImage } from '../../../src/docker/image.ts';
import { Cancelled } from '../../../src/ground/errors.ts';
import { connectSsh } from '../../../src/machine/ssh.ts';
import { each } from '../breadth.ts';
import { KeptLog, sshServerOf } from '../lab-server.ts';
import { Site } from './site.ts';
import { imageForAnotherProcessor } from './test-images.ts';

let site: Site;
const name = 'thin-shop';
const port = 18_000;

beforeAll(async () => {
  site = await Site.up('host1', name, port, [
    { tag: 'v1' },
    { tag: 'v2' },
    { tag: 'v3', boot: 0.5 },
    { tag: 'v4' },
    { tag: 'crash', fault: 'crash' },
    { tag: 'end', fault: 'end' },
    { tag: 'sick', fault: 'sick' },
    { tag: 'slow', boot: 60 },
    {
      tag: 'checked',
      lines: [
        'HEALTHCHECK --interval=10m CMD python3 -c "import urllib.request as u; u.urlopen(\'http://127.0.0.1:8000/\')"',
      ],
    },
    { tag: 'never-well', lines: ['HEALTHCHECK --interval=10m CMD exit 1'] },
    { tag: 'unwell', lines: ['HEALTHCHECK --interval=1s --retries=1 CMD echo the queue is down; exit 1'] },
  ]);
  await site.clear();
}, 900_000);
afterAll(() => site?.clear(), 60_000);

describe('deploys', () => {
  test('for the first time: by digest, with labels, a private environment file, its restart policy, and no secret in any list of processes', async () => {
    const { done, seen } = await site.processesDuring(() => site.deploy(site.request('v1')));
    const { outcome, standing } = done;
    expect(seen).toContain('docker');
    expect(seen).not.toContain('canary-secret');
    expect(seen).not.toContain(site.lab.registry.password);
    expect(outcome).toMatchObject({
      result: 'deployed',
      release: 'v1',
      previousRelease: undefined,
      downtime: 0,
    });
    expect(standing).toBe(`v1 serves on ${site.host.address}`);
    expect(await site.answer()).toBe('v1 hello');
    expect(await site.containers()).toEqual([`${name}-v1 running`]);
    expect(outcome.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await site.inspected('{{.Config.Image}} {{.HostConfig.RestartPolicy.Name}}')).toBe(
      `${site.repository}@${outcome.digest} unless-stopped`,
    );
    expect(JSON.parse(await site.inspected('{{json .Config.Labels}}'))).toMatchObject({
      'tenantry.app': name,
      'tenantry.environment': 'test',
      'tenantry.release': 'v1',
      'tenantry.digest': outcome.digest,
      'tenantry.run': 'https://example.com/runs/1',
    });
    expect(
      await site.onServer(`cd ${site.environmentFolder}/releases && stat -c '%a %U' *.env && cat *.env`),
    ).toBe(`600 ${site.host.user}\nDB_PASSWORD=canary-secret\nGREETING=hello\n`);
  });

  test('the same again: unchanged, and the container is the same one', async () => {
    const served = await site.serving('v1');
    const digest = await site.inspected('{{index .Config.Labels "tenantry.digest"}}');
    const { outcome } = await site.deploy(site.request('v1'));
    expect(outcome).toMatchObject({ result: 'unchanged', digest, downtime: 0 });
    expect(await site.inspected('{{.Id}} {{.State.StartedAt}}')).toBe(served);
  });

  test('a new version in the place of the old, and measures the gap', async () => {
    await site.serving('v1');
    const { outcome, log } = await site.deploy(site.request('v3', { env: { OTHER: 'x' } }));
    expect(outcome.failure?.sentence).toBeUndefined();
    expect(outcome).toMatchObject({ result: 'deployed', release: 'v3', previousRelease: 'v1' });
    expect(outcome.downtime).toBeGreaterThan(500);
    expect(log.text).toContain('image: v1 → v3');
    expect(log.text).toContain('variables: + OTHER');
    expect(log.text).toContain('variables: − DB_PASSWORD and GREETING');
    expect(await site.answer()).toBe('v3');
    expect(await site.containers()).toEqual([`${name}-v3 running`]);
    expect(await site.onServer(`ls ${site.environmentFolder}/releases/*.env | wc -l`)).toBe('2\n');
  });

  test('again when only a value of the environment is another', async () => {
    await site.serving('v1');
    const { outcome, log } = await site.deploy(
      site.request('v1', { env: { GREETING: 'bye', DB_PASSWORD: 'canary-secret' } }),
    );
    expect(outcome.result).toBe('deployed');
    expect(log.text).toContain('variables with another value: GREETING');
    expect(log.text).not.toContain('bye');
    expect(await site.answer()).toBe('v1 bye');
  });

  test('over a container that was started by hand, and keeps its volumes', async () => {
    await site.clear();
    await site.pulled('v1');
    await site.docker(
      `run -d --name ${name} -p ${port}:8000 -v thin-data:/data -e FOO=1 ${site.repository}:v1`,
    );
    const mounts = [{ type: 'volume', source: 'thin-data', target: '/data', readOnly: false }] as const;
    const { outcome, log } = await site.deploy(site.request('v2', { mounts }));
    expect(outcome).toMatchObject({ result: 'deployed', previousRelease: `${site.repository}:v1` });
    expect(log.text).toContain('was not started by Tenantry');
    expect(await site.inspected('{{(index .Mounts 0).Name}}')).toBe('thin-data');
    await site.clear();
    await site.docker('volume rm thin-data');
  });

  test('behind its own health check, which Docker would ask in ten minutes', async () => {
    const { outcome } = await site.deploy(site.request('checked', { healthUrl: undefined }));
    expect(outcome.result).toBe('deployed');
    expect(await site.inspected('{{.State.Health.Status}}')).toBe('starting');
  });

  test('dry-run looks, tells and changes nothing', async () => {
    await site.serving('v1');
    const seen = async () =>
      (await site.docker("ps -a --no-trunc --format '{{.ID}} {{.Image}} {{.Names}} {{.State}}'")) +
      (await site.docker('images -q | sort')) +
      (await site.onServer(`find ${site.environmentFolder} | sort`));
    const before = await seen();
    const { outcome, log } = await site.deploy(site.request('v2', { dryRun: true }));
    expect(outcome).toMatchObject({ result: 'planned', previousRelease: 'v1' });
    expect(log.text).toContain('v1 runs; it will be stopped, and v2 started');
    expect(log.text).toMatch(/^now: v1 \(sha256:[0-9a-f]{12}\), running since 20\d\d-.* UTC$/m);
    expect(log.text).toContain('recreate: strategy: recreate was asked for');
    expect(log.text).toContain('kept: v1 is started again if v2 is no good within 30 s');
    expect(await seen()).toBe(before);
  });
});

describe('when the new version is no good, the old one serves again', () => {
  const faults: [tag: string, changes: Partial<DeployRequest>, code: string, says: string][] = [
    ['crash', {}, 'env-missing', 'SECRET_KEY is not set'],
    ['sick', { healthTimeout: 3_000 }, 'health-server-error', 'answers 500'],
    ['unwell', { healthTimeout: 4_000, healthUrl: undefined }, 'container-unhealthy', 'the queue is down'],
    ['never-well', { healthTimeout: 3_000, healthUrl: undefined }, 'container-slow', 'has not passed yet'],
    ['v2', { command: ['nonesuch'] }, 'command-not-in-image', 'nonesuch'],
  ];
  /** They end as the first two do; why is told by rules that have tests of their own. */
  const alike: typeof faults = [
    ['end', {}, 'container-ended', 'ended by itself'],
    ['slow', { healthTimeout: 3_000 }, 'container-slow', 'its last line: starting slow'],
  ];
  test.each(each([faults, alike], faults).flat())('%s', async (tag, changes, code, says) => {
    await site.serving('v1');
    const id = await site.inspected('{{.Id}}');
    const environments = () => site.onServer(`ls ${site.environmentFolder}/releases/*.env`);
    // As if the server had had more room when v1 came.
    await site.onServer(
      `sed -i 's/"room":{"memory":[0-9]*,"totalMemory":[0-9]*,"disk":[0-9]*}/"room":{"memory":${2 ** 50},"disk":${2 ** 50}}/' ${site.environmentFolder}/releases/*.json`,
    );
    const kept = await environments();
    const { outcome, standing } = await site.deploy(site.request(tag, changes));
    expect(outcome.failure?.code).toBe(code);
    expect(outcome.failure?.sentence).toContain(says);
    const [first, ...changed] = (outcome.failure?.evidence?.split('\n\n')[0] ?? '').split('\n');
    expect(first).toBe('Changed since v1, which worked:');
    expect(changed.slice(-2)).toEqual([
      expect.stringMatching(/^free memory of the server: 1048576 GiB → [\d.]+ GiB$/),
      expect.stringMatching(/^free disk of the server, .*: 1048576 GiB → [\d.]+ GiB$/),
    ]);
    expect(outcome.result).toBe('rolled-back');
    expect(standing).toBe(`the old version (v1) serves again on ${site.host.address}`);
    expect(outcome.downtime).toBeGreaterThan(0);
    expect(await site.answer()).toBe('v1 hello');
    expect(await site.inspected('{{.Id}} {{.HostConfig.RestartPolicy.Name}}')).toBe(`${id} unless-stopped`);
    expect(await site.containers()).toEqual([`${name}-v1 running`]);
    expect(await environments()).toBe(kept);
  });

  test('and of a first version nothing is left', async () => {
    await site.clear();
    const { outcome, standing } = await site.deploy(site.request('crash'));
    expect(outcome).toMatchObject({ result: 'failed', failure: { code: 'env-missing' } });
    expect(outcome.failure?.evidence).toContain('Traceback');
    expect(standing).toBe(`no version runs on ${site.host.address}`);
    expect(await site.containers()).toEqual([]);
  });
});

describe('refuses before anything is stopped', () => {
  const refusals: [name: string, changes: () => Partial<DeployRequest>, code: string][] = [
    ['a missing image', () => ({ image: parseImage(`${site.repository}:nonesuch`) }), 'image-not-found'],
    [
      'a wrong registry password',
      () => ({
        registryLogin: {
          registry: site.lab.registry.address,
          username: site.lab.registry.username,
          password: 'wrong',
        },
      }),
      'registry-login-refused',
    ],
    [
      'a registry that is not there',
      () => ({ image: parseImage(`${site.host.address}:5999/thin/shop:v2`), registryLogin: undefined }),
      'registry-unreachable',
    ],
    [
      'a mount without its source',
      () => ({ mounts: [{ type: 'bind', source: '/srv/nonesuch', target: '/data', readOnly: false }] }),
      'mount-source-missing',
    ],
    ['an impossible limit', () => ({ cpus: 4_096 }), 'limit-impossible'],
    ['an impossible memory limit', () => ({ memory: 1_000 }), 'limit-impossible'],
    ['the environment of another stage', () => ({ environment: 'production' }), 'container-name-taken'],
  ];
  test.each(refusals)('%s', async (_name, changes, code) => {
    const started = await site.serving('v1');
    const { outcome, standing } = await site.deploy(site.request('v2', changes()));
    expect(outcome.failure?.code).toBe(code);
    expect(outcome).toMatchObject({ result: 'failed', downtime: 0 });
    expect(['', `the old version (v1) is running on ${site.host.address}, as before`]).toContain(standing);
    expect(outcome.failure?.sentence).not.toContain('wrong');
    expect(await site.inspected('{{.Id}} {{.State.StartedAt}}')).toBe(started);
    expect(await site.containers()).toEqual([`${name}-v1 running`]);
    expect(await site.onServer('ls -d /tmp/tmp.* 2>/dev/null | wc -l')).toBe('0\n');
  });

  test('a registry that wants a login', async () => {
    const own = `/home/${site.host.user}/.docker`; // an account may have logged in by hand
    await site.onServer(`[ ! -d ${own} ] || mv ${own} ${own}.kept`);
    try {
      const { outcome } = await site.deploy(site.request('v1', { registryLogin: undefined }));
      expect(outcome.failure?.code).toBe('registry-login-missing');
    } finally {
      await site.onServer(`[ ! -d ${own}.kept ] || { rm -rf ${own}; mv ${own}.kept ${own}; }`);
    }
  });

  test('a port of another container', async () => {
    await site.serving('v1');
    await site.docker(`run -d --name ${name}-other -p 18001:8000 ${site.repository}:v1`);
    const ports = [{ address: undefined, hostPort: 18_001, containerPort: 8000, protocol: 'tcp' }] as const;
    const { outcome } = await site.deploy(site.request('v2', { ports, healthUrl: undefined }));
    expect(outcome.failure?.sentence).toContain(`it belongs to the container ${name}-other`);
    expect(await site.answer()).toBe('v1 hello');
  });

  test('what can never be right there: each is one sentence, and the old one is not touched', async () => {
    const started = await site.serving('v1');
    const { address, username, password } = site.lab.registry;
    await site.onServer(`
      echo '${password}' | docker login --username ${username} --password-stdin ${address} 2>/dev/null
      ${imageForAnotherProcessor(`${site.repository}:arm`)}
      docker push --quiet ${site.repository}:arm; docker logout ${address}; docker rmi ${site.repository}:arm
      python3 -m http.server --bind 127.0.0.1 18002 >/dev/null 2>&1 & echo $! >/run/program`);
    const foreign = { address: undefined, hostPort: 18_002, containerPort: 8000, protocol: 'tcp' } as const;
    await site.docker(`create --name ${name}-v2 ${site.repository}:v1`); // somebody else's
    const impossible: [changes: Partial<DeployRequest>, code: string, says: string][] = [
      [{}, 'container-name-taken', `The container ${name}-v2 belongs to somebody else`],
      [{ memory: 2 ** 50 }, 'limit-impossible', 'of memory on'],
      [{ ports: [foreign] }, 'port-taken', 'a program that is no container listens on it (127.0.0.1)'],
      [{ healthUrl: 'http://{host}:18003/health' }, 'health-url-impossible', 'does not publish port 18003'],
      [
        { image: parseImage(`${site.repository}:arm`) },
        'image-wrong-architecture',
        'the image is linux/arm64',
      ],
    ];
    try {
      for (const [changes, code, says] of impossible) {
        const { outcome } = await site.deploy(site.request('v2', changes));
        expect(outcome.failure).toMatchObject({ code });
        expect(outcome.failure?.message).toContain(says);
        expect(outcome.failure?.sentence).not.toContain('\n');
        // The line of the build step is looked for, in the checkout.
        expect(outcome.failure?.place !== undefined).toBe(code === 'image-wrong-architecture');
      }
      await site.onServer(`gpasswd --delete ${site.host.user} docker`);
      const { outcome } = await site.deploy(site.request('v2'));
      expect(outcome.failure?.code).toBe('docker-not-allowed');
    } finally {
      await site.onServer(
        `gpasswd --add ${site.host.user} docker; kill "$(cat /run/program)"; docker rm ${name}-v2`,
      );
    }
    expect(await site.inspected('{{.Id}} {{.State.StartedAt}}')).toBe(started);
  });

  test('an engine that does not answer', async () => {
    await control('host1').stop();
    try {
      const { outcome } = await site.deploy(site.request('v1'));
      expect(outcome.failure?.code).toBe('docker-not-running');
    } finally {
      await control('host1').start();
    }
  });
});

describe('interrupted', () => {
  test('cancelled while the new one boots: the old one runs again', async () => {
    await site.serving('v1');
    const controller = new AbortController();
    const { outcome, standing } = await site.deploy(site.request('slow'), {
      signal: controller.signal,
      ask: async () => {
        controller.abort(new Cancelled('The step was cancelled (SIGINT)'));
        return { kind: 'silence', code: 'health-refused', observed: 'refused' };
      },
    });
    expect(outcome).toMatchObject({ result: 'rolled-back', failure: { code: 'cancelled' } });
    expect(standing).toBe(`the old version (v1) runs again on ${site.host.address}`);
    await sleep(500);
    expect(await site.answer()).toBe('v1 hello');
    expect(await site.containers()).toEqual([`${name}-v1 running`]);
  });

  test('the connection is lost while the new one boots: it is looked up, and the new one serves', async () => {
    await site.serving('v1');
    let isCut = false;
    const { outcome, log } = await site.deploy(site.request('v3'), {
      ask: async () => {
        if (!isCut) await site.onServer(`pkill -KILL -f '^sshd: ${site.host.user}' || true`);
        const first = !isCut;
        isCut = true;
        if (first) return { kind: 'silence', code: 'health-refused', observed: 'refused' };
        return { kind: 'answer', status: 200, headers: {}, body: '', milliseconds: 1 };
      },
    });
    expect(outcome.failure?.sentence).toBeUndefined();
    expect(outcome).toMatchObject({ result: 'deployed', release: 'v3' });
    expect(log.text).toContain('The connection was lost');
    expect(await site.containers()).toEqual([`${name}-v3 running`]);
    await sleep(1_000);
    expect(await site.answer()).toBe('v3 hello');
  });

  const killed: [moment: string, script: string, survivor: string, says: string][] = [
    [
      'after the old was stopped',
      `docker create --name NEXT LABELS IMAGE; docker stop OLD`,
      'the old one',
      'will be removed',
    ],
    [
      'after a bad next was started',
      `docker stop OLD; docker run -d --name NEXT LABELS -e FAULT=sick -p PORT IMAGE`,
      'the old one',
      'it will be proven, or removed',
    ],
    [
      'after a good next was started',
      `docker stop OLD; docker run -d --name NEXT LABELS -p PORT IMAGE`,
      'v2',
      'it will be proven, or removed',
    ],
    [
      'between the two names',
      `docker stop OLD; docker run -d --name NEXT LABELS -p PORT IMAGE; docker rename OLD PREVIOUS`,
      'v2',
      'was proven, and will get its name',
    ],
    [
      'before the previous was removed',
      `docker stop OLD; docker rename OLD PREVIOUS; docker run -d --name FINAL LABELS -p PORT IMAGE`,
      'v2',
      'which will be removed',
    ],
    [
      'and the next was removed by hand',
      `docker stop OLD; docker rename OLD PREVIOUS`,
      'the old one',
      'will run again',
    ],
  ];
  /** As the first one, which has stopped the old one besides. */
  const earlier: typeof killed = [
    ['after the next was made', `docker create --name NEXT LABELS IMAGE`, 'the old one', 'will be removed'],
  ];
  // Two take turns, so that what the one leaves is where the next begins.
  let [old, next] = ['v1', 'v4'];
  test.each(each([killed, earlier], killed).flat())(
    'a run killed %s: the next one repairs it',
    async (_moment, script, survivor, says) => {
      await site.serving(old);
      await site.onServer(
        script
          .replaceAll('NEXT', `${name}-tenantry-next`)
          .replaceAll('PREVIOUS', `${name}-tenantry-previous`)
          .replaceAll('OLD', `${name}-${old}`)
          .replaceAll('FINAL', `${name}-v2`)
          .replaceAll('PORT', `${port}:8000`)
          .replaceAll('IMAGE', `${site.repository}:v2`)
          .replaceAll(
            'LABELS',
            `-l tenantry.app=${name} -l tenantry.environment=test -l tenantry.release=v2 -l tenantry.restart=always`,
          ),
      );
      const { outcome, log } = await site.deploy(site.request(next, { healthTimeout: 5_000 }));
      expect(log.text).toContain(says);
      expect(outcome.failure?.sentence).toBeUndefined();
      const previousRelease = survivor === 'the old one' ? old : survivor;
      expect(outcome).toMatchObject({ result: 'deployed', release: next, previousRelease });
      expect(await site.answer()).toBe(`${next} hello`);
      expect(await site.containers()).toEqual([`${name}-${next} running`]);
      [old, next] = [next, old];
    },
  );
});

test('several servers: the first failure leaves those after it as they are', async () => {
  await site.clear();
  const log = new KeptLog();
  const outcomes = await deployContainer(
    site.request('crash', { hosts: [site.host.address, 'never-asked'] }),
    {
      connect: (_host, signal) => connectSsh(sshServerOf(site.host), { signal, log }),
      log,
      signal: new AbortController().signal,
    },
  );
  expect(outcomes.map(({ result }) => result)).toEqual(['failed', 'not-tried']);
});
