/**
 * `npm run bench -- deploy [load|failing|faults] [host1|host2] [rounds]`: deployments under load on the lab's two engines, ours beside the
 * script that people have; versions that are no good; and deployments that are killed at every step.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Course, Site } from '../__tests__/integration/deployment/site.ts';
import type { TestImage } from '../__tests__/integration/deployment/test-images.ts';
import { sshServerOf } from '../__tests__/integration/lab-server.ts';
import { switchSteps } from '../src/deployment/journal.ts';
import type { Strategy } from '../src/deployment/mechanism.ts';
import type { DeployRequest } from '../src/deployment/request.ts';
import { connectSsh } from '../src/machine/ssh.ts';
import { type Fault, faults, killedAt } from './deploy/faults.ts';
import { type LoadPlan, type LoadResult, startLoad } from './deploy/load.ts';
import { counted } from './deploy/round-trips.ts';
import { table } from './deploy/table.ts';
import { machine } from './statistics.ts';

/** Seconds that the application boots, and that its slowest answer takes. */
const boot = 2;
const slowest = 2;
/** Milliseconds of load before and after a deployment. */
const around = 1_500;
const name = 'bench-deploy';

const images: readonly TestImage[] = [
  { tag: 'a', boot },
  { tag: 'b', boot },
  { tag: 'stubborn-a', boot, fault: 'stubborn' },
  { tag: 'stubborn-b', boot, fault: 'stubborn' },
  { tag: 'crash', fault: 'crash' },
  { tag: 'end', fault: 'end' },
  { tag: 'sick', fault: 'sick' },
  { tag: 'port', fault: 'port' },
  { tag: 'slow', boot: 60 },
  { tag: 'sickens', boot, fault: 'sickens', life: 5 },
  { tag: 'dies', boot, fault: 'dies', life: 5 },
];

export async function bench(options: readonly string[]): Promise<void> {
  const parts = ['load', 'failing', 'faults'].filter((part) => options.includes(part));
  const hosts = (['host1', 'host2'] as const).filter((host) => options.includes(host));
  const rounds = Number(options.find((option) => /^\d+$/.test(option)) ?? 1);
  console.log(
    `${machine(availableParallelism())}; 200 requests a second, one in 50 takes ${slowest} s; boot ${boot} s\n`,
  );
  for (const host of hosts.length === 0 ? (['host1', 'host2'] as const) : hosts) {
    const site = await Site.up(host, name, host === 'host1' ? 18_300 : 18_301, images);
    try {
      for (const part of parts.length === 0 ? ['load', 'failing', 'faults'] : parts) {
        await site.clear();
        console.log(`${host}, Docker ${site.host.engineVersion}: ${part}`);
        if (part === 'load') await load(site, rounds);
        if (part === 'failing') await failing(site, rounds);
        if (part === 'faults') await killed(site);
        console.log();
      }
    } finally {
      await site.clear();
    }
  }
}

function request(site: Site, tag: string, changes: Partial<DeployRequest> = {}): DeployRequest {
  // Without the bake: it is a wish of the user, not a cost.
  return site.request(tag, {
    strategy: 'bridge',
    bake: 0,
    drainTimeout: 10_000,
    stopTimeout: 10_000,
    ...changes,
  });
}

interface Measured {
  readonly result: LoadResult;
  /** Milliseconds of the deployment itself. */
  readonly duration: number;
  readonly course: Course | undefined;
  readonly roundTrips: number;
}

async function underLoad(
  site: Site,
  connections: LoadPlan['connections'],
  work: (count: () => void) => Promise<Course | undefined>,
): Promise<Measured> {
  const url = `http://${site.host.address}:${site.port}`;
  const running = await startLoad({ url, rate: 200, connections, slowEvery: 50 });
  await sleep(around);
  let roundTrips = 0;
  const started = performance.now();
  const course = await work(() => {
    roundTrips += 1;
  });
  const duration = performance.now() - started;
  await sleep(around);
  return { result: await running.stop(), duration, course, roundTrips };
}

function deploy(site: Site, wanted: DeployRequest, count: () => void): Promise<Course> {
  return site.deploy(wanted, {
    connect: async (_host, signal) =>
      counted(await connectSsh(sshServerOf(site.host), { signal, log: silent }), count),
  });
}

const silent = { step() {}, info() {}, debug() {}, warning() {}, details() {} };

/** What people write into their workflows. */
async function byScript(site: Site, tag: string): Promise<undefined> {
  await site.onServer(`
    docker pull -q ${site.repository}:${tag} >/dev/null 2>&1 || true
    docker stop ${name} >/dev/null; docker rm -f ${name} >/dev/null
    docker run -d --name ${name} --restart unless-stopped -p ${site.port}:8000 -e GREETING=hello ${site.repository}:${tag}`);
  await untilServing(site);
}

async function untilServing(site: Site): Promise<void> {
  for (;;) {
    try {
      await site.answer();
      return;
    } catch {
      await sleep(20);
    }
  }
}

/** Milliseconds from the start of a container to its first answer: what nobody can be faster than. */
async function measuredBoot(site: Site, tag: string): Promise<number> {
  const started = performance.now();
  await site.docker(`run -d --name ${name} -p ${site.port}:8000 ${site.repository}:${tag}`);
  await untilServing(site);
  const took = performance.now() - started;
  await site.clear();
  return took;
}

async function load(site: Site, rounds: number): Promise<void> {
  const rows: string[][] = [];
  for (const tag of ['a', 'b', 'stubborn-a', 'stubborn-b']) await site.deploy(request(site, tag)); // the images are there
  await site.clear();
  const floor = (await measuredBoot(site, 'a')) + slowest * 1_000;
  const kinds: [application: string, from: string, to: string][] = [
    ['graceful', 'a', 'b'],
    ['ignores SIGTERM', 'stubborn-a', 'stubborn-b'],
  ];
  const ways: ['script' | Strategy, string][] = [
    ['script', 'stop; rm; run'],
    ['recreate', 'recreate'],
    ['bridge', 'bridge'],
  ];
  for (const [application, from, to] of kinds) {
    for (const connections of ['new', 'kept'] as const) {
      for (const [way, called] of ways) {
        for (let round = 0; round < rounds; round += 1) {
          await site.clear();
          await site.deploy(request(site, from));
          const { result, duration, roundTrips } = await underLoad(site, connections, (count) =>
            way === 'script' ? byScript(site, to) : deploy(site, request(site, to, { strategy: way }), count),
          );
          add(rows, [
            called,
            application,
            connections,
            ...counts(result),
            seconds(duration),
            `${(duration / floor).toFixed(1)}×`,
            way === 'script' ? '' : String(roundTrips),
            Object.keys(result.versions).join('+'),
          ]);
        }
      }
    }
  }
  console.log(
    table(
      [
        'way',
        'application',
        'connections',
        'sent',
        'failed',
        'gap',
        'time',
        'to boot+drain',
        'round trips',
        'versions',
      ],
      rows,
    ),
  );
  console.log(`boot + drain: ${seconds(floor)}`);
}

/** Told as it comes: a table is printed at its end. */
function add(rows: string[][], row: string[]): void {
  process.stderr.write(`  ${row.join('  ')}\n`);
  rows.push(row);
}

function counts({ sent, failed, failures, gap }: LoadResult): string[] {
  const kinds = Object.entries(failures).map(([kind, count]) => `${count} ${kind}`);
  return [String(sent), failed === 0 ? '0' : `${failed} (${kinds.join(', ')})`, `${gap} ms`];
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}

async function failing(site: Site, rounds: number): Promise<void> {
  const rows: string[][] = [];
  await site.deploy(request(site, 'a'));
  for (const tag of ['crash', 'end', 'sick', 'port', 'slow', 'sickens', 'dies']) {
    for (let round = 0; round < rounds; round += 1) {
      const wanted = request(site, tag, { healthTimeout: 5_000, bake: 15_000 });
      const { result, duration, course } = await underLoad(site, 'new', (count) =>
        deploy(site, wanted, count),
      );
      add(rows, [
        tag,
        ...counts(result),
        seconds(duration),
        course?.outcome.result ?? '',
        course?.outcome.failure?.code ?? '',
        (await left(site)) ?? 'nothing',
      ]);
    }
  }
  console.log(table(['new version', 'sent', 'failed', 'gap', 'time', 'result', 'code', 'left over'], rows));
}

async function killed(site: Site): Promise<void> {
  const rows: string[][] = [];
  for (const fault of faults) {
    for (const step of switchSteps) {
      await site.clear();
      await site.deploy(request(site, 'a'));
      add(rows, [fault, step, ...(await killedRow(site, fault, step))]);
    }
  }
  console.log(
    table(['killed', 'at', 'served meanwhile', 'the next run', 'failed', 'serves', 'left over'], rows),
  );
}

async function killedRow(site: Site, fault: Fault, step: (typeof switchSteps)[number]): Promise<string[]> {
  try {
    const wanted = request(site, 'b', { stopTimeout: 2_000 });
    let second: Course | undefined;
    let meanwhile = '';
    const { result } = await underLoad(site, 'new', async () => {
      ({ second, meanwhile } = await killedAt(site, wanted, { fault, step }));
      return second;
    });
    const repaired = second?.log.lines.some((line) => line.startsWith('Repair')) === true ? 'repaired, ' : '';
    return [
      meanwhile,
      `${repaired}${second?.outcome.failure?.code ?? second?.outcome.result}`,
      fault === 'reboot' ? 'server down' : String(result.failed),
      await site.answer(),
      (await left(site)) ?? 'nothing',
    ];
  } catch (error) {
    return [String(error)];
  }
}

/** What should not be there after a deployment. */
async function left(site: Site): Promise<string | undefined> {
  const containers = (await site.containers()).filter((each) => each !== `${name} running`);
  const files = (await site.onServer(`ls ${site.environmentFolder}/switch`)).trim().split('\n');
  const odd = files.filter((file) => !['journal', 'lease.lock', 'lock'].includes(file));
  const all = [...containers, ...(await site.rules()), ...odd];
  return all.length === 0 ? undefined : all.join(', ');
}
