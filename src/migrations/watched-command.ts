import { type Blocker, describeBlockers, watchingBlockers } from '../database/blockers.ts';
import type { UserError } from '../ground/errors.ts';
import { type CommandResult, ending, lastWords } from '../machine/machine.ts';
import { type Project, sessionName } from '../machine/project.ts';
import { blockedMigration, failedMigration, type Place } from './failed-migration.ts';
import type { Work } from './work.ts';

/** A command that has ended. */
export interface Ended {
  readonly result: CommandResult;
  readonly milliseconds: number;
  /** Who kept it waiting last. */
  readonly blockers: readonly Blocker[];
}

/** Runs a command of the project, and tells whom it waits for. @param subject what its sessions are called by */
export async function watched(
  project: Project,
  subject: string,
  { database, log }: Pick<Work, 'database' | 'log'>,
  start: () => Promise<CommandResult>,
): Promise<Ended> {
  const started = performance.now();
  const ended = await watchingBlockers(start, {
    database,
    applicationName: sessionName(project, subject),
    interval: lookInterval(project.timeouts?.lock),
    onBlocked: (blockers) =>
      log.info(`${subject} waits for a lock: ${describeBlockers(blockers)} is in the way`),
  });
  return { ...ended, milliseconds: performance.now() - started };
}

/** Milliseconds: often enough to see who is in the way before the lock timeout is over. */
export function lookInterval(lockTimeout = 0): number {
  return lockTimeout === 0 ? 1_000 : Math.min(1_000, Math.max(50, lockTimeout / 4));
}

/** What is known about a command that failed. */
interface Circumstances {
  /** `app.name`, where the command has told. */
  readonly migration?: string | undefined;
  readonly observed: string;
  /** It did not get a lock in time. */
  readonly blocked: boolean;
  readonly lockTimeout: number | undefined;
}

export function failureOf(
  { result, blockers }: Ended,
  { migration, observed, blocked, lockTimeout }: Circumstances,
  place: Place,
): UserError {
  const failed = { migration, observed: observed || ending(result), evidence: lastWords(result, 40) };
  return blocked
    ? blockedMigration(failed, place, { blockers, lockTimeout })
    : failedMigration(failed, place);
}

export function placeOfTenant(schema: string): Place {
  return {
    code: 'tenant-migration-failed',
    where: `in tenant ${schema}`,
    trying: `Migrating tenant ${schema}`,
  };
}

export function placeOfShared(schema: string): Place {
  return {
    code: 'shared-migration-failed',
    where: `in the shared schema ${schema}`,
    trying: 'Migrating the shared schema',
    standing: 'no tenant was touched',
  };
}

export function placeOfUndoing(schema: string, isShared: boolean): Place {
  const where = isShared ? `the shared schema ${schema}` : `tenant ${schema}`;
  return {
    code: isShared ? 'shared-migration-failed' : 'tenant-migration-failed',
    where: `in ${where}`,
    trying: `Going back in ${where}`,
    doing: 'Undoing',
    ...(isShared ? { standing: 'the tenants are at the target' } : {}),
  };
}
