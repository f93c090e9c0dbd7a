/**
 * One failure of each family, brought about for real; all of them, and twenty that no rule is for, with
 * `npm run bench -- diagnosis` (and here in a whole run).
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { UserError } from '../../../src/ground/errors.ts';
import { each } from '../breadth.ts';
import { healthStep } from '../health-step.ts';
import { failureOf } from '../lab-server.ts';
import { deploy } from './deployment.ts';
import { dockerRows } from './docker-rows.ts';
import { machineRows } from './machine-rows.ts';
import type { Row } from './row.ts';
import { containerRows, otherRows, startRows } from './rows.ts';
import { Scene } from './scene.ts';

const all = [...dockerRows, ...startRows, ...containerRows, ...machineRows, ...otherRows];
/** One of what Docker refuses, of what the engine knows, of what the server shows, of each stack, of none. */
const reduced = all.filter(({ failure }) =>
  [
    'port held by a process',
    'memory limit',
    'mounted .env unreadable, Node',
    'variable missing, Django behind gunicorn',
    'another port',
    'health check without its program',
    'segmentation fault',
  ].includes(failure),
);

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.up();
}, 600_000);
afterAll(() => scene.clear());

describe('what is said of', () => {
  const rest = all.filter((row) => !reduced.includes(row));
  const rows: readonly Row[] = each([reduced, rest], reduced).flat();
  test.each(rows.map((row) => [row.failure, row] as const))(
    '%s',
    async (_, row) => {
      const failure = await row.provoke(scene);
      expect(failure.sentence).toContain(row.says);
      expect(failure.code).toBe(row.code);
    },
    120_000,
  );
});

test('a version that did not listen when it was told to end is told of', async () => {
  const clean = () =>
    scene.root(
      'docker ps -aq --filter name=diagnosed | xargs -r docker rm -f >/dev/null; rm -rf /home/deploy/.tenantry/diagnosed-app',
    );
  await clean();
  const first = await deploy(scene, { stopTimeout: 1_000 });
  expect(first.text).not.toContain('SIGTERM');
  // The first process of a container gets no signal that it does not ask for, and Node asks for none.
  const second = await deploy(scene, { stopTimeout: 1_000, env: { AGAIN: 'yes' } });
  expect(second.text).toMatch(
    /warning: diagnosed-app\S* did not end within 1\.0 s when it was told to \(SIGTERM\)/,
  );
  await clean();
}, 300_000);

const step = (given: Readonly<Record<string, string>>) => healthStep([scene.host], given);

describe('health-check', () => {
  const serving = (changes = '') =>
    scene.root(
      `docker rm -f diagnosed-web >/dev/null 2>&1; docker run -d --name diagnosed-web -p 127.0.0.1:18995:8000 --label tenantry.release=v2 ${changes} ${scene.image} node /app/server.js >/dev/null
      process=$(docker inspect --format '{{.State.Pid}}' diagnosed-web)
      for turn in $(seq 200); do grep -q ':1F40 .* 0A ' /proc/$process/net/tcp && break; sleep 0.1; done`,
    );

  test('asks from the server what only the server reaches, and looks at the container', async () => {
    await serving();
    const url = 'http://127.0.0.1:18995/';
    const check = {
      url,
      from: 'server',
      container: 'diagnosed-web',
      'expect-release': 'v2',
      'expect-text': 'ok',
    };
    const { running, log, told } = step(check);
    expect(await running).toEqual({ result: 'healthy' });
    expect(told).toMatchObject({ status: 200, 'attempts-used': 1 });
    expect(log.text).toContain(`Container diagnosed-web on ${scene.host.address}: running, v2`);
    const other = step({ ...check, 'expect-release': 'v3' });
    expect((await failureOf(other.running, UserError)).message).toContain('is not v3 — it is v2');
  }, 60_000);

  test('says why an address is not healthy, by what the server shows', async () => {
    await serving('-e HOST=127.0.0.1');
    const { running } = step({
      url: 'http://127.0.0.1:18995/',
      from: 'server',
      container: 'diagnosed-web',
      attempts: '1',
    });
    const failure = await failureOf(running, UserError);
    expect(failure.code).toBe('container-listens-locally');
    expect(failure.sentence).toContain('let it listen on 0.0.0.0:8000');
    await scene.root('docker rm -f diagnosed-web');
  }, 60_000);

  test('is not taken in by a container that is started again and again', async () => {
    await scene.root(
      `docker rm -f diagnosed-web >/dev/null 2>&1; docker run -d --restart always --name diagnosed-web ${scene.image} node -e 'setTimeout(() => { throw new Error("no queue") }, 900)'`,
    );
    const { running } = step({ container: 'diagnosed-web', attempts: '1' });
    const failure = await failureOf(running, UserError);
    expect(failure.code).toBe('container-stopped');
    expect(failure.message).toContain('no queue');
    await scene.root('docker rm -f diagnosed-web');
  }, 60_000);

  test('examines a server before the first deployment, and says what to do', async () => {
    const { running, report } = step({
      mode: 'doctor',
      'database-url': scene.lab.postgres.v15.superuserUrl,
    });
    expect(await running).toEqual({ result: 'ready' });
    const { servers } = report.collected as { servers: { what: string; state: string; next: string }[] };
    expect(servers.map(({ what }) => what)).toEqual([
      'SSH',
      'Docker',
      'Rights',
      'Programs',
      'Disk',
      'Memory',
      'Ports',
      'Firewall',
      'Clock',
      'Database, from here',
      'Database, from the server',
    ]);
    expect(servers.filter(({ state }) => state === 'bad')).toEqual([]);
  }, 60_000);

  test('a server without Docker is not ready', async () => {
    await scene.root('p=$(command -v docker); mv "$p" "$p.away"; echo "$p" >/srv/diagnosed/place');
    try {
      const { running, report } = step({ mode: 'doctor' });
      const failure = await failureOf(running, UserError);
      expect(failure.code).toBe('server-not-ready');
      expect(failure.sentence).toContain('there is no docker program on the PATH');
      expect(report.summary('x')).toContain('install Docker on the server');
    } finally {
      await scene.root('p=$(cat /srv/diagnosed/place); mv "$p.away" "$p"');
    }
  }, 60_000);
});
