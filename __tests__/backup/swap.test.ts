import { expect, test } from '@jest/globals';

import { swapSchemas } from '../../src/backup/swap.ts';

/** What PostgreSQL said when the names were to be exchanged. */
const swap = {
  schema: 'public',
  restored: 'public_restoring',
  replaced: 'public_replaced',
  lockTimeout: 1_000,
};
const pointers = [{ what: 'constraint', detach: 'ALTER … DROP', attach: 'ALTER … ADD' }];

test.each<{ state: string; said: string; code: string; sentence: RegExp }>`
  state      | said                                   | code                      | sentence
  ${'55P03'} | ${'canceling statement'}               | ${'migration-blocked'}    | ${/^public is not replaced — a table that points into it was not free within lock-timeout — run again/}
  ${'53200'} | ${'out of shared memory'}              | ${'lock-table-too-small'} | ${/more tables point into it than the server’s lock table has room for — set max_locks_per_transaction/}
  ${'23503'} | ${'violates foreign key constraint k'} | ${'restore-failed'}       | ${/violates foreign key constraint k — what points into it has rows that the backup does not have/}
  ${'42501'} | ${'must be owner of table t'}          | ${'restore-failed'}       | ${/must be owner of table t — restore it beside/}
`('$said ($state): nothing has changed', async ({ state, said, code, sentence }) => {
  const asked: string[] = [];
  const query = async (statement: string) => {
    asked.push(statement);
    if (statement.includes('DROP')) throw Object.assign(new Error(said), { code: state });
    return [];
  };
  const failure = await swapSchemas({ query } as Parameters<typeof swapSchemas>[0], {
    ...swap,
    pointers,
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, sentence: expect.stringMatching(sentence) });
  expect(asked.at(-1)).toBe('rollback');
});
