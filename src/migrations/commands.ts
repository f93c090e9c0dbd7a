import { failureLine, migrationUnderWay } from '../django/command-output.ts';
import type { Discovery } from '../django/discovery.ts';
import { type DjangoProject, manage } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { FailureCode } from '../ground/failure-codes.ts';
import type { Log } from '../ground/log.ts';
import { nearest } from '../ground/words.ts';
import { type CommandResult, ending, lastWords, succeeded } from '../machine/machine.ts';

/** The project's own commands, each judged by its exit code first; the ledgers are asked afterwards. */

export interface CommandOptions {
  readonly project: DjangoProject;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Milliseconds for one command. */
  readonly timeout: number;
}

export interface Ran {
  readonly milliseconds: number;
  readonly failure?: UserError | undefined;
}

/** What the project calls its super tenant, when nobody says otherwise. */
export const usualSuperTenantCommand = 'create_super_tenant';

/**
 * The super tenant's command as words, or undefined when the project has none and none was asked for.
 * @throws UserError `command-missing` when the one that was asked for does not exist.
 */
export function superTenantWords(
  wanted: string | undefined,
  { commands }: Pick<Discovery, 'commands'>,
): readonly string[] | undefined {
  const words = wanted?.trim().split(/\s+/).filter(Boolean) ?? [];
  const [name] = words;
  if (name === undefined) {
    return commands.includes(usualSuperTenantCommand) ? [usualSuperTenantCommand] : undefined;
  }
  if (commands.includes(name)) return words;
  const meant = nearest(name, commands);
  throw new UserError(
    `The project has no command ${name} — super-tenant-command names it`,
    meant === undefined
      ? 'correct super-tenant-command, or leave it out; nothing was changed'
      : `did you mean ${meant}? nothing was changed`,
    { code: 'command-missing' },
  );
}

/** Migrates the shared schema. */
export async function migrateShared(schema: string, options: CommandOptions): Promise<Ran> {
  const { result, milliseconds } = await run(['migrate_schemas', '--shared', '--noinput'], schema, options);
  if (succeeded(result)) return { milliseconds };
  return {
    milliseconds,
    failure: migrationFailure(result, {
      code: 'shared-migration-failed',
      where: `in the shared schema ${schema}`,
      trying: 'Migrating the shared schema',
      next: 'mend the cause, then run again; no tenant was touched',
    }),
  };
}

/** Runs the project's command that makes the tenant of the shared schema. */
export async function makeSuperTenant(words: readonly string[], options: CommandOptions): Promise<Ran> {
  const { result, milliseconds } = await run(words, 'super tenant', options);
  if (succeeded(result)) return { milliseconds };
  return {
    milliseconds,
    failure: new UserError(
      `The command ${words[0]} failed (${ending(result)}) — ${failureLine(result)}`,
      'mend the cause, then run again: it must get or create the super tenant; no tenant was migrated',
      { code: 'super-tenant-failed', evidence: lastWords(result) },
    ),
  };
}

/** Migrates one tenant. */
export async function migrateTenant(schema: string, options: CommandOptions): Promise<Ran> {
  const args = ['migrate_schemas', `--schema=${schema}`, '--noinput'];
  const { result, milliseconds } = await run(args, schema, options);
  if (succeeded(result)) return { milliseconds };
  return {
    milliseconds,
    failure: migrationFailure(result, {
      code: 'tenant-migration-failed',
      where: `in tenant ${schema}`,
      trying: `Migrating tenant ${schema}`,
      next: 'mend the cause, then run again',
    }),
  };
}

async function run(
  words: readonly string[],
  subject: string,
  { project, signal, log, timeout }: CommandOptions,
): Promise<{ result: CommandResult; milliseconds: number }> {
  const started = performance.now();
  const result = await manage(project, words, {
    timeout,
    signal,
    onLine: (line) => log.debug(line),
    applicationName: `tenantry ${subject}`,
  });
  return { result, milliseconds: performance.now() - started };
}

function migrationFailure(
  result: CommandResult,
  told: { code: FailureCode; where: string; trying: string; next: string },
): UserError {
  const migration = migrationUnderWay(result.stdout);
  const what =
    migration === undefined ? `${told.trying} failed` : `Migration ${migration} failed ${told.where}`;
  return new UserError(`${what} — ${failureLine(result) || ending(result)}`, told.next, {
    code: told.code,
    evidence: lastWords(result, 40),
  });
}
