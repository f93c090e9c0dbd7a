import { expect, test } from '@jest/globals';

import { dumpFailure } from '../../src/backup/dump-failure.ts';
import { LostConnection } from '../../src/ground/errors.ts';

const failed = (stderr: string, signal: string | null = null) =>
  dumpFailure(
    { exitCode: signal === null ? 1 : null, signal, stdout: '', stderr },
    { schemas: ['acme'], version: '15.18', blockers: undefined },
  );

test.each`
  stderr                                                                                                                        | code                            | said
  ${'pg_dump: error: could not write to output file: No space left on device'}                                                  | ${'disk-full'}                  | ${'the disk that it goes to is full'}
  ${'pg_dump: error: query failed: ERROR:  out of shared memory\nHINT:  You might need to increase max_locks_per_transaction.'} | ${'lock-table-too-small'}       | ${'lock table is full'}
  ${'pg_dump: error: query failed: ERROR:  permission denied for table orders_order'}                                           | ${'database-permission-denied'} | ${'permission denied for table orders_order'}
  ${'pg_dump: error: query would be affected by row-level security policy for table "t"'}                                       | ${'database-permission-denied'} | ${'row-level security'}
  ${'pg_dump: error: no matching schemas were found for pattern ""acme""'}                                                      | ${'schema-vanished'}            | ${'the schema acme is not there any more'}
  ${'pg_dump: error: something else'}                                                                                           | ${'backup-failed'}              | ${'pg_dump: something else (exit 1)'}
  ${''}                                                                                                                         | ${'backup-failed'}              | ${'it said nothing (exit 1)'}
`('$code: $said', ({ stderr = '', code = '', said = '' }) => {
  const failure = failed(stderr);
  expect(failure.code).toBe(code);
  expect(failure.message).toMatch(/^The backup of acme failed — /);
  expect(failure.message).toContain(said);
  expect(failure.hint).toMatch(/nothing was changed$/);
});

test('a lost connection is no failure of the backup', () => {
  expect(failed('pg_dump: error: server closed the connection unexpectedly')).toBeInstanceOf(LostConnection);
});
