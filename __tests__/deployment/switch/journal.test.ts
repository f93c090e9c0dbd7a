import { expect, test } from '@jest/globals';

import { readEntry, readResult } from '../../../src/deployment/switch/journal.ts';

test('a line of the journal: its time in milliseconds', () => {
  expect(readEntry('{"at":1557531,"step":"flipped"}')).toEqual({
    at: 15_575_310,
    step: 'flipped',
    isLate: false,
  });
  expect(readEntry('{"at":1,"step":"drained","late":true}')).toMatchObject({ isLate: true });
});

test.each(['', '{"at":15575', '{"result":"deployed","failed":"","who":""}', 'null'])(
  'no entry: %s',
  (line) => {
    expect(readEntry(line)).toBeUndefined();
  },
);

test('how it ended', () => {
  const result = { result: 'undone', failed: 'unhealthy', who: 'bridge' };
  expect(readResult(JSON.stringify(result))).toEqual(result);
  expect(readResult('{"at":1,"step":"undone"}')).toBeUndefined();
});
