import { describe, expect, test } from '@jest/globals';

import { parseDuration, showDuration } from '../../src/ground/duration.ts';

describe('a duration as it is written', () => {
  test.each<{ text: string; milliseconds: number }>`
    text       | milliseconds
    ${'500ms'} | ${500}
    ${'5s'}    | ${5_000}
    ${'1.5s'}  | ${1_500}
    ${'2m'}    | ${120_000}
    ${'1h'}    | ${3_600_000}
    ${'7d'}    | ${604_800_000}
  `('$text', ({ text, milliseconds }) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each<{ text: string; why: string }>`
    text      | why
    ${'5'}    | ${'"5" has no unit — did you mean 5s or 5m?'}
    ${'5 s'}  | ${'"5 s" is not a duration — write a number and a unit, like 500ms, 5s, 2m or 1h'}
    ${'-5s'}  | ${'"-5s" is not a duration — write a number and a unit, like 500ms, 5s, 2m or 1h'}
    ${'soon'} | ${'"soon" is not a duration — write a number and a unit, like 500ms, 5s, 2m or 1h'}
  `('$text is refused', ({ text, why }) => {
    expect(() => parseDuration(text)).toThrow(new RangeError(why));
  });
});

describe('a duration for people', () => {
  test.each<{ milliseconds: number; shown: string }>`
    milliseconds | shown
    ${0}         | ${'0 ms'}
    ${85.4}      | ${'85 ms'}
    ${2_100}     | ${'2.1 s'}
    ${9_990}     | ${'10 s'}
    ${41_200}    | ${'41 s'}
    ${59_700}    | ${'1 min'}
    ${192_000}   | ${'3 min 12 s'}
    ${3_840_000} | ${'1 h 4 min'}
  `('$milliseconds ms is $shown', ({ milliseconds, shown }) => {
    expect(showDuration(milliseconds)).toBe(shown);
  });
});
