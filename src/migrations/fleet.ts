import { setTimeout as sleep } from 'node:timers/promises';

import type { PlannedTenant } from './plan.ts';
import type { Wave } from './rollout.ts';
import type { Ran } from './work.ts';

/** The queue of a run: which tenant is next, how many at once, when to try again, when to stop. */

/** Tries for one tenant, the first included. */
const tries = 5;

/** Milliseconds before the second try; doubled for each further one, and spread so that tries do not meet. */
const firstPause = 1_000;

export interface FleetWork {
  /** How many tenants at once. */
  readonly parallel: number;
  /** Asked before each tenant: true when no two tenants may be under way. Default: never. */
  readonly oneAtATime?: () => boolean;
  readonly signal: AbortSignal;
  /** Milliseconds of `performance.now()` after which no tenant is begun. */
  readonly deadline: number;
  /** Migrates one tenant; `lane` is from 0 on, and holds one tenant at a time. What it throws ends the run. */
  readonly migrate: (tenant: PlannedTenant, lane: number) => Promise<Ran>;
  /** Called before each tenant; what it throws ends the run when those under way are done. */
  readonly begin: (tenant: PlannedTenant, wave: Wave) => Promise<void>;
  /** `pause`: it is tried again after so many milliseconds. */
  readonly ended: (tenant: PlannedTenant, ran: Ran, again?: { pause: number; attempt: string }) => void;
}

/** Why no further tenant was begun. */
export type FleetEnd = 'done' | 'failures' | 'time' | 'cancelled';

interface Waiting {
  readonly tenant: PlannedTenant;
  attempt: number;
  notBefore: number;
}

/** How many failed tenants there are by now. */
export class Failures {
  count: number;

  constructor(before: number) {
    this.count = before;
  }
}

/** Migrates the tenants of one wave. Those under way when something ends the run are brought to their end. */
export async function migrateWave(wave: Wave, failures: Failures, work: FleetWork): Promise<FleetEnd> {
  const queue: Waiting[] = wave.tenants.map((tenant) => ({ tenant, attempt: 1, notBefore: 0 }));
  const before = wave.limit.of === 'wave' ? failures.count : 0;
  let allowed = Math.min(wave.parallel ?? work.parallel, queue.length);
  let slowest = 0;
  let thrown: { error: unknown } | undefined;

  const end = (): FleetEnd | undefined => {
    if (work.signal.aborted) return 'cancelled';
    if (failures.count - before >= wave.limit.failures) return 'failures';
    // Whoever is begun now must have time to end.
    return performance.now() + 2 * slowest > work.deadline ? 'time' : undefined;
  };

  const carryOne = async (waiting: Waiting, lane: number): Promise<void> => {
    const { tenant } = waiting;
    await work.begin(tenant, wave);
    const ran = await work.migrate(tenant, lane);
    slowest = Math.max(slowest, ran.milliseconds);
    if (ran.retry !== undefined && waiting.attempt < tries && !work.signal.aborted) {
      // Two that deadlock with each other would do so again.
      if (ran.retry === '40P01') allowed = 1;
      const pause = firstPause * 2 ** (waiting.attempt - 1) * (0.5 + Math.random());
      waiting.attempt += 1;
      waiting.notBefore = performance.now() + pause;
      work.ended(tenant, ran, { pause, attempt: `${waiting.attempt}/${tries}` });
      queue.push(waiting);
      return;
    }
    if (ran.failure !== undefined) failures.count += ran.endsRun === true ? Number.POSITIVE_INFINITY : 1;
    work.ended(tenant, ran);
  };

  const runLane = async (lane: number): Promise<void> => {
    while (lane < (work.oneAtATime?.() ? 1 : allowed) && thrown === undefined && end() === undefined) {
      const next = takeNext(queue);
      if (next === undefined) return;
      const pause = Math.max(0, next.notBefore - performance.now());
      if (pause > 0) await sleep(pause, undefined, { signal: work.signal }).catch(() => {});
      if (work.signal.aborted) return;
      await carryOne(next, lane).catch((error: unknown) => {
        thrown ??= { error };
      });
    }
  };

  await Promise.all(Array.from({ length: allowed }, (_, lane) => runLane(lane)));
  // What was put back when the other lanes had ended.
  while (queue.length > 0 && thrown === undefined && end() === undefined) await runLane(0);
  if (thrown !== undefined) throw thrown.error;
  const why = end();
  return why === undefined || (why === 'time' && queue.length === 0) ? 'done' : why;
}

/** Whoever may begin soonest. */
function takeNext(queue: Waiting[]): Waiting | undefined {
  const now = performance.now();
  const ready = queue.findIndex(({ notBefore }) => notBefore <= now);
  const soonest = queue.reduce(
    (best, { notBefore }, index) => (notBefore < (queue[best]?.notBefore ?? Infinity) ? index : best),
    0,
  );
  return queue.splice(ready === -1 ? soonest : ready, 1)[0];
}
