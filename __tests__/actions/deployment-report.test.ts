import { expect, test } from '@jest/globals';

import { facts, resultOf, tellReport, verdictOf } from '../../src/actions/deployment-report.ts';
import type { HostOutcome } from '../../src/deployment/request/outcome.ts';
import { UserError } from '../../src/ground/errors.ts';
import { Report } from '../../src/report/report.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const failure = new UserError('shop stopped — no key', 'add it', { code: 'container-stopped' });

function outcome(host: string, changes: Partial<HostOutcome> = {}): HostOutcome {
  return {
    host,
    result: 'deployed',
    release: 'v2',
    digest,
    previousRelease: 'v1',
    previousDigest: 'sha256:00',
    plan: {
      kind: 'replace',
      summary: 'v1 runs; v2 will take its place',
      now: 'v1, running',
      mechanism: 'bridge',
      why: 'it can',
      differences: ['image: v1 → v2', 'variables: + A|B'],
      changes: [],
      kept: 'v1 is ready for 30 s',
    },
    differences: ['image: v1 → v2'],
    downtime: 0,
    duration: 41_000.4,
    phases: [
      { name: 'Image', from: 0, to: 2_000 },
      { name: 'Healthy', from: 2_000, to: 5_000 },
    ],
    standing: `v2 serves on ${host}`,
    failure: undefined,
    ...changes,
  };
}

test.each<[results: Partial<HostOutcome>[], result: string]>([
  [[{}], 'deployed'],
  [[{}, { result: 'unchanged' }], 'deployed'],
  [[{ result: 'unchanged' }], 'unchanged'],
  [[{ result: 'planned' }], 'planned'],
  [[{ result: 'failed', failure }], 'failed'],
  [[{ result: 'rolled-back', failure }], 'rolled-back'],
  [
    [
      { result: 'rolled-back', wentBack: 'yes' },
      { result: 'rolled-back', failure },
    ],
    'rolled-back',
  ],
  [[{ result: 'rolled-back', failure }, { result: 'not-tried' }], 'rolled-back'],
  // With halt, a server keeps the new version.
  [[{}, { result: 'rolled-back', failure }], 'failed'],
  [
    [
      { result: 'failed', wentBack: { failure } },
      { result: 'rolled-back', failure },
    ],
    'failed',
  ],
])('the word for all servers, case %#', (changes, result) => {
  expect(resultOf(changes.map((change, index) => outcome(`web-${index}`, change)))).toBe(result);
});

test('outputs', () => {
  const { hosts, ...others } = facts([
    outcome('web-1', { downtime: 120.4 }),
    outcome('web-2', { result: 'rolled-back', failure, standing: 'v1 serves again on web-2' }),
  ]);
  expect(others).toEqual({
    release: 'v2',
    'image-digest': digest,
    'previous-digest': 'sha256:00',
    'downtime-ms': 120,
  });
  expect(JSON.parse(hosts)).toEqual([
    {
      host: 'web-1',
      result: 'deployed',
      release: 'v2',
      'image-digest': digest,
      'previous-digest': 'sha256:00',
      mechanism: 'bridge',
      'downtime-ms': 120,
      'duration-ms': 41_000,
      standing: 'v2 serves on web-1',
    },
    expect.objectContaining({ host: 'web-2', result: 'rolled-back', 'failure-code': 'container-stopped' }),
  ]);
});

test('the verdict is one line', () => {
  expect(verdictOf([outcome('web-1'), outcome('web-2')], 'shop')).toBe('shop is on v2, on web-1 and web-2');
  expect(verdictOf([outcome('web-1', { downtime: 1_500 })], 'shop')).toBe(
    'shop is on v2, on web-1; 1.5 s without a container',
  );
});

test('the summary: a row and a picture a server, the plan folded', () => {
  const report = new Report();
  tellReport([outcome('web-1'), outcome('web-2', { result: 'rolled-back', failure })], report);
  const summary = report.summary('Deploy', { sentence: failure.sentence, evidence: 'Traceback' });
  expect(summary).toContain('❌ shop stopped — no key — add it');
  expect(summary).toContain('| web-1 | deployed | v2 (sha256:abababababab) | v1 | bridge |  | 41 s |');
  expect(summary).toContain('| web-2 | **rolled-back** |');
  expect(summary).toContain('<details><summary>Plan</summary>');
  expect(summary).toContain('image: v1 → v2<br>variables: + A\\|B');
  expect(summary.match(/```mermaid/g)).toHaveLength(2);
  expect(summary).toContain('  title web-2\n');
  expect(summary).toContain('<details><summary>Evidence</summary>');
  expect(JSON.stringify(report.collected)).toContain('"failure":"shop stopped — no key — add it"');
});

test('of many servers the pictures are folded; a dry run shows its plan', () => {
  const report = new Report();
  tellReport(
    ['web-1', 'web-2', 'web-3'].map((host) => outcome(host, { result: 'planned' })),
    report,
  );
  const summary = report.summary('Deploy');
  expect(summary).toContain('### Plan');
  expect(summary).toContain('<details><summary>Timeline of web-3</summary>');
});
