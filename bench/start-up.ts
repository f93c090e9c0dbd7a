/** How fast a door opens, and what it loads for that: whole processes, one after another in turn, so that noise meets all of them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';

import { actionNames } from '../src/actions/names.ts';
import { type Loaded, loadedBy } from './loaded.ts';
import { machine, median, spread } from './statistics.ts';

const root = join(import.meta.dirname, '..');
const rounds = 15;

interface Contestant {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export async function bench(): Promise<void> {
  const peer = await onlyCore();
  const contestants: Contestant[] = [
    { name: 'bare node', argv: ['-e', '0'] },
    { name: 'only @actions/core', argv: [peer] },
    ...actionNames.map((name) => ({ name, argv: [join(root, 'dist', `${name}.cjs`)] })),
    {
      name: 'parse-db-url, whole',
      argv: [join(root, 'dist/parse-db-url.cjs')],
      env: { 'INPUT_DATABASE-URL': 'postgresql://shop:p%40ss@db.internal:5432/shop?sslmode=require' },
    },
  ];
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round += 1) {
    for (const { name, argv, env } of contestants) {
      const started = performance.now();
      spawnSync(process.execPath, [...argv], { env: { PATH: process.env.PATH, ...env }, stdio: 'ignore' });
      if (round >= 0) times.get(name)?.push(performance.now() - started); // the first round warms the disk's cache
    }
  }
  const base = median(times.get('bare node') ?? []);
  const core = median(times.get('only @actions/core') ?? []);
  console.log(`${machine(availableParallelism())}; ${rounds} runs each in turn, median (smallest–largest)\n`);
  for (const [name, values] of times) {
    const ratios = `${(median(values) / base).toFixed(2)}× node   ${(median(values) / core).toFixed(2)}× @actions/core`;
    console.log(`${name.padEnd(22)}${spread(values).padStart(18)}   ${ratios}`);
  }
  console.log('\nbefore the first thing is done: what was loaded, and the memory of the process\n');
  for (const { name, argv, env } of contestants) {
    if (env === undefined) console.log(`${name.padEnd(22)}${shown(loadedBy(argv))}`);
  }
  console.log(`\nall that is in dist/parts: ${megabytes(sizeOf(join(root, 'dist/parts')))}`);
}

function shown({ files, bytes, memory }: Loaded): string {
  return `${String(files.length).padStart(3)} files  ${megabytes(bytes)}   ${megabytes(memory)} of memory`;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2).padStart(6)} MB`;

/** Bytes of code, without PostgreSQL's parser. */
function sizeOf(folder: string): number {
  const code = readdirSync(folder).filter((name) => name.endsWith('.cjs'));
  return code.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** An action that does nothing but import @actions/core, bundled as ours is. */
async function onlyCore(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'));
  const entry = join(folder, 'entry.mjs');
  writeFileSync(entry, "import * as core from '@actions/core';\ncore.debug('hello');\n");
  const outfile = join(folder, 'peer.cjs');
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    nodePaths: [join(root, 'node_modules')],
  });
  return outfile;
}
