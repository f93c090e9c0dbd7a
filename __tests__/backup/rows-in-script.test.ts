import { expect, test } from '@jest/globals';

import { RowsInScript } from '../../src/backup/rows-in-script.ts';

const script = `--
-- PostgreSQL database dump
--
COPY acme.orders (id, note) FROM stdin;
1\tCOPY acme.fake (id) FROM stdin;
2\ttwo\\nlines
3\t\\N
\\.


COPY "Big One"."odd ""name""" (id, "FROM stdin;") FROM stdin;
\\.

SELECT pg_catalog.setval('acme.orders_id_seq', 3, true);
COPY acme.bare FROM stdin;

\\.
`;

test.each([1, 7, 64, 10_000])('rows are counted by table, however the text is cut (%i bytes)', (size) => {
  const counter = new RowsInScript();
  const bytes = Buffer.from(script);
  for (let start = 0; start < bytes.length; start += size) counter.push(bytes.subarray(start, start + size));
  expect(counter.isWhole).toBe(true);
  expect(
    Object.fromEntries([...counter.rows].map(([schema, rows]) => [schema, Object.fromEntries(rows)])),
  ).toEqual({
    acme: { orders: 3, bare: 1 },
    'Big One': { 'odd "name"': 0 },
  });
});

test('what ends within a table is not whole', () => {
  const counter = new RowsInScript();
  counter.push(Buffer.from(script.slice(0, script.indexOf('3\t'))));
  expect(counter.isWhole).toBe(false);
});
