/**
 * `npm run bench -- deploy [load|rollback|failing|faults|hundred] [host1|host2|host3] [way…] [fault…] [step…] [version…]
 * [rate=N] [rounds=N] [requests=N] [deployments=N]`: deployments under load on the lab's two engines, and in a swarm of
 * three, which host3 manages; ours beside the script that people have; the way back; versions that are no good;
 * deployments to which something happens at every step; and many, one after the other.
 */
import { availableParallelism } from 'node:os';

import { ProxySite } from '../__tests__/integration/deployment/proxy-site.ts';
import { Site } from '../__tests__/integration/deployment/site.ts';
import { SwarmSite } from '../__tests__/integration/deployment/swarm-site.ts';
import { failingTable } from './deploy/failing-table.ts';
import { faultTable } from './deploy/fault-table.ts';
import { hundredDeployments } from './deploy/hundred.ts';
import { loadTable } from './deploy/load-table.ts';
import { rollbackTable } from './deploy/rollback-table.ts';
import { boot, rate as fullRate, images, name, slowEvery, slowest } from './deploy/scene.ts';
import { ways } from './deploy/ways.ts';
import { machine } from './statistics.ts';

const parts = ['load', 'rollback', 'failing', 'faults', 'hundred'] as const;
/** Where, and what stands in front of the application there. */
const places = {
  host1: ['nothing', 'nginx', 'caddy'],
  host2: ['nothing', 'nginx', 'caddy'],
  host3: ['swarm'],
} as const;
type Place = keyof typeof places;
type Front = (typeof places)[Place][number];

export async function bench(options: readonly string[]): Promise<void> {
  const number = (word: string, otherwise: number) =>
    Number(options.find((option) => option.startsWith(`${word}=`))?.slice(word.length + 1) ?? otherwise);
  const chosen = <Name extends string>(names: readonly Name[]) => {
    const some = names.filter((each) => options.includes(each));
    return some.length === 0 ? names : some;
  };
  // A machine that is busy with something else loses requests by itself.
  const rate = number('rate', fullRate);
  console.log(
    `${machine(availableParallelism())}; ${rate} requests a second, one in ${slowEvery} takes ${slowest} s; boot ${boot} s\n`,
  );
  const called = ['script', ...ways.map(({ strategy }) => strategy)];
  const others = options.filter((option) => !called.includes(option));
  for (const place of chosen(Object.keys(places) as Place[])) {
    for (const front of places[place]) {
      const wanted = chosen(called).filter((way) => (front === 'nothing' ? !isFront(way) : way === front));
      if (wanted.length === 0) continue;
      const site = await siteAt(place, front);
      try {
        for (const part of chosen(parts)) {
          await site.clear();
          console.log(`${place}, Docker ${site.host.engineVersion}${frontIn[front]}: ${part}`);
          const rounds = number('rounds', 1);
          if (part === 'load') {
            await loadTable(site, { wanted, rounds, requests: number('requests', 0), rate }, tell);
          }
          if (part === 'rollback') await rollbackTable(site, { wanted, rounds, rate }, tell);
          if (part === 'failing') await failingTable(site, { rounds, rate, wanted: others }, tell);
          // Unlike a time, this is true or not.
          if (part === 'faults' && (await faultTable(site, [...others, ...wanted], tell)) > 0)
            process.exitCode = 1;
          if (part === 'hundred' && !(await hundredDeployments(site, number('deployments', 100)))) {
            process.exitCode = 1;
          }
          console.log();
        }
      } finally {
        await (site instanceof ProxySite || site instanceof SwarmSite ? site.takeDown() : site.clear());
      }
    }
  }
}

const frontIn: Readonly<Record<Front, string>> = {
  nothing: '',
  nginx: ', nginx in front',
  caddy: ', caddy in front',
  swarm: ', a swarm of three, a proxy as its entrance',
};

function isFront(way: string): boolean {
  return way in frontIn;
}

function siteAt(place: Place, front: Front): Promise<Site> {
  const port = place === 'host1' ? 18_300 : 18_301;
  if (front === 'nothing') return Site.up(place, name, port, images);
  if (front === 'swarm' || place === 'host3') {
    return SwarmSite.upInSwarm(name, { port: 18_380, images, entrance: 'host1', isManagerDrained: true });
  }
  const behind = { port: port + (front === 'nginx' ? 20 : 40), appPort: 8_300, images };
  return ProxySite.upBehind(front, place, name, behind);
}

/** Told as it comes: a table is printed at its end. */
function tell(row: string[]): void {
  process.stderr.write(`  ${row.join('  ')}\n`);
}
