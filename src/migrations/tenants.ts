import type { Database } from '../database/session.ts';
import { showDuration } from '../ground/duration.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import type { Application, Engine } from './application.ts';
import type { FailureLimit } from './budget.ts';
import { Failures, type FleetEnd, migrateWave } from './fleet.ts';
import type { MigrationPlan, PlannedTenant } from './plan.ts';
import type { Progress } from './progress.ts';
import { arrange, type RolloutFacts, type RolloutGroup, type Wave } from './rollout.ts';
import { isUnknownOutcome } from './unknown-outcome.ts';
import { WaveCounter } from './wave-counter.ts';
import type { Ran } from './work.ts';

export interface TenantsWork {
  readonly plan: MigrationPlan;
  /** Those that are to be migrated. */
  readonly pending: readonly PlannedTenant[];
  readonly application: Application;
  readonly database: Database;
  /** Opens one more session, for when that one is lost. */
  readonly another?: (() => Promise<Database>) | undefined;
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
  const timeToAsk = atMostEvery(1_000);
  const timeToTell = atMostEvery(1_000);
  for (const [index, wave] of waves.entries()) {
    const started = performance.now();
    const counter = new WaveCounter(wave, work.log);
    const end = await migrateWave(wave, failures, {
      parallel: work.parallel,
      oneAtATime: () => work.engine.oneAtATime,
      signal: work.signal,
      deadline: work.deadline,
      migrate: (tenant, lane) => migrateOne(tenant, lane, work),
      async begin(tenant) {
        const place = `${counter.next()} of ${wave.tenants.length}, ${wave.name}`;
        if (timeToAsk()) await work.safePoint(`tenant ${tenant.schema} (${place})`);
        progress.begun(tenant.schema, wave.name);
      },
      ended(tenant, ran, again) {
        if (again === undefined) counter.ended(tenant, ran.milliseconds, ran.failure);
        else work.log.info(retrySentence(tenant.schema, ran.failure, again));
        if (again === undefined) progress.ended(tenant.schema, ran);
        else progress.putBack(tenant.schema);
        if (timeToTell()) work.onStanding();
      },
    });
    work.onStanding();
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
    const { application, database, another, progress } = work;
    const asking = { database, another, standing: progress.standing };
    const { failure } = await application.lookWhatBecame(tenant, error, asking);
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

/** True at most so often: what is worth doing now and then is too much for each of a thousand tenants. */
function atMostEvery(milliseconds: number): () => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - last < milliseconds) return false;
    last = performance.now();
    return true;
  };
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
