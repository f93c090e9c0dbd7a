import { describe, expect, test } from '@jest/globals';

import { reasonFor } from '../../../src/deployment/plan/mechanism-reason.ts';
import { planFor, type Wanted } from '../../../src/deployment/plan/plan.ts';
import { labels, releaseOf, settingsOf, specFor } from '../../../src/deployment/releases/release.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { parsePort, parseVolume } from '../../../src/docker/container-spec.ts';
import { parseImage } from '../../../src/docker/image.ts';
import type { Container } from '../../../src/docker/inspect.ts';
import { container } from '../container.ts';

const digest = `sha256:${'bb'.repeat(32)}`;
const request: DeployRequest = {
  hosts: ['web-1'],
  container: 'shop',
  environment: 'uat',
  image: parseImage('ghcr.io/acme/shop:v2'),
  ports: [parsePort('8000:8000')],
  mounts: [parseVolume('/srv/media:/media')],
  networks: [],
  extraHosts: [],
  labels: {},
  restart: 'unless-stopped',
  env: { A: '1', B: 'canary' },
  requiredEnv: [],
  healthTimeout: 60_000,
  stopTimeout: 10_000,
  strategy: 'auto',
  sharedVolumes: false,
  bake: 30_000,
  drainTimeout: 30_000,
  run: 'run 1',
  dryRun: false,
};

function wanted(changes: Partial<DeployRequest> = {}): Wanted {
  const asked = { ...request, ...changes };
  return {
    spec: specFor(asked, digest, { name: 'shop', envFile: '' }),
    digest,
    release: releaseOf(asked),
    restart: asked.restart,
    env: asked.env,
    choice: { mechanism: 'recreate', obstacle: undefined, leftOut: [], move: undefined, seen: [] },
    why: 'it was asked for',
    bake: asked.bake,
    healthTimeout: asked.healthTimeout,
  };
}

/** The container that `request` would have made. */
function asAskedFor(changes: Partial<Container> = {}): Container {
  return container({
    labels: wanted().spec.labels,
    environmentKeys: ['A', 'B', 'PATH'],
    hasVariable: (key, value) => request.env[key] === value,
    ports: request.ports,
    mounts: request.mounts,
    ...changes,
  });
}

const ofImage = { environmentKeys: ['PATH'], command: [] };

test('nothing runs yet', () => {
  expect(planFor(wanted(), undefined, ofImage)).toMatchObject({ kind: 'first', differences: [] });
});

test('the same runs: unchanged', () => {
  expect(planFor(wanted(), asAskedFor(), ofImage)).toMatchObject({ kind: 'unchanged', differences: [] });
});

test('a run of another workflow with the same settings changes nothing', () => {
  expect(planFor(wanted({ run: 'run 2' }), asAskedFor(), ofImage).kind).toBe('unchanged');
});

describe('what is different', () => {
  test.each<[changes: Partial<DeployRequest>, difference: string]>([
    [{ env: { A: '1', C: '' } }, 'variables: + C'],
    [{ env: { A: '1' } }, 'variables: − B'],
    [{ ports: [parsePort('9000:8000')] }, 'ports: + 9000->8000/tcp'],
    [{ mounts: [] }, 'mounts: − /srv/media:/media'],
    [{ mounts: [parseVolume('/srv/media:/media:ro')] }, 'mounts: + /srv/media:/media:ro'],
    [{ networks: ['web'] }, 'networks: + web'],
    [{ restart: 'always' }, 'restart: unless-stopped → always'],
    [{ memory: 2 ** 29 }, 'memory: no limit → 512 MiB'],
    [{ cpus: 1.5 }, 'cpus: no limit → 1.5'],
    [{ user: '1000' }, "user: the image's → 1000"],
    [{ env: { A: '2', B: 'canary-2' } }, 'variables with another value: A and B'],
    [{ extraHosts: ['db:192.0.2.1'] }, 'extra hosts: + db:192.0.2.1'],
    [{ labels: { team: 'shop' } }, 'labels: team'],
    [{ command: ['serve', '--password=canary'] }, 'command: another one'],
    [{ stopTimeout: 1_000 }, 'settings that Docker does not show'],
  ])('%j: %s', (changes, difference) => {
    const plan = planFor(wanted(changes), asAskedFor(), ofImage);
    expect(plan.kind).toBe('replace');
    expect(plan.differences).toContain(difference);
    expect(plan.differences.join()).not.toContain('canary');
  });

  test('another image', () => {
    const other = asAskedFor({
      labels: { ...wanted().spec.labels, [labels.release]: 'v1', [labels.digest]: 'sha256:00' },
    });
    expect(planFor(wanted(), other, ofImage)).toMatchObject({
      kind: 'replace',
      summary: 'v1 runs; it will be stopped, and v2 started (recreate, with a gap)',
      differences: ['image: v1 → v2'],
    });
  });

  test('a digest that is not known yet is never the same', () => {
    const unknown = { ...wanted(), digest: undefined };
    expect(planFor(unknown, asAskedFor(), ofImage).kind).toBe('replace');
  });

  test('it is stopped', () => {
    const stopped = container({ ...asAskedFor(), state: { status: 'exited' } });
    expect(planFor(wanted(), stopped, ofImage)).toMatchObject({
      kind: 'replace',
      differences: ['it is exited'],
      changes: [],
    });
  });

  test('it was started by hand', () => {
    const plan = planFor(wanted(), container({ image: 'shop:old' }), ofImage);
    expect(plan.summary).toContain('shop:old runs');
    expect(plan.differences[0]).toContain('was not started by Tenantry');
    expect(plan.changes).not.toContain(plan.differences[0]);
  });

  test('a volume that the image asks for is no difference', () => {
    const own = { type: 'volume', source: 'ab'.repeat(32), target: '/data', readOnly: false } as const;
    expect(planFor(wanted(), asAskedFor({ mounts: [...request.mounts, own] }), ofImage).kind).toBe(
      'unchanged',
    );
  });
});

test('the settings are a hash of everything that matters, from which nothing can be read', () => {
  const settings = settingsOf(request, digest);
  expect(settings).toMatch(/^[0-9a-f]{16}$/);
  expect(settingsOf({ ...request, env: { B: 'canary', A: '1' } }, digest)).toBe(settings);
  expect(settingsOf({ ...request, env: { A: '1', B: 'other' } }, digest)).not.toBe(settings);
  expect(settingsOf({ ...request, command: ['x'] }, digest)).not.toBe(settings);
  // On another server, or to whoever guesses, the same values are another hash.
  expect(settingsOf({ ...request, settingsKey: 'a' }, digest)).not.toBe(
    settingsOf({ ...request, settingsKey: 'b' }, digest),
  );
});

test.each([
  [{ release: 'r1' }, 'r1'],
  [{}, 'v2'],
  [{ image: parseImage(`ghcr.io/acme/shop@${digest}`) }, 'bbbbbbbbbbbb'],
])('the name of the release %j', (changes, name) => {
  expect(releaseOf({ ...request, ...changes })).toBe(name);
});

test.each([
  [
    {
      mechanism: 'bridge',
      obstacle: undefined,
      leftOut: ['clients that come over IPv6: no way'],
      move: undefined,
      seen: ['Traefik runs'],
    },
    'v1 runs; v2 will take its place without a gap (bridge: a redirect for the time of the switch; it stays ready for 30 s)',
    ['image: v1 → v2', 'not redirected: clients that come over IPv6: no way', 'Traefik runs'],
  ],
  [
    {
      mechanism: 'recreate',
      obstacle: 'memory does not fit twice; write it',
      leftOut: [],
      move: undefined,
      seen: [],
    },
    'v1 runs; it will be stopped, and v2 started (recreate, with a gap: memory does not fit twice; write it)',
    ['image: v1 → v2'],
  ],
] as const)('the mechanism and its reason, case %#', (choice, summary, differences) => {
  const old = asAskedFor({
    labels: {
      ...wanted().spec.labels,
      [labels.release]: 'v1',
      [labels.digest]: `sha256:${'aa'.repeat(32)}`,
      [labels.settings]: 'other',
    },
  });
  expect(planFor({ ...wanted(), choice }, old, ofImage)).toMatchObject({ summary, differences });
});

test('what runs now, why it goes this way, and how long the old one is kept', () => {
  const choice = {
    mechanism: 'bridge',
    obstacle: undefined,
    leftOut: [],
    move: undefined,
    seen: [],
  } as const;
  const old = asAskedFor({
    labels: { ...wanted().spec.labels, [labels.release]: 'v1', [labels.digest]: `sha256:${'aa'.repeat(32)}` },
  });
  expect(planFor({ ...wanted(), choice }, old, ofImage)).toMatchObject({
    now: 'v1 (sha256:aaaaaaaaaaaa), running since 2026-01-02 03:04 UTC',
    mechanism: 'bridge',
    why: 'it was asked for',
    kept: 'v1 has the traffic back at once if v2 is no good within 30 s after the switch; then it is stopped',
  });
  const down = container({ ...asAskedFor(), state: { status: 'exited' } });
  expect(planFor(wanted(), down, ofImage)).toMatchObject({
    now: 'v2 (sha256:bbbbbbbbbbbb), exited since 2026-01-02 03:04 UTC',
    kept: 'v2 is started again if v2 is no good within 1 min',
  });
});

test.each([
  ['auto', 'bridge', undefined, /^nothing stands in front .* \(iptables\)$/],
  ['bridge', 'bridge', undefined, /^strategy: bridge was asked for$/],
  ['auto', 'recreate', 'the server lacks curl; install curl there', /^the server lacks curl/],
] as const)('why, asked for %s: %s', (strategy, mechanism, obstacle, why) => {
  const choice = { mechanism, obstacle, leftOut: [], move: undefined, seen: [] };
  expect(reasonFor(choice, { strategy }, { filter: 'iptables' }, container())).toMatch(why);
  expect(
    reasonFor(
      { mechanism: 'recreate', obstacle: undefined, leftOut: [], move: undefined, seen: [] },
      { strategy },
      { filter: undefined },
      undefined,
    ),
  ).toBe('nothing serves there, so there is no gap to avoid');
});
