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

test.each([
  { amount: 3, locks: 120, capacity: 6_400, sizes: [3], why: 'everything fits' },
  {
    amount: 100,
    locks: 120,
    capacity: 6_400,
    sizes: [32, 32, 32, 4],
    why: 'six tenths of 6,400 are 32 schemas',
  },
  {
    amount: 40,
    locks: 120,
    capacity: 6_400,
    used: 4_400,
    sizes: [10, 10, 10, 10],
    why: 'others hold 4,400 of them',
  },
  {
    amount: 40,
    locks: 120,
    capacity: 6_400,
    lanes: 2,
    sizes: [16, 16, 8],
    why: 'two at once share the room',
  },
  { amount: 2, locks: 900, capacity: 1_000, sizes: [1, 1], why: 'alone, a schema may have all of it' },
  { amount: 0, locks: 0, capacity: 6_400, sizes: [], why: 'nothing is nothing' },
])(
  '$amount schemas of $locks locks, $capacity exist: $why',
  ({ amount, locks, capacity, used = 0, lanes = 1, sizes }) => {
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
