import { describe, expect, test } from '@jest/globals';
import { refuseImpossible } from '../../../src/deployment/preflight/impossible.ts';
import { readHealthUrl } from '../../../src/deployment/request/health-probe.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { type Listener, listeningOf } from '../../../src/deployment/server/listeners.ts';
import { parsePort } from '../../../src/docker/container-spec.ts';
import { UserError } from '../../../src/ground/errors.ts';
import { container } from '../container.ts';

const gib = 2 ** 30;

interface Case {
  readonly asked?: Partial<DeployRequest>;
  readonly listening?: readonly Listener[];
  /** Ports that the container of before publishes. */
  readonly before?: readonly string[];
  /** Ports of other containers. */
  readonly others?: readonly number[];
  readonly host?: string;
}

/** The code and sentence of the refusal; undefined when there is none. */
async function refusal({
  asked = {},
  listening = [],
  before = [],
  others = [],
  host = 'web-1',
}: Case): Promise<string | undefined> {
  const request = { container: 'shop', ports: [parsePort('8000:8000')], networks: [], ...asked } as unknown;
  const current = container({ ports: before.map(parsePort) });
  const survey = { totalMemory: 4 * gib, processors: 2, listening, proxies: [] };
  const docker = { publishersOf: async (port: number) => (others.includes(port) ? ['traefik'] : []) };
  try {
    await refuseImpossible({ host, request: request as DeployRequest, docker }, { current }, survey);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const on = (address: string, port: number): Listener => ({ address, port });

describe('refused before anything is touched', () => {
  test.each<[name: string, Case, says: RegExp]>([
    ['memory', { asked: { memory: 64 * gib } }, /^limit-impossible: .*64 GiB of memory on web-1 — .* 4 GiB$/],
    ['CPUs', { asked: { cpus: 2.5 } }, /^limit-impossible: .*2\.5 CPUs on web-1 — .* 2 processors$/],
    [
      'a port of a program',
      { listening: [on('0.0.0.0', 8000)] },
      /^port-taken: .*port 8000 of web-1 .*0\.0\.0\.0/,
    ],
    ['on one address', { listening: [on('127.0.0.1', 8000)] }, /^port-taken: .*127\.0\.0\.1/],
    [
      'a health port that nobody has',
      { asked: { healthUrl: 'http://{host}:9000/health' } },
      /^health-url-impossible: .*http:\/\/web-1:9000\/health .*does not publish port 9000 \(but 8000\)/,
    ],
    ['the usual port', { asked: { healthUrl: 'https://web-1/' } }, /does not publish port 443/],
    [
      'a health port of the old one only',
      {
        asked: { healthUrl: 'http://{host}:9000/' },
        before: ['9000:8000'],
        listening: [on('0.0.0.0', 9000)],
      },
      /does not publish port 9000/,
    ],
    [
      'a health port that is published for the server itself',
      { asked: { healthUrl: 'http://{host}:8000/', ports: [parsePort('127.0.0.1:8000:8000')] } },
      /gets port 8000 of 127\.0\.0\.1 only/,
    ],
  ])('%s', async (_name, situation, says) => {
    expect(await refusal(situation)).toMatch(says);
  });
});

describe('not refused', () => {
  test.each<[name: string, Case]>([
    ['what fits', { asked: { memory: 4 * gib, cpus: 2, healthUrl: 'http://{host}:8000/' } }],
    ['a port that its own container has', { listening: [on('0.0.0.0', 8000)], before: ['8000:8000'] }],
    [
      'the same port of another address',
      { asked: { ports: [parsePort('10.0.0.1:8000:8000')] }, listening: [on('127.0.0.1', 8000)] },
    ],
    ['a UDP port', { asked: { ports: [parsePort('8000:8000/udp')] }, listening: [on('0.0.0.0', 8000)] }],
    ['a proxy before it', { asked: { healthUrl: 'http://{host}/' }, listening: [on('0.0.0.0', 80)] }],
    ['a proxy in a container', { asked: { healthUrl: 'http://{host}/' }, others: [80] }],
    [
      'a port for the server itself, where the server is this machine',
      {
        host: '127.0.0.1',
        asked: { healthUrl: 'http://{host}:8000/', ports: [parsePort('127.0.0.1:8000:8000')] },
      },
    ],
    ['another name', { asked: { healthUrl: 'https://shop.example.com/' } }],
    ['the network of the server', { asked: { healthUrl: 'http://{host}:9000/', networks: ['host'] } }],
  ])('%s', async (_name, situation) => {
    expect(await refusal(situation)).toBeUndefined();
  });
});

test('what listens, as the kernel lists it', () => {
  const lines = [
    '00000000:0016',
    '0100007F:1F90',
    '00000000000000000000000000000000:0050',
    '00000000000000000000000001000000:0051',
    '0000000000000000FFFF00000100007F:0052',
    'B80D0120000000000000000001000000:0053',
    'nonsense',
  ];
  expect(listeningOf(lines)).toEqual([
    on('0.0.0.0', 22),
    on('127.0.0.1', 8080),
    on('0.0.0.0', 80),
    on('::1', 81),
    on('127.0.0.1', 82),
    on('2001:db8::1', 83),
  ]);
});

test.each([
  'http://{host}:8000/health/',
  'https://{host}',
  'http://{host}?x',
  'http://[::1]:8000/',
  'http://a:80',
])('a health address like %s', (written) => {
  expect(readHealthUrl(` ${written} `)).toBe(written);
});

test.each([
  ['{host}:8000/health', /not an http/],
  ['ftp://{host}/', /not an http/],
  ['http:///health', /not an http/],
  ['http://{host}health', /no \/ before its path/],
  ['http://{host}:8000health', /no \/ before its path/],
  ['http://web-1:8000health', /no \/ before its path/],
  ['http://web 1/', /is no address/],
  ['http://{host}:99999/', /is no address/],
])('%s is refused', (written, says) => {
  expect(() => readHealthUrl(written)).toThrow(says);
});
