/** Deployments under load: ours beside the script that people have, in the same run. */
import type { Site } from '../../__tests__/integration/deployment/site.ts';
import type { LoadPlan } from './load.ts';
import {
  bootUnderLoad,
  counts,
  deploy,
  mustDeploy,
  name,
  request,
  seconds,
  slowest,
  underLoad,
  untilServing,
} from './scene.ts';
import { table } from './table.ts';
import { ways } from './ways.ts';

const applications: readonly { called: string; from: string; to: string }[] = [
  { called: 'graceful', from: 'a', to: 'b' },
  { called: 'ignores SIGTERM', from: 'stubborn-a', to: 'stubborn-b' },
];

const heading = [
  'way',
  'application',
  'connections',
  'sent',
  'failed',
  'gap',
  'told after',
  'at rest after',
  'to boot+drain',
  'round trips',
  'versions',
];

interface Wish {
  readonly wanted: readonly string[];
  /** Deployments a row. */
  readonly rounds: number;
  /** As many new-connection requests at least for every way of ours, over all rows. */
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
}

/** Prints the table, and what it comes to for each way. */
export async function loadTable(site: Site, wish: Wish, tell: (row: string[]) => void): Promise<void> {
  const rows: string[][] = [];
  for (const { from, to } of applications)
    for (const tag of [from, to])
      await mustDeploy(site, request(site, tag, { strategy: site.startStrategy }));
  const called = ['script', ...ways.map(({ strategy }) => strategy)];
  const chosen = called.filter(
    (way) => !called.some((each) => wish.wanted.includes(each)) || wish.wanted.includes(way),
  );
  const totals = new Map<string, { sent: number; failed: number }>();
  const floors: string[] = [];
  for (const application of applications) {
    const floor = await measuredFloor(site.plain, application.from, wish.rate);
    floors.push(`${application.called} ${seconds(floor)}`);
    for (const connections of ['new', 'kept'] as const) {
      for (const way of chosen) {
        const sum = `${way}, ${connections} connections`;
        // Half of the requests are for each application.
        const enough = () =>
          connections !== 'new' ||
          way === 'script' ||
          (totals.get(sum)?.sent ?? 0) >= (wish.requests * (applications.indexOf(application) + 1)) / 2;
        for (let round = 0; round < wish.rounds || !enough(); round += 1) {
          const row = await measuredRow(site, {
            ...{ way, application, connections, floor },
            rate: wish.rate,
          });
          tell(row.cells);
          rows.push(row.cells);
          const total = totals.get(sum) ?? { sent: 0, failed: 0 };
          totals.set(sum, { sent: total.sent + row.sent, failed: total.failed + row.failed });
        }
      }
    }
  }
  console.log(table(heading, rows));
  for (const [sum, { sent, failed }] of totals) console.log(`${sum}: ${failed} of ${sent} lost`);
  console.log(`boot + drain of the application itself: ${floors.join(', ')}`);
}

interface Case {
  readonly way: string;
  readonly application: { readonly called: string; readonly from: string; readonly to: string };
  readonly connections: LoadPlan['connections'];
  readonly floor: number;
  readonly rate: number;
}

async function measuredRow(site: Site, { way, application, connections, floor, rate }: Case) {
  await site.clear();
  if (way === site.strategy && (way === 'nginx' || way === 'caddy')) {
    // The very first time reloads the proxy, which closes idle connections: that is once, and not what is measured.
    await mustDeploy(site, request(site, application.to, { strategy: site.startStrategy }));
    await mustDeploy(site, request(site, application.from, { strategy: way }));
  } else await mustDeploy(site, request(site, application.from, { strategy: site.startStrategy }));
  let roundTrips = 0;
  let told = 0;
  const { load, duration, done } = await underLoad(site, { connections, rate }, async () => {
    const started = performance.now();
    if (way === 'script') {
      await byScript(site, application.to);
      told = performance.now() - started;
      return undefined;
    }
    const strategy = ways.find((each) => each.strategy === way)?.strategy ?? 'auto';
    const { outcome } = await deploy(site, request(site, application.to, { strategy }), () => {
      roundTrips += 1;
    });
    told = outcome.duration;
    return outcome.failure?.sentence;
  });
  const cells = [
    way === 'script' ? 'stop; rm; run' : way,
    application.called,
    connections,
    ...counts(load),
    seconds(told),
    seconds(duration),
    `${(told / floor).toFixed(1)}×`,
    way === 'script' ? '' : String(roundTrips),
    done ?? Object.keys(load.versions).join('+'),
  ];
  return { cells, sent: load.sent, failed: load.failed };
}

/** What people write into their workflows. */
async function byScript(site: Site, tag: string): Promise<void> {
  await site.docker(`ps -q --filter name=${name} | xargs docker stop >/dev/null`);
  await site.docker(`ps -aq --filter name=${name} | xargs docker rm -f >/dev/null`);
  await site.docker(
    `run -d --name ${name} --restart unless-stopped -p ${site.published} -e GREETING=hello ${site.repository}:${tag}`,
  );
  await untilServing(site);
}

/**
 * Milliseconds that an application itself needs, under the same load: from the start of a container to its first
 * answer, and from SIGTERM to its end.
 */
async function measuredFloor(site: Site, tag: string, rate: number): Promise<number> {
  const booted = await bootUnderLoad(site, tag, rate);
  const { duration } = await underLoad(site, { rate, around: slowest * 1_000 }, () =>
    site.docker(`stop -t 10 ${site.name}`),
  );
  await site.clear();
  return booted + duration;
}
