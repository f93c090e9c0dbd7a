import { expect, test } from '@jest/globals';

import { timeoutFields } from '../../src/actions/fields.ts';
import { retryableState } from '../../src/django/command-output.ts';
import { withTimeouts } from '../../src/machine/timeouts.ts';
import { timeoutsRefusal } from '../../src/migrations/timeouts.ts';

const asked = { lock: 5_000, statement: 0 };

test.each([
  { lock: [5_000, 'client'], options: null, refused: undefined },
  { lock: [5_000, 'client'], options: '-c lock_timeout=5s', refused: undefined },
  { lock: [0, 'default'], options: '-c work_mem=8MB', refused: `DATABASES['default']['OPTIONS']['options']` },
  { lock: [30_000, 'session'], options: '-c work_mem=8MB', refused: 'a statement of its own' },
  { lock: [0, 'default'], options: null, refused: 'PGOPTIONS did not arrive' },
  {
    lock: [1_500, 'user'],
    options: ' ',
    refused: 'PGOPTIONS did not arrive (the server’s value comes from: user)',
  },
] as const)(
  'lock_timeout $lock, options $options: $refused',
  ({ lock: [milliseconds, source], options, refused }) => {
    const refusal = timeoutsRefusal(asked, {
      alias: 'default',
      timeouts: {
        lock: { milliseconds, source },
        statement: { milliseconds: 0, source: 'client' },
        options,
      },
    });
    expect(refusal?.code).toBe(refused === undefined ? undefined : 'timeouts-not-honoured');
    expect(refusal?.message ?? '').toContain(refused ?? '');
  },
);

test('values that the project has are told as the inputs take them', () => {
  const refusal = timeoutsRefusal(asked, {
    alias: 'default',
    timeouts: {
      lock: { milliseconds: 1_500, source: 'client' },
      statement: { milliseconds: 60_000, source: 'client' },
      options: '-c x=y',
    },
  });
  expect(refusal?.hint).toContain('(lock-timeout: 1500ms, statement-timeout: 60s)');
});

test.each`
  before                  | options
  ${undefined}            | ${'-c lock_timeout=5000 -c statement_timeout=0'}
  ${''}                   | ${'-c lock_timeout=5000 -c statement_timeout=0'}
  ${'-c lock_timeout=1s'} | ${'-c lock_timeout=1s -c lock_timeout=5000 -c statement_timeout=0'}
`('PGOPTIONS $before: ours come last, and count', ({ before, options }) => {
  expect(withTimeouts(before, asked)).toBe(options);
});

test.each`
  written    | milliseconds
  ${'5s'}    | ${5_000}
  ${'0s'}    | ${0}
  ${'0.5ms'} | ${1}
  ${'24d'}   | ${2_073_600_000}
  ${'25d'}   | ${undefined}
  ${'0'}     | ${undefined}
  ${'5'}     | ${undefined}
`('lock-timeout: $written', ({ written, milliseconds }) => {
  expect(timeoutFields.lockTimeout.safeParse(written).data).toBe(milliseconds);
});

test.each`
  stderr                                                                            | state
  ${'psycopg.errors.LockNotAvailable: canceling statement due to lock timeout'}     | ${'55P03'}
  ${'psycopg2.errors.LockNotAvailable: storniere Anfrage wegen Zeitüberschreitung'} | ${'55P03'}
  ${'django.db.utils.OperationalError: canceling statement due to lock timeout'}    | ${'55P03'}
  ${'psycopg.errors.DeadlockDetected: Verklemmung entdeckt'}                        | ${'40P01'}
  ${'psycopg.errors.SerializationFailure: could not serialize access'}              | ${'40001'}
  ${'psycopg.errors.QueryCanceled: canceling statement due to statement timeout'}   | ${undefined}
  ${'psycopg.errors.UniqueViolation: duplicate key value'}                          | ${undefined}
`('$stderr: worth another try? $state', ({ stderr, state }) => {
  expect(retryableState({ stdout: '', stderr: String(stderr) })).toBe(state);
});
