import { UserError } from '../ground/errors.ts';
import { backUpFirst, backupSentence } from './backup.ts';
import { lookAt } from './look.ts';
import { bringTenants, failureOf, firstLook, proveAll, refuse, told } from './migrate.ts';
import type { MigrateOptions } from './options.ts';
import type { MigrationOutcome } from './outcome.ts';
import { notices } from './plan.ts';
import { planLines } from './plan-text.ts';
import type { Progress } from './progress.ts';
import { requireRights } from './rights.ts';
import { bringShared, bringTemplates } from './shared.ts';
import type { Target } from './target.ts';

export interface UndoOptions extends MigrateOptions {
  readonly targets: readonly Target[];
}

/**
 * Goes back to migrations: what came after them is undone by Django, in every tenant, then in the shared schema, which
 * has to last as long as a tenant needs it. Nothing is begun where something of it cannot be undone; afterwards it is
 * looked whether ledgers and structures are what the migrations up to there make. A failure that a user can mend is in
 * the outcome, so that the rest can be reported.
 */
export function undoMigrations(options: UndoOptions): Promise<MigrationOutcome> {
  // What post_migrate makes is for the way there.
  return told((progress) => goBack(progress, { ...options, postMigrate: 'never' }));
}

async function goBack(progress: Progress, options: UndoOptions): Promise<void> {
  const look = await firstLook(progress, options);
  for (const notice of notices(look.plan)) options.log.info(notice);
  refuseToGoBack(() => refuse(look.plan, options));
  const { shared } = await look.standing.prepare(look.plan, options);
  if (options.dryRun) {
    options.log.details('The plan', planLines(look.plan).join('\n'));
    const backup = backupSentence(look, options);
    if (backup !== undefined) options.log.info(backup);
    return;
  }
  await requireRights(look.plan, options.database);
  await backUpFirst(look, progress, options);
  const end = await bringTenants(look, progress, options);
  try {
    if (failureOf(end, progress, options) === undefined) {
      await bringTemplates(look.plan, progress, options);
      await bringShared(look, shared, progress, options);
    } else if (shared !== undefined) {
      options.log.step(
        'Shared',
        `${look.plan.shared.schema}: not touched, it follows when every tenant is there`,
      );
    }
    const now = await lookAt(options);
    progress.seen(now.plan);
    proveAll(now, progress, options, look);
  } catch (error) {
    // What failed on the way is the cause; that it is not there in the end, or cannot be seen, follows from it.
    throw failureOf(end, progress, options) ?? error;
  }
  const failure = failureOf(end, progress, options);
  if (failure !== undefined) throw failure;
}

/** An older commit is what one would deploy after this, and what cannot do it. */
function refuseToGoBack(refusing: () => void): void {
  try {
    refusing();
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'code-older-than-database') throw error;
    throw new UserError(
      error.message,
      'go back with the code that has these migrations, and deploy the older one afterwards; nothing was changed',
      { code: error.code, cause: error },
    );
  }
}
