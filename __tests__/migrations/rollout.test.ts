import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { failuresThatStop, parseFailureLimit, parseShare, sameFailure } from '../../src/migrations/budget.ts';
import type { PlannedTenant } from '../../src/migrations/plan.ts';
import { arrange, type RolloutFacts, rolloutShape } from '../../src/migrations/rollout.ts';
import { parseSmokeCommand } from '../../src/migrations/smoke-command.ts';

const kinds: Readonly<Record<string, string>> = { b1: 'basic', b2: 'basic', p1: 'premium', p2: 'premium' };

function pending(...schemas: string[]): PlannedTenant[] {
  return schemas.map((schema) => ({
    schema,
    pending: ['orders.0002'],
    runs: ['orders.0002'],
    bookkeeping: [],
    unrecorded: undefined,
    needsSignal: false,
    tenantType: kinds[schema],
    domain: undefined,
  }));
}

function facts(changes: Partial<RolloutFacts> = {}): RolloutFacts {
  return {
    fleet: 1000,
    sizes: new Map(),
    queried: new Map(),
    canary: 0.01,
    maxFailures: { share: 0.01 },
    ...changes,
  };
}

const many = Array.from({ length: 100 }, (_, number) => `t${number}`);

test('without a rollout: a canary of one in a hundred, the smallest ones, never the largest; then everybody', () => {
  const sizes = new Map(many.map((schema, index) => [schema, 100 - index]));
  const [canary, fleet] = arrange(pending(...many), undefined, facts({ fleet: 300, sizes }));
  expect(canary?.name).toBe('Canary');
  expect(canary?.tenants.map(({ schema }) => schema)).toEqual(['t99', 't98', 't97']);
  expect(canary?.limit).toEqual({ failures: 1, of: 'wave' });
  expect(fleet?.tenants).toHaveLength(97);
  expect(fleet?.limit).toEqual({ failures: 3, of: 'run' });
});

test('of two tenants the smaller one is the canary, wherever it stands', () => {
  const sizes = new Map([
    ['t0', 500],
    ['t1', 1],
  ]);
  const waves = arrange(pending('t0', 't1'), undefined, facts({ fleet: 2, sizes }));
  expect(waves.map(({ tenants }) => tenants.map(({ schema }) => schema))).toEqual([['t1'], ['t0']]);
});

test('with one tenant behind there is nobody to try with', () => {
  const waves = arrange(pending('t0'), undefined, facts());
  expect(waves.map(({ name, tenants }) => [name, tenants.length])).toEqual([['Fleet', 1]]);
});

test('the canary has one of each kind of work before it has a second of any', () => {
  const [canary] = arrange(pending('b1', 'b2', 'p1', 'p2'), undefined, facts({ canary: 0.002 }));
  expect(canary?.tenants.map(({ tenantType }) => tenantType).sort()).toEqual(['basic', 'premium']);
});

test('canary: 0% tries with nobody', () => {
  const waves = arrange(pending('t0', 't1'), undefined, facts({ canary: 0 }));
  expect(waves.map(({ name }) => name)).toEqual(['Fleet']);
});

test('groups take by name, pattern, type and query, each tenant once, in their own order', () => {
  const rollout = rolloutShape.parse([
    { name: 'friends', schemas: ['acme', 'demo-?'], order: 'name', parallel: 1 },
    { name: 'premium', type: 'premium', bake: '5m', check: 'https://shop.example/health' },
    { name: 'free', query: 'select …', 'max-failures': '50%', order: 'largest-first' },
    { name: 'the rest', 'on-error': 'stop' },
  ]);
  const [, , free] = rollout;
  const waves = arrange(
    pending('zeta', 'demo-2', 'demo-1', 'acme', 'p1', 'f1', 'f2', 'demo-10'),
    rollout,
    facts({
      queried: new Map(free === undefined ? [] : [[free, new Set(['f1', 'f2', 'acme'])]]),
      sizes: new Map([['f2', 9]]),
    }),
  );
  expect(waves.map(({ name, tenants }) => [name, ...tenants.map(({ schema }) => schema)])).toEqual([
    ['friends', 'acme', 'demo-1', 'demo-2'],
    ['premium', 'p1'],
    ['free', 'f2', 'f1'],
    ['the rest', 'zeta', 'demo-10'],
  ]);
  expect(waves.map(({ limit }) => limit)).toEqual([
    { failures: 10, of: 'run' },
    { failures: 10, of: 'run' },
    { failures: 1, of: 'wave' },
    { failures: 1, of: 'wave' },
  ]);
  expect(waves[1]).toMatchObject({ bake: 300_000, check: ['https://shop.example/health'] });
});

test('the example in the README is one', () => {
  const text = readFileSync(new URL('../../actions/migrate-schemas/README.md', import.meta.url), 'utf8');
  const [, step = ''] = /```yaml\n((?:(?!```)[\s\S])*rollout: \|[\s\S]*?)```/.exec(text) ?? [];
  const [{ with: inputs }] = parse(step);
  const groups = rolloutShape.parse(parse(inputs.rollout));
  expect(groups.map(({ name }) => name)).toEqual(['our own', 'small plans', 'everybody else']);
  expect(inputs['smoke-command'].trim().split('\n').map(parseSmokeCommand)).toEqual([
    ['check_invoices', '--tenant', '{schema}'],
  ]);
});

test('a tenant that is in no group is named before anything changes', () => {
  const rollout = rolloutShape.parse([{ name: 'friends', schemas: ['acme'] }]);
  expect(() => arrange(pending('acme', 'zeta', 'beta'), rollout, facts())).toThrow(
    'The rollout leaves out 2 tenants — zeta and beta are behind and in none of its groups',
  );
});

test.each<{ written: unknown; says: string }>`
  written                                 | says
  ${[]}                                   | ${'has no group'}
  ${[{ schemas: ['a'] }]}                 | ${'name'}
  ${[{ name: 'a', parallell: 2 }]}        | ${'parallell'}
  ${[{ name: 'a', 'max-failures': '0' }]} | ${'"0" is neither a number from 1 on'}
  ${[{ name: 'a', bake: '5' }]}           | ${'5'}
  ${[{ name: 'a', order: 'random' }]}     | ${'order'}
`('refused: $written', ({ written, says }) => {
  expect(JSON.stringify(rolloutShape.safeParse(written).error?.issues)).toContain(
    JSON.stringify(says).slice(1, -1),
  );
});

test.each<{ written: string; fleet: number; stops: number }>`
  written  | fleet   | stops
  ${'1%'}  | ${1000} | ${10}
  ${'1%'}  | ${50}   | ${1}
  ${'50%'} | ${5}    | ${2}
  ${'3'}   | ${2}    | ${3}
`('max-failures $written of $fleet tenants: $stops', ({ written, fleet, stops }) => {
  expect(failuresThatStop(parseFailureLimit(written), fleet)).toBe(stops);
});

test('shares need their sign', () => {
  expect(parseShare('2.5%')).toBe(0.025);
  expect(() => parseShare('1')).toThrow('"1" is not a share from 0% to 100% — did you mean 1%?');
  expect(() => parseShare('101%')).toThrow('"101%" is not a share');
});

test('failures that differ in tenant and values only are one', () => {
  const message = (schema: string, key: number) =>
    `Migration orders.0012 failed in tenant ${schema} — duplicate key (id)=(${key}) in "${schema}_x"`;
  expect(sameFailure(message('acme', 7), 'acme')).toBe(sameFailure(message('beta', 12), 'beta'));
  expect(sameFailure('a relation is missing', 'acme')).not.toBe(sameFailure('a column is missing', 'acme'));
});
