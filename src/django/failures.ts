import * as z from 'zod';
import { UserError } from '../ground/errors.ts';
import type { FailureCode } from '../ground/failure-codes.ts';
import type { DjangoProject } from './project.ts';

/** Why a project could not answer, as through_manage.py tells it. */
export const failureShape = z.object({
  kind: z.string(),
  exception: z.string(),
  message: z.string(),
  where: z.string().nullish(),
  missingModule: z.string().nullish(),
  traceback: z.string().default(''),
});
export type ProbeFailure = z.infer<typeof failureShape>;

interface Reason {
  readonly code: FailureCode;
  readonly what: string;
  readonly next: string;
}

const longest = 300;

/** The sentence for a project that could not be started or asked. */
export function startFailure(failure: ProbeFailure, project: DjangoProject): Error {
  const reason = reasonOf(failure, project);
  if (reason === undefined) {
    return new Error(`${failure.exception}: ${failure.message}\n${failure.traceback}`);
  }
  return new UserError(`${reason.what} — ${observed(failure)}`, reason.next, {
    code: reason.code,
    evidence: failure.traceback,
  });
}

function reasonOf(failure: ProbeFailure, { python, machine }: DjangoProject): Reason | undefined {
  switch (failure.kind) {
    case 'django-missing':
      return {
        code: 'django-missing',
        what: `${python} on ${machine.name} has no Django`,
        next: 'install the project’s requirements for this Python, or set python to the interpreter that has them',
      };
    case 'settings':
      return {
        code: 'settings-not-importable',
        what: 'The settings cannot be imported',
        next: mending(failure, python),
      };
    case 'loading':
      return {
        code: 'project-not-loadable',
        what: 'Django cannot load the project',
        next: mending(failure, python),
      };
    case 'manage-py':
      return {
        code: 'manage-py-unusable',
        what: 'manage.py did not run a command',
        next: 'run python manage.py check in the same place: it must end without asking anything',
      };
    case 'not-django-tenants':
      return {
        code: 'not-django-tenants',
        what: 'This is not a django-tenants project',
        next: 'set settings-module to the settings that use django-tenants, or leave this action out: it only knows projects with a schema per tenant',
      };
    case 'engine':
      return {
        code: 'tenant-engine-missing',
        what: 'The project’s database engine knows no schemas',
        next: 'set ENGINE to django_tenants.postgresql_backend',
      };
    case 'connection':
      if (/unsupported startup parameter/.test(failure.message)) {
        return {
          code: 'database-pooler-refuses-options',
          what: 'The project reaches its database through a pooler that refuses PGOPTIONS, which carries lock-timeout and statement-timeout',
          next: 'give the address of the database itself, or do without limits (lock-timeout: 0s, statement-timeout: 0s); nothing was changed',
        };
      }
      return {
        code: 'project-cannot-connect',
        what: 'The project cannot use its database',
        next: 'make DATABASES read DATABASE_URL or the DB_* variables, which hold the database given to this step',
      };
    case 'migrations':
      return {
        code: 'migrations-not-loadable',
        what: 'Django cannot load the project’s migrations',
        next: 'python manage.py makemigrations --check shows the same error: mend it there first; nothing was changed',
      };
    case 'target-branch':
      return {
        code: 'preview-database-failed',
        what: 'The code of preview-base cannot make a database',
        next: 'migrate_schemas has to work on an empty database, with the Python and the environment of this step',
      };
    case 'target':
      return {
        code: 'rollback-target-unknown',
        what: 'There is no way back to that target',
        next: 'correct target: an app and a migration of it on each line, as python manage.py showmigrations lists them, or zero instead of the migration; nothing was changed',
      };
    default:
      return undefined;
  }
}

/** The exception as Python writes it, on one line, with the project's own line where there is one. */
function observed({ kind, exception, message, where }: ProbeFailure): string {
  const text = message.replace(/\s+/g, ' ').trim().slice(0, longest);
  const named = exception === '' || sayItPlainly.has(kind) ? text : `${exception}: ${text}`;
  return where == null ? named : `${named} (${where})`;
}

/** Here the message is our own, or names its exception itself. */
const sayItPlainly: ReadonlySet<string> = new Set([
  'not-django-tenants',
  'engine',
  'migrations',
  'manage-py',
  'target',
  'target-branch',
]);

function mending({ exception, missingModule }: ProbeFailure, python: string): string {
  if (missingModule != null && exception === 'ModuleNotFoundError') {
    return `if it is a package, install it for ${python}; if it is the project’s own, correct settings-module or working-directory`;
  }
  if (exception === 'ImproperlyConfigured' || exception === 'KeyError') {
    return 'give the project what it asks for with the input env, then run again';
  }
  return 'python manage.py check shows the same error: mend it there first';
}
