import { describe, expect, test } from '@jest/globals';

import { endOfLine, type Needs, parseNeeds } from '../../src/actions/whole-line.ts';

const where = { container: 'shop', environment: 'uat' };
const job = (result: 'success' | 'failure' | 'cancelled' | 'skipped', outputs = {}) => ({ result, outputs });
const image = job('success', { image: 'r/shop:v2@sha256:ab' });
const migrated = { result: 'migrated', 'old-code-compatible': 'no', reversible: 'true' };

test.each<[what: string, needs: Needs, outcome: string, verdict: RegExp, next: RegExp[]]>([
  [
    'a good line',
    {
      image,
      migrate: job('success', migrated),
      deploy: job('success', { result: 'deployed', release: 'v2' }),
    },
    'success',
    /^shop is on v2 in uat\.$/,
    [],
  ],
  [
    'nothing changed',
    { image, deploy: job('success', { result: 'unchanged', release: 'v2' }) },
    'success',
    /^shop stays on v2 in uat\.$/,
    [],
  ],
  [
    'a failed migration',
    {
      image,
      migrate: job('failure', { result: 'failed', 'failure-reason': 'orders.0012 failed' }),
      deploy: job('skipped'),
    },
    'failure',
    /^migrate: orders\.0012 failed$/,
    [/Nothing was deployed/, /Mend the migration/],
  ],
  [
    'a container that does not start',
    {
      image,
      migrate: job('success', migrated),
      deploy: job('failure', { result: 'rolled-back', 'failure-reason': 'no SECRET_KEY' }),
      check: job('skipped'),
    },
    'failure',
    /^deploy: no SECRET_KEY$/,
    [/says above what serves/, /old code does not work with the migrated database, and Django can undo/],
  ],
  [
    'a check after the switch',
    {
      image,
      migrate: job('success', { ...migrated, 'old-code-compatible': 'yes', reversible: 'false' }),
      deploy: job('success', { result: 'deployed', release: 'v2' }),
      check: job('failure', { 'failure-reason': 't5 answers 500' }),
    },
    'failure',
    /^check: t5 answers 500$/,
    [/rollback workflow/, /old code works with the migrated database, and Django cannot undo/],
  ],
  [
    'a check after the switch, and the way back',
    {
      image,
      migrate: job('success', { ...migrated, 'old-code-compatible': 'yes', reversible: 'false' }),
      deploy: job('success', { result: 'deployed', release: 'v2' }),
      check: job('failure', { 'failure-reason': 't5 answers 500' }),
      back: job('success', { result: 'deployed', release: 'v1' }),
    },
    'failure',
    /^check: t5 answers 500$/,
    [/^The containers are back on v1; the database stays/, /old code works with the migrated database/],
  ],
  [
    'a check after the switch, and a way back that fails',
    {
      image,
      deploy: job('success', { result: 'deployed', release: 'v2' }),
      check: job('failure', { 'failure-reason': 't5 answers 500' }),
      back: job('failure', { result: 'failed', 'failure-reason': 'the record cannot be read' }),
    },
    'failure',
    /^check: t5 answers 500$/,
    [/^The way back failed, too: the record cannot be read$/, /rollback workflow/],
  ],
  [
    'a rollback',
    { back: job('success', { result: 'deployed', release: 'v1' }), check: job('success') },
    'success',
    /^shop is back on v1 in uat\.$/,
    [],
  ],
  [
    'a rollback that fails',
    {
      back: job('failure', { result: 'failed', 'failure-reason': 'nothing to go back to' }),
      check: job('skipped'),
    },
    'failure',
    /^back: nothing to go back to$/,
    [/says above what serves now/],
  ],
  [
    'a rollback to what does not answer either',
    {
      back: job('success', { result: 'deployed' }),
      check: job('failure', { 'failure-reason': 't5 answers 500' }),
    },
    'failure',
    /^check: t5 answers 500$/,
    [/^The containers are back, and not every check/],
  ],
  [
    'a job that told nothing',
    { image: job('failure'), deploy: job('skipped') },
    'failure',
    /^image: failed — its log says why$/,
    [/Nothing was deployed/],
  ],
  [
    'a cancelled one',
    { image, deploy: job('cancelled') },
    'cancelled',
    /was cancelled/,
    [/says above what serves/],
  ],
])('%s', (_what, needs, outcome, verdict, next) => {
  const end = endOfLine(needs, where);
  expect(end.outcome).toBe(outcome);
  expect(end.verdict).toMatch(verdict);
  expect(end.next).toHaveLength(next.length);
  for (const [index, sentence] of next.entries()) expect(end.next[index]).toMatch(sentence);
});

test('a stop that was not come to is neither good nor failed', () => {
  const { stops } = endOfLine({ image: job('failure'), deploy: job('skipped') }, where);
  expect(stops).toMatchObject([
    { name: 'image', failed: true, skipped: false, milliseconds: undefined },
    { name: 'deploy', result: 'not come to', failed: false, skipped: true },
  ]);
});

test('what was left out is no stop; one that was not come to is', () => {
  const { stops } = endOfLine(
    {
      image,
      test: job('skipped'),
      migrate: job('failure'),
      deploy: job('skipped'),
      check: job('skipped'),
      back: job('skipped'),
    },
    where,
  );
  expect(stops.map(({ name }) => name)).toEqual(['image', 'migrate', 'deploy', 'check']);
});

test('commits and digests are as long as people say them', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const told = { release: `dev-${commit}`, result: 'deployed', 'image-digest': `sha256:${'ab'.repeat(32)}` };
  const { verdict, stops } = endOfLine({ deploy: job('success', told) }, where);
  expect(verdict).toBe('shop is on dev-0123456 in uat.');
  expect(stops[0]?.detail).toBe('sha256:abababababab… serves');
});

test('stops stand in the order of the line; one that was not come to or failed claims nothing', () => {
  const { stops } = endOfLine(
    {
      check: job('skipped', { 'latency-ms': 'not evaluated' }),
      deploy: job('failure', { result: 'failed', 'image-digest': 'sha256:ab', 'failure-code': 'port-taken' }),
      image,
    },
    where,
  );
  expect(stops.map(({ name }) => name)).toEqual(['image', 'deploy', 'check']);
  expect(stops[1]?.detail).toBe('port-taken');
  expect(stops[2]).toMatchObject({ detail: '', milliseconds: undefined });
});

describe('the context needs', () => {
  test('is read as GitHub writes it', () => {
    expect(parseNeeds('{"a":{"result":"success","outputs":{"x":"1"}},"b":{"result":"skipped"}}')).toEqual({
      a: { result: 'success', outputs: { x: '1' } },
      b: { result: 'skipped', outputs: {} },
    });
  });

  test('is read as a local runner writes it', () => {
    expect(parseNeeds('{"a":{"result":"","outputs":null}}')).toEqual({
      a: { result: 'skipped', outputs: {} },
    });
  });

  test.each(['', '[]', '{"a":{"result":"perhaps"}}', '{"a":'])('%s is not it', (written) => {
    expect(() => parseNeeds(written)).toThrow(/toJSON\(needs\)/);
  });
});
