import { describe, expect, test } from '@jest/globals';

import { failureLine, lostConnection, migrationUnderWay } from '../../src/django/command-output.ts';

describe('the migration that was being applied', () => {
  test.each<{ output: string; migration: string | undefined }>`
    output                                                                                            | migration              | why
    ${'[standard:acme]   Applying orders.0001_initial... OK\n'}                                       | ${undefined}           | ${'it was finished'}
    ${'[standard:acme]   Applying orders.0001_initial...\n[standard:acme]  OK\n'}                     | ${undefined}           | ${'older django-tenants break the line before OK'}
    ${'  Applying orders.0001_initial... OK\n  Applying orders.0002_total...'}                        | ${'orders.0002_total'} | ${'the last one has no OK'}
    ${'[1/1 (100%) standard:acme]   Applying orders.0002_total...Traceback (most recent call last):'} | ${'orders.0002_total'} | ${'the traceback follows on the same line'}
    ${'  Applying orders.0002_total... FAKED\n'}                                                      | ${undefined}           | ${'faked is finished'}
    ${'\u001b[36;1mRunning migrations:\u001b[0m\n  Applying orders.0002_total...'}                    | ${'orders.0002_total'} | ${'colours do not matter'}
    ${'Operations to perform:'}                                                                       | ${undefined}           | ${'none was begun'}
    ${''}                                                                                             | ${undefined}           | ${'nothing was printed'}
  `('$why', ({ output, migration }) => {
    expect(migrationUnderWay(output)).toBe(migration);
  });
});

describe('what went wrong, on one line', () => {
  test.each<{ stderr: string; line: string }>`
    stderr                                                                                                                            | line
    ${'Traceback (most recent call last):\n  File "x.py"\ndjango.db.utils.ProgrammingError: relation "a" already exists\n'}           | ${'relation "a" already exists'}
    ${'django.db.utils.IntegrityError: could not create unique index "e"\nDETAIL:  Key (email)=(a@b) is duplicated.\n'}               | ${'could not create unique index "e" (Key (email)=(a@b) is duplicated.)'}
    ${'psycopg.errors.X: a\n\nThe above exception was the direct cause\n\nTraceback\ndjango.db.utils.DataError: b\nLINE 1: SELECT\n'} | ${'b'}
    ${'CommandError: No domain: set PUBLIC_DOMAIN.\n'}                                                                                | ${'CommandError: No domain: set PUBLIC_DOMAIN.'}
    ${'Traceback\nValueError: odd\n'}                                                                                                 | ${'ValueError: odd'}
    ${'Killed\n'}                                                                                                                     | ${'Killed'}
  `('$line', ({ stderr, line }) => {
    expect(failureLine({ stdout: 'Applying…', stderr })).toBe(line);
  });

  test('standard output counts when nothing came on standard error', () => {
    expect(failureLine({ stdout: 'first\nlast\n', stderr: '' })).toBe('last');
    expect(failureLine({ stdout: '', stderr: '' })).toBe('');
  });
});

describe('whether the connection to the database was ended from outside', () => {
  test.each<{ stderr: string; lost: boolean }>`
    stderr                                                                                                         | lost     | why
    ${'django.db.utils.OperationalError: terminating connection due to administrator command\nCONTEXT:  …\n'}      | ${true}  | ${'pg_terminate_backend'}
    ${'psycopg2.errors.AdminShutdown: terminating connection due to administrator command\n'}                      | ${true}  | ${'the server was stopped'}
    ${'psycopg.OperationalError: consuming input failed: server closed the connection unexpectedly\n'}             | ${true}  | ${'the server crashed'}
    ${'django.db.utils.InterfaceError: connection already closed\n'}                                               | ${true}  | ${'psycopg 2 at the next statement'}
    ${'django.db.utils.OperationalError: canceling statement due to lock timeout\n'}                               | ${false} | ${'a statement was ended, not the connection'}
    ${'django.db.utils.OperationalError: connection failed: connection to server at "10.0.0.1" failed: refused\n'} | ${false} | ${'there was none'}
    ${'django.db.utils.ProgrammingError: relation "a" already exists\n'}                                           | ${false} | ${'it answered'}
  `('$why', ({ stderr, lost }) => {
    expect(lostConnection({ stderr })).toBe(lost);
  });
});
