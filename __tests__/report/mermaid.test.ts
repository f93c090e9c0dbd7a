import { expect, test } from '@jest/globals';

import { timelineOf } from '../../src/report/mermaid.ts';

test('a timeline has a bar for each phase, the failed one marked, none of no length', () => {
  expect(
    timelineOf([
      { name: 'Plan', from: 0, to: 1_200 },
      { name: 'friends: first, "quoted"', from: 1_200, to: 1_200 },
      { name: 'Fleet', from: 1_200.4, to: 9_000, failed: true },
    ]),
  ).toBe(
    [
      '```mermaid',
      'gantt',
      '  dateFormat x',
      '  axisFormat %M:%S',
      '  Plan (1.2 s) :0, 1200',
      '  friends  first   quoted (0 ms) :1200, 1201',
      '  Fleet (7.8 s) :crit, 1200, 9000',
      '```',
    ].join('\n'),
  );
});
