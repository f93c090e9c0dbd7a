import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import { type Manifest, manifestFile, writeManifest } from '../../src/backup/manifest.ts';
import { outdated, removeOutdated } from '../../src/backup/retention.ts';
import { runnerShelf } from '../../src/backup/runner-shelf.ts';

const day = 86_400_000;
const shop = { name: 'shop', label: 'shop on db:5432', system: '7', oid: '5', server: '15.18' };
const silent = { step() {}, info() {}, debug() {}, warning() {}, details() {} };

function manifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    schema: 'tenantry-backup/1',
    id: '',
    run: '',
    actor: '',
    commit: '',
    before: 'migration',
    taken: '',
    database: shop,
    tool: '15.18',
    encryption: null,
    shared: 'public',
    extensions: [],
    schemas: [],
    archives: [],
    leftOut: [],
    ...changes,
  };
}

const idOf = (daysAgo: number) => {
  const time = new Date(Date.now() - daysAgo * day).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${time}-0000000${daysAgo % 10}`;
};

const cases: readonly {
  shelved: [number, Manifest['database'] | undefined][];
  gone: number[];
  why: string;
}[] = [
  {
    shelved: [
      [9, shop],
      [8, shop],
      [1, shop],
    ],
    gone: [9, 8],
    why: 'older than a week',
  },
  {
    shelved: [
      [30, shop],
      [20, shop],
    ],
    gone: [30],
    why: 'the newest one stays, however old',
  },
  { shelved: [[30, shop]], gone: [], why: 'the only one stays' },
  {
    shelved: [
      [30, { ...shop, name: 'other' }],
      [9, shop],
      [1, shop],
    ],
    gone: [9],
    why: 'another database’s stay',
  },
  {
    shelved: [
      [30, { ...shop, system: '8' }],
      [9, shop],
      [1, shop],
    ],
    gone: [9],
    why: 'another cluster’s stay',
  },
  {
    shelved: [
      [30, undefined],
      [9, shop],
      [1, shop],
    ],
    gone: [9],
    why: 'what nobody can read stays',
  },
];

test.each(cases)('$why', ({ shelved, gone }) => {
  const shelf = shelved.map(([age, database]) => ({
    id: idOf(age),
    manifest: database && manifest({ database }),
  }));
  const found = outdated(shelf, { database: shop, keep: 7 * day, now: Date.now() });
  expect(found.map(({ id }) => id)).toEqual(gone.map(idOf));
});

let folder: string | undefined;
afterEach(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
});

test('in a folder: only our files go, and what a killed run has left', async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-test-'));
  const shelf = runnerShelf(folder);
  for (const age of [9, 8, 1]) {
    const backup = await shelf.begin(idOf(age));
    await writeFile(join(backup.workshop, 'archive-1.dump'), '');
    await writeFile(join(backup.workshop, manifestFile), writeManifest(manifest()));
    await backup.finish();
  }
  for (const age of [9, 1]) {
    const { workshop } = await shelf.begin(idOf(age));
    await writeFile(join(workshop, 'archive-1.dump'), 'half');
  }
  await writeFile(join(folder, idOf(8), 'notes.txt'), 'mine');
  await writeFile(join(folder, 'readme.txt'), 'mine, too');

  expect(await removeOutdated(shelf, { database: shop, keep: 7 * day, log: silent })).toBe(2);
  expect((await readdir(folder)).sort()).toEqual(
    [idOf(8), idOf(1), `${idOf(1)}.unfinished`, 'readme.txt'].sort(),
  );
  expect(await readdir(join(folder, idOf(8)))).toEqual(['notes.txt']);
  expect((await readdir(join(folder, idOf(1)))).sort()).toEqual(['archive-1.dump', manifestFile]);
});
