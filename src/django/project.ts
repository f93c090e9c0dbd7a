import { posix } from 'node:path';
import { UserError } from '../ground/errors.ts';
import type { CommandResult, Conversation } from '../machine/machine.ts';
import { type Project, sessionName } from '../machine/project.ts';

/** A Django project and the place where its commands run. */
export interface DjangoProject extends Project {
  /** The interpreter that has the project's packages: `python`, `.venv/bin/python`. */
  readonly python: string;
  /** DJANGO_SETTINGS_MODULE, when manage.py's own choice is not wanted. */
  readonly settingsModule?: string | undefined;
}

export interface ManageOptions {
  /** Milliseconds until the command is ended. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((line: string) => void) | undefined;
  /** What the command is about; shown by PostgreSQL beside each of its connections (pg_stat_activity). */
  readonly applicationName?: string | undefined;
  /** It goes on when the connection to the project's machine is lost, where that can be. */
  readonly lasting?: boolean | undefined;
}

/**
 * Runs `python manage.py …` in the project. A non-zero exit is a result, not an error.
 * @throws UserError `manage-py-missing`, `python-missing`, and what `Machine.run` throws.
 */
export async function manage(
  project: DjangoProject,
  args: readonly string[],
  options: ManageOptions,
): Promise<CommandResult> {
  const settings = project.settingsModule === undefined ? [] : [`--settings=${project.settingsModule}`];
  return runPython(project, ['manage.py', ...args, ...settings], {}, options);
}

/** Runs the project's Python in the project's folder and environment. */
export async function runPython(
  project: DjangoProject,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { timeout, signal, onLine, applicationName, lasting = false }: ManageOptions,
): Promise<CommandResult> {
  await requireManagePy(project);
  return startingPython(project, () =>
    project.machine.run([project.python, ...args], {
      timeout,
      ...(signal === undefined ? {} : { signal }),
      ...(onLine === undefined ? {} : { onLine }),
      ...(lasting ? { lasting: args.join(' ') } : {}),
      workingDirectory: project.workingDirectory,
      env: environment(project, env, applicationName),
    }),
  );
}

/**
 * Starts the project's Python in the project's folder and environment, and talks with it.
 * @returns undefined when the project's machine cannot keep a program
 */
export async function conversePython(
  project: DjangoProject,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { signal, onLine, applicationName }: Omit<ManageOptions, 'timeout'>,
): Promise<Conversation | undefined> {
  await requireManagePy(project);
  return startingPython(project, async () =>
    project.machine.converse?.([project.python, ...args], {
      ...(signal === undefined ? {} : { signal }),
      ...(onLine === undefined ? {} : { onLine }),
      workingDirectory: project.workingDirectory,
      env: environment(project, env, applicationName),
    }),
  );
}

function environment(
  project: DjangoProject,
  more: Readonly<Record<string, string>>,
  applicationName: string | undefined,
): Record<string, string> {
  return {
    ...project.env,
    ...(project.settingsModule === undefined ? {} : { DJANGO_SETTINGS_MODULE: project.settingsModule }),
    ...(applicationName === undefined ? {} : { PGAPPNAME: sessionName(project, applicationName) }),
    PYTHONUNBUFFERED: '1',
    DJANGO_COLORS: 'nocolor',
    ...more,
  };
}

async function startingPython<T>(project: DjangoProject, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof UserError && error.code === 'command-not-found') {
      throw new UserError(
        `Cannot start ${project.python} on ${project.machine.name} — there is no such program`,
        'install it, or set python to the interpreter that has the project’s packages, like .venv/bin/python',
        { code: 'python-missing', cause: error },
      );
    }
    throw error;
  }
}

/** Where it was found: one look is enough, and some places are far away. */
const looked = new WeakSet<DjangoProject>();

async function requireManagePy(project: DjangoProject): Promise<void> {
  const { machine, workingDirectory } = project;
  if (looked.has(project)) return;
  if ((await machine.readFile(posix.join(workingDirectory, 'manage.py'))) !== undefined) {
    looked.add(project);
    return;
  }
  const visible = ['-name', '.?*', '-not', '-name', '..', '-prune', '-o'];
  const search = await machine
    .run(['find', workingDirectory, '-maxdepth', '3', ...visible, '-name', 'manage.py', '-print'], {
      timeout: 10_000,
    })
    .catch(() => undefined);
  const elsewhere = search?.stdout.split('\n').find((line) => line !== '');
  const observed =
    search === undefined || search.stdout + search.stderr === '' || elsewhere !== undefined
      ? `${workingDirectory} has none`
      : `the folder ${workingDirectory} does not exist or cannot be read`;
  throw new UserError(
    `There is no manage.py — ${observed}`,
    elsewhere === undefined
      ? 'set working-directory to the folder that holds manage.py'
      : `set working-directory to ${posix.dirname(elsewhere)}, where there is one`,
    { code: 'manage-py-missing' },
  );
}
