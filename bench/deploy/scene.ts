/** What all tables of deployments have in common: the application, its versions, the load, what may be left. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Course, Site } from '../../__tests__/integration/deployment/site.ts';
import type { TestImage } from '../../__tests__/integration/deployment/test-images.ts';
import { sshServerOf } from '../../__tests__/integration/lab-server.ts';
import type { DeployRequest } from '../../src/deployment/request/request.ts';
import { connectSsh } from '../../src/machine/ssh.ts';
import { met } from './held.ts';
import { type LoadPlan, type LoadResult, startLoad } from './load.ts';
import { counted } from './round-trips.ts';

/** Of the application, and of its containers. */
export const name = 'bench-deploy';
/** Seconds that the application boots, and that its slowest answer takes. */
export const boot = 2;
export const slowest = 2;
/** Requests a second; one of so many is slow. */
export const rate = 200;
export const slowEvery = 50;

export const images: readonly TestImage[] = [
  { tag: 'a', boot },
  { tag: 'b', boot },
  { tag: 'stubborn-a', boot, fault: 'stubborn' },
  { tag: 'stubborn-b', boot, fault: 'stubborn' },
  { tag: 'quick-a', boot: 0.3 },
  { tag: 'quick-b', boot: 0.3 },
  { tag: 'crash', fault: 'crash' },
  { tag: 'end', fault: 'end' },
  { tag: 'sick', fault: 'sick' },
  { tag: 'port', fault: 'port' },
  { tag: 'no-database', fault: 'no-database' },
  { tag: 'slow', boot: 60 },
  { tag: 'sickens', boot, fault: 'sickens', life: 5 },
  { tag: 'dies', boot, fault: 'dies', life: 5 },
];

/** Swarm does not ask for answers; where a container has no health check, it takes it for ready when it has started. */
const check: NonNullable<DeployRequest['health']> = {
  command: `python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health')"`,
  interval: 1_000,
  timeout: 5_000,
  retries: 3,
  startPeriod: 30_000,
};

/** Without the bake: it is a wish of the user, not a cost. */
export function request(site: Site, tag: string, changes: Partial<DeployRequest> = {}): DeployRequest {
  return site.request(tag, {
    strategy: site.strategy,
    bake: 0,
    drainTimeout: 10_000,
    stopTimeout: 10_000,
    ...(site.strategy === 'swarm' ? { health: check } : {}),
    ...changes,
  });
}

/** One deployment; `count` is told of every round trip. */
export function deploy(site: Site, wanted: DeployRequest, count: () => void = () => {}): Promise<Course> {
  return site.deploy(wanted, {
    connect: async (_host, signal) =>
      counted(await connectSsh(sshServerOf(site.host), { signal, log: silent }), count),
  });
}

const silent = { step() {}, info() {}, debug() {}, warning() {}, details() {} };

/** @throws Error when the version does not serve afterwards */
export async function mustDeploy(site: Site, wanted: DeployRequest): Promise<void> {
  const { outcome } = await site.deploy(wanted);
  if (outcome.failure !== undefined) throw new Error(outcome.failure.sentence);
}

export interface Measured<Done> {
  readonly load: LoadResult;
  /** Milliseconds of the work itself. */
  readonly duration: number;
  readonly done: Done;
}

/**
 * Does something while clients in another network namespace ask.
 * @param around milliseconds of load before and after
 */
export async function underLoad<Done>(
  site: Site,
  { around = 1_500, ...plan }: Partial<LoadPlan> & { around?: number },
  work: () => Promise<Done>,
): Promise<Measured<Done>> {
  const running = await startLoad({ url: site.url, rate, connections: 'new', slowEvery, ...plan });
  try {
    await sleep(around);
    const started = performance.now();
    const done = await work();
    const duration = performance.now() - started;
    await sleep(around);
    return { load: await running.stop(), duration, done };
  } finally {
    await running.stop().catch(() => {});
  }
}

export async function untilServing(site: Site): Promise<void> {
  for (;;) {
    try {
      await site.answer();
      return;
    } catch {
      await sleep(20);
    }
  }
}

/** Milliseconds from `docker run` to the first answer. The container is left running. */
export async function bootOf(site: Site, tag: string): Promise<number> {
  await site.clear();
  await site.pulled(tag);
  const started = performance.now();
  await site.docker(`run -d --name ${site.name} -p ${site.published} ${site.repository}:${tag}`);
  await untilServing(site);
  return performance.now() - started;
}

/**
 * Milliseconds from `docker run` to the first answer, while one that serves beside it has the usual load: so does a new
 * version boot. The one that serves is left running.
 */
export async function bootUnderLoad(site: Site, tag: string, rate: number): Promise<number> {
  await bootOf(site, tag);
  const second = site.beside(`${site.name}-second`, site.port + 7);
  await second.clear();
  const { done } = await underLoad(site, { rate }, () => bootOf(second, tag));
  await second.clear();
  return done;
}

/** Files that stay beside a switch: the journal of the last one, two locks, and the trace of what we did. */
const kept = ['journal', 'lease.lock', 'lock', met];

/** What should not be there after a deployment; undefined when there is nothing. */
export async function left(site: Site): Promise<string | undefined> {
  await site.rested();
  const files = (await site.onServer(`ls ${site.environmentFolder}/switch`)).trim().split('\n');
  const all = [
    ...(await site.oddContainers()),
    ...(await site.rules()),
    ...files.filter((file) => !kept.includes(file)),
  ];
  return all.length === 0 ? undefined : all.join(', ');
}

export function counts({ sent, failed, failures, gap }: LoadResult): string[] {
  const kinds = Object.entries(failures).map(([kind, count]) => `${count} ${kind}`);
  return [String(sent), failed === 0 ? '0' : `${failed} (${kinds.join(', ')})`, `${gap} ms`];
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
