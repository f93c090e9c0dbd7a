import { beforeAll, expect, test } from '@jest/globals';

import { changesOf } from '../../src/review/changes.ts';
import { ruleOf } from '../../src/review/existing-rows.ts';
import { type SqlParser, sqlParser } from '../../src/review/sql-parser.ts';
import { rewritesFor } from '../../src/review/type-change.ts';

let parser: SqlParser;
beforeAll(async () => {
  parser = await sqlParser();
});

/** Locks as PostgreSQL's documentation of ALTER TABLE, CREATE INDEX and their kin has them. */
test.each`
  sql                                                                   | does                 | lock                        | cost
  ${'ALTER TABLE o ADD COLUMN c int NULL'}                              | ${'add-column'}      | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
  ${'ALTER TABLE o ADD COLUMN c int DEFAULT 3 NOT NULL'}                | ${'add-column'}      | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
  ${'ALTER TABLE o ADD COLUMN c timestamptz DEFAULT now()'}             | ${'add-column'}      | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
  ${'ALTER TABLE o ADD COLUMN c timestamptz DEFAULT clock_timestamp()'} | ${'add-column'}      | ${'ACCESS EXCLUSIVE'}       | ${'rewrite'}
  ${'ALTER TABLE o ADD COLUMN c uuid DEFAULT gen_random_uuid()'}        | ${'add-column'}      | ${'ACCESS EXCLUSIVE'}       | ${'rewrite'}
  ${'ALTER TABLE o ADD COLUMN c bigserial'}                             | ${'add-column'}      | ${'ACCESS EXCLUSIVE'}       | ${'rewrite'}
  ${'ALTER TABLE o DROP COLUMN c CASCADE'}                              | ${'drop-column'}     | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
  ${'ALTER TABLE o ALTER c TYPE varchar(9)'}                            | ${'alter-type'}      | ${'ACCESS EXCLUSIVE'}       | ${'type'}
  ${'ALTER TABLE o ALTER c SET NOT NULL'}                               | ${'set-not-null'}    | ${'ACCESS EXCLUSIVE'}       | ${'scan'}
  ${'ALTER TABLE o ADD CONSTRAINT n CHECK (a > 0)'}                     | ${'add-check'}       | ${'ACCESS EXCLUSIVE'}       | ${'scan'}
  ${'ALTER TABLE o ADD CONSTRAINT n CHECK (a > 0) NOT VALID'}           | ${'add-check'}       | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
  ${'ALTER TABLE o VALIDATE CONSTRAINT n'}                              | ${'validate'}        | ${'SHARE UPDATE EXCLUSIVE'} | ${'scan'}
  ${'ALTER TABLE o ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES p (id)'} | ${'add-foreign-key'} | ${'SHARE ROW EXCLUSIVE'}    | ${'scan'}
  ${'ALTER TABLE o ADD CONSTRAINT n UNIQUE (a)'}                        | ${'add-unique'}      | ${'ACCESS EXCLUSIVE'}       | ${'index'}
  ${'ALTER TABLE o ADD CONSTRAINT n UNIQUE USING INDEX i'}              | ${'add-unique'}      | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
  ${'CREATE INDEX i ON o (a)'}                                          | ${'create-index'}    | ${'SHARE'}                  | ${'index'}
  ${'CREATE INDEX CONCURRENTLY i ON o (a)'}                             | ${'create-index'}    | ${'SHARE UPDATE EXCLUSIVE'} | ${'index'}
  ${'DROP TABLE o CASCADE'}                                             | ${'drop-table'}      | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
  ${'ALTER TABLE o RENAME COLUMN a TO b'}                               | ${'rename-column'}   | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
  ${'ALTER TABLE o RENAME TO p'}                                        | ${'rename-table'}    | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
  ${'UPDATE o SET a = 1'}                                               | ${'change-rows'}     | ${'ROW EXCLUSIVE'}          | ${'rows'}
  ${'TRUNCATE o'}                                                       | ${'truncate'}        | ${'ACCESS EXCLUSIVE'}       | ${'instant'}
`('$sql', ({ sql, ...expected }) => {
  expect(changesOf(String(sql), parser).changes).toEqual([
    expect.objectContaining({ table: { name: 'o' }, ...expected }),
  ]);
});

test('several statements in one text, and what is no SQL', () => {
  const { changes } = changesOf("UPDATE o SET a = ';'; DROP INDEX i, s.j; CREATE EXTENSION citext;", parser);
  expect(changes.map(({ does, table, name }) => [does, table.name, name])).toEqual([
    ['change-rows', 'o', undefined],
    ['drop-index', 'i', undefined],
    ['drop-index', 'j', undefined],
    ['create-extension', '', 'citext'],
  ]);
  expect(changesOf('ALTER TABEL o', parser).unreadable).toMatch(/syntax error at or near "TABEL"/);
  expect(changesOf('', parser)).toEqual({ changes: [] });
});

test.each`
  from                          | to                 | rewrites | why
  ${'character varying(20)'}    | ${'varchar(200)'}  | ${false} | ${'longer'}
  ${'character varying(20)'}    | ${'varchar(10)'}   | ${true}  | ${'shorter'}
  ${'character varying(20)'}    | ${'text'}          | ${false} | ${'without end'}
  ${'text'}                     | ${'varchar(20)'}   | ${true}  | ${'with an end'}
  ${'integer'}                  | ${'int8'}          | ${true}  | ${'other bytes'}
  ${'integer'}                  | ${'int4'}          | ${false} | ${'the same'}
  ${'numeric(10,2)'}            | ${'numeric(12,2)'} | ${false} | ${'more digits'}
  ${'numeric(10,2)'}            | ${'numeric(12,4)'} | ${true}  | ${'another scale'}
  ${'timestamp with time zone'} | ${'timestamptz'}   | ${false} | ${'another name'}
  ${undefined}                  | ${'text'}          | ${true}  | ${'not known'}
`('from $from to $to: $why', ({ from, to, rewrites }) => {
  expect(rewritesFor(from === undefined ? undefined : String(from), String(to))).toBe(rewrites);
});

const home = () => '"public"."p"';

test.each<[string, string | undefined]>([
  [
    'ALTER TABLE o ADD CONSTRAINT n UNIQUE (a, b)',
    'select count(*)::int from (select 1 from "t""1"."o" where "a" is not null and "b" is not null group by "a", "b" having count(*) > 1 limit 1000) as found',
  ],
  [
    `CREATE UNIQUE INDEX i ON o (a) WHERE (kind = 'x WHERE')`,
    `select count(*)::int from (select 1 from "t""1"."o" where "a" is not null and ((kind = 'x WHERE')) group by "a" having count(*) > 1 limit 1000) as found`,
  ],
  [
    'ALTER TABLE o ALTER "A" SET NOT NULL',
    'select count(*)::int from (select 1 from "t""1"."o" where "A" is null limit 1000) as found',
  ],
  [
    `ALTER TABLE o ADD CONSTRAINT n CHECK ((a)::text <> ')ü')`,
    `select count(*)::int from (select 1 from "t""1"."o" where not ((a)::text <> ')ü') limit 1000) as found`,
  ],
  [
    'ALTER TABLE o ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES p (id)',
    'select count(*)::int from (select 1 from "t""1"."o" c where c."a" is not null and not exists (select 1 from "public"."p" p where p."id" = c."a") limit 1000) as found',
  ],
  ['CREATE UNIQUE INDEX i ON o (lower(a))', undefined],
  ['ALTER TABLE o ADD CONSTRAINT n CHECK (a > 0) NOT VALID', undefined],
  ['CREATE INDEX i ON o (a)', undefined],
])('rows in the way of %s', (sql, question) => {
  const [change] = changesOf(sql, parser).changes;
  expect(change && ruleOf(change)?.sql('t"1', home)).toBe(question);
});
