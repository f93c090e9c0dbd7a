import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { struckAt } from '../../../bench/deploy/faults.ts';
import { control } from '../../../lab/lab.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { noImage } from '../../../src/deployment/request/request.ts';
import { parseImage } from '../../../src/docker/image.ts';
import { Site } from './site.ts';

/** Releases that are kept, gone back to and removed; containers of others that are taken over. */
let site: Site;
const name = 'kept-shop';
const volume = 'kept-media';
const network = 'kept-net';
const port = 18_600;

beforeAll(async () => {
  const tags = ['v1', 'v2', 'v3', 'v4'].map((tag) => ({ tag }));
  site = await Site.up('host1', name, port, [...tags, { tag: 'crash', fault: 'crash' }]);
  await clear();
  await site.docker(`network create ${network}`);
}, 900_000);
afterAll(() => clear(), 120_000);

async function clear(): Promise<void> {
  await site?.clear();
  await site?.docker('ps -aq --filter name=older-shop | xargs -r docker rm -f');
  await site?.docker(
    `network rm ${network} >/dev/null 2>&1; docker volume rm ${volume} >/dev/null 2>&1 || true`,
  );
}

const request = (tag: string, changes: Partial<DeployRequest> = {}) =>
  site.request(tag, { stopTimeout: 1_000, networks: [network], ...changes });

/** Only what a rollback needs: the rest is in the record. */
const back = (changes: Partial<DeployRequest> = {}): DeployRequest => ({
  ...site.request('v1', { env: {}, ports: [], healthUrl: undefined, strategy: 'auto' }),
  image: noImage,
  mode: 'rollback',
  sharedVolumes: true,
  ...changes,
});

async function done(wanted: DeployRequest) {
  const course = await site.deploy(wanted);
  expect(course.outcome.failure?.sentence).toBeUndefined();
  return course;
}

/** The image is there, for a `docker run` of somebody else; nothing else is. */
async function fetched(tag: string): Promise<void> {
  await site.clear();
  await site.pulled(tag);
}

const releases = async () =>
  (await site.onServer(`cd ${site.environmentFolder}/releases && ls *.json`))
    .trim()
    .split('\n')
    .map((file) => file.replace(/-[0-9a-f]{16}\.json$/, ''));
const pointer = async (which: string) =>
  (await site.onServer(`cat ${site.environmentFolder}/releases/${which}`))
    .trim()
    .replace(/-[0-9a-f]{16}$/, '');
const images = async () =>
  (await site.docker(`images --format '{{.Tag}}' ${site.repository} | sort`)).trim().split('\n');

test('releases are recorded, gone back to without the registry, and only the oldest go', async () => {
  const mounts = [{ type: 'volume', source: volume, target: '/media', readOnly: false }] as const;
  const env = (greeting: string) => ({ GREETING: greeting, DB_PASSWORD: 'canary-secret' });
  await done(request('v1', { mounts, env: env('first'), keepReleases: 2 }));
  await done(
    request('v2', { mounts, env: env('second'), keepReleases: 2, sharedVolumes: true, strategy: 'bridge' }),
  );
  expect(await site.containers()).toEqual([`${name}-v2 running`]);
  expect(await site.inspected(`{{json (index .NetworkSettings.Networks "${network}").Aliases}}`)).toContain(
    `"${name}"`,
  );
  expect(await releases()).toEqual(['v1', 'v2']);
  const files = await site.onServer(
    `cd ${site.environmentFolder} && stat -c '%a' releases/* && cat releases/*.json deployments.log`,
  );
  expect(files).not.toContain('canary-secret');
  expect(new Set(files.match(/^\d+$/gm))).toEqual(new Set(['600']));

  const serving = await site.inspected('{{.Id}}');
  const wrong = await site.deploy(back({ rollbackTo: 'v9' }));
  expect(wrong.outcome.failure).toMatchObject({ code: 'nothing-to-go-back-to' });
  expect(wrong.outcome.failure?.message).toContain('there are v1');
  expect(await site.inspected('{{.Id}}')).toBe(serving);

  await control('registry').stop();
  try {
    const { outcome, log } = await done(back());
    expect(outcome).toMatchObject({ result: 'deployed', release: 'v1', previousRelease: 'v2', downtime: 0 });
    expect(log.text).not.toContain('canary-secret');
    expect(await site.answer()).toBe('v1 first');
    expect(await site.inspected('{{(index .Mounts 0).Name}}')).toBe(volume);
    expect([await pointer('current'), await pointer('previous')]).toEqual(['v1', 'v2']);
    await done(back({ rollbackTo: 'v2' }));
    expect(await site.answer()).toBe('v2 second');

    await site.docker(`rmi $(docker images -q ${site.repository}:v1) -f >/dev/null`);
    const gone = await site.deploy(back());
    expect(gone.outcome.failure).toMatchObject({ code: 'registry-unreachable' });
    expect(gone.outcome.failure?.message).toContain(`${name} cannot go back to v1 — its image is not on`);
    expect(await site.answer()).toBe('v2 second');
  } finally {
    await control('registry').start();
  }

  // What cannot be removed is a warning: the deployment is decided already.
  await site.onServer(`cd ${site.environmentFolder}/releases && mkdir "$(basename v1-*.json .json).kept"`);
  const third = await done(request('v3', { keepReleases: 2 }));
  expect(third.outcome.result).toBe('deployed');
  expect(third.log.text).toMatch(/warning: .*records of kept-shop: .*Is a directory/);
  expect(await releases()).toEqual(['v2', 'v3']);
  const { log } = await done(request('v4', { keepReleases: 2 }));
  expect(log.text).toContain('removed: v2');
  expect(await releases()).toEqual(['v3', 'v4']);
  expect(await images()).toEqual(expect.not.arrayContaining(['v1', 'v2']));
  expect(await images()).toEqual(expect.arrayContaining(['v3', 'v4']));
  expect((await site.docker('volume ls -q')).split('\n')).toContain(volume);

  await site.onServer(`cd ${site.environmentFolder}/releases && echo '{"schema":2}' >$(ls v3-*.json)`);
  const broken = await site.deploy(back());
  expect(broken.outcome.failure).toMatchObject({ code: 'release-unreadable' });
  expect(await site.answer()).toBe('v4 hello');

  const lines = (await site.onServer(`cat ${site.environmentFolder}/deployments.log`)).trim().split('\n');
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told.map(({ result, from, to, mode }) => `${mode} ${from} ${to} ${result}`)).toEqual([
    'deploy null v1 deployed',
    'deploy v1 v2 deployed',
    'rollback v2 v1 deployed',
    'rollback v1 v2 deployed',
    'rollback v2 v1 failed',
    'deploy v2 v3 deployed',
    'deploy v3 v4 deployed',
  ]);
  expect(told[1]).toMatchObject({ run: 'https://example.com/runs/1', mechanism: 'bridge' });
}, 300_000);

test('a container of a Compose project is taken over, kept, and gone back to; a later "up" changes nothing', async () => {
  await fetched('v1');
  const compose = (command: string) =>
    control('host1').tryRun(['sh', '-c', `cd /srv/${name} && docker-compose ${command} 2>&1`]);
  await site.onServer(`mkdir -p /srv/${name} && cat >/srv/${name}/docker-compose.yml <<'YAML'
version: '3.8'
services:
  web:
    container_name: ${name}
    image: ${site.repository}:v1
    entrypoint: [python3]
    command: [-u, /app.py]
    environment: { GREETING: hand, DB_PASSWORD: canary-secret }
    ports: ['${port}:8000']
    volumes: ['media:/media']
    networks: [web]
    restart: always
    healthcheck: { test: [CMD-SHELL, test -e /app.py], interval: 1s }
volumes: { media: { name: ${volume}, external: true } }
networks: { web: { name: ${network}, external: true } }
YAML
    docker volume create ${volume}`);
  expect(await compose('up -d')).toMatchObject({ code: 0 });
  const planned = await site.deploy(request('v2', { dryRun: true }));
  expect(planned.outcome.differences.join('\n')).toMatch(
    /taken over as the release adopted-v1.*\n.*Compose project kept-shop, service web: a later "docker compose up"/,
  );
  await done(request('v2', { strategy: 'bridge' }));
  expect(await site.containers()).toEqual([`${name}-tenantry-adopted exited`, `${name}-v2 running`]);
  expect(
    (await site.docker(`inspect -f '{{.HostConfig.RestartPolicy.Name}}' ${name}-tenantry-adopted`)).trim(),
  ).toBe('no');

  // What the plan says of it is what happens.
  const again = await compose('up -d');
  expect(again.code).not.toBe(0);
  expect(again.stdout).toContain('port is already allocated');
  expect(await site.answer()).toBe('v2 hello');
  expect(await site.containers()).toEqual([`${name}-tenantry-adopted exited`, `${name}-v2 running`]);

  const { outcome, log } = await done(back());
  expect(outcome).toMatchObject({ result: 'deployed', release: 'adopted-v1', downtime: 0 });
  expect(log.text).not.toContain('canary-secret');
  expect(await site.answer()).toBe('v1 hand');
  const seen =
    '{{(index .Mounts 0).Name}} {{range $name, $n := .NetworkSettings.Networks}}{{$name}} {{end}}{{.HostConfig.RestartPolicy.Name}}';
  expect(await site.inspected(seen)).toBe(`${volume} ${network} always`);
  expect(
    await site.inspected(
      '{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{json .Config.Healthcheck.Test}}',
    ),
  ).toBe('["python3"] ["-u","/app.py"] ["CMD-SHELL","test -e /app.py"]');

  await done(request('v3'));
  expect(await site.containers()).toContain(`${name}-tenantry-adopted exited`);
  await done(request('v4'));
  expect(await site.containers()).toEqual([`${name}-v4 running`]);
}, 300_000);

test('one of another name is found by its port, and serves again under it when the new one is no good', async () => {
  await fetched('v1');
  const byHand = (more: string) =>
    site.docker(`run -d --name older-shop ${more} -p ${port}:8000 ${site.repository}:v1`);
  await byHand('--rm');
  const { outcome } = await site.deploy(request('v2'));
  expect(outcome.failure).toMatchObject({ code: 'container-not-adoptable' });
  await site.docker('rm -f older-shop');

  await byHand('--restart unless-stopped');
  const other = await site.deploy(
    request('v2', { image: parseImage(`${site.lab.registry.address}/test/other:v2`) }),
  );
  expect(other.outcome.failure?.code).not.toBeUndefined();
  const bad = await site.deploy(request('crash', { healthTimeout: 3_000 }));
  expect(bad.outcome).toMatchObject({ result: 'rolled-back' });
  expect(bad.log.text).toContain('(older-shop, found by its published port)');
  const state = '{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}';
  expect((await site.docker(`inspect -f '${state}' older-shop`)).trim()).toBe('running unless-stopped');

  const recovery = back({ mode: 'recover' });
  const { second } = await struckAt(site, request('v2', { strategy: 'bridge' }), {
    fault: 'both',
    step: 'stopped',
    next: recovery,
  });
  expect(second.outcome.failure?.sentence).toBeUndefined();
  expect(second.outcome.result).toBe('recovered');
  expect(second.log.text).toMatch(/Recovered .* it was (finished|undone)/);
  expect((await site.deploy(recovery)).outcome.result).toBe('unchanged');
  await done(request('v2', { strategy: 'bridge' }));
  expect(await site.containers()).toEqual([`${name}-tenantry-adopted exited`, `${name}-v2 running`]);
  expect([await pointer('current'), await pointer('previous')]).toEqual(['v2', 'adopted-v1']);

  const recreated = { fault: 'runner', step: 'remove', next: recovery } as const;
  const killed = await struckAt(site, request('v3', { strategy: 'recreate' }), recreated);
  expect(killed.second.outcome).toMatchObject({ result: 'recovered', release: 'v3' });
  expect([await pointer('current'), await pointer('previous')]).toEqual(['v3', 'v2']);
  expect(await site.containers()).toEqual([`${name}-tenantry-adopted exited`, `${name}-v3 running`]);
}, 180_000);
