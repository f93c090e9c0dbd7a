import { listed } from '../ground/words.ts';
import { makeSuperTenant, migrateShared, migrateTenant } from './commands.ts';
import { judgeInitial } from './fake-initial.ts';
import type { InitialVerdict } from './fake-initial-verdict.ts';
import { type Look, lookAt } from './look.ts';
import { commandOptions, type MigrateOptions } from './options.ts';
import { type MigrationPlan, needsMigration, workSentence } from './plan.ts';
import type { Progress } from './progress.ts';
import { safePoint } from './safe-point.ts';

/** The shared schema first, and blocking; then the tenant that stands for it. */

/** Which migrations of the shared schema are to be recorded only. Changes nothing. @throws UserError */
export async function judgeShared(
  { plan, discovery }: Look,
  options: MigrateOptions,
): Promise<InitialVerdict | undefined> {
  if (!needsMigration(plan.shared)) return undefined;
  return judgeInitial(discovery, { ...options, policy: options.fakeInitial ?? 'shared-if-identical' });
}

/** Migrates the shared schema. Says whether it was changed. @throws UserError */
export async function bringShared(
  { plan: { shared } }: Look,
  verdict: InitialVerdict | undefined,
  progress: Progress,
  options: MigrateOptions,
): Promise<boolean> {
  if (verdict === undefined) {
    options.log.step('Shared', `${shared.schema}: nothing to do`);
    return false;
  }
  const { fake, flag } = verdict;
  const since = performance.now();
  await safePoint(`the shared schema ${shared.schema}`, progress, options);
  progress.begun(shared.schema, 'Shared');
  const ran = await migrateShared(shared.schema, commandOptions(options), flag);
  progress.ended(shared.schema, ran);
  progress.recordedOnly(fake);
  progress.phase('Shared', since);
  options.onStanding?.(progress.outcome());
  if (ran.failure !== undefined) {
    // How far it came is in its ledger, not in what the command printed.
    const now = await lookAt(options).catch(() => undefined);
    if (now !== undefined) progress.seen(now.plan);
    throw ran.failure;
  }
  const recorded = fake.length === 0 ? '' : ` (recorded without running: ${listed(fake, 3)})`;
  options.log.step('Shared', `${shared.schema}: ${workSentence(shared)}${recorded}`, ran.milliseconds);
  return true;
}

/** Gets or creates the tenant of the shared schema by the project's own command. @throws UserError */
export async function bringSuperTenant(
  words: readonly string[],
  progress: Progress,
  options: MigrateOptions,
): Promise<void> {
  const since = performance.now();
  const command = words.join(' ');
  await safePoint('the super tenant', progress, options);
  const ran = await makeSuperTenant(words, commandOptions(options));
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
  for (const { schema, exists, pending } of templates) {
    if (!exists || pending.length === 0) continue;
    const since = performance.now();
    await safePoint(`the template ${schema}`, progress, options);
    const ran = await migrateTenant(schema, commandOptions(options));
    progress.phase('Template', since);
    if (ran.failure !== undefined) throw ran.failure;
    options.log.step('Template', `${schema}: ${listed(pending, 3)}`, ran.milliseconds);
  }
}
