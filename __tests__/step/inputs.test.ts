import { describe, expect, test } from '@jest/globals';

import { UserError } from '../../src/ground/errors.ts';
import { boolean, duration, secret, text } from '../../src/step/fields.ts';
import { inputsGiven } from '../../src/step/github.ts';
import { readInputs, secretsIn } from '../../src/step/inputs.ts';
import type { Manifest } from '../../src/step/manifest.ts';

const fields = { databaseUrl: secret(text), dryRun: boolean, interval: duration, note: text.optional() };
const manifest: Manifest = {
  name: 'sample',
  description: 'Sample.',
  inputs: {
    'database-url': { description: 'URL.', required: true },
    'dry-run': { description: 'Dry.', default: 'false' },
    interval: { description: 'Between.', default: '5s' },
    note: { description: 'Note.' },
  },
  outputs: {},
};

function read(environment: Record<string, string>) {
  return readInputs(fields, [], manifest, inputsGiven(environment));
}

function refusal(environment: Record<string, string>): string {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof UserError) return error.message;
  }
  throw new Error('it was not refused');
}

test('inputs come as the runner hands them over, with the defaults of action.yml where they are empty', () => {
  expect(
    read({ 'INPUT_DATABASE-URL': 'x', INPUT_INTERVAL: '', 'INPUT_DRY-RUN': 'true', PATH: '/bin' }),
  ).toEqual({
    databaseUrl: 'x',
    dryRun: true,
    interval: 5_000,
    note: undefined,
  });
});

describe('a wrong input stops the step', () => {
  test('a misspelt one names the nearest', () => {
    expect(refusal({ 'INPUT_DATABASE-URL': 'x', INPUT_DRYRUN: 'true' })).toBe(
      'An input is wrong — dryrun: there is no such input — did you mean dry-run?',
    );
  });

  test('a required one that is missing is named', () => {
    expect(refusal({ 'INPUT_DATABASE-URL': '  ' })).toBe('An input is wrong — database-url: is required');
  });

  test('all of them are named at once', () => {
    expect(refusal({ INPUT_INTERVAL: '5', 'INPUT_DRY-RUN': 'yes', INPUT_DATABASE_URL: 'x' })).toBe(
      '4 inputs are wrong — (1) database_url: there is no such input — did you mean database-url?; ' +
        '(2) database-url: is required; (3) dry-run: "yes" is neither true nor false; ' +
        '(4) interval: "5" has no unit — did you mean 5s or 5m?',
    );
  });

  test('a broken relation between inputs is named beside the rest', () => {
    const rule = ({ note }: { note?: string | undefined }) =>
      note === 'b' ? 'note: must not be b' : undefined;
    const given = new Map([
      ['database-url', 'x'],
      ['note', 'b'],
      ['dry-run', 'maybe'],
    ]);
    expect(() => readInputs(fields, [rule], manifest, given)).toThrow(
      '2 inputs are wrong — (1) dry-run: "maybe" is neither true nor false; (2) note: must not be b',
    );
  });
});

test('a rule about an input that is wrong itself stays silent', () => {
  const rule = ({ interval }: { interval?: number }) =>
    interval === undefined ? 'interval: is needed' : undefined;
  const given = new Map([
    ['database-url', 'x'],
    ['interval', '5'],
  ]);
  expect(() => readInputs(fields, [rule], manifest, given)).toThrow(
    'An input is wrong — interval: "5" has no unit — did you mean 5s or 5m?',
  );
});

test('secrets are found before anything is checked', () => {
  const given = new Map([
    ['database-url', 's3cret'],
    ['dry-run', 'nonsense'],
  ]);
  expect(secretsIn(fields, given)).toEqual(['s3cret']);
});
