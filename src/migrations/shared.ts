import { listed } from '../ground/words.ts';
import type { SharedWork, SuperTenantWork } from './application.ts';
import { applicationOf } from './application-of.ts';
import { type Look, lookAt } from './look.ts';
import { type MigrateOptions, workOf } from './options.ts';
import { type MigrationPlan, workSentence } from './plan.ts';
import type { Progress } from './progress.ts';
import { safePoint } from './safe-point.ts';

/** The shared schema first, and blocking; then the tenant that stands for it. */

/** Migrates the shared schema. Says whether it was changed. @throws UserError */
export async function bringShared(
  { plan: { shared } }: Look,
  work: SharedWork | undefined,
  progress: Progress,
  options: MigrateOptions,
): Promise<boolean> {
  if (work === undefined) {
    options.log.step('Shared', `${shared.schema}: nothing to do`);
    return false;
  }
  const since = performance.now();
  await safePoint(`the shared schema ${shared.schema}`, progress, options);
  progress.begun(shared.schema, 'Shared');
  const ran = await work.migrate(workOf(options));
  progress.ended(shared.schema, ran);
  progress.recordedOnly(work.recordedOnly);
  progress.phase('Shared', since);
  options.onStanding?.(progress.outcome());
  if (ran.failure !== undefined) {
    // How far it came is in its ledger, not in what the command printed.
    const now = await lookAt(options).catch(() => undefined);
    if (now !== undefined) progress.seen(now.plan);
    throw ran.failure;
  }
  const recorded =
    work.recordedOnly.length === 0 ? '' : ` (recorded without running: ${listed(work.recordedOnly, 3)})`;
  options.log.step('Shared', `${shared.schema}: ${workSentence(shared)}${recorded}`, ran.milliseconds);
  return true;
}

/** Gets or creates the tenant of the shared schema by the project's own command. @throws UserError */
export async function bringSuperTenant(
  { command, make }: SuperTenantWork,
  progress: Progress,
  options: MigrateOptions,
): Promise<void> {
  const since = performance.now();
  await safePoint('the super tenant', progress, options);
  const ran = await make(workOf(options));
  progress.superTenantEnded(command, ran);
  progress.phase('Super tenant', since);
  options.onStanding?.(progress.outcome());
  if (ran.failure !== undefined) throw ran.failure;
  options.log.step('Super tenant', command, ran.milliseconds);
}

/**
 * Schemas that new tenants are copied from: behind, they would give a new tenant rows without tables.
 * @throws UserError
 */
export async function bringTemplates(
  { templates }: MigrationPlan,
  progress: Progress,
  options: MigrateOptions,
): Promise<void> {
  for (const { schema, exists, pending, undo } of templates) {
    if (!exists || pending.length === 0) continue;
    const since = performance.now();
    await safePoint(`the template ${schema}`, progress, options);
    const ran = await applicationOf(options.project).migrateSchema(schema, workOf(options), undo);
    progress.phase('Template', since);
    if (ran.failure !== undefined) throw ran.failure;
    options.log.step('Template', `${schema}: ${listed(pending, 3)}`, ran.milliseconds);
  }
}
