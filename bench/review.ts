/** A preview of ten pending migrations for a fleet, against `sqlmigrate` for each of the ten, in turn on one database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { command } from '../lab/command.ts';
import { fleetDatabase, fleetProject } from '../lab/fleet.ts';
import { bringUp } from '../lab/lab.ts';
import { buildInto } from '../scripts/build.ts';
import { runAction } from './fleet/action.ts';
import { ratio, seconds, tellRow } from './fleet/table.ts';
import { machine, median } from './statistics.ts';

const pending = 10;
const repeats = 3;

/** @param words the number of tenants; default: 1,000 */
export async function bench([tenants = '1000']: readonly string[]): Promise<void> {
  await bringUp(['postgres15']);
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'));
  const fleet = await fleetDatabase({
    tenants: Number(tenants),
    progress: (_part, text) => console.error(text),
  });
  try {
    const dist = join(folder, 'dist');
    await buildInto(dist);
    const project = await fleetProject(pending);
    const inputs = { 'dry-run': 'true' };
    const first = await runAction({ dist, fleet, project, inputs }); // warms the disk's cache, too
    const migrations = migrationsIn(first.report);
    if (migrations.length !== pending) throw new Error(`${migrations.length} migrations are pending`);
    const ours: number[] = [];
    const peer: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      peer.push(await sqlmigrate(migrations));
      ours.push((await runAction({ dist, fleet, project, inputs })).milliseconds);
    }
    console.log(
      `${machine(availableParallelism())}; ${fleet.schemas.length} tenants, ${pending} pending migrations`,
    );
    tellRow('dry-run, whole step', seconds(ours));
    tellRow(`sqlmigrate, ${pending} times`, seconds(peer));
    tellRow('ours to sqlmigrate', `${ratio(median(ours), median(peer))} (wanted: at most 3×)`);

    async function sqlmigrate(labels: readonly string[]): Promise<number> {
      const started = performance.now();
      for (const label of labels) {
        const words = ['manage.py', 'sqlmigrate', ...label.split('.')];
        await command([fleet.python, ...words], { cwd: project, env: { ...process.env, ...fleet.env } });
      }
      return performance.now() - started;
    }
  } finally {
    await fleet.drop();
    rmSync(folder, { recursive: true });
  }
}

/** Those of which the preview has the SQL. */
function migrationsIn(report: unknown): string[] {
  const { preview } = report as {
    preview: {
      review: { groups: { kind: string; migrations: { migration: string; statements: string[] }[] }[] };
    };
  };
  const group = preview.review.groups.find(({ kind }) => kind === 'tenant');
  return (group?.migrations ?? [])
    .filter(({ statements }) => statements.length > 0)
    .map(({ migration }) => migration);
}
