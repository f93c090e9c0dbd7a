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
  ['provisioning', 'deployment', 'review'],
  ['migrations', 'health'],
  ['backup'],
  ['command', 'django', 'database', 'docker'],
  ['diagnosis'],
  ['step', 'machine'],
  ['report'],
  ['ground'],
];

/** Folders that are houses of their own, with their floors from the top. */
const within: Readonly<Record<string, readonly (readonly string[])[]>> = {
  deployment: [
    ['fleet'],
    ['host'],
    ['swarm'],
    ['plan'],
    ['bridge', 'proxies', 'recreate'],
    ['switch', 'preflight'],
    ['gate'],
    ['releases'],
    ['server'],
    ['request'],
  ],
};

/** Each door to the outside has one keeper. */
const keepers: Readonly<Record<string, string>> = {
  '@actions/core': 'step/github.ts',
  '@actions/github': 'report/github.ts',
  pg: 'database/session.ts',
  'libpg-query': 'review/sql-parser.ts',
  'node-ssh': 'machine/ssh.ts',
  'age-encryption': 'backup/encryption.ts',
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

/** How far down: the floor of the house, and the one within the folder where that has floors; -1 where it has none. */
function floorsOf(file: string): readonly [number, number] {
  const [folder = '', inner = ''] = file.split('/');
  const name = file.includes('/') ? folder : file.replace('.ts', '');
  const nested = within[folder];
  return [
    floors.findIndex((floor) => floor.includes(name)),
    nested === undefined ? 0 : nested.findIndex((floor) => floor.includes(inner)),
  ];
}

/** Imports that go up, or sideways into another folder of the same floor. */
function goingUp(all: readonly Import[]): string[] {
  return all
    .filter(({ to }) => to.endsWith('.ts'))
    .filter(({ from, to }) => {
      if (dirname(from) === dirname(to) && from.includes('/')) return false;
      const [[floor, room], [floorBelow, roomBelow]] = [floorsOf(from), floorsOf(to)];
      const isSameHouse = from.split('/')[0] === to.split('/')[0] && from.includes('/');
      return isSameHouse ? roomBelow <= room : floorBelow <= floor;
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

describe('arrows point down', () => {
  test('every folder has its floor', () => {
    expect(files.filter((file) => floorsOf(file).includes(-1))).toEqual([]);
  });

  test('no file imports from a floor above, or from its neighbour', () => {
    expect(goingUp(imports)).toEqual([]);
  });

  test.each`
    from                             | to                               | isUp     | why
    ${'database/url.ts'}             | ${'ground/errors.ts'}            | ${false} | ${'down'}
    ${'ground/log.ts'}               | ${'step/run.ts'}                 | ${true}  | ${'up'}
    ${'database/url.ts'}             | ${'docker/image.ts'}             | ${true}  | ${'its neighbour'}
    ${'deployment/host/settle.ts'}   | ${'deployment/gate/proof.ts'}    | ${false} | ${'down within a folder'}
    ${'deployment/gate/proof.ts'}    | ${'deployment/host/settle.ts'}   | ${true}  | ${'up within a folder'}
    ${'deployment/bridge/bridge.ts'} | ${'deployment/proxies/slots.ts'} | ${true}  | ${'its neighbour within a folder'}
    ${'deployment/fleet/deploy.ts'}  | ${'docker/image.ts'}             | ${false} | ${'down, out of the folder'}
    ${'docker/image.ts'}             | ${'deployment/request/work.ts'}  | ${true}  | ${'up, into a folder'}
  `('$from imports $to: $why', ({ isUp, ...ends }) => {
    const [from, to] = [String(ends.from), String(ends.to)];
    expect(goingUp([{ from, to, isTypeOnly: true }])).toEqual(isUp ? [`${from} imports ${to}`] : []);
  });

  test('a file beside the floors of a folder has none', () => {
    expect(floorsOf('deployment/deploy.ts')).toContain(-1);
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

test('zod is imported as a whole: the named import would add 600 KB to dist/', () => {
  const named = files.filter((file) =>
    /import \{[^}]*\} from 'zod'/.test(readFileSync(join(source, file), 'utf8')),
  );
  expect(named).toEqual([]);
});

test('no file is called by what it is not about', () => {
  expect(files.filter((file) => /util|helper|manager|common|misc/i.test(file))).toEqual([]);
});
