import { UserError } from '../ground/errors.ts';
import { commandMaker } from './command-maker.ts';
import { djangoMaker } from './django-maker.ts';
import type { Hand, Maker, TenantWork } from './maker.ts';
import type { ProvisionOptions } from './options.ts';
import { failureOf, type ProvisionOutcome, type ProvisionRun } from './outcome.ts';

export type { ProvisionOutcome, ProvisionRun };

/** So many tenants are worth another hand. */
const worthALane = 3;

/**
 * Gets or creates tenants, complete and proven. What this run has made of a tenant is removed again when that tenant
 * fails. Running it again changes nothing. Failures that a user can mend are in the outcome.
 */
export async function provisionTenants(options: ProvisionOptions): Promise<ProvisionRun> {
  const { project } = options;
  return 'tenantQuery' in project
    ? provisionBy(async () => commandMaker({ ...options, project }), options)
    : provisionBy(() => djangoMaker({ ...options, project }), options);
}

async function provisionBy<Work extends TenantWork>(
  start: () => Promise<Maker<Work>>,
  options: ProvisionOptions,
): Promise<ProvisionRun> {
  const started = performance.now();
  const maker = await start();
  const startMilliseconds = performance.now() - started - maker.loading;
  const told = (tenants: readonly ProvisionOutcome[], failure: UserError | undefined): ProvisionRun => ({
    tenants,
    milliseconds: performance.now() - started,
    startMilliseconds,
    failure,
  });
  try {
    const works = await maker.plan();
    const tenants = options.dryRun ? works.map(planned) : await carryOut(works, maker, options);
    return told(tenants, failureOf(tenants));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return told([], error);
  } finally {
    await maker.end();
  }
}

interface Ended {
  readonly milliseconds: number;
  readonly failure: UserError | undefined;
}

async function carryOut<Work extends TenantWork>(
  works: readonly Work[],
  maker: Maker<Work>,
  { log, signal, onError = 'stop', parallel = 1, atSafePoint = async () => {} }: ProvisionOptions,
): Promise<ProvisionOutcome[]> {
  const ended = new Map<Work, Ended>();
  const waiting = works.values();
  let stopped = false;

  async function one(work: Work, hand: Hand<Work>): Promise<void> {
    const since = performance.now();
    const { steps, end } = hand.stepsOf(work);
    let failure: UserError | undefined;
    try {
      for (const { about, run } of onError === 'undo-all' ? steps : [...steps, end]) {
        await atSafePoint(about);
        await run();
      }
    } catch (error) {
      const undone = await hand.undo(work);
      if (!(error instanceof UserError)) {
        log.warning(undone);
        throw error;
      }
      failure = withUndone(error, undone);
      const isShared = failure.code === 'shared-schema-changed'; // whatever comes next would do it, too
      if (onError !== 'continue' || isShared || signal.aborted) stopped = true;
    }
    ended.set(work, { milliseconds: performance.now() - since, failure });
  }

  const first = await maker.hand(0);
  async function lane(index: number): Promise<void> {
    const hand = index === 0 ? first : await maker.hand(index);
    try {
      for (const work of waiting) {
        await one(work, hand);
        if (stopped) return;
      }
    } finally {
      if (index > 0) await hand.end();
    }
  }

  const lanes = Math.max(1, Math.min(parallel, Math.floor(works.length / worthALane)));
  const results = await Promise.allSettled(Array.from({ length: lanes }, (_, index) => lane(index)));
  const broken = results.find((result) => result.status === 'rejected');
  if (broken !== undefined) throw broken.reason;

  if (onError === 'undo-all') {
    const finished = [...ended].filter(([, { failure }]) => failure === undefined).reverse();
    for (const [work] of finished) {
      if (!stopped) {
        const { end } = first.stepsOf(work);
        await atSafePoint(end.about);
        await end.run();
      } else {
        log.info(`${work.schema}: ${await first.undo(work)}`);
        ended.delete(work);
      }
    }
  }
  await first.end();
  return works.map((work) => outcomeOf(work, ended.get(work)));
}

function outcomeOf(work: TenantWork, end: Ended | undefined): ProvisionOutcome {
  const { schema, decision, notices, made, steps, tables } = work;
  const isWhole = end !== undefined && end.failure === undefined;
  return {
    schema,
    state: isWhole ? decision.state : undefined,
    steps: isWhole ? steps : [],
    tables: isWhole ? tables : undefined,
    superuserCreated: isWhole && made.person !== null,
    notices,
    milliseconds: end?.milliseconds ?? 0,
    failure: end?.failure,
  };
}

function planned({ schema, decision, notices }: TenantWork): ProvisionOutcome {
  const { state, steps } = decision;
  return { schema, state, steps, superuserCreated: false, notices, milliseconds: 0 };
}

/** The same failure, with what became of the things that the run had made. */
function withUndone(error: UserError, undone: string): UserError {
  return new UserError(error.message, `${error.hint}; ${undone}`, {
    code: error.code,
    ...(error.evidence === undefined ? {} : { evidence: error.evidence }),
    cause: error.cause,
  });
}
