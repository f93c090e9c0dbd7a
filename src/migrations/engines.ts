import { type Blocker, describeBlockers, watchingBlockers } from '../database/blockers.ts';
import { differences, type Structure } from '../database/structure.ts';
import { exactStructure, exactStructureSql, structureOf } from '../database/structures.ts';
import { isRetryable } from '../django/command-output.ts';
import {
  type Held,
  type PostMigrate,
  startWorker,
  type TenantRequest,
  type TenantResult,
  type Worker,
  WorkerUnsupported,
} from '../django/worker.ts';
import { UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import { sessionName } from '../machine/project.ts';
import type { Engine } from './application.ts';
import { type CommandOptions, migrateTenant } from './commands.ts';
import { blockedMigration, failedMigration } from './failed-migration.ts';
import type { PlannedTenant } from './plan.ts';
import { kindOfWork } from './rollout.ts';
import { lookInterval, placeOfTenant } from './watched-command.ts';
import type { Ran } from './work.ts';

/** How a tenant of a Django project is migrated: by the worker where it has earned it, else by the project's own command. */

export type EngineChoice = 'auto' | 'worker' | 'django';

export interface EngineOptions extends CommandOptions {
  readonly choice: EngineChoice;
  readonly postMigrate: PostMigrate;
  readonly publicSchema: string;
  /** Tenants that will be migrated: for a few the worker is not worth its start. */
  readonly pending: readonly PlannedTenant[];
  /** The structure that each schema had before: its short name. */
  readonly structureBefore: ReadonlyMap<string, string>;
  /** How many lanes there will be. */
  readonly lanes: number;
  /** Tables of the shared schema that pending migrations lock, as far as their operations tell. */
  readonly sharedTables: readonly string[];
}

/** So many tenants of one kind are worth a second process of Python. */
const isWorthAWorker = ({ length }: readonly PlannedTenant[]) => length >= 3;

/** How far the worker is trusted with one kind of work. */
interface Trust {
  /** `first`: Django has to show it. `second`: the worker has to do the same. */
  state: 'first' | 'second' | 'trusted' | 'refused';
  /** The tenant that Django migrated. */
  reference?: { readonly schema: string; readonly before: string | undefined; readonly after: Structure };
  /** One tenant at a time, until the worker is trusted or refused. */
  turn: Promise<unknown>;
}

export function ladder(options: EngineOptions): Engine {
  const workers = new Map<number, Promise<Worker>>();
  const trusts = new Map<string, Trust>();
  const amounts = Map.groupBy(options.pending, kindOfWork);
  const notes: string[] = [];
  const sharedTables = new Set(options.sharedTables);
  let unavailable: string | undefined;

  if (sharedTables.size > 0) noteSharedTables();
  // While Django shows the first tenant, the worker that has to do the same gets ready.
  if (options.choice !== 'django') warmUp(0);

  function note(sentence: string): void {
    if (notes.includes(sentence)) return;
    notes.push(sentence);
    options.log.info(sentence);
  }

  function noteSharedTables(): void {
    note(`locks ${listed([...sharedTables], 3)} of the shared schema for every tenant: one at a time`);
  }

  function trustIn(tenant: PlannedTenant): Trust {
    const kind = kindOfWork(tenant);
    const known = trusts.get(kind);
    if (known !== undefined) return known;
    const isWorthIt = isWorthAWorker(amounts.get(kind) ?? []);
    const state = options.choice === 'worker' ? 'trusted' : isWorthIt ? 'first' : 'refused';
    const trust: Trust = { state, turn: Promise.resolve() };
    trusts.set(kind, trust);
    return trust;
  }

  async function migrate(tenant: PlannedTenant, lane: number): Promise<Ran> {
    if (options.choice === 'django' || unavailable !== undefined) return byDjango(tenant);
    const trust = trustIn(tenant);
    if (trust.state === 'trusted') return byWorker(tenant, lane);
    if (trust.state === 'refused') return byDjango(tenant);
    const turn = trust.turn.then(() => earn(trust, tenant, lane));
    trust.turn = turn.catch(() => {});
    return turn;
  }

  /** One step on the way to trust, or what the trust allows when it was decided meanwhile. */
  async function earn(trust: Trust, tenant: PlannedTenant, lane: number): Promise<Ran> {
    if (trust.state === 'trusted') return byWorker(tenant, lane);
    if (trust.state === 'refused' || unavailable !== undefined) return byDjango(tenant);
    const before = options.structureBefore.get(tenant.schema);
    if (trust.state === 'second' && trust.reference !== undefined && trust.reference.before === before) {
      return tryWorker(trust, trust.reference, tenant, lane);
    }
    const ran = await byDjango(tenant);
    if (ran.failure === undefined) {
      trust.reference = {
        schema: tenant.schema,
        before,
        after: await exactStructure(options.database, tenant.schema),
      };
      trust.state = 'second';
      // The first worker will probably be trusted; those of the other lanes start while it shows what it can.
      if (sharedTables.size === 0) for (let other = 1; other < options.lanes; other += 1) warmUp(other);
    }
    return ran;
  }

  /** The worker does what Django has done to `reference`; it is kept only when the result is the same. */
  async function tryWorker(
    trust: Trust,
    reference: NonNullable<Trust['reference']>,
    tenant: PlannedTenant,
    lane: number,
  ): Promise<Ran> {
    let found: readonly string[] = [];
    const tried = await ask(tenant, lane, ({ rows, locks }) => {
      for (const { schema, table } of locks) if (schema === options.publicSchema) sharedTables.add(table);
      found = differences(reference.after, structureOf(rows));
      return found.length === 0;
    });
    if (tried === undefined) return byDjango(tenant);
    if (sharedTables.size > 0) noteSharedTables();
    switch (tried.result.outcome) {
      case 'done':
        trust.state = 'trusted';
        return ranOf(tried, tenant);
      case 'failed':
        return ranOf(tried, tenant);
      case 'cannot-try-out':
        return compareAfterwards(trust, reference, tenant, lane);
      case 'dropped':
        trust.state = 'refused';
        note(
          `Engine: django, slower — the worker made ${tenant.schema} otherwise than Django made ${reference.schema} (${listed(found, 2)}); that was rolled back`,
        );
        return byDjango(tenant);
    }
  }

  /** What cannot be done in one transaction is compared when it is done. */
  async function compareAfterwards(
    trust: Trust,
    reference: NonNullable<Trust['reference']>,
    tenant: PlannedTenant,
    lane: number,
  ): Promise<Ran> {
    const ran = await byWorker(tenant, lane);
    if (ran.failure !== undefined || ran.engine !== 'worker') return ran;
    const found = differences(reference.after, await exactStructure(options.database, tenant.schema));
    trust.state = found.length === 0 ? 'trusted' : 'refused';
    if (found.length === 0) return ran;
    note('Engine: django, slower — the worker’s result was not Django’s');
    return {
      ...ran,
      failure: new UserError(
        `Tenant ${tenant.schema} is not what Django made of ${reference.schema} — ${listed(found, 3)}`,
        'this is a defect in the fast engine, please report it; mend the tenant by hand, and run again with engine: django',
        { code: 'tenant-drifted', evidence: found.join('\n') },
      ),
    };
  }

  async function byDjango(tenant: PlannedTenant): Promise<Ran> {
    return { ...(await migrateTenant(tenant.schema, options)), engine: 'django' };
  }

  async function byWorker(tenant: PlannedTenant, lane: number): Promise<Ran> {
    const asked = await ask(tenant, lane);
    return asked === undefined ? byDjango(tenant) : ranOf(asked, tenant);
  }

  /** Has a worker migrate a tenant; undefined when there can be no worker. @throws LostConnection */
  async function ask(
    tenant: PlannedTenant,
    lane: number,
    keep?: (held: Held) => boolean,
  ): Promise<Asked | undefined> {
    const worker = await workerOf(lane);
    if (worker === undefined) return undefined;
    const started = performance.now();
    const { result, blockers } = await watchingBlockers(
      () =>
        worker.migrate({
          ...requestFor(tenant),
          ...(keep === undefined
            ? {}
            : {
                tryOut: {
                  sql: exactStructureSql,
                  decide: (held) => (keep(held) ? 'keep' : 'drop'),
                },
              }),
        }),
      {
        database: options.database,
        applicationName: sessionName(options.project, tenant.schema),
        interval: lookInterval(options.project.timeouts?.lock),
        // Within a lock timeout the failure names them soon enough.
        onBlocked: (found) =>
          (options.project.timeouts?.lock ? options.log.debug : options.log.info)(
            `${tenant.schema} waits for a lock: ${describeBlockers(found)} is in the way`,
          ),
      },
    );
    return {
      result,
      blockers,
      milliseconds: performance.now() - started,
      lockTimeout: options.project.timeouts?.lock,
    };
  }

  /** Starts a worker before it is needed; why it cannot be had is told when it is. */
  function warmUp(lane: number): void {
    const example = [...amounts.values()].find(isWorthAWorker)?.at(-1);
    if (example === undefined) return;
    startedWorker(lane)
      .then((worker) => worker.prepare(requestFor(example)))
      .catch(() => {});
  }

  function requestFor({ schema, tenantType }: PlannedTenant): TenantRequest {
    const { postMigrate, timeout } = options;
    return { schema, tenantType, postMigrate, timeout };
  }

  function startedWorker(lane: number): Promise<Worker> {
    const known = workers.get(lane);
    if (known !== undefined) return known;
    const starting = startWorker(options.project, workerOptions(options));
    workers.set(lane, starting);
    return starting;
  }

  async function workerOf(lane: number): Promise<Worker | undefined> {
    const worker = startedWorker(lane);
    try {
      return await worker;
    } catch (error) {
      workers.delete(lane);
      if (!(error instanceof WorkerUnsupported) || options.choice === 'worker') throw error;
      unavailable = error.reason;
      note(`Engine: django, slower — the worker cannot be used: ${unavailable}`);
      return undefined;
    }
  }

  return {
    migrate,
    notes,
    get oneAtATime() {
      return sharedTables.size > 0;
    },
    async close() {
      const started = await Promise.allSettled(workers.values());
      await Promise.all(started.map((one) => (one.status === 'fulfilled' ? one.value.end() : undefined)));
    },
  };
}

function workerOptions({ signal, log }: EngineOptions) {
  return { signal, onLine: (line: string) => log.debug(line) };
}

/** What the worker did to one tenant. */
export interface Asked {
  readonly result: TenantResult;
  readonly blockers: readonly Blocker[];
  readonly milliseconds: number;
  readonly lockTimeout: number | undefined;
}

/** The same as it is told of every engine; what was only tried out is not told like this. */
export function ranOf(
  { result, blockers, milliseconds, lockTimeout }: Asked,
  { schema }: Pick<PlannedTenant, 'schema'>,
): Ran {
  const ran = { milliseconds, engine: 'worker' } as const;
  if (result.outcome === 'done') return ran;
  const place = placeOfTenant(schema);
  if (result.outcome !== 'failed') {
    throw new Error(`The worker ended with ${result.outcome} where nothing was tried out.`);
  }
  const failed = {
    migration: result.migration ?? undefined,
    observed: observedIn(result),
    evidence: result.traceback,
  };
  return {
    ...ran,
    failure:
      result.sqlstate === '55P03'
        ? blockedMigration(failed, place, { blockers, lockTimeout })
        : failedMigration(failed, place),
    retry: result.atomic && isRetryable(result.sqlstate) ? result.sqlstate : undefined,
  };
}

/** PostgreSQL's words with its DETAIL, or the exception with the project's own line. */
function observedIn({
  sqlstate,
  exception,
  message,
  detail,
  where,
}: Extract<TenantResult, { outcome: 'failed' }>) {
  const first = message.trim().split('\n')[0] ?? '';
  if (sqlstate !== null) return detail === null ? first : `${first} (${detail.trim().replace(/\s+/g, ' ')})`;
  const place = where === null ? '' : ` (${where})`;
  return `${exception}: ${first}${place}`;
}
