import { expect, test } from '@jest/globals';

import { readinessOf, type ServerFacts } from '../../../src/deployment/server/readiness.ts';
import { host } from '../../diagnosis/seen.ts';
import { survey } from '../survey.ts';

const GiB = 2 ** 30;

function facts(changes: Partial<ServerFacts> = {}): ServerFacts {
  return {
    account: 'deploy',
    platform: 'linux/amd64',
    engine: '27.5.1',
    survey: {
      ...survey,
      missing: [],
      http: 'curl',
      allowed: true,
      closed: { ipv4: false, ipv6: false },
      disk: { folder: '/var/lib/docker', bytes: 20 * GiB, files: 1_000_000 },
      availableMemory: 2 * GiB,
      totalMemory: 4 * GiB,
      listening: [],
    },
    host: host(),
    ...changes,
  };
}

const withSurvey = (changes: Partial<ServerFacts['survey']>) =>
  facts({ survey: { ...facts().survey, ...changes } });

test('a server that has all is good in all', () => {
  expect(readinessOf(facts()).filter(({ state }) => state !== 'good')).toEqual([]);
});

test.each<[what: string, state: string, seen: string, changes: ServerFacts]>([
  ['Docker', 'bad', 'Docker 19.03.15', facts({ engine: '19.03.15' })],
  ['Rights', 'note', 'may not change the packet filter', withSurvey({ allowed: false, isRoot: false })],
  ['Programs', 'note', 'there is no flock and curl', withSurvey({ missing: ['flock'], http: undefined })],
  ['Disk', 'bad', '512 MiB free', withSurvey({ disk: { folder: '/', bytes: GiB / 2, files: 1 } })],
  ['Disk', 'note', '2 GiB free', withSurvey({ disk: { folder: '/', bytes: 2 * GiB, files: 1 } })],
  [
    'Disk',
    'note',
    'cannot be seen',
    withSurvey({ disk: { folder: '/', bytes: undefined, files: undefined } }),
  ],
  [
    'Disk',
    'bad',
    '20 GiB free',
    facts({ host: host({ disk: { folder: '/', freeBytes: 20 * GiB, usedBytes: 0.2, usedFiles: 0.99 } }) }),
  ],
  ['Memory', 'bad', '64 MiB of 4 GiB', withSurvey({ availableMemory: GiB / 16 })],
  ['Memory', 'note', '256 MiB of 4 GiB', withSurvey({ availableMemory: GiB / 4 })],
  [
    'Ports',
    'note',
    '80 has nginx (pid 7)',
    facts({ host: host({ listening: [{ port: 80, program: 'nginx (pid 7)' }] }) }),
  ],
  ['Firewall', 'note', 'lets in over IPv4 only', withSurvey({ closed: { ipv4: true, ipv6: false } })],
  ['Clock', 'bad', '2 h ahead', facts({ host: host({ clockAhead: 7_200_000 }) })],
  ['Clock', 'note', '10 s behind', facts({ host: host({ clockAhead: -10_000 }) })],
])('%s: %s: %s', (what, state, seen, changes) => {
  const found = readinessOf(changes).find((finding) => finding.what === what);
  expect(found?.state).toBe(state);
  expect(found?.seen).toContain(seen);
  expect(found?.next).not.toBe('');
});
