import { describe, expect, test } from '@jest/globals';
import type * as z from 'zod';

import {
  boolean,
  choice,
  count,
  duration,
  headers,
  httpUrls,
  keyValues,
  lines,
  port,
  secret,
  secretForm,
  text,
} from '../../src/step/fields.ts';
import { yamlMap } from '../../src/step/yaml-field.ts';

describe('what is read', () => {
  test.each<{ field: z.ZodType; written: string; value: unknown }>`
    kind           | field          | written                      | value
    ${'text'}      | ${text}        | ${' a b '}                   | ${'a b'}
    ${'boolean'}   | ${boolean}     | ${'True'}                    | ${true}
    ${'boolean'}   | ${boolean}     | ${'FALSE'}                   | ${false}
    ${'duration'}  | ${duration}    | ${'90s'}                     | ${90_000}
    ${'count'}     | ${count()}     | ${'0'}                       | ${0}
    ${'port'}      | ${port}        | ${'5432'}                    | ${5432}
    ${'choice'}    | ${choice('a')} | ${'a'}                       | ${'a'}
    ${'lines'}     | ${lines}       | ${'a\n\n  b  \r\nc'}         | ${['a', 'b', 'c']}
    ${'keyValues'} | ${keyValues}   | ${'A=1\n# no\n\nB= x=y "z"'} | ${{ A: '1', B: ' x=y "z"' }}
    ${'headers'}   | ${headers}     | ${'X-A:  b c \n\nY: z'}      | ${{ 'X-A': 'b c', Y: 'z' }}
    ${'yamlMap'}   | ${yamlMap}     | ${'plan: gold\nseats: 3'}    | ${{ plan: 'gold', seats: 3 }}
  `('$kind: $written', ({ field, written, value }) => {
    expect(field.parse(written)).toEqual(value);
  });

  test('addresses, one a line', () => {
    expect(httpUrls.parse('http://a:1/x\nhttps://b/').map(({ href }) => href)).toEqual([
      'http://a:1/x',
      'https://b/',
    ]);
  });
});

describe('what is refused, and how it says so', () => {
  test.each<{ field: z.ZodType; written: string; why: string }>`
    kind           | field                          | written         | why
    ${'boolean'}   | ${boolean}                     | ${'yes'}        | ${'"yes" is neither true nor false'}
    ${'duration'}  | ${duration}                    | ${'5'}          | ${'"5" has no unit — did you mean 5s or 5m?'}
    ${'count'}     | ${count({ least: 1 })}         | ${'0'}          | ${'"0" is not a whole number from 1 on'}
    ${'count'}     | ${count()}                     | ${'1e3'}        | ${'"1e3" is not a whole number from 0 on'}
    ${'port'}      | ${port}                        | ${'70000'}      | ${'"70000" is not a whole number from 1 to 65535'}
    ${'choice'}    | ${choice('migrate', 'verify')} | ${'check'}      | ${'"check" is not one of migrate and verify'}
    ${'keyValues'} | ${keyValues}                   | ${'A=1\nB'}     | ${'line 2 is not KEY=VALUE'}
    ${'keyValues'} | ${keyValues}                   | ${'export A=1'} | ${'line 1 is not KEY=VALUE'}
    ${'keyValues'} | ${keyValues}                   | ${'A=1\nA=2'}   | ${'A is given twice (line 2)'}
    ${'headers'}   | ${headers}                     | ${'X-A=1'}      | ${'line 1 is not NAME: VALUE'}
    ${'httpUrls'}  | ${httpUrls}                    | ${'web-1:8000'} | ${'"web-1:8000" is not an http:// or https:// address'}
    ${'yamlMap'}   | ${yamlMap}                     | ${'- a'}        | ${'is not a YAML mapping — write one `key: value` a line'}
  `('$kind: $written', ({ field, written, why }) => {
    const read = field.safeParse(written);
    expect(read.error?.issues.map(({ message }) => message)).toEqual([why]);
  });

  test('a value of keyValues is never part of the refusal', () => {
    expect(keyValues.safeParse('A=1\nhunter2 is my password').error?.message).not.toContain('hunter2');
  });
});

test('a field is secret, also when it is optional, with the parts that are secret on their own', () => {
  const field = secret(text, (value) => [value.slice(0, 2)]);
  expect(secretForm(field.optional())?.parts('abc')).toEqual(['ab']);
  expect(secretForm(text)).toBeUndefined();
});
