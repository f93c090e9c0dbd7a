/** Back to the release of before, under load: how long until its clients have it again, beside its own boot. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Site } from '../../__tests__/integration/deployment/site.ts';
import { bootUnderLoad, counts, deploy, mustDeploy, request, seconds, underLoad } from './scene.ts';
import { table } from './table.ts';
import { ways } from './ways.ts';

const heading = ['way', 'sent', 'failed', 'serves after', 'to boot', 'told after', 'round trips', ''];

/** Prints the table. */
export async function rollbackTable(
  site: Site,
  { wanted, rounds, rate }: { wanted: readonly string[]; rounds: number; rate: number },
  tell: (row: string[]) => void,
): Promise<void> {
  const rows: string[][] = [];
  const boot = await bootUnderLoad(site.plain, 'a', rate);
  for (const { strategy } of ways.filter((way) => wanted.includes(way.strategy))) {
    for (let round = 0; round < rounds; round += 1) {
      await site.clear();
      await mustDeploy(site, request(site, 'a', { strategy: site.startStrategy }));
      await mustDeploy(site, request(site, 'b', { strategy }));
      let roundTrips = 0;
      const back = request(site, 'b', { strategy, mode: 'rollback', rollbackTo: 'previous' });
      const { load, done } = await underLoad(site, { rate }, async () => {
        const started = performance.now();
        const going = deploy(site, back, () => {
          roundTrips += 1;
        });
        await untilAnswers(site, 'a', going);
        const serving = performance.now() - started;
        return { serving, ...(await going) };
      });
      const { outcome, serving } = done;
      const row = [
        strategy,
        ...counts(load).slice(0, 2),
        seconds(serving),
        `${(serving / boot).toFixed(1)}×`,
        seconds(outcome.duration),
        String(roundTrips),
        outcome.failure?.sentence ?? outcome.result,
      ];
      tell(row);
      rows.push(row);
    }
  }
  console.log(table(heading, rows));
  console.log(`boot of the application itself, under the same load: ${seconds(boot)}`);
}

/** Until clients get this version, or there is nothing left to wait for. */
async function untilAnswers(site: Site, version: string, going: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  going.then(over, over);
  while (!isOver) {
    if ((await site.answer().catch(() => '')).startsWith(`${version} `)) return;
    await sleep(20);
  }
}
