import { type Blocker, describeBlockers, watchingBlockers } from '../database/blockers.ts';
import { failureLine, lostConnection, migrationUnderWay, retryableState } from '../django/command-output.ts';
import type { Discovery } from '../django/discovery.ts';
import { type DjangoProject, manage } from '../django/project.ts';
import { LostConnection, UserError } from '../ground/errors.ts';
import { nearest } from '../ground/words.ts';
import { type CommandResult, ending, lastWords, succeeded } from '../machine/machine.ts';
import { sessionName } from '../machine/project.ts';
import { blockedMigration, failedMigration, type Place } from './failed-migration.ts';
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
    failure: failureOf(ran, options, {
      code: 'shared-migration-failed',
      where: `in the shared schema ${schema}`,
      trying: 'Migrating the shared schema',
      standing: 'no tenant was touched',
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
    failure: failureOf(ran, options, placeOfTenant(schema)),
    migration: migrationUnderWay(ran.result.stdout),
    retry: retryableState(ran.result),
  };
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
  return { milliseconds: ran.milliseconds, failure: failureOf(ran, options, placeOfTenant(schema)) };
}

export function placeOfTenant(schema: string): Place {
  return {
    code: 'tenant-migration-failed',
    where: `in tenant ${schema}`,
    trying: `Migrating tenant ${schema}`,
  };
}

/** A command that has ended. */
interface Ended {
  readonly result: CommandResult;
  readonly milliseconds: number;
  /** Who kept it waiting last. */
  readonly blockers: readonly Blocker[];
}

async function run(
  words: readonly string[],
  subject: string,
  { project, database, signal, log, timeout }: CommandOptions,
): Promise<Ended> {
  const started = performance.now();
  const applicationName = sessionName(project, subject);
  const command = () =>
    manage(project, words, {
      timeout,
      signal,
      onLine: (line) => log.debug(line),
      applicationName: subject,
      lasting: true,
    });
  const watched = await watchingBlockers(command, {
    database,
    applicationName,
    interval: lookInterval(project.timeouts?.lock),
    onBlocked: (blockers) =>
      log.info(`${subject} waits for a lock: ${describeBlockers(blockers)} is in the way`),
  });
  return { ...watched, milliseconds: performance.now() - started };
}

/** Milliseconds: often enough to see who is in the way before the lock timeout is over. */
export function lookInterval(lockTimeout = 0): number {
  return lockTimeout === 0 ? 1_000 : Math.min(1_000, Math.max(50, lockTimeout / 4));
}

function failureOf({ result, blockers }: Ended, { project }: CommandOptions, place: Place): UserError {
  const failed = {
    migration: migrationUnderWay(result.stdout),
    observed: lossOf(result) ?? (failureLine(result) || ending(result)),
    evidence: lastWords(result, 40),
  };
  return retryableState(result) === '55P03'
    ? blockedMigration(failed, place, { blockers, lockTimeout: project.timeouts?.lock })
    : failedMigration(failed, place);
}
