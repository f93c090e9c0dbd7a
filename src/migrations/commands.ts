import { failureLine, lostConnection, migrationUnderWay, retryableState } from '../django/command-output.ts';
import type { Discovery, UndoStep } from '../django/discovery.ts';
import { type DjangoProject, manage } from '../django/project.ts';
import { LostConnection, UserError } from '../ground/errors.ts';
import { nearest } from '../ground/words.ts';
import { type CommandResult, ending, lastWords, succeeded } from '../machine/machine.ts';
import type { Place } from './failed-migration.ts';
import {
  type Ended,
  failureOf,
  placeOfShared,
  placeOfTenant,
  placeOfUndoing,
  watched,
} from './watched-command.ts';
import type { Ran, Work } from './work.ts';

/** The project's own commands, each judged by its exit code first; the ledgers are asked afterwards. */

export interface CommandOptions extends Work {
  readonly project: DjangoProject;
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

/**
 * How `migrate_schemas --shared` records migrations without running them: initial ones whose tables are there by
 * name, or all. It does not look closer than that: judgeInitial has done so before.
 */
export type RecordingFlag = '--fake-initial' | '--fake';

/** Migrates the shared schema; `--shared` keeps its flags, too, from every tenant. */
export async function migrateShared(
  schema: string,
  options: CommandOptions,
  recording?: RecordingFlag | undefined,
): Promise<Ran> {
  const flags = recording === undefined ? [] : [recording];
  const ran = await run(['migrate_schemas', '--shared', ...flags, '--noinput'], schema, options);
  if (succeeded(ran.result)) return ran;
  return {
    milliseconds: ran.milliseconds,
    failure: failure(ran, options, placeOfShared(schema)),
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

/** Migrates one tenant. @throws LostConnection when it is not known what became of it */
export async function migrateTenant(schema: string, options: CommandOptions): Promise<Ran> {
  const args = ['migrate_schemas', `--schema=${schema}`, '--noinput'];
  const ran = await run(args, schema, options);
  if (succeeded(ran.result)) return { milliseconds: ran.milliseconds };
  const lost = lossOf(ran.result);
  if (lost !== undefined) {
    throw new LostConnection(`the migration of ${schema}`, lost, { evidence: lastWords(ran.result, 40) });
  }
  return {
    milliseconds: ran.milliseconds,
    failure: failure(ran, options, placeOfTenant(schema)),
    migration: migrationUnderWay(ran.result.stdout),
    retry: retryableState(ran.result),
  };
}

/**
 * Undoes in one schema what was applied after each target. `migrate_schemas` itself would go forward to a target that
 * is not applied: only steps that undo something may be given.
 * @throws LostConnection when it is not known what became of a tenant
 */
export async function undoIn(
  schema: string,
  steps: readonly UndoStep[],
  { options, isShared }: { readonly options: CommandOptions; readonly isShared: boolean },
): Promise<Ran> {
  let milliseconds = 0;
  for (const { target } of steps) {
    const where = isShared ? '--shared' : `--schema=${schema}`;
    const ran = await run(['migrate_schemas', ...target.split(' '), where, '--noinput'], schema, options);
    milliseconds += ran.milliseconds;
    if (succeeded(ran.result)) continue;
    const lost = isShared ? undefined : lossOf(ran.result);
    if (lost !== undefined) {
      throw new LostConnection(`going back in ${schema}`, lost, { evidence: lastWords(ran.result, 40) });
    }
    return {
      milliseconds,
      engine: 'django',
      failure: failure(ran, options, placeOfUndoing(schema, isShared)),
      migration: migrationUnderWay(ran.result.stdout),
      retry: retryableState(ran.result),
    };
  }
  return { milliseconds, engine: 'django' };
}

/** Why nobody knows what the database did last: somebody ended the command, or its connection. */
function lossOf(result: CommandResult): string | undefined {
  if (result.signal !== null) return `manage.py was ${ending(result)}`;
  return lostConnection(result) ? failureLine(result) : undefined;
}

/** Records one migration in a tenant's ledger without running it. */
export async function recordMigration(
  schema: string,
  migration: string,
  options: CommandOptions,
): Promise<Ran> {
  const [app = '', name = ''] = migration.split('.');
  const args = ['migrate_schemas', app, name, '--fake', `--schema=${schema}`, '--noinput'];
  const ran = await run(args, schema, options);
  if (succeeded(ran.result)) return { milliseconds: ran.milliseconds };
  return { milliseconds: ran.milliseconds, failure: failure(ran, options, placeOfTenant(schema)) };
}

function run(
  words: readonly string[],
  subject: string,
  { project, ...work }: CommandOptions,
): Promise<Ended> {
  const { timeout, signal, log } = work;
  const onLine = (line: string) => log.debug(line);
  const options = { timeout, signal, onLine, applicationName: subject, lasting: true };
  return watched(project, subject, work, () => manage(project, words, options));
}

function failure(ended: Ended, { project }: CommandOptions, place: Place): UserError {
  const { result } = ended;
  return failureOf(
    ended,
    {
      migration: migrationUnderWay(result.stdout),
      observed: lossOf(result) ?? failureLine(result),
      blocked: retryableState(result) === '55P03',
      lockTimeout: project.timeouts?.lock,
    },
    place,
  );
}
