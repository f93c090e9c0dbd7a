import { describe, expect, test } from '@jest/globals';
import type { Structure, StructureTable } from '../../src/database/structure.ts';
import type { PendingTables, TablesCompared } from '../../src/django/initial-tables.ts';
import { madeBetween, verdictOn } from '../../src/migrations/fake-initial-verdict.ts';

function table(...columns: string[]): StructureTable {
  return {
    columns: columns.map((name) => ({ name, type: 'text', notNull: false, value: undefined })),
    constraints: [],
    indexes: [],
  };
}

function schema(tables: Record<string, StructureTable>, ...others: string[]): Structure {
  return { tables: new Map(Object.entries(tables)), others };
}

function pending(migration: string, makes: string[], more: Partial<PendingTables> = {}): PendingTables {
  return { migration, makes, present: makes, initial: true, faked: true, ...more };
}

const report: TablesCompared = {
  failure: null,
  outside: [],
  scratch: 'scratch',
  real: [],
  snapshots: [],
  steps: [{ migration: 'a.0001_initial', before: 0, after: 1, unfilled: [] }],
  end: { before: 0, after: 2 },
  endFailure: null,
  endUnfilled: [],
  rowsUnknown: [],
};

/** Empty, after a.0001_initial, and after a.0002_more. */
const snapshots = [schema({}), schema({ book: table('id') }), schema({ book: table('id', 'title') })];
const plan = ['a.0001_initial', 'a.0002_more'];
const standing = [pending('a.0001_initial', ['book'])];

function verdict(real: Structure, changes: Partial<TablesCompared> = {}, makes = standing) {
  return verdictOn(makes, { report: { ...report, ...changes }, real, snapshots }, plan);
}

test('what an initial migration makes is recorded, the rest runs', () => {
  expect(verdict(schema({ book: table('id') }))).toEqual({
    fake: ['a.0001_initial'],
    flag: '--fake-initial',
  });
});

test('what all make together is recorded altogether', () => {
  expect(verdict(schema({ book: table('id', 'title') }))).toEqual({ fake: plan, flag: '--fake' });
});

test('tables of others do not count', () => {
  const real = schema({ book: table('id'), spatial_ref_sys: table('srid') }, 'view something');
  expect(verdict(real)).toMatchObject({ flag: '--fake-initial' });
});

test.each([
  'disabled triggers of constraint book_fk on book',
  'unlogged table book',
  'partition key of book: LIST (id)',
  'parents of book: thing',
])('%s: that is not what the migrations make', (line) => {
  expect(verdict(schema({ book: table('id') }, line))).toMatchObject({
    kind: 'differ',
    lines: [`a.0001_initial: has ${line}`],
  });
  const other = line.replace(/\bbook(?=$|:)/, 'pen');
  expect(verdict(schema({ book: table('id') }, other))).toMatchObject({ flag: '--fake-initial' });
});

describe('what is told is what is easier to mend', () => {
  test('one difference from the newest code rather than two from the first', () => {
    expect(verdict(schema({ book: table('id', 'title', 'x') }))).toMatchObject({
      kind: 'differ',
      against: 'its pending migrations make together',
    });
    expect(verdict(schema({ book: table('id', 'x') }), { end: null, endFailure: 'it broke' })).toMatchObject({
      kind: 'differ',
      against: 'each of its initial migrations makes',
    });
  });

  test('the right tables, and rows of which nobody knows', () => {
    const real = schema({ book: table('id', 'title') });
    expect(verdict(real, { rowsUnknown: ['a.0002_more'] })).toEqual({
      kind: 'unproven',
      lines: ['nothing in the catalogue tells whether a.0002_more, which works on rows, has run'],
      against: '',
    });
    const steps = [{ migration: 'a.0001_initial', before: 0, after: 1, unfilled: ['book'] }];
    expect(verdict(real, { steps, endUnfilled: ['book'] })).toMatchObject({
      kind: 'differ',
      lines: ['the migrations put rows into book, which is empty'],
    });
  });

  test('what could not be run', () => {
    const real = schema({ book: table('id') });
    const failed = { failure: 'it broke', end: null, endFailure: 'it broke', steps: [] };
    expect(verdict(real, failed)).toEqual({ kind: 'unproven', lines: ['it broke'], against: '' });
    expect(verdict(real, { end: null, endFailure: 'it broke later' })).toMatchObject({
      flag: '--fake-initial',
    });
  });

  test('what was changed outside', () => {
    expect(verdict(schema({ book: table('id') }), { outside: ['acme.orders'] })).toMatchObject({
      kind: 'unproven',
      lines: ['the migrations change acme.orders, which is not theirs to make'],
    });
  });

  test('half of an initial migration, though Django would not record it', () => {
    const half = pending('b.0001_initial', ['pen', 'ink'], { present: ['pen'], faked: false });
    const real = schema({ book: table('id'), pen: table('id') });
    expect(verdict(real, { end: null, endFailure: 'x' }, [...standing, half])).toMatchObject({
      lines: ['b.0001_initial: pen is there, ink is missing'],
    });
  });

  test('a later migration would make again what is there', () => {
    const more = pending('c.0002_more', ['shelf'], { initial: false, faked: false });
    const real = schema({ book: table('id'), shelf: table('id') });
    expect(verdict(real, { end: null, endFailure: 'x' }, [...standing, more])).toMatchObject({
      lines: ['c.0002_more: shelf is there, and it would make it again'],
    });
  });

  test('rows that an initial migration puts in', () => {
    const steps = [{ migration: 'a.0001_initial', before: 0, after: 1, unfilled: ['book'] }];
    expect(verdict(schema({ book: table('id') }), { steps, end: null, endFailure: 'x' })).toMatchObject({
      lines: ['a.0001_initial: it puts rows into book, which is empty'],
    });
  });
});

test('what was made between two moments: new tables, changed ones, new lines', () => {
  const before = schema({ book: table('id'), pen: table('id') }, 'sequence pen_id_seq');
  const after = schema(
    { book: table('id', 'title'), pen: table('id'), ink: table('id') },
    'sequence ink_id_seq',
    'sequence pen_id_seq',
  );
  expect(madeBetween(before, after)).toEqual(
    schema({ book: table('id', 'title'), ink: table('id') }, 'sequence ink_id_seq'),
  );
});
