import type { Database } from '../database/session.ts';
import type { Discovery } from '../django/discovery.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import {
  type CommandOptions,
  makeSuperTenant,
  migrateShared,
  migrateTenant,
  superTenantWords,
} from './commands.ts';
import type { MigrationOutcome } from './outcome.ts';
import { needsMigration, notices, planMigrations, refusals, troubles } from './plan.ts';
import { planLines, planSentence } from './plan-text.ts';
import { Progress, tenantsToMigrate } from './progress.ts';
import { readStanding } from './standing.ts';
import { proofSentence, prove } from './verify.ts';

export interface MigrateOptions {
  readonly project: DjangoProject;
  /** The same database that the project's environment names. */
  readonly database: Database;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Name and arguments of the project's command; default: `create_super_tenant` where the project has it. */
  readonly superTenantCommand?: string | undefined;
  /** Looks, plans, prints; changes nothing. */
  readonly dryRun: boolean;
  /** Milliseconds for one command of the project. Default: an hour. */
  readonly commandTimeout?: number | undefined;
  /** Called before each change with what it is; what it throws ends the run there. */
  readonly atSafePoint?: ((phase: string) => Promise<void>) | undefined;
  /** Told how far the run has come, whenever that changes: for a report when the step is cancelled. */
  readonly onStanding?: ((outcome: MigrationOutcome) => void) | undefined;
}

const anHour = 60 * 60_000;

/**
 * Brings the shared schema and every tenant to the head of the project's migrations, through the project's own
 * commands: shared schema, super tenant, tenants; then asks the catalogue whether all tables exist. Stops at
 * the first failure. A failure that a user can mend is in the outcome, so that the rest can be reported.
 */
export async function migrateSchemas(options: MigrateOptions): Promise<MigrationOutcome> {
  const progress = new Progress();
  try {
    await carryOut(progress, options);
    return progress.outcome();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return progress.outcome(error);
  }
}

/** Looks whether every schema is at head and has its tables; changes nothing. */
export async function verifySchemas(
  options: Pick<MigrateOptions, 'project' | 'database' | 'log' | 'signal'>,
): Promise<MigrationOutcome> {
  const progress = new Progress();
  try {
    const discovery = await readStanding(options);
    progress.planned(planMigrations(discovery));
    options.log.step('Plan', planSentence(planMigrations(discovery)));
    await proveAll(discovery, progress, options);
    return progress.outcome();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return progress.outcome(error);
  }
}

async function carryOut(progress: Progress, options: MigrateOptions): Promise<void> {
  let discovery = await look(progress, options);
  const superTenant = superTenantWords(options.superTenantCommand, discovery);
  if (options.dryRun) {
    options.log.details('The plan', planLines(planMigrations(discovery)).join('\n'));
    return;
  }
  await bringShared(progress, options);
  if (superTenant !== undefined) await bringSuperTenant(superTenant, progress, options);
  if (progress.sharedWasMigrated || superTenant !== undefined) {
    discovery = await lookAgain(progress, options);
  }
  if (await bringTenants(progress, options)) {
    discovery = await readStanding(options);
    progress.seen(planMigrations(discovery));
  }
  await proveAll(discovery, progress, options);
}

/** Reads how things stand, plans, and refuses what must not be begun. */
async function look(progress: Progress, options: MigrateOptions): Promise<Discovery> {
  const since = performance.now();
  const discovery = await readStanding(options);
  const plan = planMigrations(discovery);
  progress.planned(plan);
  options.log.step('Plan', planSentence(plan), performance.now() - since);
  for (const notice of notices(plan)) options.log.info(notice);
  const [refusal, ...others] = [...refusals(plan), ...troubles(plan)];
  if (refusal === undefined) return discovery;
  options.log.details('Also in the way', others.map(({ sentence }) => sentence).join('\n'));
  throw refusal;
}

/** After the shared schema and the super tenant: there may be tenants that could not be read before. */
async function lookAgain(progress: Progress, options: MigrateOptions): Promise<Discovery> {
  const before = progress.plan === undefined ? '' : planSentence(progress.plan);
  const discovery = await readStanding(options);
  const plan = planMigrations(discovery);
  progress.planned(plan);
  progress.seen(plan);
  if (planSentence(plan) !== before) options.log.step('Plan', planSentence(plan));
  const soFar = 'the shared schema is migrated, no tenant was touched';
  const [refusal] = [...refusals(plan, soFar), ...troubles(plan, soFar)];
  if (refusal !== undefined) throw refusal;
  return discovery;
}

async function bringShared(progress: Progress, options: MigrateOptions): Promise<void> {
  const shared = progress.plan?.shared;
  if (shared === undefined) return;
  if (!needsMigration(shared)) {
    options.log.step('Shared', `${shared.schema}: nothing to do`);
    return;
  }
  await safePoint(`the shared schema ${shared.schema}`, progress, options);
  progress.begun(shared.schema);
  const ran = await migrateShared(shared.schema, commandOptions(options));
  progress.ended(shared.schema, ran);
  options.onStanding?.(progress.outcome());
  if (ran.failure !== undefined) {
    await readLedgersAgain(progress, options);
    throw ran.failure;
  }
  options.log.step('Shared', `${shared.schema}: ${listed(shared.pending, 3)}`, ran.milliseconds);
}

async function bringSuperTenant(
  words: readonly string[],
  progress: Progress,
  options: MigrateOptions,
): Promise<void> {
  const command = words.join(' ');
  await safePoint('the super tenant', progress, options);
  const ran = await makeSuperTenant(words, commandOptions(options));
  progress.superTenantEnded(command, ran);
  options.onStanding?.(progress.outcome());
  if (ran.failure !== undefined) throw ran.failure;
  options.log.step('Super tenant', command, ran.milliseconds);
}

/** Says whether any tenant was migrated. */
async function bringTenants(progress: Progress, options: MigrateOptions): Promise<boolean> {
  const plan = progress.plan;
  if (plan === undefined) return false;
  const waiting = tenantsToMigrate(plan);
  const since = performance.now();
  for (const [index, schema] of waiting.entries()) {
    await safePoint(`tenant ${schema} (${index + 1} of ${waiting.length})`, progress, options);
    progress.begun(schema);
    const ran = await migrateTenant(schema, commandOptions(options));
    progress.ended(schema, ran);
    options.onStanding?.(progress.outcome());
    if (ran.failure !== undefined) {
      await readLedgersAgain(progress, options);
      throw withStanding(ran.failure, progress);
    }
    if (isWorthALine(index + 1, waiting.length)) {
      options.log.info(`${index + 1} of ${counted(waiting.length, 'tenant')}: ${schema}`);
    }
  }
  const skipped = plan.tenants.length - waiting.length;
  options.log.step(
    'Tenants',
    `${grouped(waiting.length)} migrated, ${grouped(skipped)} up to date`,
    performance.now() - since,
  );
  return waiting.length > 0;
}

async function safePoint(
  phase: string,
  progress: Progress,
  { signal, atSafePoint }: MigrateOptions,
): Promise<void> {
  signal.throwIfAborted();
  try {
    await atSafePoint?.(phase);
  } catch (error) {
    throw error instanceof UserError ? withStanding(error, progress) : error;
  }
}

/** Each tenant of a few; a line for every tenth of many. */
function isWorthALine(done: number, total: number): boolean {
  return total <= 20 || Math.floor((done * 10) / total) !== Math.floor(((done - 1) * 10) / total);
}

/** How far the failed schema came is in its ledger, not in what the command printed. */
async function readLedgersAgain(progress: Progress, options: MigrateOptions): Promise<void> {
  const discovery = await readStanding(options).catch(() => undefined);
  if (discovery !== undefined) progress.seen(planMigrations(discovery));
}

function withStanding(failure: UserError, { standing }: Progress): UserError {
  return new UserError(failure.message, [failure.hint, ...standing].join('; '), {
    code: failure.code,
    ...(failure.evidence === undefined ? {} : { evidence: failure.evidence }),
    cause: failure.cause,
  });
}

async function proveAll(
  discovery: Discovery,
  progress: Progress,
  { database, log }: Pick<MigrateOptions, 'database' | 'log'>,
): Promise<void> {
  const since = performance.now();
  const proof = await prove(discovery, database);
  progress.proven(proof);
  if (proof.failure !== undefined) throw proof.failure;
  log.step('Proof', proofSentence(proof), performance.now() - since);
}

function commandOptions({ project, database, signal, log, commandTimeout }: MigrateOptions): CommandOptions {
  return { project, database, signal, log, timeout: commandTimeout ?? anHour };
}
