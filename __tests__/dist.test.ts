/** What runs in workflows is what stands in src/: dist/ is reproducible, fresh, and small. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';

import { actionNames } from '../src/actions/names.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

async function build(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dist-'));
  await run(process.execPath, [join(root, 'scripts/build.ts'), folder]);
  return folder;
}

function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

let first: Record<string, string>;
let second: Record<string, string>;
beforeAll(async () => {
  const folders = await Promise.all([build(), build()]);
  [first, second] = folders.map(contents) as [Record<string, string>, Record<string, string>];
});

test('two builds are the same to the letter', () => {
  expect(Object.keys(first)).toEqual(
    ['cli.cjs', 'libpg-query.wasm', ...[...actionNames, 'index'].map((name) => `${name}.cjs`)].sort(),
  );
  expect(differences(first, second)).toEqual([]);
});

test('dist/ is what the sources build to', () => {
  expect(differences(first, contents(join(root, 'dist')))).toEqual([]);
});

test('a stale dist/ is noticed', () => {
  expect(differences(first, { ...first, 'index.cjs': `${first['index.cjs']} ` })).toEqual(['index.cjs']);
  expect(differences(first, { ...first, 'old.cjs': '' })).toEqual(['old.cjs']);
});

test('the bundle is at most 4.5 MB, and holds no path of the machine that built it', () => {
  expect(statSync(join(root, 'dist/index.cjs')).size).toBeLessThanOrEqual(4_500_000);
  expect(first['index.cjs']).not.toContain(root);
});

test('the doors say what is wrong with their inputs', async () => {
  const door = join(root, 'dist/parse-db-url.cjs');
  const failed = await run(process.execPath, [door], {
    env: { PATH: process.env.PATH, 'INPUT_DATABSE-URL': 'x' },
  }).then(
    () => undefined,
    (error: { code: number; stdout: string }) => error,
  );
  expect(failed?.code).toBe(1);
  expect(failed?.stdout).toContain('::error::');
  expect(failed?.stdout).toContain('databse-url: there is no such input — did you mean database-url?');
});

/** Names of files that are not the same in both. */
function differences(a: Record<string, string>, b: Record<string, string>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]).sort();
}
