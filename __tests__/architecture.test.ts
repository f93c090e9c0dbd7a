/** The rules of the house that a machine can hold: floors, circles, single doors to the outside. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const source = join(import.meta.dirname, '../src');

/** From the top; a file imports only from its own folder and from floors below. */
const floors = [
  ['cli'],
  ['index'],
  ['actions'],
  ['provisioning', 'deployment'],
  ['migrations', 'health'],
  ['django', 'database', 'docker', 'diagnosis'],
  ['step', 'machine'],
  ['report'],
  ['ground'],
];

/** Each door to the outside has one keeper. */
const keepers: Readonly<Record<string, string>> = {
  '@actions/core': 'step/github.ts',
  '@actions/github': 'report/github-deployment.ts',
  pg: 'database/session.ts',
  'node-ssh': 'machine/ssh.ts',
};

interface Import {
  readonly from: string;
  /** A file of src, or the name of a package. */
  readonly to: string;
  readonly isTypeOnly: boolean;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort();
const imports = files.flatMap((file) => importsOf(file, readFileSync(join(source, file), 'utf8')));

function importsOf(file: string, text: string): Import[] {
  const statement =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/g;
  return [...text.matchAll(statement)].map(([, type, fixed, lazy]) => {
    const target = fixed ?? lazy ?? '';
    const to = target.startsWith('.') ? relative(source, join(source, dirname(file), target)) : target;
    return { from: file, to, isTypeOnly: type !== undefined };
  });
}

function floorOf(file: string): number {
  const name = file.includes('/') ? dirname(file).split('/')[0] : file.replace('.ts', '');
  return floors.findIndex((floor) => floor.includes(name ?? ''));
}

/** Imports that go up, or sideways into another folder of the same floor. */
function goingUp(all: readonly Import[]): string[] {
  return all
    .filter(({ to }) => to.endsWith('.ts'))
    .filter(({ from, to }) => {
      if (dirname(from) === dirname(to) && from.includes('/')) return false;
      return floorOf(to) <= floorOf(from);
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

describe('arrows point down', () => {
  test('every folder has its floor', () => {
    expect(files.filter((file) => floorOf(file) === -1)).toEqual([]);
  });

  test('no file imports from a floor above, or from its neighbour', () => {
    expect(goingUp(imports)).toEqual([]);
  });

  test('the rule notices an arrow that points up', () => {
    const down = { from: 'database/url.ts', to: 'ground/errors.ts', isTypeOnly: false };
    expect(goingUp([down, { from: 'ground/log.ts', to: 'step/run.ts', isTypeOnly: true }])).toEqual([
      'ground/log.ts imports step/run.ts',
    ]);
  });

  test('a subject knows no step', () => {
    const knowing = imports.filter(
      ({ from, to }) => to.startsWith('step/') && !/^(step|actions|index|cli)/.test(from),
    );
    expect(knowing).toEqual([]);
  });
});

test('there are no circles between files', () => {
  const graph = new Map<string, string[]>();
  for (const { from, to, isTypeOnly } of imports) {
    if (!isTypeOnly && to.endsWith('.ts')) graph.set(from, [...(graph.get(from) ?? []), to]);
  }
  expect(files.flatMap((file) => circleFrom(file, graph) ?? [])).toEqual([]);
});

function circleFrom(start: string, graph: ReadonlyMap<string, readonly string[]>): string | undefined {
  const seen = new Set<string>();
  const visit = (file: string, path: readonly string[]): string | undefined => {
    for (const next of graph.get(file) ?? []) {
      if (next === start) return [...path, next].join(' → ');
      if (seen.has(next)) continue;
      seen.add(next);
      const circle = visit(next, [...path, next]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  return visit(start, [start]);
}

test.each(Object.entries(keepers))('%s is imported by %s alone', (name, keeper) => {
  const importing = imports.filter(({ to }) => to === name).map(({ from }) => from);
  expect([...new Set(importing)]).toEqual([keeper]);
});

test('zod is imported as a whole: the named import would add 600 KB to the bundle', () => {
  const named = files.filter((file) =>
    /import \{[^}]*\} from 'zod'/.test(readFileSync(join(source, file), 'utf8')),
  );
  expect(named).toEqual([]);
});

test('no file is called by what it is not about', () => {
  expect(files.filter((file) => /util|helper|manager|common|misc/i.test(file))).toEqual([]);
});
