import { UserError } from '../ground/errors.ts';
import type { CommandResult } from '../machine/machine.ts';
import { succeeded } from '../machine/machine.ts';
import { type Project, sessionName } from '../machine/project.ts';
import type { Words } from '../machine/words.ts';

/** An application that is known by its commands alone, and by a query that names its tenants. */
export interface CommandProject extends Project {
  /** Brings the shared schema to head; undefined: there is nothing to bring. */
  readonly sharedCommand: Words | undefined;
  /** Brings one tenant to head; `{schema}` in its words stands for it. */
  readonly tenantCommand: Words;
  /** One SELECT: the names of the tenants' schemas, and where it has a second column `pending`, who needs the command. */
  readonly tenantQuery: string;
  /** The tenant command may be run again after it failed half-way. */
  readonly repeatable: boolean;
}

/** The same, where tenants are made. */
export interface RegisteringProject extends CommandProject {
  /** Tells the application of a tenant, so that `tenantQuery` names it; `{schema}` and `{domain}` stand for it. */
  readonly registerCommand: Words;
  /** Has the application forget it again; undefined: nothing here can. */
  readonly unregisterCommand: Words | undefined;
}

export interface CommandOptions {
  /** Milliseconds until the command is ended. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
  /** What the command is about; shown by PostgreSQL beside each of its connections, where its driver reads PGAPPNAME. */
  readonly about: string;
  /** It goes on when the connection to the project's machine is lost, where that can be. */
  readonly lasting?: boolean;
}

/** Runs a command in the project's folder and environment. A non-zero exit is a result, not an error. @throws what `Machine.run` throws */
export function runCommand(
  project: CommandProject,
  words: Words,
  { timeout, signal, onLine, about, lasting = false }: CommandOptions,
): Promise<CommandResult> {
  return project.machine.run(words, {
    timeout,
    signal,
    onLine,
    ...(lasting ? { lasting: words.join(' ') } : {}),
    workingDirectory: project.workingDirectory,
    env: { ...project.env, PGAPPNAME: sessionName(project, about) },
  });
}

/** Looks whether the programs of some commands are there, before any of them is needed. @throws UserError `command-missing` */
export async function requirePrograms(
  { machine, workingDirectory, env }: CommandProject,
  commands: readonly (readonly [input: string, Words | undefined])[],
): Promise<void> {
  for (const [input, words] of commands) {
    const [program] = words ?? [];
    if (program === undefined) continue;
    const found = await machine.run(['sh', '-c', 'command -v -- "$1"', 'sh', program], {
      timeout: 30_000,
      workingDirectory,
      env,
    });
    if (succeeded(found)) continue;
    throw new UserError(
      `There is no program ${program} in ${workingDirectory} on ${machine.name} — ${input} begins with it`,
      'install it in an earlier step, or correct the name; nothing was changed',
      { code: 'command-missing' },
    );
  }
}
