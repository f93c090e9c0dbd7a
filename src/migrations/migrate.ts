import { readForeignTables } from '../database/structure-owners.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { grouped } from '../ground/words.ts';
import { applicationOf } from './application-of.ts';
import { backUpFirst, backupSentence, withWayBack } from './backup.ts';
import { failuresThatStop } from './budget.ts';
import { driftLines } from './drift.ts';
import { failedBeforehand, fleetFailure } from './failed-fleet.ts';
import type { FleetEnd } from './fleet.ts';
import { makeRoom } from './headroom.ts';
import { type Look, lookAt } from './look.ts';
import {
  canaryOf,
  deadlineOf,
  lanesFor,
  type MigrateOptions,
  maxFailuresOf,
  type VerifyOptions,
  workOf,
} from './options.ts';
import type { MigrationOutcome } from './outcome.ts';
import { ownersRefusal } from './owners.ts';
import { type MigrationPlan, needsMigration, notices, type PlannedTenant, refusals } from './plan.ts';
import { planLines, planSentence } from './plan-text.ts';
import { Progress } from './progress.ts';
import { requireRights } from './rights.ts';
import { safePoint } from './safe-point.ts';
import { bringShared, bringSuperTenant, bringTemplates } from './shared.ts';
import { migrateTenants } from './tenants.ts';
import { recordProven } from './unrecorded.ts';
import { proofSentence } from './verify.ts';
import { afterWave, rowsBefore } from './wave-checks.ts';

export type { MigrateOptions, VerifyOptions };

/**
 * Brings the shared schema and every tenant to the head of the project's migrations: shared schema, super tenant,
 * tenants; then looks whether all of them really are what the migrations make. A failure that a user can mend is
 * in the outcome, so that the rest can be reported.
 */
export function migrateSchemas(options: MigrateOptions): Promise<MigrationOutcome> {
  return told((progress) => carryOut(progress, options));
}

/** Looks whether every schema is at head and is what the migrations make; changes nothing. */
export function verifySchemas(options: VerifyOptions): Promise<MigrationOutcome> {
  return told(async (progress) => {
    proveAll(await firstLook(progress, options), progress, options);
  });
}

/** A run with an outcome, also when it failed. */
export async function told(work: (progress: Progress) => Promise<void>): Promise<MigrationOutcome> {
  const progress = new Progress();
  try {
    await work(progress);
    return progress.outcome();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return progress.outcome(withWayBack(error, progress));
  }
}

async function carryOut(progress: Progress, options: MigrateOptions): Promise<void> {
  let look = await firstLook(progress, options);
  for (const notice of notices(look.plan)) options.log.info(notice);
  refuse(look.plan, options);
  if (!options.dryRun) await requireRights(look.plan, options.database);
  const { shared, superTenant } = await look.standing.prepare(look.plan, options);
  if (options.dryRun) {
    options.log.details('The plan', planLines(look.plan).join('\n'));
    const backup = backupSentence(look, options);
    if (backup !== undefined) options.log.info(backup);
  }
  await reviewed(look, progress, options);
  if (options.dryRun) return;
  await backUpFirst(look, progress, options);
  const sharedChanged = await bringShared(look, shared, progress, options);
  if (superTenant !== undefined) await bringSuperTenant(superTenant, progress, options);
  if (await isOutdated(look, options)) {
    look = await lookAgain(progress, options);
    await backUpFirst(look, progress, options, sharedOnly);
  }

  await bringTemplates(look.plan, progress, options);
  const end = await bringTenants(look, progress, options);
  const before = look;
  const unrecorded = look.plan.tenants.some((tenant) => tenant.unrecorded !== undefined);
  try {
    if (sharedChanged || unrecorded || progress.touchedTenants) {
      // Who lacked nothing that post_migrate makes has got it with the migration, if it was needed.
      const again = before.plan.lacking.length === 0 ? { ...options, postMigrate: undefined } : options;
      look = await lookAt(again);
      progress.seen(look.plan);
      if (end === 'done' && (await recordProven(look, progress, options))) look = await lookAt(again);
      progress.seen(look.plan);
    }
    proveAll(look, progress, options, before);
  } catch (error) {
    // What failed on the way is the cause; that it is not there in the end, or cannot be seen, follows from it.
    throw failureOf(end, progress, options) ?? error;
  }
  const failure = failureOf(end, progress, options);
  if (failure !== undefined) throw failure;
}

/** Dangers are told before a backup is taken. */
async function reviewed(look: Look, progress: Progress, { review }: MigrateOptions): Promise<void> {
  if (review === undefined) return;
  const since = performance.now();
  await review(look);
  progress.phase('Review', since);
}

export async function firstLook(progress: Progress, options: VerifyOptions): Promise<Look> {
  const since = performance.now();
  const look = await lookAt(options);
  progress.planned(look.plan);
  progress.phase('Plan', since);
  options.log.step('Plan', planSentence(look.plan), performance.now() - since);
  return look;
}

/** Whether the shared schema and the super tenant have brought tenants that were not known before. */
async function isOutdated({ standing, plan }: Look, { database, schemas }: MigrateOptions): Promise<boolean> {
  return plan.tenantsUnknown !== undefined || standing.isOutdated(database, schemas);
}

const sharedOnly = 'the shared schema is migrated, no tenant was touched';

/** There are tenants that could not be read, or were not there, before. */
async function lookAgain(progress: Progress, options: MigrateOptions): Promise<Look> {
  const before = progress.plan === undefined ? '' : planSentence(progress.plan);
  const look = await lookAt(options);
  progress.planned(look.plan);
  progress.seen(look.plan);
  if (planSentence(look.plan) !== before) options.log.step('Plan', planSentence(look.plan));
  refuse(look.plan, options, sharedOnly);
  return look;
}

/** What must not be begun: the project as a whole is in no state for it, or too many of its tenants are not. */
export function refuse(plan: MigrationPlan, options: MigrateOptions, soFar?: string): void {
  const [refusal, ...others] = refusals(plan, soFar, options);
  if (refusal !== undefined) {
    options.log.details('Also in the way', others.map(({ sentence }) => sentence).join('\n'));
    throw refusal;
  }
  const beforehand = failedBeforehand(plan, limitOf(plan, options), soFar);
  if (beforehand !== undefined) throw beforehand;
}

function limitOf(plan: MigrationPlan, options: MigrateOptions): number {
  return failuresThatStop(maxFailuresOf(options), plan.tenants.length + plan.troubled.length);
}

/** Brings every tenant where the plan wants it, wave by wave. */
export async function bringTenants(
  look: Look,
  progress: Progress,
  options: MigrateOptions,
): Promise<FleetEnd> {
  const { plan } = look;
  const pending = plan.tenants.filter((tenant) => needsMigration(tenant) && tenant.unrecorded === undefined);
  if (pending.length === 0) {
    options.log.step('Tenants', upToDateSentence(plan));
    return 'done';
  }
  await refuseOtherOwners(look, pending, options);
  const parallel = await makeRoom(lanesFor(options, pending.length), options);
  const application = applicationOf(options.project);
  const engine = application.engine(look, { pending, lanes: parallel, work: workOf(options), options });
  const rows = await rowsBefore(pending, options);
  try {
    return await migrateTenants({
      ...options,
      plan,
      pending,
      application,
      engine,
      progress,
      parallel,
      rollout: options.rollout,
      canary: canaryOf(options),
      maxFailures: maxFailuresOf(options),
      deadline: deadlineOf(options),
      safePoint: (phase) => safePoint(phase, progress, options),
      afterWave: (wave, next) => afterWave(wave, { next, parallel, rows, progress, options }),
      onStanding: () => options.onStanding?.(progress.outcome()),
    });
  } finally {
    progress.engineNotes(engine.notes);
    await engine.close();
  }
}

/** Only an owner may alter a table: better said before the first tenant than in the middle. */
async function refuseOtherOwners(
  { standing }: Look,
  pending: readonly PlannedTenant[],
  { database }: MigrateOptions,
): Promise<void> {
  const running = pending.filter(({ runs }) => runs.length > 0).map(({ schema }) => schema);
  const foreign = await readForeignTables(database, running);
  const refusal = ownersRefusal(foreign, standing.role, 'no tenant was touched');
  if (refusal !== undefined) throw refusal;
}

function upToDateSentence({ tenants, back }: MigrationPlan): string {
  if (back !== undefined) return 'nothing to undo';
  const unrecorded = tenants.filter((tenant) => tenant.unrecorded !== undefined).length;
  const upToDate = `0 migrated, ${grouped(tenants.length - unrecorded)} up to date`;
  return unrecorded === 0
    ? upToDate
    : `${upToDate}, ${grouped(unrecorded)} with a migration that is not recorded`;
}

/** The one sentence for all tenants that failed, or for the time that was up. */
export function failureOf(end: FleetEnd, progress: Progress, options: MigrateOptions): UserError | undefined {
  options.signal.throwIfAborted();
  const limit = failuresThatStop(maxFailuresOf(options), progress.outcome().tenants.length);
  return fleetFailure(progress.failed, { end, standing: progress.standing, limit });
}

/** @param before how things stood before tenants were changed */
export function proveAll(
  look: Look,
  progress: Progress,
  { log }: { readonly log: Log },
  before?: Look,
): void {
  const since = performance.now();
  const migrated = new Set(progress.migratedTenants);
  const proof = look.standing.prove(
    look.structures,
    before && { fleet: before.standing.fleet, structures: before.structures, migrated },
  );
  progress.proven(proof);
  log.details('Tenants that are not like the others', driftLines(proof.drift).join('\n'));
  if (proof.failure !== undefined) throw proof.failure;
  log.step('Proof', proofSentence(proof), performance.now() - since);
}
