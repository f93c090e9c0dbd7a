import { expect, test } from '@jest/globals';

import {
  type CanaryHosts,
  complaintAboutHosts,
  parseCanaryHosts,
  planWaves,
  showWaves,
} from '../../../src/deployment/request/waves.ts';

const five = ['a', 'b', 'c', 'd', 'e'];

test.each<[hosts: string[], canaryHosts: CanaryHosts, maxParallel: number, order: string]>([
  [['a'], 1, 1, 'a as the canary'],
  [['a'], 0, 3, 'a'],
  [five, 1, 1, 'a as the canary, then b, then c, then d, then e'],
  [five, 1, 2, 'a as the canary, then b and c, then d and e'],
  [five, 0, 3, 'a, b and c, then d and e'],
  [five, 3, 2, 'a and b as canaries, then c as the canary, then d and e'],
  [five, 9, 9, 'a, b, c, d and e as canaries'],
  [five, ['d'], 4, 'd as the canary, then a, b, c and e'],
  [five, ['d', 'b'], 2, 'b and d as canaries, then a and c, then e'],
  [[...five, 'f', 'g'], ['g'], 9, 'g as the canary, then 6 servers'],
])('%j, canary-hosts %j, max-parallel %i: %s', (hosts, canaryHosts, maxParallel, order) => {
  const waves = planWaves(hosts, { canaryHosts, maxParallel });
  expect(showWaves(waves)).toBe(order);
  expect(waves.flatMap((wave) => wave.hosts).sort()).toEqual([...hosts].sort());
});

test.each<[text: string, CanaryHosts]>([
  ['2', 2],
  ['0', 0],
  [' web-1 \n\nweb-2', ['web-1', 'web-2']],
  ['10.0.0.1', ['10.0.0.1']],
  ['1\n2', ['1', '2']],
])('canary-hosts %j is %j', (text, read) => {
  expect(parseCanaryHosts(text)).toEqual(read);
});

test.each(['-1', '1.5', '10%', '99999'])('canary-hosts %j is refused', (text) => {
  expect(() => parseCanaryHosts(text)).toThrow('neither a whole number');
});

test.each<[hosts: string[], canaryHosts: CanaryHosts, complaint: string | undefined]>([
  [['a', 'b'], 1, undefined],
  [['a', 'b'], ['b'], undefined],
  [['a', 'b', 'a'], 1, 'host: a is given more than once'],
  [['a', 'b'], ['c', 'd'], 'canary-hosts: c and d is none of the servers in host (a and b)'],
])('hosts %j, canary-hosts %j: %s', (hosts, canaryHosts, complaint) => {
  expect(complaintAboutHosts(hosts, canaryHosts)).toBe(complaint);
});
