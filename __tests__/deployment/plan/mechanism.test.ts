import { describe, expect, test } from '@jest/globals';

import { chooseMechanism } from '../../../src/deployment/plan/mechanism.ts';
import type { Asked } from '../../../src/deployment/request/asked.ts';
import type { Survey } from '../../../src/deployment/server/survey.ts';
import { parsePort, parseVolume } from '../../../src/docker/container-spec.ts';
import { UserError } from '../../../src/ground/errors.ts';
import { container } from '../container.ts';
import { survey } from '../survey.ts';

const current = container({ ports: [parsePort('80:8000')] });
const asked: Asked = {
  strategy: 'auto',
  sharedVolumes: false,
  ports: [parsePort('80:8000')],
  mounts: [],
  networks: [],
  container: 'shop',
  hasProbe: true,
};
const media = parseVolume('/srv/media:/media');
const gib = 2 ** 30;

test('a published port, the right to change the packet filter, room for two: bridge', () => {
  expect(chooseMechanism(asked, survey, current)).toEqual({
    mechanism: 'bridge',
    obstacle: undefined,
    leftOut: [],
    move: undefined,
    seen: [],
  });
});

describe('with a gap, and the plan says why and what would allow more', () => {
  test.each<[why: string, asked: Partial<Asked>, survey: Partial<Survey>, says: RegExp]>([
    ['a writable volume', { mounts: [media] }, {}, /write to \/srv\/media .*"shared-volumes: true"/],
    ['memory', {}, { usedMemory: gib, availableMemory: gib }, /holds 1 GiB, and 1 GiB .*"strategy: bridge"/],
    ['no right', {}, { allowed: false, filter: undefined }, /may not change the packet filter.*sudo -n/],
    ['no rules of Docker', {}, { filter: undefined }, /neither in iptables nor in nftables/],
    ['no userland proxy', {}, { proxies: [] }, /without its userland proxy/],
    ['no port', { ports: [] }, {}, /publishes no port/],
    ['a UDP port', { ports: [parsePort('53:53/udp'), parsePort('80:80')] }, {}, /UDP/],
    ['nothing to ask with', {}, { http: undefined }, /lacks curl/],
    ['no flock', {}, { missing: ['flock'] }, /lacks flock/],
  ])('%s', (_why, asks, has, says) => {
    const choice = chooseMechanism({ ...asked, ...asks }, { ...survey, ...has }, current);
    expect(choice.mechanism).toBe('recreate');
    expect(choice.obstacle).toMatch(says);
    expect(() => chooseMechanism({ ...asked, ...asks, strategy: 'recreate' }, survey, current)).not.toThrow();
  });
});

test.each<[why: string, asked: Partial<Asked>, survey: Partial<Survey>]>([
  ['a volume that may be shared', { mounts: [media], sharedVolumes: true }, {}],
  ['a volume that is only read', { mounts: [parseVolume('/srv/media:/media:ro')] }, {}],
  ['little memory, but asked for', { strategy: 'bridge' }, { usedMemory: gib, availableMemory: gib }],
  ['no health address, and nothing to ask with', { hasProbe: false }, { http: undefined }],
])('bridge all the same: %s', (_why, asks, has) => {
  expect(chooseMechanism({ ...asked, ...asks }, { ...survey, ...has }, current).mechanism).toBe('bridge');
});

test('asked for and impossible: refused before anything is touched', () => {
  const choose = () =>
    chooseMechanism({ ...asked, strategy: 'bridge' }, { ...survey, allowed: false }, current);
  expect(choose).toThrow(UserError);
  expect(choose).toThrow('shop cannot be deployed by bridge — this account may not change the packet filter');
});

test.each([
  ['nothing runs yet', undefined],
  ['the old one is stopped', container({ state: { ...current.state, status: 'exited' } })],
])('%s: no gap to avoid', (_why, found) => {
  expect(chooseMechanism({ ...asked, strategy: 'bridge' }, { ...survey, allowed: false }, found)).toEqual({
    mechanism: 'recreate',
    obstacle: undefined,
    leftOut: [],
    move: undefined,
    seen: [],
  });
});

test('who is not redirected is said before', () => {
  const choice = chooseMechanism(
    { ...asked, networks: ['shop-net'] },
    { ...survey, filter6: undefined },
    current,
  );
  expect(choice.leftOut).toEqual([
    expect.stringContaining('containers on shop-net that call it by the name shop'),
    expect.stringContaining('IPv6'),
  ]);
  const behind = chooseMechanism(asked, { ...survey, closed: { ipv4: true, ipv6: true } }, current);
  expect(behind).toMatchObject({ mechanism: 'bridge' });
  expect(behind.leftOut).toEqual([
    expect.stringMatching(/^clients that come over IPv6: the firewall/),
    expect.stringMatching(/^containers of the same network .*: the firewall/),
  ]);
});
