import { expect, test } from '@jest/globals';

import { type Room, roomChanges, roomOf } from '../../../src/deployment/releases/room.ts';

const mib = 2 ** 20;
const then = { memory: 2_000 * mib, totalMemory: 4_096 * mib, disk: 40_000 * mib };

test.each<{ now: Partial<Room>; told: unknown[]; why: string }>`
  now                               | told                                                                                           | why
  ${{}}                             | ${[]}                                                                                          | ${'nothing is different'}
  ${{ memory: 1_100 * mib }}        | ${[]}                                                                                          | ${'a server breathes'}
  ${{ memory: 300 * mib }}          | ${['free memory of the server: 2 GiB → 300 MiB']}                                              | ${'less than half is told'}
  ${{ totalMemory: 4_080 * mib }}   | ${[]}                                                                                          | ${'another kernel'}
  ${{ totalMemory: 2_048 * mib }}   | ${['memory of the server: 4 GiB → 2 GiB']}                                                     | ${'another machine'}
  ${{ disk: 900 * mib }}            | ${["free disk of the server, where Docker's images are: 39.1 GiB → 900 MiB"]}                  | ${'it fills up'}
  ${{ disk: undefined }}            | ${[]}                                                                                          | ${'what is not known is not told'}
  ${{ memory: mib, disk: 9 * mib }} | ${['free memory of the server: 2 GiB → 1 MiB', expect.stringContaining('disk of the server')]} | ${'both'}
`('$why', ({ now, told }) => {
  expect(roomChanges(then, { ...then, ...now })).toEqual(told);
});

test('a record of an earlier version has none', () => {
  expect(roomChanges(undefined, then)).toEqual([]);
});

test('what the application itself holds counts as free: it is there for the next one', () => {
  const disk = { folder: '/var/lib/docker', bytes: 7, files: undefined };
  expect(roomOf({ availableMemory: 100, usedMemory: 20, totalMemory: 500, disk })).toEqual({
    memory: 120,
    totalMemory: 500,
    disk: 7,
  });
  expect(
    roomOf({ availableMemory: undefined, usedMemory: 20, totalMemory: 500, disk }).memory,
  ).toBeUndefined();
});
