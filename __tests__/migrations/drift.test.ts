import { describe, expect, test } from '@jest/globals';

import { driftGroups, driftLines, driftOf, driftSentence } from '../../src/migrations/drift.ts';
import { discovered, group, tenant } from './discovered.ts';
import { structures } from './tables-in-words.ts';

const names = ['t1', 't2', 't3', 't4', 't5', 't6'];
const old = { orders: 'id / orders_ix' };
const newer = { orders: 'id total / orders_ix total_ix' };

/** Tenants t1 to t6, the first of which are at head, the rest behind by a migration. */
function fleet(atHead: number) {
  return discovered({
    tenants: ['public', ...names].map(tenant),
    groups: [
      group(['public', ...names.slice(0, atHead)]),
      group(names.slice(atHead), { pending: ['orders.0002_total'] }),
    ],
  });
}

const each = (tables: Record<string, string>, changes: Record<string, Record<string, string>> = {}) =>
  structures({ ...Object.fromEntries(names.map((name) => [name, tables])), ...changes });

test('all are equal', () => {
  const drift = driftOf(fleet(6), each(newer));
  expect(drift).toEqual([{ tenantType: null, equal: names, others: [] }]);
  expect(driftGroups(drift)).toBe(1);
  expect(driftSentence(drift)).toBeUndefined();
});

test('the largest group is the norm; the others are told as what they have otherwise', () => {
  const drift = driftOf(
    fleet(6),
    each(newer, {
      t2: { orders: 'id total / orders_ix' },
      t5: { orders: 'id total / orders_ix' },
      t6: { orders: 'id / orders_ix! extra' },
    }),
  );
  expect(driftGroups(drift)).toBe(3);
  expect(driftSentence(drift, ' (since before this run)')).toBe(
    '3 tenants equal; 3 differ: t2 and t5 lack index total_ix (since before this run); t6: orders lacks column total and 3 more differences (since before this run)',
  );
  expect(driftLines(drift)).toEqual([
    't2 and t5:',
    '  orders lacks index total_ix',
    't6:',
    '  orders lacks column total',
    '  orders has an index that others do not have: extra',
    '  index orders_ix is invalid',
    '  orders lacks index total_ix',
  ]);
});

test('more groups than a sentence takes are counted', () => {
  const drift = driftOf(
    fleet(6),
    each(newer, { t1: { a: '' }, t2: { b: '' }, t3: { c: '' }, t4: { d: '' } }),
  );
  expect(driftSentence(drift)).toMatch(/^2 tenants equal; 4 differ: .*; and 1 more$/);
});

test('tenants with pending migrations have to differ, and are not compared', () => {
  const drift = driftOf(fleet(4), each(newer, { t5: old, t6: old }));
  expect(drift).toEqual([{ tenantType: null, equal: names.slice(0, 4), others: [] }]);
});

test('no tenants, no drift', () => {
  expect(driftOf(discovered({ tenants: [] }), [])).toEqual([]);
});

describe('what the run has made', () => {
  const byThisRun = (
    before: ReturnType<typeof each>,
    after: ReturnType<typeof each>,
    { behind = 3, migrated = names.slice(behind) } = {},
  ) =>
    driftOf(fleet(6), after, {
      fleet: fleet(behind),
      structures: before,
      migrated: new Set(migrated),
    }).flatMap(({ others }) => others.flatMap((one) => one.byThisRun));

  const before = each(newer, { t4: old, t5: old, t6: old });

  test('a tenant that came out otherwise than the others', () => {
    expect(byThisRun(before, each(newer, { t5: { orders: 'id total / orders_ix' } }))).toEqual(['t5']);
  });

  test('a tenant that lacked something before still lacks it', () => {
    const drifted = { orders: 'id' };
    expect(
      byThisRun(
        each(newer, { t4: old, t5: drifted, t6: old }),
        each(newer, { t5: { orders: 'id total / total_ix' } }),
      ),
    ).toEqual([]);
  });

  test('a tenant that was different has otherwise what the migration made new in the others', () => {
    const invalid = { orders: 'id / orders_ix total_ix!' };
    expect(
      byThisRun(
        each(newer, { t4: old, t5: invalid, t6: old }),
        each(newer, { t5: { orders: 'id total / orders_ix total_ix!' } }),
      ),
    ).toEqual(['t5']);
    expect(
      byThisRun(
        each(newer, { t4: old, t5: { orders: 'id legacy' }, t6: old }),
        each(newer, { t5: { orders: 'id legacy total' } }),
      ),
    ).toEqual(['t5']);
  });

  test('a tenant that was different and has what the migration made like the others', () => {
    expect(
      byThisRun(
        each(newer, { t4: old, t5: { orders: 'id legacy' }, t6: old }),
        each(newer, { t5: { orders: 'id legacy total / total_ix' } }),
      ),
    ).toEqual([]);
  });

  test('a tenant that was not migrated changed by other hands', () => {
    expect(byThisRun(before, each(newer, { t1: { orders: 'id total / orders_ix' } }))).toEqual([]);
  });

  test('all migrated ones lack what they lacked before: they had it in common', () => {
    const drifted = { orders: 'id' };
    const after = { orders: 'id total / total_ix' };
    expect(
      byThisRun(each(newer, { t4: drifted, t5: drifted }), each(newer, { t4: after, t5: after }), {
        behind: 3,
        migrated: ['t4', 't5'],
      }),
    ).toEqual([]);
  });

  test('all migrated ones came out with something that none had before', () => {
    const after = { orders: 'id total surprise / orders_ix total_ix' };
    expect(
      byThisRun(each(newer, { t5: old, t6: old }), each(newer, { t5: after, t6: after }), {
        behind: 4,
        migrated: ['t5', 't6'],
      }),
    ).toEqual(['t5', 't6']);
  });

  test('everybody was migrated and one came out otherwise', () => {
    expect(
      byThisRun(each(old), each(newer, { t3: { orders: 'id total / orders_ix' } }), { behind: 0 }),
    ).toEqual(['t3']);
  });
});
