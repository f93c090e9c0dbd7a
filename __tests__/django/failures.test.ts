import { expect, test } from '@jest/globals';

import { type ProbeFailure, startFailure } from '../../src/django/failures.ts';
import { UserError } from '../../src/ground/errors.ts';
import { localMachine } from '../../src/machine/local.ts';

const project = { machine: localMachine, workingDirectory: '/app', python: 'python3', env: {} };

const failure: ProbeFailure = {
  kind: 'settings',
  exception: 'ImproperlyConfigured',
  message: 'SECRET_KEY is\n  not set',
  where: 'shop/settings.py:14',
  traceback: 'Traceback (most recent call last): …',
};

test.each<{ kind: string; code: string }>`
  kind                    | code
  ${'django-missing'}     | ${'django-missing'}
  ${'settings'}           | ${'settings-not-importable'}
  ${'loading'}            | ${'project-not-loadable'}
  ${'manage-py'}          | ${'manage-py-unusable'}
  ${'not-django-tenants'} | ${'not-django-tenants'}
  ${'engine'}             | ${'tenant-engine-missing'}
  ${'connection'}         | ${'project-cannot-connect'}
  ${'migrations'}         | ${'migrations-not-loadable'}
`('$kind has a code of its own', ({ kind, code }) => {
  const error = startFailure({ ...failure, kind }, project);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ code, evidence: failure.traceback });
});

test('the exception stands on one line, with its place in the project', () => {
  expect((startFailure(failure, project) as UserError).sentence).toBe(
    'The settings cannot be imported — ImproperlyConfigured: SECRET_KEY is not set (shop/settings.py:14) — give the project what it asks for with the input env, then run again',
  );
});

test('a package that is missing is to be installed for the Python that was used', () => {
  const missing = { ...failure, exception: 'ModuleNotFoundError', missingModule: 'environ' };
  expect((startFailure(missing, project) as UserError).hint).toContain('install it for python3');
});

test('what no user can mend is a defect of ours, with its traceback', () => {
  const error = startFailure({ ...failure, kind: 'probe' }, project);
  expect(error).not.toBeInstanceOf(UserError);
  expect(error.message).toContain('Traceback (most recent call last)');
});
