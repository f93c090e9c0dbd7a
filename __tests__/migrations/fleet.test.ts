import { expect, test } from '@jest/globals';

import { UserError } from '../../src/ground/errors.ts';
import { Failures, type FleetWork, migrateWave } from '../../src/migrations/fleet.ts';
import type { PlannedTenant } from '../../src/migrations/plan.ts';
import type { Wave } from '../../src/migrations/rollout.ts';
import type { Ran } from '../../src/migrations/work.ts';

const failure = new UserError('It failed', 'mend it', { code: 'tenant-migration-failed' });
const ten = ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7', 't8', 't9'];

function wave(schemas: readonly string[], changes: Partial<Wave> = {}): Wave {
  return {
    name: 'Fleet',
    tenants: schemas.map((schema) => ({ schema, pending: ['orders.0002'] }) as unknown as PlannedTenant),
    parallel: undefined,
    limit: { failures: 100, of: 'run' },
    bake: 0,
    check: [],
    ...changes,
  };
}

/** A fleet whose tenants do what a table says, each call the next entry; and what was seen of it. */
function fleet(
  doing: Readonly<Record<string, readonly Partial<Ran>[]>> = {},
  changes: Partial<FleetWork> = {},
) {
  const seen = { begun: [] as string[], again: [] as string[], most: 0 };
  let running = 0;
  const work: FleetWork = {
    parallel: 3,
    signal: new AbortController().signal,
    deadline: Number.POSITIVE_INFINITY,
    async migrate({ schema }) {
      const round = seen.begun.filter((name) => name === schema).length;
      seen.begun.push(schema);
      running += 1;
      seen.most = Math.max(seen.most, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
      return { milliseconds: 2, ...doing[schema]?.[round] };
    },
    async begin() {},
    ended({ schema }, _ran, again) {
      if (again !== undefined) seen.again.push(`${schema} ${again.attempt}`);
    },
    ...changes,
  };
  return { work, seen };
}

test('every tenant once, as many at once as allowed', async () => {
  const { work, seen } = fleet();
  expect(await migrateWave(wave(ten), new Failures(0), work)).toBe('done');
  expect([...seen.begun].sort()).toEqual(ten);
  expect(seen.most).toBe(3);
});

test('the failure budget ends the run; the rest is not touched', async () => {
  const { work, seen } = fleet({ t1: [{ failure }], t2: [{ failure }] }, { parallel: 1 });
  const failures = new Failures(0);
  const end = await migrateWave(wave(ten, { limit: { failures: 2, of: 'run' } }), failures, work);
  expect(end).toBe('failures');
  expect(seen.begun).toEqual(['t0', 't1', 't2']);
  expect(failures.count).toBe(2);
});

test('failures from before count for the run, not for a group of its own budget', async () => {
  const run = fleet();
  expect(await migrateWave(wave(ten, { limit: { failures: 2, of: 'run' } }), new Failures(2), run.work)).toBe(
    'failures',
  );
  expect(run.seen.begun).toEqual([]);
  const own = fleet();
  expect(
    await migrateWave(wave(ten, { limit: { failures: 2, of: 'wave' } }), new Failures(2), own.work),
  ).toBe('done');
});

test('the last tenant of a group can reach the budget, too', async () => {
  const { work } = fleet({ t1: [{ failure }] }, { parallel: 1 });
  const end = await migrateWave(
    wave(['t0', 't1'], { limit: { failures: 1, of: 'wave' } }),
    new Failures(0),
    work,
  );
  expect(end).toBe('failures');
});

test('a lock that was not free: again at the end of the queue, up to five tries', async () => {
  const blocked = { failure, retry: '55P03' } as const;
  const { work, seen } = fleet({ t0: [blocked, {}] }, { parallel: 1 });
  const failures = new Failures(0);
  expect(await migrateWave(wave(['t0', 't1', 't2']), failures, work)).toBe('done');
  expect(seen.begun).toEqual(['t0', 't1', 't2', 't0']);
  expect(seen.again).toEqual(['t0 2/5']);
  expect(failures.count).toBe(0);
});

test('after a deadlock one tenant at a time', async () => {
  const { work, seen } = fleet({ t0: [{ failure, retry: '40P01' }] }, { parallel: 2 });
  let atOnce = 0;
  const most: number[] = [];
  const end = await migrateWave(wave(ten), new Failures(0), {
    ...work,
    async migrate(tenant, lane) {
      atOnce += 1;
      most.push(atOnce);
      try {
        return await work.migrate(tenant, lane);
      } finally {
        atOnce -= 1;
      }
    },
  });
  expect(end).toBe('done');
  expect(seen.begun).toHaveLength(11);
  expect(Math.max(...most.slice(4))).toBe(1);
});

test('what locks a table of all tenants is done by one, from the moment it is known', async () => {
  let known = false;
  const { work, seen } = fleet({}, { parallel: 3, oneAtATime: () => known });
  let atOnce = 0;
  const later: number[] = [];
  await migrateWave(wave(ten), new Failures(0), {
    ...work,
    async migrate(tenant, lane) {
      atOnce += 1;
      if (seen.begun.length >= 3) later.push(atOnce);
      const ran = await work.migrate(tenant, lane);
      known = true;
      atOnce -= 1;
      return ran;
    },
  });
  expect(seen.begun).toHaveLength(10);
  expect(later.length).toBeGreaterThan(3);
  expect(Math.max(...later.slice(2))).toBe(1);
});

test('time is nearly up: nobody is begun who could not be finished', async () => {
  const { work, seen } = fleet({}, { parallel: 1, deadline: performance.now() - 1 });
  expect(await migrateWave(wave(ten), new Failures(0), work)).toBe('time');
  expect(seen.begun).toEqual([]);
});

test('what a safe point throws ends the run after those under way', async () => {
  let begun = 0;
  const { work, seen } = fleet(
    {},
    {
      parallel: 2,
      async begin() {
        begun += 1;
        if (begun === 3) throw new Error('the lock is lost');
      },
    },
  );
  await expect(migrateWave(wave(ten), new Failures(0), work)).rejects.toThrow('the lock is lost');
  expect(seen.begun.length).toBeLessThanOrEqual(3);
});

test('cancelled: nobody further', async () => {
  const controller = new AbortController();
  const { work, seen } = fleet({}, { parallel: 1, signal: controller.signal });
  const end = await migrateWave(wave(ten), new Failures(0), {
    ...work,
    async migrate(tenant, lane) {
      controller.abort();
      return work.migrate(tenant, lane);
    },
  });
  expect(end).toBe('cancelled');
  expect(seen.begun).toEqual(['t0']);
});
