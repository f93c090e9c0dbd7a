import { randomBytes } from 'node:crypto';

import type { Database } from '../database/session.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import type { AfterCommand } from './after-command.ts';
import type { NewTenant } from './fields.ts';
import { failureOf, type ProvisionOutcome, type ProvisionRun } from './outcome.ts';
import { closeJournal } from './parts.ts';
import { type Plan, planTenants, referencesOf } from './plan.ts';
import { type Provisioner, startProvisioner } from './provisioner.ts';
import { type MakeTables, tablesByMigrations } from './tables.ts';
import { undo, undoPatience, withUndone } from './undo.ts';
import { type CopyWish, stepsOf, type TenantWork } from './work.ts';

export type { ProvisionOutcome, ProvisionRun };

/** What becomes of the others when one tenant fails. */
export type OnError = 'stop' | 'continue' | 'undo-all';

export interface ProvisionOptions {
  readonly project: DjangoProject;
  /** The same database that the project's environment names. */
  readonly database: Database;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly tenants: readonly NewTenant[];
  /** Who runs this, for whoever finds an unfinished tenant. */
  readonly run: string;
  /** Takes over schemas that exist without a row. */
  readonly adopt: boolean;
  /** Looks, decides, prints; makes nothing. */
  readonly dryRun: boolean;
  readonly afterCommands?: readonly AfterCommand[] | undefined;
  readonly copy?: CopyWish | undefined;
  readonly checkHealth?: ((schema: string, domain: string) => Promise<void>) | undefined;
  /** Default: stop. */
  readonly onError?: OnError | undefined;
  /** How many tenants at once; each beyond the first has a process of Python of its own. Default: 1. */
  readonly parallel?: number | undefined;
  /** Milliseconds for one command of the project. Default: an hour. */
  readonly commandTimeout?: number | undefined;
  /** Called before each change with what it is; what it throws ends the run there. */
  readonly atSafePoint?: ((phase: string) => Promise<void>) | undefined;
  /** How a schema gets its tables. Default: by the project's migrations. */
  readonly makeTables?: MakeTables | undefined;
}

const anHour = 60 * 60_000;

/** So many tenants are worth another process. */
const worthALane = 3;

/**
 * Gets or creates tenants: row, schema, tables, superuser and domains, proven. What this run has made of a tenant is
 * removed again when that tenant fails. Running it again changes nothing. Failures that a user can mend are in the
 * outcome.
 */
export async function provisionTenants(options: ProvisionOptions): Promise<ProvisionRun> {
  const started = performance.now();
  const provisioner = await startProvisioner(options);
  const startMilliseconds = performance.now() - started;
  const told = (tenants: readonly ProvisionOutcome[], failure: UserError | undefined): ProvisionRun => ({
    tenants,
    milliseconds: performance.now() - started,
    startMilliseconds,
    failure,
  });
  try {
    const id = randomBytes(8).toString('hex');
    const journal = { id, run: options.run, since: new Date().toISOString() };
    const plan = await planTenants(options, { provisioner, journal });
    const tenants = options.dryRun ? plan.works.map(planned) : await carryOut(plan, provisioner, options);
    return told(tenants, failureOf(tenants));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return told([], error);
  } finally {
    await provisioner.end();
  }
}

interface Ended {
  readonly work: TenantWork;
  readonly milliseconds: number;
  readonly failure: UserError | undefined;
}

async function carryOut(
  plan: Plan,
  first: Provisioner,
  options: ProvisionOptions,
): Promise<ProvisionOutcome[]> {
  const { onError = 'stop', parallel = 1, log } = options;
  const timeout = options.commandTimeout ?? anHour;
  const makeTables =
    options.makeTables ??
    tablesByMigrations(await referencesOf(plan, options.database), { ...options, timeout });
  const tools = {
    ...options,
    makeTables,
    afterCommands: options.afterCommands ?? [],
    copy: options.copy,
    checkHealth: options.checkHealth,
    commandTimeout: timeout,
    atSafePoint: options.atSafePoint ?? (async () => {}),
  };
  const ended = new Map<TenantWork, Ended>();
  const waiting = plan.works.values();
  let stopped = false;

  async function one(work: TenantWork, provisioner: Provisioner): Promise<void> {
    const since = performance.now();
    const { steps, end } = stepsOf(work, { ...tools, provisioner });
    let failure: UserError | undefined;
    try {
      for (const { about, run } of onError === 'undo-all' ? steps : [...steps, end]) {
        await tools.atSafePoint(about);
        await run();
      }
    } catch (error) {
      const undone = await undo(undoable(work), { log, withProvisioner: lender(provisioner, options) });
      if (!(error instanceof UserError)) {
        log.warning(undone);
        throw error;
      }
      failure = withUndone(error, undone);
      if (onError !== 'continue' || options.signal.aborted) stopped = true;
    }
    ended.set(work, { work, milliseconds: performance.now() - since, failure });
  }

  async function lane(index: number): Promise<void> {
    const provisioner = index === 0 ? first : await startProvisioner(options);
    try {
      for (const work of waiting) {
        await one(work, provisioner);
        if (stopped) return;
      }
    } finally {
      if (index > 0) await provisioner.end();
    }
  }

  const lanes = Math.max(1, Math.min(parallel, Math.floor(plan.works.length / worthALane)));
  const results = await Promise.allSettled(Array.from({ length: lanes }, (_, index) => lane(index)));
  const broken = results.find((result) => result.status === 'rejected');
  if (broken !== undefined) throw broken.reason;

  const finished = [...ended.values()].filter(({ failure }) => failure === undefined);
  if (onError === 'undo-all') {
    const lend = lender(first, options);
    for (const { work } of finished.reverse()) {
      if (!stopped) await closeJournal(work.wanted.schema, first);
      else {
        log.info(`${work.wanted.schema}: ${await undo(undoable(work), { log, withProvisioner: lend })}`);
        ended.delete(work);
      }
    }
  }
  return plan.works.map((work) => outcomeOf(work, ended.get(work)));
}

const undoable = ({ wanted: { schema }, journal: { id }, made }: TenantWork) => ({ schema, id, made });

/** The process of the lane, or another one where the step's end has ended it. */
function lender(own: Provisioner, options: ProvisionOptions) {
  return async <T>(use: (provisioner: Provisioner) => Promise<T>): Promise<T> => {
    if (!options.signal.aborted) return use(own);
    const fresh = await startProvisioner({ ...options, signal: AbortSignal.timeout(undoPatience) });
    try {
      return await use(fresh);
    } finally {
      await fresh.end();
    }
  };
}

function outcomeOf(work: TenantWork, end: Ended | undefined): ProvisionOutcome {
  const { wanted, decision, notices, made, steps, tables } = work;
  const isWhole = end !== undefined && end.failure === undefined;
  return {
    schema: wanted.schema,
    state: isWhole ? decision.state : undefined,
    steps: isWhole ? steps : [],
    tables: isWhole ? tables : undefined,
    superuserCreated: isWhole && made.person !== null,
    notices,
    milliseconds: end?.milliseconds ?? 0,
    failure: end?.failure,
  };
}

function planned({ wanted: { schema }, decision, notices }: TenantWork): ProvisionOutcome {
  const { state, steps } = decision;
  return { schema, state, steps, superuserCreated: false, notices, milliseconds: 0 };
}
