import { describe, expect, test } from '@jest/globals';

import {
  durationWarning,
  type Estimate,
  estimateRest,
  estimateSentence,
  judgePace,
  roughly,
  timeRefusal,
} from '../../src/migrations/estimate.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Kinds of tenants, one letter each. */
const kinds = (letters: string) => [...letters];
const took = (...pairs: [string, number][]) => pairs.map(([kind, milliseconds]) => ({ kind, milliseconds }));

describe('the rest', () => {
  test.each<[string, ReturnType<typeof took>, string, number, number, number | undefined]>([
    ['800 like the canary, 4 at once', took(['a', 42_000]), 'a'.repeat(800), 4, 0, 200 * 42_000],
    ['one after the other', took(['a', 100]), 'aaa', 1, 0, 300],
    ['the last round is a whole one', took(['a', 100]), 'aaaaa', 4, 0, 200],
    ['no faster than one tenant', took(['a', 100]), 'a', 4, 0, 100],
    ['average of several canaries', took(['a', 100], ['a', 300]), 'aaaa', 2, 0, 400],
    ['each kind by its own time', took(['a', 100], ['b', 1_000]), 'aaab', 1, 0, 1_300],
    ['an unseen kind by the average', took(['a', 100], ['b', 300]), 'c', 1, 0, 200],
    ['what is waited between groups', took(['a', 100]), 'aa', 1, 5_000, 5_200],
    ['nothing measured', [], 'aa', 1, 0, undefined],
    ['nothing left', took(['a', 100]), '', 1, 0, undefined],
  ])('%s', (_, measured, left, parallel, pauses, milliseconds) => {
    expect(estimateRest(measured, { kinds: kinds(left), parallel, pauses })?.milliseconds).toBe(milliseconds);
  });
});

test.each<[number, number, number, string]>([
  [1, 800, 4, 'Canary 42 s: the other 800 tenants would take about 2 h 20 min with 4 at once'],
  [
    3,
    800,
    1,
    'Canary 42 s each (3 tenants): the other 800 tenants would take about 9 h 20 min, one after the other',
  ],
  [1, 1, 4, 'Canary 42 s: the other tenant would take about 42 s'],
])('%d measured, %d left, %d at once', (measured, left, parallel, sentence) => {
  const estimate = estimateRest(
    Array.from({ length: measured }, () => ({ kind: 'a', milliseconds: 42_000 })),
    {
      kinds: kinds('a'.repeat(left)),
      parallel,
    },
  );
  expect(estimate === undefined ? '' : estimateSentence('Canary', estimate)).toBe(sentence);
});

test.each<[number, string]>([
  [3, '0.1 s'],
  [640, '0.6 s'],
  [7_400, '7.0 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [3 * minute + 12_345, '3 min 10 s'],
  [47 * minute + 40_000, '48 min'],
  [hour - 20_000, '1 h'],
  [2 * hour + 17 * minute, '2 h 20 min'],
  [12 * hour + 40 * minute, '13 h'],
])('%d ms are about %s', (milliseconds, text) => {
  expect(roughly(milliseconds)).toBe(text);
});

const twoHours: Estimate = { measured: 1, each: 36_000, left: 800, parallel: 4, milliseconds: 2 * hour };

test.each<[number, number | undefined, Estimate | undefined, string | undefined]>([
  [minute, undefined, twoHours, undefined],
  [minute, 3 * hour, twoHours, undefined],
  [hour, 3 * hour, twoHours, undefined],
  [
    hour + second,
    3 * hour,
    twoHours,
    'Canary 36 s: the other 800 tenants would take about 2 h with 4 at once — with the 1 h until now that is longer than expect-max-duration (3 h)',
  ],
  [
    31 * minute,
    30 * minute,
    twoHours,
    'The migration has taken 31 min, longer than expect-max-duration (30 min) — 800 tenants are left, about 2 h',
  ],
  [
    31 * minute,
    30 * minute,
    undefined,
    'The migration has taken 31 min, longer than expect-max-duration (30 min) — nothing is left but the proof',
  ],
  [29 * minute, 30 * minute, undefined, undefined],
])('spent %d of %d, with %p left: %s', (spent, expected, rest, says) => {
  const warning = durationWarning('Canary', rest, { spent, expected });
  if (says === undefined) expect(warning).toBeUndefined();
  else expect(warning).toContain(says);
});

test.each<[number, string | undefined]>([
  [3 * hour, undefined],
  [2 * hour, undefined],
  [90 * minute, 'about 2 h with 4 at once — timeout leaves 1 h 30 min — raise timeout (by 30 min or more;'],
  [18.4, 'timeout leaves 18 ms — raise timeout (by 2 h or more;'],
  [-1, 'the time that timeout gives is over — raise timeout'],
])('%d ms left: %s', (timeLeft, says) => {
  const refusal = timeRefusal('Canary', twoHours, { timeLeft });
  expect(refusal?.code).toBe(says === undefined ? undefined : 'time-limit-near');
  expect(refusal?.sentence ?? '').toContain(says ?? '');
});

describe('one verdict', () => {
  const spent = minute;

  test('longer than expected: a warning, and on', () => {
    const verdict = judgePace('Canary', twoHours, { spent, timeLeft: 3 * hour, expected: hour });
    expect(verdict.sentence).toBe('Canary 36 s: the other 800 tenants would take about 2 h with 4 at once');
    expect(verdict.warning).toContain('longer than expect-max-duration (1 h)');
    expect(verdict.refusal).toBeUndefined();
  });

  test('not to be done in time: refused, not warned of as well', () => {
    const verdict = judgePace('Canary', twoHours, { spent, timeLeft: hour, expected: hour });
    expect(verdict.refusal?.code).toBe('time-limit-near');
    expect(verdict.warning).toBeUndefined();
  });
});
