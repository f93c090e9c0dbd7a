import { expect, test } from '@jest/globals';

import { differences, type Structure, type StructureTable } from '../../src/database/structure.ts';

const table: StructureTable = {
  columns: [
    { name: 'id', type: 'bigint', notNull: true, value: 'identity by default' },
    { name: 'total', type: 'numeric(10,2)', notNull: true, value: undefined },
  ],
  constraints: [{ name: 'total_check', definition: 'CHECK ((total >= 0))', validated: true }],
  indexes: [{ name: 'total_ix', definition: 'CREATE INDEX total_ix ON orders (total)', valid: true }],
};

const of = (orders: Partial<StructureTable>, others: string[] = []): Structure => ({
  tables: new Map([['orders', { ...table, ...orders }]]),
  others,
});

const total = (changes: Partial<StructureTable['columns'][number]>) =>
  of({
    columns: table.columns.map((column) => (column.name === 'total' ? { ...column, ...changes } : column)),
  });

const empty: Structure = { tables: new Map(), others: [] };

test.each<{ to: Structure; words: string[] }>`
  to                                                                                                       | words
  ${of({})}                                                                                                | ${[]}
  ${empty}                                                                                                 | ${['lacks table orders']}
  ${{ ...of({}), tables: new Map([...of({}).tables, ['old_stuff', table]]) }}                              | ${['has a table that others do not have: old_stuff']}
  ${of({ columns: table.columns.slice(0, 1) })}                                                            | ${['orders lacks column total']}
  ${of({ columns: [...table.columns, { name: 'note', type: 'text', notNull: false, value: undefined }] })} | ${['orders has a column that others do not have: note']}
  ${total({ type: 'numeric(12,2)' })}                                                                      | ${['orders.total is numeric(12,2) instead of numeric(10,2)']}
  ${total({ notNull: false })}                                                                             | ${['orders.total may be NULL']}
  ${total({ value: '0' })}                                                                                 | ${['orders.total has default 0']}
  ${total({ type: 'text', value: '0' })}                                                                   | ${['orders.total is text instead of numeric(10,2)', 'orders.total has default 0']}
  ${of({ constraints: [] })}                                                                               | ${['orders lacks constraint total_check: CHECK ((total >= 0))']}
  ${of({ constraints: [{ name: 'total_check', definition: 'CHECK ((total > 0))', validated: true }] })}    | ${['constraint total_check of orders is CHECK ((total > 0)) instead of CHECK ((total >= 0))']}
  ${of({ constraints: [{ name: 'total_check', definition: 'CHECK ((total >= 0))', validated: false }] })}  | ${['constraint total_check of orders is not validated']}
  ${of({ indexes: [] })}                                                                                   | ${['orders lacks index total_ix']}
  ${of({ indexes: table.indexes.map((index) => ({ ...index, valid: false })) })}                           | ${['index total_ix is invalid']}
  ${of({ indexes: [...table.indexes, { name: 'extra', definition: '', valid: false }] })}                  | ${['orders has an index that others do not have: extra, which is invalid']}
  ${of({}, ['sequence orders_id_seq: bigint'])}                                                            | ${['has sequence orders_id_seq, which others do not have']}
`('$words', ({ to, words }) => {
  expect(differences(of({}), to)).toEqual(words);
});

test('other objects are told by their definitions where both have them', () => {
  const view = (definition: string) => of({}, [`view recent: ${definition}`, 'unlogged table orders']);
  expect(differences(view('SELECT 1\n  FROM a'), view('SELECT 2\n  FROM a'))).toEqual([
    'view recent: SELECT 2 FROM a instead of view recent: SELECT 1 FROM a',
  ]);
  expect(differences(view('SELECT 1'), of({}))).toEqual(['lacks unlogged table orders', 'lacks view recent']);
});
