import { describe, expect, test } from '@jest/globals';

import type { Structure, StructureTable } from '../../src/database/structure.ts';
import type { Discovery } from '../../src/django/discovery.ts';
import { type Condition, conditionOf } from '../../src/migrations/condition.ts';
import { discovered, group } from './discovered.ts';
import { structureOf } from './structures.ts';

const kind = discovered().kinds[1] as Discovery['kinds'][number];
const named = { kind: 'tenant', tenantType: null } as const;

/** orders.0002_total adds a column and an index to orders_order. */
const before = { orders_line: ['id', 'order_id'], orders_order: ['id'] };
const after = { orders_line: ['id', 'order_id'], orders_order: ['id', 'total'] };
const pending = group(['acme'], {
  pending: ['orders.0002_total'],
  expects: [{ ...named, columns: before, named: {} }],
  afterNext: {
    migration: 'orders.0002_total',
    expects: [{ ...named, columns: after, named: { orders_order: ['orders_total_ix'] } }],
  },
});
const atHead = group(['acme']);

function withIndex(structure: Structure, table: string, name: string, valid = true): Structure {
  const found = structure.tables.get(table) as StructureTable;
  const indexes = [...found.indexes, { name, definition: '', valid }];
  return { ...structure, tables: new Map(structure.tables).set(table, { ...found, indexes }) };
}

describe('at head', () => {
  test.each<{ tables: Record<string, string[]>; condition: Condition }>`
    what                       | tables                               | condition
    ${'everything is there'}   | ${after}                             | ${{ state: 'clean' }}
    ${'more than is expected'} | ${{ ...after, own: ['id'] }}         | ${{ state: 'clean' }}
    ${'a table is missing'}    | ${{ orders_order: ['id', 'total'] }} | ${{ state: 'tables-missing', tables: ['orders_line'], columns: [], inShared: [] }}
    ${'a column is missing'}   | ${before}                            | ${{ state: 'tables-missing', tables: [], columns: ['orders_order.total'], inShared: [] }}
    ${'all of it is missing'}  | ${{}}                                | ${{ state: 'tables-missing', tables: ['orders_line', 'orders_order'], columns: [], inShared: [] }}
  `('$what', ({ tables, condition }) => {
    expect(conditionOf(atHead, kind, { structure: structureOf(tables) })).toEqual(condition);
  });

  test('a missing table that the shared schema has: statements would fall through to it', () => {
    const observed = { structure: structureOf({}), shared: structureOf({ orders_line: ['id'] }) };
    expect(conditionOf(atHead, kind, observed)).toMatchObject({ inShared: ['orders_line'] });
  });
});

describe('with a migration pending', () => {
  test('as its ledger says', () => {
    expect(conditionOf(pending, kind, { structure: structureOf(before) })).toEqual({ state: 'clean' });
  });

  test('all that the migration makes is there', () => {
    const structure = withIndex(structureOf(after), 'orders_order', 'orders_total_ix');
    expect(conditionOf(pending, kind, { structure })).toEqual({
      state: 'applied-unrecorded',
      migration: 'orders.0002_total',
    });
  });

  test('some of it is there', () => {
    expect(conditionOf(pending, kind, { structure: structureOf(after) })).toEqual({
      state: 'half-applied',
      migration: 'orders.0002_total',
      done: ['column orders_order.total'],
      open: ['no index or constraint orders_total_ix'],
      invalid: [],
    });
  });

  test('an index that was begun concurrently and is invalid is not applied', () => {
    const structure = withIndex(structureOf(after), 'orders_order', 'orders_total_ix', false);
    expect(conditionOf(pending, kind, { structure })).toEqual({
      state: 'half-applied',
      migration: 'orders.0002_total',
      done: ['column orders_order.total', 'invalid index orders_total_ix'],
      open: [],
      invalid: ['orders_total_ix'],
    });
  });

  test('an index that SQL of the project began, in a migration without a transaction', () => {
    const unknown = { ...pending, afterNext: null };
    const structure = withIndex(structureOf(before), 'orders_order', 'orders_once', false);
    expect(conditionOf(unknown, kind, { structure, nextIsUnatomic: true })).toEqual({
      state: 'half-applied',
      migration: 'orders.0002_total',
      done: ['invalid index orders_once'],
      open: [],
      invalid: ['orders_once'],
    });
    expect(conditionOf(unknown, kind, { structure })).toEqual({ state: 'clean' });
    expect(conditionOf(atHead, kind, { structure: structureOf(after), nextIsUnatomic: true })).toEqual({
      state: 'clean',
    });
  });

  test('a column that should be there already is missing: more than the migration is wrong', () => {
    const structure = structureOf({ ...before, orders_line: ['id'] });
    expect(conditionOf(pending, kind, { structure })).toMatchObject({
      state: 'tables-missing',
      columns: ['orders_line.order_id'],
    });
  });

  test('a migration that takes a table away: the table gone is its doing, not damage', () => {
    const removing = {
      ...pending,
      afterNext: {
        migration: 'orders.0003_no_lines',
        expects: [{ ...named, columns: { orders_order: ['id'] }, named: {} }],
      },
    };
    expect(conditionOf(removing, kind, { structure: structureOf({ orders_order: ['id'] }) })).toEqual({
      state: 'applied-unrecorded',
      migration: 'orders.0003_no_lines',
    });
    expect(conditionOf(removing, kind, { structure: structureOf(before) })).toEqual({ state: 'clean' });
  });

  test('a new table without all of its columns', () => {
    const adding = {
      ...pending,
      expects: [{ ...named, columns: {}, named: {} }],
      afterNext: {
        migration: 'orders.0001_initial',
        expects: [
          { ...named, columns: { orders_line: ['id', 'order_id'], orders_order: ['id'] }, named: {} },
        ],
      },
    };
    expect(conditionOf(adding, kind, { structure: structureOf({ orders_line: ['id'] }) })).toEqual({
      state: 'half-applied',
      migration: 'orders.0001_initial',
      done: ['table orders_line'],
      open: ['no column orders_line.order_id', 'no table orders_order'],
      invalid: [],
    });
  });

  test('a migration that only running it would tell about, or that changes nothing to see: clean', () => {
    const unknown = { ...pending, afterNext: null };
    expect(conditionOf(unknown, kind, { structure: structureOf(after) })).toEqual({ state: 'clean' });
    const otherKind = { ...kind, tenantType: 'farm' };
    expect(conditionOf(pending, otherKind, { structure: structureOf({}) })).toEqual({ state: 'clean' });
    const rowOnly = { ...pending, afterNext: { migration: 'customers.0002', expects: pending.expects } };
    expect(conditionOf(rowOnly, kind, { structure: structureOf(after) })).toEqual({ state: 'clean' });
  });
});

test('tables without a ledger: Django would make them again', () => {
  const without = group(['acme'], { ledger: false, pending: ['orders.0001_initial'] });
  expect(conditionOf(without, kind, { structure: structureOf({}) })).toEqual({ state: 'clean' });
  expect(conditionOf(without, kind, { structure: structureOf({ orders_order: [], other: [] }) })).toEqual({
    state: 'ledger-missing',
    tables: ['orders_order'],
  });
});
