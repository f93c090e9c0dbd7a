import { expect, test } from '@jest/globals';
import { requestFrom } from '../../../src/deployment/host/rollback.ts';
import {
  chosenRecord,
  imageOf,
  keyOf,
  type ReleaseRecord,
  type Releases,
  readRecord,
  recordOfContainer,
  recordsToPrune,
} from '../../../src/deployment/releases/record.ts';
import { readReleases } from '../../../src/deployment/releases/releases.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { noImage } from '../../../src/deployment/request/request.ts';
import { container } from '../container.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

const asked: DeployRequest = {
  hosts: ['web-1'],
  container: 'shop',
  environment: 'uat',
  image: noImage,
  mode: 'rollback',
  ports: [],
  mounts: [],
  networks: [],
  extraHosts: [],
  labels: {},
  restart: 'unless-stopped',
  env: {},
  requiredEnv: ['SECRET_KEY'],
  healthTimeout: 60_000,
  stopTimeout: 10_000,
  strategy: 'auto',
  sharedVolumes: false,
  bake: 30_000,
  drainTimeout: 30_000,
  run: 'https://example.com/runs/2',
  dryRun: false,
};

function record(release: string, day: number, changes: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return {
    schema: 1,
    container: 'shop',
    environment: 'uat',
    release,
    settings: 'aa',
    image: 'ghcr.io/acme/shop',
    digest,
    imageId: 'sha256:cafe',
    run: 'https://example.com/runs/1',
    at: `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`,
    mechanism: 'bridge',
    specification: {
      ports: [{ address: undefined, hostPort: 8000, containerPort: 8000, protocol: 'tcp' }],
      mounts: [{ type: 'volume', source: 'media', target: '/media', readOnly: false }],
      networks: ['shop'],
      extraHosts: [],
      labels: { team: 'a' },
      restart: 'always',
      memory: 1_000_000,
      healthUrl: 'http://{host}:8000/health',
      stopTimeout: 5_000,
      sharedVolumes: true,
    },
    ...changes,
  };
}

const stored = (each: ReleaseRecord, hasEnvironment = true) => ({
  key: keyOf(each.release, each.settings),
  record: each,
  hasEnvironment,
});

const shelf: Releases = {
  records: [
    stored(record('v1', 1)),
    stored(record('v2', 2)),
    stored(record('v2', 5, { settings: 'bb' })),
    stored(record('v3', 3)),
    stored(record('v4', 4), false),
    { key: 'v5-aa', problem: 'it is no JSON' },
  ],
  current: 'v3-aa',
  previous: 'v1-aa',
};
const where = { container: 'shop', host: 'web-1' };

test.each<[wanted: string, serving: string, key: string, why: string]>([
  ['previous', 'v3-aa', 'v1-aa', 'what served before'],
  ['previous', 'hand-01', 'v3-aa', 'what serves was put there by somebody else: what was deployed last'],
  ['v1', 'v3-aa', 'v1-aa', 'by its name'],
  ['v2', 'v3-aa', 'v2-bb', 'of one release with two settings, the newer'],
  ['v2-aa', 'v3-aa', 'v2-aa', 'or the one whose files have this name'],
])('%s, while %s serves: %s, %s', (wanted, serving, key) => {
  const chosen = chosenRecord(shelf, wanted, { ...where, serving });
  expect(keyOf(chosen.release, chosen.settings)).toBe(key);
});

const empty: Releases = { records: [], current: 'v3-aa', previous: undefined };
test.each<[wanted: string, code: string, says: string, releases: Releases]>([
  ['v9', 'nothing-to-go-back-to', 'there are v2, v4, v1 and v5-aa', shelf],
  ['v4', 'release-unreadable', 'its environment file is missing', shelf],
  ['v5', 'release-unreadable', 'v5-aa.json cannot be used: it is no JSON', shelf],
  ['previous', 'nothing-to-go-back-to', 'the release before', { ...shelf, previous: undefined }],
  ['previous', 'nothing-to-go-back-to', 'the release before', { ...shelf, previous: 'gone-aa' }],
  ['v1', 'nothing-to-go-back-to', 'no other release is recorded there', empty],
])('%s is refused (%s): %s', (wanted, code, says, releases) => {
  const choose = () => chosenRecord(releases, wanted, { ...where, serving: 'v3-aa' });
  expect(choose).toThrow(expect.objectContaining({ code }));
  expect(choose).toThrow(says);
});

test.each<[keep: number, gone: string[], why: string]>([
  [5, [], 'there are five that can be read'],
  [4, ['v2-aa'], 'the oldest that is neither current nor previous'],
  [1, ['v2-bb', 'v4-aa', 'v2-aa'], 'current and previous stay, whatever is asked for'],
])('of these releases %d are kept: %j go: %s', (keep, gone) => {
  expect(recordsToPrune(shelf, keep).map(({ key }) => key)).toEqual(gone);
});

test('the image of a release that goes stays as long as another one is made from it', () => {
  const own = stored(record('v0', 1, { settings: 'cc', imageId: 'sha256:beef' }));
  const gone = recordsToPrune({ ...shelf, records: [...shelf.records, own] }, 4);
  expect(gone.map(({ key, image }) => `${key} ${image?.id}`)).toEqual([
    'v2-aa undefined',
    'v0-cc sha256:beef',
  ]);
});

test.each([
  ['{', 'it is no JSON'],
  ['[]', 'expected object'],
  [JSON.stringify({ ...record('v1', 1), schema: 2 }), 'schema: '],
  [JSON.stringify({ ...record('v1', 1), digest: 'sha256:12' }), 'digest: '],
  [JSON.stringify({ ...record('v1', 1), specification: {} }), 'specification.ports: '],
])('a record that is %j cannot be used', (json, problem) => {
  expect(readRecord(json)).toContain(problem);
});

test('what the server had free is in it; of an earlier version, or of another kind, it explains nothing', () => {
  const room = { memory: 5, totalMemory: 9, disk: 7 };
  expect(readRecord(JSON.stringify({ ...record('v1', 1), room }))).toMatchObject({ release: 'v1', room });
  expect(readRecord(JSON.stringify(record('v1', 1)))).toMatchObject({ release: 'v1' });
  const odd = readRecord(JSON.stringify({ ...record('v1', 1), room: 'plenty' }));
  expect(odd).toMatchObject({ release: 'v1', room: undefined });
});

test('what lies on a server, line by line', () => {
  const one = JSON.stringify(record('v1', 1));
  const text = `home /home/deploy\ncurrent v1-aa\nrecord v1-aa ${one}\nenvironment v1-aa\nrecord v2-aa \n`;
  expect(readReleases(text)).toEqual({
    records: [
      { key: 'v1-aa', record: JSON.parse(one), hasEnvironment: true },
      { key: 'v2-aa', problem: 'it is no JSON' },
    ],
    current: 'v1-aa',
    previous: undefined,
  });
});

test('a rollback has its container from the record, and its patience from what is asked for', () => {
  const { ports, restart, memory, healthUrl, stopTimeout, bake, release, requiredEnv } = requestFrom(
    record('v1', 1),
    asked,
  );
  expect({ ports, restart, memory, healthUrl, stopTimeout, bake, release, requiredEnv }).toEqual({
    ports: [{ address: undefined, hostPort: 8000, containerPort: 8000, protocol: 'tcp' }],
    restart: 'always',
    memory: 1_000_000,
    healthUrl: 'http://{host}:8000/health',
    stopTimeout: 5_000,
    bake: 30_000,
    release: 'v1',
    requiredEnv: [],
  });
  const other = requestFrom(record('v1', 1), { ...asked, healthUrl: 'http://{host}/up' });
  expect(other.healthUrl).toBe('http://{host}/up');
});

test('a container that was started by hand becomes a release', () => {
  const found = container({
    id: '0123456789abcdef0123',
    image: 'shop:old',
    labels: { team: 'a', 'com.docker.compose.project': 'shop' },
    networks: ['bridge', 'shop_default'],
    restart: 'always',
  });
  const made = recordOfContainer(found, asked, { repoDigests: [], notKept: ['--init'], at: new Date(0) });
  expect(made).toMatchObject({
    release: 'adopted-old',
    settings: '0123456789abcdef',
    image: 'shop',
    adopted: { id: '0123456789abcdef0123', notKept: ['--init'] },
    specification: { networks: ['shop_default'], labels: { team: 'a' }, restart: 'always' },
  });
  expect(imageOf(made)).toMatchObject({ name: 'shop', id: 'sha256:cafe' });
  expect(readRecord(JSON.stringify(made))).toMatchObject({ release: 'adopted-old' });
});
