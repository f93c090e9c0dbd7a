/**
 * A backup before a migration: 100 schemas that will change, in a database of 1,000 with 62 tables each; proof and rows
 * included. Beside it one pg_dump a schema, as scripts do it, and one of the whole database.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

import { type Fleet, fleetDatabase } from '../../lab/fleet.ts';
import { bringUp } from '../../lab/lab.ts';
import { postgresPrograms } from '../../lab/postgres-programs.ts';
import { findPrograms, type Programs } from '../../src/backup/programs.ts';
import { showSize } from '../../src/ground/size.ts';
import { localMachine } from '../../src/machine/local.ts';
import { lastWords, succeeded } from '../../src/machine/machine.ts';
import { type Memory, watchMemory } from '../fleet/memory.ts';
import { ratio, seconds, tellRow } from '../fleet/table.ts';
import { machine, median } from '../statistics.ts';
import { type BackupDone, type BackupWish, backUpOnce } from './backup-once.ts';

const signal = new AbortController().signal;

export async function run(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      tenants: { type: 'string', default: '1000' },
      changed: { type: 'string', default: '100' },
      repeats: { type: 'string', default: '3' },
      sample: { type: 'string', default: '5' },
    },
  });
  const [tenants, changed, repeats, sample] = [
    values.tenants,
    values.changed,
    values.repeats,
    values.sample,
  ].map(Number) as [number, number, number, number];
  await bringUp(['postgres15']);
  process.env.PGBIN = postgresPrograms();
  const fleet = await fleetDatabase({ tenants, progress: (_part, text) => console.error(text) });
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'));
  try {
    const programs = await findPrograms('15', {
      machine: localMachine,
      signal,
      folders: [postgresPrograms()],
    });
    console.log(
      `${machine(availableParallelism())}, pg_dump ${programs.version}; ${loadavg()[0]?.toFixed(1)} processes were at work before`,
    );
    console.log(`${changed} of ${tenants} schemas, 62 tables each; median (smallest–largest)\n`);
    const bed = { fleet, folder, programs, schemas: fleet.schemas.slice(0, changed) };
    const ours = await measureOurs(bed, repeats);
    const each = await measureEach(bed, sample);
    const reckoned = median(each) * bed.schemas.length;
    tellRow(
      'one pg_dump a schema',
      `${seconds(each)} each, ${seconds([reckoned])} for ${changed} [sample: ${sample}]`,
    );
    tellRow('that to ours', `${ratio(reckoned, median(ours))} (wanted: at least 3×)`);
    tellRow('pg_dump of the whole database', await dumpWhole(bed));
  } finally {
    rmSync(folder, { recursive: true });
    await fleet.drop();
  }
}

interface Bed {
  readonly fleet: Fleet;
  readonly folder: string;
  readonly programs: Programs;
  readonly schemas: readonly string[];
}

async function measureOurs({ fleet, folder, schemas }: Bed, repeats: number): Promise<number[]> {
  const wish: BackupWish = { url: fleet.url, schemas, folder: join(folder, 'ours') };
  const { done, memory } = await inItsOwnProcess(wish); // a run of its own: looking costs time
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) times.push((await backUpOnce(wish)).milliseconds);
  tellRow(
    'backup, proven and counted',
    `${seconds(times)}   ${showSize(done.bytes)} in ${done.archives} archives`,
  );
  for (const line of done.told) tellRow('', line);
  const { own, largestChild, together } = memory;
  tellRow(
    'peak memory',
    `Node ${mebibytes(own)}, largest program ${mebibytes(largestChild)}, together ${mebibytes(together)}`,
  );
  return times;
}

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

async function inItsOwnProcess(wish: BackupWish): Promise<{ done: BackupDone; memory: Memory }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'backup-once.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const watch = watchMemory(child.pid ?? 0);
  child.stdin.end(JSON.stringify(wish));
  const said = await text(child.stdout);
  return { memory: watch(), done: JSON.parse(said) };
}

/** As a script does it: nothing is proven. */
async function measureEach({ fleet, folder, programs, schemas }: Bed, sample: number): Promise<number[]> {
  const times: number[] = [];
  const watch = watchMemory(process.pid);
  for (const schema of schemas.slice(0, sample)) {
    const file = join(folder, 'each.dump');
    const started = performance.now();
    const result = await localMachine.run(
      [programs.dump, '--format=custom', `--schema=${schema}`, `--file=${file}`],
      { timeout: 600_000, env: environmentOf(fleet) },
    );
    times.push(performance.now() - started);
    if (!succeeded(result)) throw new Error(lastWords(result));
  }
  // pg_dump reads the catalogue of the whole database first, whatever it is to dump: nobody needs less than that.
  tellRow('memory of one of them', `${mebibytes(watch().largestChild)} (ours: wanted below 300 MB)`);
  return times;
}

async function dumpWhole({ fleet, folder, programs }: Bed): Promise<string> {
  const file = join(folder, 'whole.dump');
  mkdirSync(folder, { recursive: true });
  const started = performance.now();
  const result = await localMachine.run([programs.dump, '--format=custom', `--file=${file}`], {
    timeout: 600_000,
    env: environmentOf(fleet),
  });
  const took = seconds([performance.now() - started]);
  if (succeeded(result)) return `${took}, ${showSize(statSync(file).size)}`;
  const said = result.stderr.split('\n').find((line) => /ERROR|error/.test(line)) ?? '';
  return `fails after ${took}: ${said.replace(/^.*ERROR: +/, '')}, and leaves a file of ${statSync(file, { throwIfNoEntry: false })?.size ?? 0} bytes`;
}

function environmentOf({ env, name }: Fleet): Record<string, string> {
  return {
    PGHOST: env.DB_HOST ?? '',
    PGPORT: env.DB_PORT ?? '',
    PGUSER: env.DB_USER ?? '',
    PGPASSWORD: env.DB_PASSWORD ?? '',
    PGDATABASE: name,
  };
}
