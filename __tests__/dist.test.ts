/** What runs in workflows is what stands in src/: dist/ is reproducible, fresh, and small. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';

import { loadedBy } from '../bench/loaded.ts';
import { type ActionName, actionNames } from '../src/actions/names.ts';
import { placeInSource } from '../src/step/defect.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

async function build(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dist-'));
  await run(process.execPath, [join(root, 'scripts/build.ts'), folder]);
  return folder;
}

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(paths.map((path) => [relative(folder, path), readFileSync(path, 'utf8')]));
}

let first: Record<string, string>;
let second: Record<string, string>;
beforeAll(async () => {
  const folders = await Promise.all([build(), build()]);
  [first, second] = folders.map(contents) as [Record<string, string>, Record<string, string>];
});

test('two builds are the same to the letter', () => {
  const doors = Object.keys(first).filter((name) => !name.startsWith('parts/'));
  expect(doors).toEqual([...actionNames, 'cli'].map((name) => `${name}.cjs`).sort());
  expect(differences(first, second)).toEqual([]);
});

test('dist/ is what the sources build to', () => {
  expect(differences(first, contents(join(root, 'dist')))).toEqual([]);
});

test('a stale dist/ is noticed', () => {
  const index = 'parts/index.cjs';
  expect(differences(first, { ...first, [index]: `${first[index]} ` })).toEqual([index]);
  expect(differences(first, { ...first, 'parts/old.cjs': '' })).toEqual(['parts/old.cjs']);
});

test('all parts together are at most 5 MB, and hold no path of the machine that built them', () => {
  const code = Object.entries(first).filter(([name]) => name.endsWith('.cjs'));
  expect(code.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0)).toBeLessThanOrEqual(5_000_000);
  expect(code.filter(([, text]) => text.includes(root)).map(([name]) => name)).toEqual([]);
});

/** Megabytes. What is over them has come to load what it does not use at once; whoever needs it raises the limit. */
const mostLoaded: Readonly<Record<ActionName, number>> = {
  'parse-db-url': 0.5,
  'health-check': 0.6,
  'report-line': 1.5,
  'deploy-container': 1.5,
  'provision-tenant': 1.75,
  'migrate-schemas': 2,
  tenantry: 2.5,
};

test.each(Object.entries(mostLoaded))('%s loads at most %d MB before it begins', (name, most) => {
  const { files, bytes } = loadedBy([join(root, `dist/${name}.cjs`)]);
  expect(files.map((file) => relative(root, file))).toEqual(
    expect.arrayContaining([`dist/${name}.cjs`, 'dist/parts/index.cjs']),
  );
  expect(bytes).toBeLessThanOrEqual(most * 1e6);
  for (const late of ['pg', 'node-ssh', 'actions-github', 'age-encryption', 'libpg-query'])
    expect(files).not.toContain(join(root, `dist/parts/${late}.cjs`));
});

test('a place in a part is told by the source file that it comes from', () => {
  const [name = '', text = ''] =
    Object.entries(first).find(([, part]) => part.includes('function parseDatabaseUrl(')) ?? [];
  const line = text.slice(0, text.indexOf('function parseDatabaseUrl(')).split('\n').length;
  expect(placeInSource(`Error: no\n    at parse (${join(root, 'dist', name)}:${line}:3)`)).toBe(
    'database/url.ts',
  );
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
