/**
 * `migrate-schemas` over a fleet: nothing pending, and one ADD COLUMN pending; proofs included. Beside it, on the same
 * database, the executors of django-tenants and of django-tenants-smart-executor, and the least that must be done.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { command } from '../lab/command.ts';
import { asSuperuser } from '../lab/fleet/server.ts';
import { type Fleet, fleetDatabase, fleetProject, fleetPython } from '../lab/fleet.ts';
import { bringUp } from '../lab/lab.ts';
import { buildInto } from '../scripts/build.ts';
import { type ActionRun, runAction } from './fleet/action.ts';
import { proveEqual, proveEqualDumps } from './fleet/equality.ts';
import { type Floor, measureFloor } from './fleet/floor.ts';
import { type Peer, peers, runPeer } from './fleet/peers.ts';
import { countStatements } from './fleet/statements.ts';
import { ratio, seconds, tellMemory, tellPeer, tellRow, type Wanted } from './fleet/table.ts';
import { machine, median } from './statistics.ts';

interface Options {
  readonly tenants: readonly number[];
  readonly repeats: number;
  /** Milliseconds for a peer, after which the rest is reckoned. */
  readonly sample: number;
  readonly scenarios: readonly string[];
  /** Those to compare with, on the first fleet only. */
  readonly peers: readonly Peer[];
}

const usage = `npm run bench -- fleet
  --tenants 1000,3000                  sizes of the fleets; what we are compared with runs on the first one
  --scenarios up-to-date,add-column
  --repeats 5                          of ours
  --sample 120                         seconds for each of the others; the rest is reckoned from what it finished
  --peers all                          none, or some: standard,multiprocessing,smart`;

export async function bench(words: readonly string[]): Promise<void> {
  const options = optionsOf(words);
  if (options === undefined) {
    console.log(usage);
    process.exitCode = 2;
    return;
  }
  await bringUp(['postgres15']);
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'));
  try {
    await buildInto(join(folder, 'dist'));
    console.log(
      `${machine(availableParallelism())}; ${loadavg()[0]?.toFixed(1)} processes were at work before`,
    );
    console.log(await versions());
    console.log('median (smallest–largest); executors run with --verbosity 0, which is their fastest way');
    const all: (Measured | undefined)[] = [];
    for (const [index, tenants] of options.tenants.entries()) {
      all.push(await measureFleet(tenants, folder, index === 0 ? options : { ...options, peers: [] }));
    }
    tellGrowth(all);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `PostgreSQL 15.18, Django 5.2.19, …` */
async function versions(): Promise<string> {
  const names = ['Django', 'django-tenants', 'django-tenants-smart-executor', 'psycopg'];
  const program = 'import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))';
  const found = (await command([await fleetPython(), '-c', program, ...names])).trim().split(' ');
  const server = await asSuperuser('postgres', (client) => client.query('SHOW server_version'));
  const postgres = String(server.rows[0]?.server_version).split(' ')[0];
  return [`PostgreSQL ${postgres}`, ...names.map((name, index) => `${name} ${found[index]}`)].join(', ');
}

function optionsOf(words: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        tenants: { type: 'string', default: '1000,3000' },
        repeats: { type: 'string', default: '5' },
        sample: { type: 'string', default: '120' },
        scenarios: { type: 'string', default: 'up-to-date,add-column' },
        peers: { type: 'string', default: 'all' },
      },
    });
    const chosen = values.peers.split(',');
    const isChosen = ({ name }: Peer) =>
      values.peers === 'all' || chosen.some((word) => name.startsWith(word));
    return {
      tenants: values.tenants.split(',').map(positive),
      repeats: positive(values.repeats),
      sample: positive(values.sample) * 1_000,
      scenarios: values.scenarios.split(','),
      peers: peers.filter(isChosen),
    };
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`"${text}" is not a positive whole number`);
}

interface Measured {
  readonly tenants: number;
  readonly upToDate: number;
  readonly statements: number;
}

/** A fleet, a built dist/, and the projects in the state of each release. */
interface Bed {
  readonly fleet: Fleet;
  readonly dist: string;
  project(releases: number): Promise<string>;
}

async function measureFleet(
  tenants: number,
  folder: string,
  options: Options,
): Promise<Measured | undefined> {
  const fleet = await fleetDatabase({ tenants, progress: (_part, text) => console.error(text) });
  try {
    const bed = { fleet, dist: join(folder, 'dist'), project: telling(folder) };
    console.log(`\n# ${tenants.toLocaleString('en')} tenants, 62 tables each\n`);
    const measured = options.scenarios.includes('up-to-date')
      ? await nothingPending(bed, options)
      : undefined;
    if (options.scenarios.includes('add-column')) await oneColumn(bed, options);
    return measured;
  } finally {
    await fleet.drop();
  }
}

/** Copies of the project, one for each number of releases, in which executors tell what they have migrated. */
function telling(folder: string): Bed['project'] {
  return async (releases) => {
    const copy = join(folder, `project-${releases}`);
    cpSync(await fleetProject(releases), copy, { recursive: true });
    cpSync(join(import.meta.dirname, 'fleet/told.py'), join(copy, 'customers/apps.py'));
    return copy;
  };
}

async function nothingPending(bed: Bed, options: Options): Promise<Measured> {
  const { fleet } = bed;
  const project = await bed.project(0);
  const action = { dist: bed.dist, fleet, project };
  const memory = (await runAction({ ...action, watched: true })).memory; // warms the disk's cache, too
  const statements = await countStatements(fleet.name, () => runAction(action));
  const runs: ActionRun[] = [];
  const floors: Floor[] = [];
  for (let repeat = 0; repeat < options.repeats; repeat += 1) {
    floors.push(await measureFloor(fleet, project));
    runs.push(await runAction(action));
  }
  const ours = runs.map(({ milliseconds }) => milliseconds);
  console.log(`## Nothing pending (${await proveEqual(fleet, 0)})\n`);
  tellRow('migrate-schemas, proofs included', seconds(ours));
  tellRow('import django', seconds(floors.map(({ importDjango }) => importDjango)));
  tellRow('plan query', seconds(floors.map(({ planQuery }) => planQuery)));
  const floor = median(floors.map(({ importDjango, planQuery }) => importDjango + planQuery));
  tellRow('ours to the two together', `${ratio(median(ours), floor)} (wanted: at most 3×)`);
  tellRow('statements', String(statements));
  if (memory !== undefined) tellMemory(memory, 'below 200 MB at 3,000');
  const wanted: Wanted = { 'standard executor': 300, 'smart-executor': 38 };
  for (const peer of options.peers) {
    tellPeer(peer, await runPeer(peer, { fleet, project, limit: options.sample }), median(ours), wanted);
  }
  return { tenants: fleet.schemas.length, upToDate: median(ours), statements };
}

/** Each run is given a release of its own: the database comes to it as the run before has left it, equal everywhere. */
async function oneColumn(bed: Bed, options: Options): Promise<void> {
  const { fleet, dist } = bed;
  let release = 0;
  const upgrade = async (watched = false) => {
    release += 1;
    const run = await runAction({ dist, fleet, project: await bed.project(release), watched });
    await proveEqual(fleet, release);
    return run;
  };
  const { memory } = await upgrade(true);
  const statements = await countStatements(fleet.name, () => upgrade());
  const runs: number[] = [];
  for (let repeat = 0; repeat < options.repeats; repeat += 1) runs.push((await upgrade()).milliseconds);
  const proofs = [await proveEqual(fleet, release), await proveEqualDumps(fleet)];
  console.log(`\n## One ADD COLUMN pending (${proofs.join('; ')})\n`);
  tellRow('migrate-schemas, proofs included', seconds(runs));
  const each = (statements / fleet.schemas.length).toFixed(1);
  tellRow('statements', `${statements.toLocaleString('en')}, ${each} a tenant`);
  if (memory !== undefined) tellMemory(memory, 'below 200 MB at 3,000');
  for (const peer of options.peers) {
    release += 1;
    const project = await bed.project(release);
    const run = await runPeer(peer, { fleet, project, limit: options.sample });
    if (run.sample !== undefined) await runAction({ dist, fleet, project }); // what the sample has left to do
    await proveEqual(fleet, release);
    tellPeer(peer, run, median(runs), { 'standard executor': 60 });
  }
}

function tellGrowth(all: readonly (Measured | undefined)[]): void {
  const measured = all.filter((each) => each !== undefined);
  const [first, last] = [measured[0], measured.at(-1)];
  if (first === undefined || last === undefined || first === last) return;
  const sizes = `${last.tenants.toLocaleString('en')} tenants to ${first.tenants.toLocaleString('en')}`;
  console.log(
    `nothing pending, ${sizes}: ${ratio(last.upToDate, first.upToDate)} (wanted: 3.5× from 1,000 to 3,000)`,
  );
  const more = (last.statements - first.statements) / (last.tenants - first.tenants);
  console.log(`statements for each tenant more: ${more.toFixed(3)}`);
}
