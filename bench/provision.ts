/**
 * `provision-tenant`: one tenant and a list of fifty, proofs and journal included, beside Django's save() and
 * django-tenants' clone_schema in the same database.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { type Fleet, fleetDatabase } from '../lab/fleet.ts';
import { bringUp } from '../lab/lab.ts';
import { buildInto } from '../scripts/build.ts';
import { type ActionRun, runAction } from './fleet/action.ts';
import { seconds, tellMemory, tellRow } from './fleet/table.ts';
import { machine, median } from './statistics.ts';

const usage = `npm run bench -- provision
  --tenants 0,100,1000   how many there are before
  --repeats 5            tenants made in each way
  --list 50              tenants of the list, at the last of these sizes; 0: none`;

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
    for (const tenants of options.tenants) {
      const fleet = await fleetDatabase({ tenants, progress: (_part, text) => console.error(text) });
      try {
        const bed = { fleet, dist: join(folder, 'dist'), folder };
        console.log(`\n# ${tenants.toLocaleString('en')} tenants, 62 tables each\n`);
        await oneTenant(bed, options.repeats);
        if (options.list > 0 && tenants === options.tenants.at(-1)) await aList(bed, options.list);
      } finally {
        await fleet.drop();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function optionsOf(words: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        tenants: { type: 'string', default: '0,100,1000' },
        repeats: { type: 'string', default: '5' },
        list: { type: 'string', default: '50' },
      },
    });
    return {
      tenants: values.tenants.split(',').map(wholeNumber),
      repeats: wholeNumber(values.repeats),
      list: wholeNumber(values.list),
    };
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new Error(`"${text}" is not a whole number`);
}

interface Bed {
  readonly fleet: Fleet;
  readonly dist: string;
  readonly folder: string;
}

/**
 * Side by side, in turns: whatever else the machine does meets all of them. All three are timed from where the project
 * is up: save() reads the migrations in its own time, and so does ours.
 */
async function oneTenant(bed: Bed, repeats: number): Promise<void> {
  const { fleet } = bed;
  await ours(bed, 'warm_ours');
  const reference = peer(fleet, ['save', 'warm_save']);
  const memory = (await ours(bed, 'watched', true)).memory;
  const runs: ActionRun[] = [];
  const saves: number[] = [];
  const clones: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    saves.push(peer(fleet, ['save', `saved_${repeat}`]));
    runs.push(await ours(bed, `made_${repeat}`));
    clones.push(peer(fleet, ['clone', `cloned_${repeat}`, 'warm_save']));
  }
  await proveEqual(fleet, 'warm_save', ['made_', 'saved_']);
  const odd = await unlike(fleet, 'warm_save', ['cloned_']);
  const timings = runs.map(timingOf);
  const work = timings.map(({ milliseconds, startMilliseconds }) => milliseconds - startMilliseconds);
  tellRow('provision-tenant, the whole action', seconds(runs.map(({ milliseconds }) => milliseconds)));
  tellRow('  until the project was up', seconds(timings.map(({ startMilliseconds }) => startMilliseconds)));
  tellRow('  then: migrations, look, make, prove', seconds(work));
  tellRow(`Django’s save() (first: ${seconds([reference])})`, seconds(saves));
  tellRow('clone_schema of django-tenants', seconds(clones));
  if (odd.length > 0) tellRow('  of its tenants are not what save() makes', `${odd.length} of ${repeats}`);
  tellRow(
    'ours after the start, to save()',
    `${(median(work) / median(saves)).toFixed(2)}× (wanted at 1,000: at most 1.2×)`,
  );
  if (memory !== undefined) tellMemory(memory, 'below 250 MB');
}

async function aList(bed: Bed, amount: number): Promise<void> {
  const list = (prefix: string) => {
    const path = join(bed.folder, `${prefix}.json`);
    const names = Array.from({ length: amount }, (_, index) => `${prefix}_${index}`);
    writeFileSync(
      path,
      JSON.stringify(
        names.map((name) => ({ 'schema-name': name, domain: `${name}.fleet.test`.replace('_', '-') })),
      ),
    );
    return path;
  };
  const run = async (prefix: string, parallel: string, watched = false) => {
    const inputs = { ...usual, 'tenants-file': list(prefix), parallel };
    return runAction({ ...bed, project: bed.fleet.project, action: 'provision-tenant', inputs, watched });
  };
  const alone = await run('alone', '1');
  const together = await run('together', '2');
  const { memory } = await run('watched', '2', true);
  await proveEqual(bed.fleet, 'warm_save', ['alone_', 'together_', 'watched_']);
  console.log(`\n## A list of ${amount}\n`);
  tellRow('one after another, in one run', seconds([alone.milliseconds]));
  tellRow('two at a time', seconds([together.milliseconds]));
  const faster = alone.milliseconds / together.milliseconds;
  tellRow('faster', `${faster.toFixed(2)}× (wanted: at least 1.6×)`);
  if (memory !== undefined) tellMemory(memory, 'below 250 MB');
}

const usual = { summary: 'false', timeout: '1h' };

function ours(bed: Bed, name: string, watched = false): Promise<ActionRun> {
  const inputs = { ...usual, 'schema-name': name, domain: `${name}.fleet.test`.replace('_', '-') };
  return runAction({ ...bed, project: bed.fleet.project, action: 'provision-tenant', inputs, watched });
}

function timingOf({ report }: ActionRun) {
  const { timing } = report as { timing?: { milliseconds: number; startMilliseconds: number } };
  if (timing === undefined) throw new Error('the report has no timing');
  return timing;
}

/** Milliseconds that it took inside of a project that is up. */
function peer(fleet: Fleet, words: readonly string[]): number {
  const program = join(import.meta.dirname, 'provision/peer.py');
  const ended = spawnSync(fleet.python, [program, ...words], {
    cwd: fleet.project,
    env: { ...process.env, ...fleet.env },
    encoding: 'utf8',
  });
  const [, told] = /^seconds (\S+)$/m.exec(ended.stdout) ?? [];
  if (ended.status !== 0 || told === undefined) throw new Error(ended.stderr);
  return Number(told) * 1_000;
}

/** What does not end with the same tables, columns, indexes and ledger does not count. */
async function proveEqual(fleet: Fleet, like: string, prefixes: readonly string[]): Promise<void> {
  const [odd] = await unlike(fleet, like, prefixes);
  if (odd !== undefined) throw new Error(`${odd} is not what save() made: ${like}`);
}

/** @returns the schemas that are not as another one */
async function unlike(fleet: Fleet, like: string, prefixes: readonly string[]): Promise<string[]> {
  const digest = (schema: string) => `
    SELECT md5(string_agg(line, E'\\n' ORDER BY line)) AS digest FROM (
      SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || a.attnotnull AS line
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relnamespace = '${schema}'::regnamespace AND c.relkind IN ('r', 'i')
      UNION ALL SELECT app || ' ' || name FROM ${schema}.django_migrations) AS lines`;
  const found = await fleet.sql<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^(${prefixes.join('|')})'`,
  );
  if (found.length === 0) throw new Error('nothing was made');
  const [wanted] = await fleet.sql<{ digest: string }>(digest(like));
  const odd: string[] = [];
  for (const { name } of found) {
    const [made] = await fleet.sql<{ digest: string }>(digest(name));
    if (made?.digest !== wanted?.digest) odd.push(name);
  }
  return odd;
}
