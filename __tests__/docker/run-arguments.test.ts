import { describe, expect, test } from '@jest/globals';
import {
  optionDifferences,
  optionsOf,
  parseCapability,
  parseTmpfs,
  parseUlimit,
} from '../../src/docker/container-options.ts';
import {
  type ContainerSpec,
  parseExtraHost,
  parsePort,
  parseRestart,
  parseVolume,
  showPort,
} from '../../src/docker/container-spec.ts';
import { connectArguments, createArguments } from '../../src/docker/run-arguments.ts';
import { parseCpus, parseSize, showSize } from '../../src/ground/size.ts';

const spec: ContainerSpec = {
  name: 'shop',
  image: 'ghcr.io/acme/shop@sha256:3f',
  command: [],
  envFile: undefined,
  labels: {},
  ports: [],
  mounts: [],
  networks: [],
  networkAlias: 'shop',
  extraHosts: [],
  memory: undefined,
  cpus: undefined,
  user: undefined,
  restart: 'no',
  stopTimeout: undefined,
  health: undefined,
};
const bare = ['create', '--name', 'shop', '--pull', 'never', '--restart', 'no'];

test.each<[name: string, changes: Partial<ContainerSpec>, added: string[]]>([
  [
    'labels',
    { labels: { 'tenantry.app': 'shop', note: 'a b' } },
    ['--label', 'tenantry.app=shop', '--label', 'note=a b'],
  ],
  [
    'environment',
    { envFile: '/home/deploy/.tenantry/shop/1.env' },
    ['--env-file', '/home/deploy/.tenantry/shop/1.env'],
  ],
  [
    'ports',
    { ports: [parsePort('8000:80'), parsePort('[::1]:53:53/udp')] },
    ['--publish', '8000:80/tcp', '--publish', '[::1]:53:53/udp'],
  ],
  [
    'a path',
    { mounts: [parseVolume('/srv/a,b:/media:ro')] },
    ['--mount', 'type=bind,"source=/srv/a,b",target=/media,readonly'],
  ],
  [
    'a volume',
    { mounts: [parseVolume('data:/var/lib/app')] },
    ['--mount', 'type=volume,source=data,target=/var/lib/app'],
  ],
  ['a network', { networks: ['web', 'db'] }, ['--network', 'web', '--network-alias', 'shop']],
  ['the host’s network', { networks: ['host'] }, ['--network', 'host']],
  ['hosts', { extraHosts: [parseExtraHost('db:10.0.0.5')] }, ['--add-host', 'db:10.0.0.5']],
  ['limits', { memory: parseSize('512MiB'), cpus: 1.5 }, ['--memory', '536870912b', '--cpus', '1.5']],
  [
    'what else docker run has',
    {
      options: {
        hostname: 'web-1',
        dns: ['10.0.0.2'],
        logDriver: 'local',
        logOptions: { 'max-size': '10m' },
        capAdd: ['NET_BIND_SERVICE'],
        capDrop: ['ALL'],
        securityOptions: ['no-new-privileges'],
        readOnly: true,
        tmpfs: ['/tmp:size=64m'],
        ulimits: ['nofile=1024:65536'],
        init: true,
        shmSize: 2 ** 28,
      },
    },
    [
      ...['--hostname', 'web-1', '--dns', '10.0.0.2', '--log-driver', 'local', '--log-opt', 'max-size=10m'],
      ...['--cap-add', 'NET_BIND_SERVICE', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
      ...['--read-only', '--tmpfs', '/tmp:size=64m', '--ulimit', 'nofile=1024:65536', '--init'],
      ...['--shm-size', '268435456b'],
    ],
  ],
  [
    'more names on a network',
    { networks: ['web'], options: { networkAliases: ['api'] } },
    ['--network', 'web', '--network-alias', 'shop', '--network-alias', 'api'],
  ],
  [
    'none of them, where nobody shall find it',
    { networks: ['web'], networkAlias: undefined, options: { networkAliases: ['api'] } },
    ['--network', 'web'],
  ],
  ['a user', { user: '1000:1000' }, ['--user', '1000:1000']],
  ['time to stop', { stopTimeout: 10_500 }, ['--stop-timeout', '11']],
  [
    'a health check',
    {
      health: {
        command: 'curl -f localhost',
        interval: 5_000,
        timeout: 2_000,
        retries: 3,
        startPeriod: 10_000,
      },
    },
    [
      ...['--health-cmd', 'curl -f localhost', '--health-interval', '5000ms', '--health-timeout', '2000ms'],
      ...['--health-retries', '3', '--health-start-period', '10000ms'],
    ],
  ],
])('docker create with %s', (_name, changes, added) => {
  expect(createArguments({ ...spec, ...changes })).toEqual([...bare, ...added, spec.image]);
});

test('of an entry point Docker takes the first word, and the others before the arguments', () => {
  const asked = { entrypoint: ['/init', '--verbose'], command: ['serve'] };
  expect(createArguments({ ...spec, ...asked })).toEqual([
    ...bare,
    ...['--entrypoint', '/init', spec.image, '--verbose', 'serve'],
  ]);
});

test('the command comes after the image', () => {
  expect(createArguments({ ...spec, command: ['gunicorn', '--bind', ':8000'] })).toEqual([
    ...bare,
    spec.image,
    ...['gunicorn', '--bind', ':8000'],
  ]);
});

test('every network after the first is connected by itself', () => {
  expect(connectArguments({ ...spec, networks: ['web', 'db', 'cache'] })).toEqual([
    ['network', 'connect', '--alias', 'shop', 'db', 'shop'],
    ['network', 'connect', '--alias', 'shop', 'cache', 'shop'],
  ]);
});

test('options: what is off is as what is not there, and what differs is told', () => {
  expect(optionsOf({ init: false, tmpfs: [], logOptions: {}, hostname: undefined, capAdd: ['ALL'] })).toEqual(
    {
      capAdd: ['ALL'],
    },
  );
  expect(
    optionDifferences(
      { readOnly: true, shmSize: 2 ** 28, ulimits: [parseUlimit('nofile=5')], capDrop: ['B', 'A'] },
      { capDrop: ['A', 'B'], ulimits: ['nofile=5:5'], logOptions: { 'max-size': '1m' }, init: false },
    ),
  ).toEqual(['log-options: max-size=1m → none', 'read-only: none → true', 'shm-size: none → 256 MiB']);
});

describe('texts of the inputs', () => {
  test.each([
    ['8000:80', '8000->80/tcp'],
    ['127.0.0.1:8000:80', '127.0.0.1:8000->80/tcp'],
    ['[::1]:8000:80/udp', '[::1]:8000->80/udp'],
  ])('port %s', (text, shown) => {
    expect(showPort(parsePort(text))).toBe(shown);
  });

  test.each<[read: (text: string) => unknown, text: string, says: RegExp]>([
    [parsePort, '8000', /like 8000:8000/],
    [parsePort, '0:80', /like 8000:8000/],
    [parsePort, '8000:99999', /like 8000:8000/],
    [parsePort, '8000-8010:8000-8010', /like 8000:8000/],
    [parseVolume, '/srv/media', /like \/srv\/media:\/app\/media/],
    [parseVolume, './media:/media', /whole path or the name of a volume/],
    [parseVolume, '/srv/media:media', /whole path/],
    [parseVolume, 'data:/media:z', /whole path/],
    [parseExtraHost, 'db', /like db:10\.0\.0\.5/],
    [parseRestart, 'sometimes', /unless-stopped/],
    [parseSize, '512', /did you mean 512MiB/],
    [parseSize, '512MB', /like 512MiB/],
    [parseUlimit, 'nofile', /like nofile=65536/],
    [parseTmpfs, 'tmp', /like \/run/],
    [parseCapability, 'net', /like NET_BIND_SERVICE/],
    [parseCpus, '0', /like 0\.5/],
    [parseCpus, 'two', /like 0\.5/],
  ])('%p refuses "%s"', (read, text, says) => {
    expect(() => read(text)).toThrow(RangeError);
    expect(() => read(text)).toThrow(says);
  });

  test.each([
    ['512MiB', 536_870_912, '512 MiB'],
    ['1.5GiB', 1_610_612_736, '1.5 GiB'],
    ['64KiB', 65_536, '64 KiB'],
  ])('size %s', (text, bytes, shown) => {
    expect(parseSize(text)).toBe(bytes);
    expect(showSize(bytes)).toBe(shown);
  });
});
