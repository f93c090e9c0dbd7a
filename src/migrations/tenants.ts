import type { Database } from '../database/session.ts';
import type { DjangoProject } from '../django/project.ts';
import { showDuration } from '../ground/duration.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { grouped, listed } from '../ground/words.ts';
import type { FailureLimit } from './budget.ts';
import type { Ran } from './commands.ts';
import type { Engine } from './engines.ts';
import { Failures, type FleetEnd, migrateWave } from './fleet.ts';
import type { MigrationPlan, PlannedTenant } from './plan.ts';
import type { Progress } from './progress.ts';
import { arrange, type RolloutFacts, type RolloutGroup, type Wave } from './rollout.ts';
import { isUnknownOutcome, lookWhatBecame } from './unknown-outcome.ts';

export interface TenantsWork {
  readonly plan: MigrationPlan;
  /** Those that are to be migrated. */
  readonly pending: readonly PlannedTenant[];
  readonly project: DjangoProject;
  readonly database: Database;
  readonly engine: Engine;
  readonly progress: Progress;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Default: a canary, then everybody. */
  readonly rollout: readonly RolloutGroup[] | undefined;
  /** A share of all tenants. */
  readonly canary: number;
  readonly maxFailures: FailureLimit;
  /** How many tenants at once. */
  readonly parallel: number;
  /** Milliseconds of `performance.now()` after which no tenant is begun. */
  readonly deadline: number;
  /** Called before tenants are changed; what it throws ends the run. */
  readonly safePoint: (phase: string) => Promise<void>;
  /** What has to hold after a wave and before the next one; what it throws ends the run. */
  readonly afterWave: (wave: Wave, next: readonly PlannedTenant[]) => Promise<void>;
  /** Told whenever a tenant has ended. */
  readonly onStanding: () => void;
}

/** Migrates every tenant that needs it, wave by wave. @returns how the last wave ended */
export async function migrateTenants(work: TenantsWork): Promise<FleetEnd> {
  const { plan, pending, progress } = work;
  const fleet = plan.tenants.length + plan.troubled.length;
  const waves = arrange(pending, work.rollout, { ...(await askedFacts(work)), ...work, fleet });
  const failures = new Failures(plan.troubled.length);
  for (const [index, wave] of waves.entries()) {
    const started = performance.now();
    const counter = new WaveCounter(wave, work);
    const end = await migrateWave(wave, failures, {
      parallel: work.parallel,
      oneAtATime: () => work.engine.oneAtATime,
      signal: work.signal,
      deadline: work.deadline,
      migrate: (tenant, lane) => migrateOne(tenant, lane, work),
      async begin(tenant) {
        await safely(
          work,
          `tenant ${tenant.schema} (${counter.next()} of ${wave.tenants.length}, ${wave.name})`,
        );
        progress.begun(tenant.schema, wave.name);
      },
      ended(tenant, ran, again) {
        if (again === undefined) counter.ended(tenant, ran.milliseconds, ran.failure);
        else work.log.info(retrySentence(tenant.schema, ran.failure, again));
        if (again === undefined) progress.ended(tenant.schema, ran);
        else progress.putBack(tenant.schema);
        work.onStanding();
      },
    });
    work.log.step(wave.name, counter.sentence(), performance.now() - started);
    progress.phase(wave.name, started);
    if (end !== 'done') return end;
    await work.afterWave(
      wave,
      waves.slice(index + 1).flatMap(({ tenants }) => tenants),
    );
  }
  return 'done';
}

/** `beta: deadlock detected; try 2/5 in 1.2 s, after the others`. */
export function retrySentence(
  schema: string,
  failure: UserError | undefined,
  { pause, attempt }: { readonly pause: number; readonly attempt: string },
): string {
  const why = failure?.message.split(' — ').slice(1).join(' — ') ?? '';
  return `${schema}: ${why}; try ${attempt} in ${showDuration(pause)}, after the others`;
}

async function migrateOne(tenant: PlannedTenant, lane: number, work: TenantsWork): Promise<Ran> {
  const started = performance.now();
  try {
    const ran = await work.engine.migrate(tenant, lane);
    return ran.retry === undefined || isWhole(ran, tenant, work.plan) ? ran : { ...ran, retry: undefined };
  } catch (error) {
    // What was cut off with the step has not failed by itself.
    work.signal.throwIfAborted();
    if (!isUnknownOutcome(error)) throw error;
    const { project, database, progress } = work;
    const { failure } = await lookWhatBecame(tenant, error, {
      project,
      database,
      standing: progress.standing,
    });
    return { milliseconds: performance.now() - started, failure };
  }
}

/** Whether nothing is left of the migration that failed, because it is one transaction. */
function isWhole(
  { engine, migration }: Ran,
  { runs }: PlannedTenant,
  { migrations }: MigrationPlan,
): boolean {
  if (engine === 'worker') return true; // it has looked by itself
  const concerned = migration === undefined ? runs : [migration];
  return migrations.every((one) => one.atomic || !concerned.includes(one.migration));
}

/** The lock is asked for at most once a second: a question for each tenant is too many at a thousand a second. */
const safePointInterval = 1_000;
const lastSafePoint = new WeakMap<TenantsWork, number>();

async function safely(work: TenantsWork, phase: string): Promise<void> {
  const last = lastSafePoint.get(work) ?? Number.NEGATIVE_INFINITY;
  if (performance.now() - last < safePointInterval) return;
  lastSafePoint.set(work, performance.now());
  await work.safePoint(phase);
}

async function askedFacts({
  database,
  pending,
  rollout,
}: TenantsWork): Promise<Pick<RolloutFacts, 'sizes' | 'queried'>> {
  const schemas = pending.map(({ schema }) => schema);
  const queried = new Map<RolloutGroup, ReadonlySet<string>>();
  for (const group of rollout ?? []) {
    if (group.query !== undefined) queried.set(group, await askGroup(database, group.name, group.query));
  }
  return { sizes: await sizesOf(database, schemas), queried };
}

/** Pages on disk, as the last VACUUM or ANALYZE saw them: no file is looked at. */
async function sizesOf(database: Database, schemas: readonly string[]): Promise<Map<string, number>> {
  const rows = await database.query<{ schema: string; pages: number }>(
    `select n.nspname::text as schema, sum(c.relpages)::float8 as pages
       from pg_namespace n join pg_class c on c.relnamespace = n.oid
      where n.nspname = any($1::text[]) group by 1`,
    [schemas],
  );
  return new Map(rows.map(({ schema, pages }) => [schema, pages]));
}

async function askGroup(database: Database, name: string, query: string): Promise<Set<string>> {
  try {
    await database.query('begin transaction read only');
    const rows = await database.query<Record<string, unknown>>(query);
    return new Set(rows.map((row) => String(Object.values(row)[0])));
  } catch (error) {
    throw new UserError(
      `The query of the rollout’s group ${name} failed — ${messageOf(error)}`,
      'it must be one SELECT whose first column is the name of a schema; nothing was changed',
      { code: 'rollout-query-failed', cause: error },
    );
  } finally {
    await database.query('rollback').catch(() => {});
  }
}

/** Counts a wave, and says every tenth of it, or every quarter of a minute, how far it is. */
class WaveCounter {
  readonly #wave: Wave;
  readonly #log: Log;
  readonly #started = performance.now();
  #begun = 0;
  #done = 0;
  #failed = 0;
  #shown = { tenth: 0, at: performance.now() };
  #slowest = { schema: '', milliseconds: 0 };

  constructor(wave: Wave, { log }: Pick<TenantsWork, 'log'>) {
    this.#wave = wave;
    this.#log = log;
  }

  next(): number {
    this.#begun += 1;
    return Math.min(this.#begun, this.#wave.tenants.length);
  }

  ended({ schema }: PlannedTenant, milliseconds: number, failure: UserError | undefined): void {
    this.#done += 1;
    if (failure !== undefined) this.#failed += 1;
    // Each failure is a line, as long as they are few; the summary has them all.
    if (failure !== undefined && this.#failed <= 5) this.#log.info(`✗ ${failure.message}`);
    if (milliseconds > this.#slowest.milliseconds) this.#slowest = { schema, milliseconds };
    const total = this.#wave.tenants.length;
    const tenth = Math.floor((this.#done * 10) / total);
    const now = performance.now();
    const worth = total <= 20 || tenth > this.#shown.tenth || now - this.#shown.at > 15_000;
    if (!worth || total === 1) return;
    this.#shown = { tenth, at: now };
    this.#log.info(total <= 20 ? `${this.#done} of ${total}: ${schema}` : this.#line(total));
  }

  #line(total: number): string {
    const seconds = (performance.now() - this.#started) / 1_000;
    const rate = this.#done / seconds;
    const left = ((total - this.#done) / rate) * 1_000;
    return [
      `${grouped(this.#done)} of ${grouped(total)} ${bar(this.#done / total)}`,
      `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`,
      ...(this.#done === total ? [] : [`${showDuration(left)} left`]),
      ...(this.#failed === 0 ? [] : [`${this.#failed} failed`]),
    ].join('  ');
  }

  /** `10 of 10, slowest zeta 0.08 s`, `acme: orders.0011 and orders.0012`. */
  sentence(): string {
    const { tenants } = this.#wave;
    const [only] = tenants;
    const migrated = this.#done - this.#failed;
    if (tenants.length === 1 && only !== undefined && migrated === 1) {
      return `${only.schema}: ${listed(only.pending, 3)}`;
    }
    return [
      `${grouped(migrated)} of ${grouped(tenants.length)} migrated`,
      ...(this.#failed === 0 ? [] : [`${this.#failed} failed`]),
      ...(this.#done > 1
        ? [`slowest ${this.#slowest.schema} ${showDuration(this.#slowest.milliseconds)}`]
        : []),
    ].join(', ');
  }
}

function bar(share: number): string {
  const full = Math.round(share * 20);
  return '█'.repeat(full) + '░'.repeat(20 - full);
}
