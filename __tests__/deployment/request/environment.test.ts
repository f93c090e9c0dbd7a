import { describe, expect, test } from '@jest/globals';

import {
  checkEnvironment,
  environmentWarnings,
  readEnvironment,
  renderEnvironment,
  secretsInEnvironment,
  secretsInFiles,
} from '../../../src/deployment/request/environment.ts';
import { UserError } from '../../../src/ground/errors.ts';

test.each<[text: string, variables: Record<string, string>, why: string]>([
  ['A=1\nB=2', { A: '1', B: '2' }, 'lines'],
  ['\uFEFFA=1\r\nB=2\r\n', { A: '1', B: '2' }, 'a byte order mark and Windows line ends'],
  ['# note\n\n  A=1', { A: '1' }, 'comments, empty lines, indentation'],
  ['URL=postgres://u:p@h/d?a=b', { URL: 'postgres://u:p@h/d?a=b' }, 'an = in the value'],
  ['A="x" # y ', { A: '"x" # y ' }, 'the value to the letter'],
  ['A=', { A: '' }, 'an empty value'],
])('%j: %s', (text, variables) => {
  expect(readEnvironment(text)).toEqual(variables);
});

test.each<[text: string, says: string]>([
  ['A=1\ncanary', 'line 2 has no ='],
  ['export A=canary', 'line 1 says "export A": leave "export" away'],
  ['A B=canary', 'line 1 has no valid key'],
  ['=canary', 'line 1 has no key'],
  ['A=1\nA=canary', 'line 2 gives A a second time'],
  ['KEY=-----BEGIN\ncanary+/canary==\nA=1', 'line 2 has no valid key'],
  ['A\nB', 'line 1 has no =; line 2 has no ='],
])('%j is refused by line and key, never with a value', (text, says) => {
  expect(() => readEnvironment(text)).toThrow(RangeError);
  try {
    readEnvironment(text);
  } catch (error) {
    expect((error as Error).message).toContain(says);
    expect((error as Error).message).not.toContain('canary');
  }
});

describe('before anything is touched', () => {
  test.each<[variables: Record<string, string>, required: string[], code: string, says: string]>([
    [{ A: 'canary\nline' }, [], 'env-invalid', 'A has line breaks'],
    [{ 'canary line': 'x' }, [], 'env-invalid', 'a key that is no name'],
    [{ A: '1', C: '' }, ['A', 'B', 'C'], 'env-missing', 'B and C'],
  ])('%j with %j required is refused', (variables, required, code, says) => {
    expect(() => checkEnvironment(variables, required)).toThrow(UserError);
    try {
      checkEnvironment(variables, required);
    } catch (error) {
      expect(error).toMatchObject({ code });
      expect((error as UserError).sentence).toContain(says);
      expect((error as UserError).sentence).not.toContain('canary');
    }
  });

  test('a good one is not', () => {
    expect(() => checkEnvironment({ A: '1', 'DOTTED.NAME': '2' }, ['A'])).not.toThrow();
  });
});

test.each([
  [{ A: '"x"', B: "'y'" }, ['env: A and B: Docker keeps the quotes as part of the value']],
  [{ A: 'x # y' }, ['env: A: Docker keeps the # and what follows as part of the value']],
  [{ A: 'x ' }, ['env: A: Docker keeps the space at the end']],
  [{ A: '$HOME/x' }, ['env: A: Docker does not replace the $ names']],
  [{ A: 'x#y', B: '"', C: 'pa$$word' }, []],
])('%j: what Docker takes otherwise than it is meant', (variables, warnings) => {
  expect(environmentWarnings(variables)).toEqual(warnings);
});

test('the file has one line a variable, always in the same order', () => {
  expect(renderEnvironment({ B: '2', A: "it's 1" })).toBe("A=it's 1\nB=2\n");
});

test('secrets are found by their keys', () => {
  const variables = {
    SECRET_KEY: 'one1',
    DB_PASSWORD: 'two2',
    DATABASE_URL: 'postgres://x',
    DEBUG: 'false',
    API_TOKEN: 'abc',
  };
  expect(secretsInEnvironment(variables)).toEqual(['one1', 'two2', 'postgres://x']);
});

test('and in files, however their lines are written', () => {
  const files = {
    '/config.js': 'window.config = { "apiToken": "three3", debug: true };',
    '/etc/app.ini': "[mail]\nsmtp_password = 'four 4'\nhost=mail.test",
    '/etc/app.yml': 'database_url: postgres://u:p@h/d\nkey:\n  - name',
  };
  expect(secretsInFiles(files)).toEqual(['three3', 'four 4', 'postgres://u:p@h/d']);
});
