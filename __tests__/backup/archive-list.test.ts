import { expect, test } from '@jest/globals';

import { entriesOfSchema, missingIn, readArchiveList } from '../../src/backup/archive-list.ts';

/** As pg_restore 15 lists two schemas, of which one begins with the name of the other. */
const listed = readArchiveList(`;
; Archive created at 2026-11-22 01:00:54 UTC
;     dbname: shop
;
5; 2615 16384 SCHEMA - acme postgres
3400; 0 0 ACL - SCHEMA acme postgres
6; 2615 16390 SCHEMA - acme old postgres
3401; 0 0 COMMENT - SCHEMA acme old postgres
217; 1259 16385 TABLE acme orders postgres
218; 1259 16386 SEQUENCE acme orders_id_seq postgres
219; 1259 16391 TABLE acme old orders postgres
3396; 0 16385 TABLE DATA acme orders postgres
3397; 0 16391 TABLE DATA acme old orders postgres
`);

const acme = { name: 'acme', oid: 16384, tables: [16385], others: [16386] };

test('an archive with everything that the catalogue has lacks nothing', () => {
  expect(listed).toHaveLength(9);
  expect(missingIn(listed, [acme])).toEqual([]);
});

test.each`
  lost    | said                                                | why
  ${217}  | ${'acme: 1 of 1 tables are not in it'}              | ${'a table'}
  ${3396} | ${'acme: the rows of 1 of 1 tables are not in it'}  | ${'its rows'}
  ${218}  | ${'acme: 1 of 1 views and sequences are not in it'} | ${'a sequence'}
`('$why that is not in it is told', ({ lost, said }) => {
  expect(
    missingIn(
      listed.filter(({ id }) => id !== lost),
      [acme],
    ),
  ).toEqual([said]);
});

test('one schema out of several: its own entries, the schema itself, its privileges, and nobody else’s', () => {
  const inSchema = listed.filter(({ id }) => [217, 218, 3396].includes(id));
  const names = ['acme', 'acme old'];
  expect(entriesOfSchema(listed, inSchema, acme, names).map(({ id }) => id)).toEqual([
    5, 3400, 217, 218, 3396,
  ]);
  const other = { name: 'acme old', oid: 16390 };
  const inOther = listed.filter(({ id }) => [219, 3397].includes(id));
  expect(entriesOfSchema(listed, inOther, other, names).map(({ id }) => id)).toEqual([6, 3401, 219, 3397]);
});
