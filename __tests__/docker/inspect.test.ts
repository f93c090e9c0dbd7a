import { expect, test } from '@jest/globals';

import { readLog } from '../../src/diagnosis/container-log.ts';
import { readContainer, readImage } from '../../src/docker/inspect.ts';

/** A container as `docker container inspect` shows it; Go writes empty lists and maps as null. */
const shop = {
  Id: 'ab12',
  Name: '/shop',
  Image: 'sha256:cafe',
  Config: { Image: 'shop@sha256:3f', Labels: null, Env: ['A=1', 'EMPTY=', 'PATH=/bin'], Cmd: null, User: '' },
  State: {
    Status: 'running',
    ExitCode: 0,
    Error: '',
    OOMKilled: false,
    StartedAt: '2026-01-02T03:04:05.123456789Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  },
  HostConfig: {
    PortBindings: {
      '8000/tcp': [
        { HostIp: '', HostPort: '8000' },
        { HostIp: '127.0.0.1', HostPort: '9000' },
      ],
      '53/udp': null,
    },
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    Memory: 536_870_912,
    NanoCpus: 1_500_000_000,
  },
  Mounts: [
    { Type: 'bind', Source: '/srv/media', Destination: '/media', RW: true },
    {
      Type: 'volume',
      Name: 'data',
      Source: '/var/lib/docker/volumes/data/_data',
      Destination: '/data',
      RW: false,
    },
    { Type: 'tmpfs', Source: '', Destination: '/tmp', RW: true },
  ],
  NetworkSettings: { Networks: { web: {}, db: {} } },
};

test('a container', () => {
  const read = readContainer(JSON.stringify([shop]));
  expect(['1', ''].map((value) => read.hasVariable('A', value))).toEqual([true, false]);
  expect(JSON.stringify(read)).not.toContain('A=1');
  expect(read).toEqual({
    id: 'ab12',
    autoRemove: false,
    beyondUs: [],
    options: {},
    entrypoint: [],
    healthCheck: undefined,
    healthTest: [],
    name: 'shop',
    imageId: 'sha256:cafe',
    image: 'shop@sha256:3f',
    labels: {},
    environmentKeys: ['A', 'EMPTY', 'PATH'],
    hasVariable: read.hasVariable,
    command: [],
    user: '',
    state: {
      status: 'running',
      exitCode: 0,
      error: '',
      outOfMemory: false,
      startedAt: new Date('2026-01-02T03:04:05.123Z'),
      finishedAt: new Date('0001-01-01T00:00:00Z'),
      health: undefined,
    },
    ports: [
      { address: undefined, hostPort: 8000, containerPort: 8000, protocol: 'tcp' },
      { address: '127.0.0.1', hostPort: 9000, containerPort: 8000, protocol: 'tcp' },
    ],
    mounts: [
      { type: 'bind', source: '/srv/media', target: '/media', readOnly: false },
      { type: 'volume', source: 'data', target: '/data', readOnly: true },
    ],
    networks: ['web', 'db'],
    restart: 'on-failure:3',
    extraHosts: [],
    memory: 536_870_912,
    cpus: 1.5,
  });
});

test.each([
  [
    { Status: 'healthy', Log: [{ Output: 'bad\n' }, { Output: 'good\n' }] },
    { status: 'healthy', output: 'good' },
  ],
  [
    { Status: 'starting', Log: null },
    { status: 'starting', output: '' },
  ],
  [{ Status: 'none' }, undefined],
  [null, undefined],
])('the health %j', (Health, expected) => {
  const container = readContainer(JSON.stringify([{ ...shop, State: { ...shop.State, Health } }]));
  expect(container.state.health).toEqual(expected);
});

test.each([
  [{ Test: ['CMD-SHELL', 'up'] }, { interval: 30_000, timeout: 30_000, retries: 3, startPeriod: 0 }],
  [
    { Test: ['CMD-SHELL', 'up'], Interval: 1e9, Timeout: 2e9, Retries: 4, StartPeriod: 5e9 },
    { interval: 1_000, timeout: 2_000, retries: 4, startPeriod: 5_000 },
  ],
  [{ Test: ['CMD', 'up'] }, undefined],
  [{ Test: ['NONE'] }, undefined],
  [null, undefined],
])('the health check %j', (Healthcheck, expected) => {
  const config = { ...shop.Config, Healthcheck, Entrypoint: ['/init', '-v'] };
  const container = readContainer(JSON.stringify([{ ...shop, Config: config }]));
  expect(container.healthCheck).toEqual(expected && { command: 'up', ...expected });
  expect(container.healthTest).toEqual(Healthcheck?.Test ?? []);
  expect(container.entrypoint).toEqual(['/init', '-v']);
});

test('an image', () => {
  const json = [
    {
      Id: 'sha256:cafe',
      RepoDigests: null,
      Os: 'linux',
      Architecture: 'arm64',
      Config: { Env: ['A=1'], Healthcheck: { Test: ['CMD', 'true'] } },
    },
  ];
  expect(readImage(JSON.stringify(json))).toEqual({
    id: 'sha256:cafe',
    repoDigests: [],
    os: 'linux',
    architecture: 'arm64',
    environmentKeys: ['A'],
    entrypoint: [],
    command: [],
    hasHealthCheck: true,
    healthTest: ['CMD', 'true'],
  });
});

test.each(['', 'no JSON', '[]', '[{}]', '{"Id":"x"}'])('what is no inspection is refused: %s', (json) => {
  expect(() => readContainer(json)).toThrow('docker container inspect cannot be understood');
  expect(() => readImage(json)).toThrow('docker image inspect cannot be understood');
});

test.each([
  [
    '2026-01-02T03:04:05.100000000Z starting\n2026-01-02T03:04:05.300000000Z closing\n',
    '2026-01-02T03:04:05.200000000Z Traceback\n2026-01-02T03:04:05.250000000Z KeyError: SECRET\n',
    'starting\nTraceback\nKeyError: SECRET\nclosing',
    'KeyError: SECRET',
  ],
  ['2026-01-02T03:04:05.100000000Z only out\n2026-01-02T03:04:05.2Z \n', '', 'only out\n', 'only out'],
  ['', '', '', ''],
])('both streams of a log in the order of time', (stdout, stderr, text, lastLine) => {
  expect(readLog(stdout, stderr)).toEqual({ text, lastLine });
});
