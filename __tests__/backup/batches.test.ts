import { expect, test } from '@jest/globals';

import { batchesOf, batchesSentence } from '../../src/backup/batches.ts';
import { UserError } from '../../src/ground/errors.ts';

const table = (capacity: number, used = 0) => ({ capacity, used, sentence: 'as it is set' });

const schemas = (amount: number, locks: number) =>
  Array.from({ length: amount }, (_, index) => ({
    name: `t${index + 1}`,
    oid: index + 1,
    tables: Array.from({ length: locks }, () => 1),
    others: [],
    locks,
    bytes: 0,
  }));

test.each`
  amount | locks  | capacity | used     | lanes | sizes               | why
  ${3}   | ${120} | ${6_400} | ${0}     | ${1}  | ${[3]}              | ${'everything fits'}
  ${100} | ${120} | ${6_400} | ${0}     | ${1}  | ${[32, 32, 32, 4]}  | ${'six tenths of 6,400 locks are 32 schemas'}
  ${40}  | ${120} | ${6_400} | ${4_400} | ${1}  | ${[10, 10, 10, 10]} | ${'others hold 4,400 of them'}
  ${40}  | ${120} | ${6_400} | ${0}     | ${2}  | ${[16, 16, 8]}      | ${'two at once share the room'}
  ${2}   | ${900} | ${1_000} | ${0}     | ${1}  | ${[1, 1]}           | ${'alone, a schema may have all of it'}
  ${0}   | ${0}   | ${6_400} | ${0}     | ${1}  | ${[]}               | ${'nothing is nothing'}
`(
  '$amount schemas of $locks locks, $capacity exist: $why',
  ({ amount, locks, capacity, used, lanes, sizes }) => {
    const batches = batchesOf(schemas(amount, locks), table(capacity, used), lanes);
    expect(batches.map((batch) => batch.schemas.length)).toEqual(sizes);
    expect(batches.flatMap((batch) => batch.schemas.map(({ name }) => name))).toEqual(
      schemas(amount, locks).map(({ name }) => name),
    );
  },
);

test('a schema that does not fit at all is refused with the settings that decide', () => {
  const refusal = () => batchesOf(schemas(1, 1_000), table(900, 100));
  expect(refusal).toThrow(UserError);
  expect(refusal).toThrow(
    'The schema t1 cannot be backed up — pg_dump would need 1,000 locks at once, and of the 900 that exist (as it is set) 800 are free',
  );
});

test('several batches are told, one is not', () => {
  const few = batchesOf(schemas(3, 100), table(6_400));
  const many = batchesOf(schemas(100, 120), table(6_400));
  expect(batchesSentence(few, table(6_400))).toBeUndefined();
  expect(batchesSentence(many, table(6_400))).toBe(
    'pg_dump of all needs 12,000 locks, 6,400 exist: 4 batches',
  );
});
