/**
 * `npm run bench -- line [tenants=N] [rounds=N] [rate=N]`: the whole line from a built image to tenants that answer, by
 * the actions and by the script that people have, in turn, with visitors all the while; and the line once more, when
 * nothing has changed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { buildInto } from '../scripts/build.ts';
import { type LoadResult, startLoad } from './deploy/load.ts';
import { counts } from './deploy/scene.ts';
import { table } from './deploy/table.ts';
import { seconds, tellRow } from './fleet/table.ts';
import { makeScene, type Scene } from './line/scene.ts';
import { actions, script, type Taken, type Way } from './line/ways.ts';
import { machine, median } from './statistics.ts';

interface Run {
  readonly way: string;
  readonly taken: Taken;
  readonly milliseconds: number;
  readonly load: LoadResult;
}

export async function bench(options: readonly string[]): Promise<void> {
  const number = (word: string, otherwise: number) =>
    Number(options.find((option) => option.startsWith(`${word}=`))?.slice(word.length + 1) ?? otherwise);
  const [tenants, rounds, rate] = [number('tenants', 100), number('rounds', 3), number('rate', 20)];
  const dist = mkdtempSync(join(tmpdir(), 'tenantry-bench-'));
  await buildInto(dist);
  const scene = await makeScene(tenants);
  const ours: Run[] = [];
  const again: Run[] = [];
  const theirs: Run[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const peer = script(scene);
      await begin(scene, peer);
      theirs.push(await visited(scene, peer, { rate, called: peer.name }));
      const way = actions(scene, dist);
      await begin(scene, way);
      ours.push(await visited(scene, way, { rate, called: way.name }));
      again.push(await visited(scene, way, { rate, called: 'actions, nothing new' }));
    }
  } finally {
    await scene.takeDown();
    rmSync(dist, { recursive: true, force: true });
  }
  const runs = [...theirs, ...ours, ...again];
  console.log(
    `${machine(availableParallelism())}; ${tenants} tenants, one pending migration, ${rate} visitors a second\n`,
  );
  console.log(table(['way', 'sent', 'lost', 'gap', 'time', 'of which'], runs.map(rowOf)));
  console.log();
  const times = (some: readonly Run[]) => some.map(({ milliseconds }) => milliseconds);
  tellRow('script', seconds(times(theirs)));
  const share = (some: readonly Run[]) =>
    `${(median(times(some)) / median(times(theirs))).toFixed(2)}× the script`;
  tellRow('actions', `${seconds(times(ours))}   ${share(ours)} (wanted: at most 1×)`);
  tellRow('actions, nothing new', `${seconds(times(again))}   ${share(again)} (wanted: at most 0.25×)`);
}

async function begin(scene: Scene, way: Way): Promise<void> {
  await scene.reset();
  await way.prepare();
}

/** One line of jobs, and what became of the platform's visitors meanwhile. */
async function visited(
  { lab, port, domain }: Scene,
  way: Way,
  { rate, called }: { rate: number; called: string },
): Promise<Run> {
  const load = await startLoad({
    ...{ url: `http://${lab.host1.address}:${port}`, host: domain, path: '/health/' },
    ...{ rate, connections: 'new', slowEvery: 0 },
  });
  try {
    await sleep(1_000);
    const taken = await way.deploy();
    await sleep(1_000);
    const milliseconds = taken.reduce((sum, [, each]) => sum + each, 0);
    const run = { way: called, taken, milliseconds, load: await load.stop() };
    process.stderr.write(`  ${rowOf(run).join('  ')}\n`);
    return run;
  } finally {
    await load.stop().catch(() => {}); // it has ended
  }
}

function rowOf({ way, taken, milliseconds, load }: Run): string[] {
  const parts = taken.map(([step, each]) => `${step} ${(each / 1_000).toFixed(1)}`);
  return [way, ...counts(load), `${(milliseconds / 1_000).toFixed(1)} s`, parts.join(', ')];
}
