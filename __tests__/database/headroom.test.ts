import { describe, expect, test } from '@jest/globals';

import type { Headroom, Replica } from '../../src/database/headroom.ts';
import { judgeHeadroom } from '../../src/database/headroom-verdict.ts';

const roomy: Headroom = {
  label: 'shop on db.internal:5432',
  standby: false,
  connections: 100,
  used: 10,
  reserved: 3,
  mayTakeReserved: false,
  limits: [],
  replicas: [],
  replicasUnread: undefined,
  idleSlots: [],
};
const role = (limit: number, used: number) => [{ of: 'the role app may have', limit, used }];

describe('connections', () => {
  test.each<[string, Partial<Headroom>, number, number, string | undefined]>([
    ['room for all', {}, 8, 8, undefined],
    ['just room for all', { used: 86 }, 8, 8, undefined],
    [
      'one too few',
      { used: 87 },
      8,
      7,
      '7 tenants at once instead of 8: without 3 reserved ones the server takes 97 connections, 87 are taken, and 3 are left to others',
    ],
    ['hardly any: one at once all the same', { used: 96 }, 8, 1, '1 tenant at once instead of 8: without 3'],
    ['one was all that was asked for', { used: 96 }, 1, 1, undefined],
    [
      'the role has less than the server',
      { limits: role(10, 4) },
      8,
      3,
      '3 tenants at once instead of 8: the role app may have 10 connections, 4 are taken, and 3 are left to others',
    ],
    ['the role has more than the server', { limits: role(90, 4), used: 92 }, 8, 2, 'the server takes 97'],
    [
      'a superuser leaves the reserved ones alone',
      { mayTakeReserved: true, used: 92 },
      8,
      2,
      'without 3 reserved ones the server takes 97 connections',
    ],
    [
      'and takes one when there are no others',
      { mayTakeReserved: true, used: 98 },
      8,
      1,
      'with the reserved ones the server takes 100 connections, 98 are taken',
    ],
  ])('%s', (_, facts, parallel, fitting, notice) => {
    const verdict = judgeHeadroom({ ...roomy, ...facts }, { parallel });
    expect(verdict.refusal).toBeUndefined();
    expect(verdict.parallel).toBe(fitting);
    expect(verdict.notices).toEqual(notice === undefined ? [] : [expect.stringContaining(notice)]);
  });

  test.each<[string, Partial<Headroom>, string]>([
    [
      'the server is full',
      { used: 97 },
      'without 3 reserved ones the server takes 97 connections, 97 are taken',
    ],
    ['the server is more than full', { used: 99 }, '97 connections, 99 are taken'],
    ['full for a superuser, too', { used: 100, mayTakeReserved: true }, '100 connections, 100 are taken'],
    [
      'the role has all it may have',
      { limits: role(1, 1) },
      'the role app may have 1 connection, 1 is taken',
    ],
  ])('%s: refused', (_, facts, observed) => {
    const { refusal } = judgeHeadroom({ ...roomy, ...facts }, { parallel: 4 });
    expect(refusal?.code).toBe('database-too-many-connections');
    expect(refusal?.message).toContain(
      'shop on db.internal:5432 has no connection left for the migration — ',
    );
    expect(refusal?.message).toContain(observed);
  });

  test('a tenant may need two', () => {
    const facts = { ...roomy, limits: role(10, 4) };
    expect(judgeHeadroom(facts, { parallel: 8, connectionsEach: 2 }).parallel).toBe(1);
    const scarce = { ...roomy, limits: role(5, 4) };
    expect(judgeHeadroom(scarce, { parallel: 8 }).refusal).toBeUndefined();
    expect(judgeHeadroom(scarce, { parallel: 8, connectionsEach: 2 }).refusal?.code).toBe(
      'database-too-many-connections',
    );
  });
});

describe('replicas', () => {
  const mebibyte = 2 ** 20;
  const minute = 60_000;
  const replica = (
    bytes: number | null,
    milliseconds: number | null,
    kind: Replica['kind'] = 'physical',
  ): Replica => ({ name: 'standby-1 at 10.0.0.7', kind, bytes, milliseconds });
  const judge = (found: Replica, more = {}) =>
    judgeHeadroom({ ...roomy, replicas: [found] }, { parallel: 4, ...more });

  test.each<[string, Replica, string | undefined]>([
    ['nothing behind', replica(0, 0), undefined],
    ['hardly behind', replica(90 * mebibyte, 20_000), undefined],
    ['some way behind', replica(200 * mebibyte, null), 'the replica standby-1 at 10.0.0.7 is 200 MiB behind'],
    ['old, though little', replica(1024, 2 * minute), 'is 1 KiB and 2 min behind'],
    ['just not too much', replica(1024 * mebibyte, 5 * minute), 'is 1 GiB and 5 min behind'],
    ['a subscriber far behind', replica(9 * 1024 * mebibyte, null, 'logical'), 'is 9 GiB behind'],
    [
      'not to be seen',
      replica(null, null),
      'whether 1 replica of shop on db.internal:5432 keeps up cannot be seen',
    ],
  ])('%s: %p', (_, found, notice) => {
    const { parallel, notices, refusal } = judge(found);
    expect([parallel, refusal]).toEqual([4, undefined]);
    expect(notices).toEqual(notice === undefined ? [] : [expect.stringContaining(notice)]);
  });

  test.each<[string, Replica]>([
    ['is 1.3 GiB behind', replica(1_331 * mebibyte, null)],
    ['is 12 KiB and 5 min 1 s behind', replica(12 * 1024, 301_000)],
  ])('%s: refused', (observed, found) => {
    const { refusal, notices } = judge(found);
    expect(refusal?.code).toBe('replica-behind');
    expect(refusal?.message).toBe(
      `1 replica of shop on db.internal:5432 is further behind than 1 GiB or 5 min — standby-1 at 10.0.0.7 ${observed}`,
    );
    expect(notices).toEqual([]);
  });

  test('one that is behind on purpose is left alone', () => {
    const found = replica(null, 60 * minute);
    const delayed = { names: ['standby-1'], input: 'delayed-replicas' };
    expect(judge(found, { delayed })).toMatchObject({ refusal: undefined });
    expect(judge(found, { delayed: { ...delayed, names: ['standby'] } }).refusal?.hint).toContain(
      'one that is behind on purpose is named in delayed-replicas',
    );
    expect(judge(found).refusal?.hint).not.toContain('on purpose');
  });
});

test('a standby takes no changes, whatever else is wrong', () => {
  const { refusal } = judgeHeadroom({ ...roomy, standby: true, used: 99 }, { parallel: 4 });
  expect(refusal?.code).toBe('database-read-only');
});

test.each<[number, string | undefined]>([
  [50 * 2 ** 20, undefined],
  [3 * 2 ** 30, 'nobody reads the replication slot old_standby: 3 GiB are kept for it'],
])('a slot without a reader, %d bytes behind: %s', (bytes, notice) => {
  const verdict = judgeHeadroom({ ...roomy, idleSlots: [{ name: 'old_standby', bytes }] }, { parallel: 4 });
  expect(verdict.notices).toEqual(notice === undefined ? [] : [expect.stringContaining(notice)]);
  expect(verdict).toMatchObject({ parallel: 4, refusal: undefined });
});
