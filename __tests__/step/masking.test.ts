import { describe, expect, test } from '@jest/globals';

import { formsOf, Masker } from '../../src/step/masking.ts';

describe('the forms in which a secret may turn up', () => {
  test.each<{ secret: string; form: string }>`
    secret              | form                 | why
    ${'p@ss w"rd'}      | ${'p@ss w"rd'}       | ${'as it is'}
    ${'p@ss w"rd'}      | ${'p%40ss%20w%22rd'} | ${'percent-encoded'}
    ${'p@ss w"rd'}      | ${'p@ss w\\"rd'}     | ${'escaped for JSON'}
    ${'p@ss w"rd'}      | ${'cEBzcyB3InJk'}    | ${'base64'}
    ${'p%40ss'}         | ${'p@ss'}            | ${'percent-decoded'}
    ${'a\nsecond-line'} | ${'second-line'}     | ${'a line of it'}
  `('$secret: $why', ({ secret, form }) => {
    expect(formsOf(secret)).toContain(form);
  });

  test('the frame of a key is no secret, its lines are', () => {
    const forms = formsOf('-----BEGIN KEY-----\nQUJDREVGRw==\nSElKS0xN\n-----END KEY-----\n');
    expect(forms).toEqual(expect.arrayContaining(['QUJDREVGRw==', 'SElKS0xN']));
    expect(forms).not.toContain('-----BEGIN KEY-----');
  });

  test('nothing is masked for an empty secret, and short lines of a secret do not blank out words', () => {
    expect(formsOf(' \n')).toEqual([]);
    expect(formsOf('ab\ncd')).not.toContain('ab');
  });
});

test('the runner is told each form once, and text is cleaned of the longest form first', () => {
  const announced: string[] = [];
  const masker = new Masker((form) => announced.push(form));
  masker.add('secret');
  masker.add('secret-and-more');
  masker.add('secret');
  expect(new Set(announced).size).toBe(announced.length);
  expect(masker.clean('x secret-and-more y secret z')).toBe('x *** y *** z');
});
