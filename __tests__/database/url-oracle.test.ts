import { beforeAll, describe, expect, test } from '@jest/globals';

import { environmentVariables } from '../../src/database/connection-plan.ts';
import { type DatabaseUrl, parseDatabaseUrl } from '../../src/database/url.ts';
import { composeUrl } from '../../src/database/url-compose.ts';
import { libpqParameters } from '../../src/database/url-parameters.ts';
import { DatabaseUrlRefused } from '../../src/database/url-refusal.ts';
import { redactUrl, secretsInUrl } from '../../src/database/url-secrets.ts';
import { differences } from './oracle/differences.ts';
import { canary, generateUnescaped, generateUrl } from './oracle/generate.ts';
import { askLibpq, type Libpq, reasonOf } from './oracle/libpq.ts';
import { seededRandom } from './oracle/random.ts';

const count = 50_000;
const random = seededRandom(20_260_801);
const urls = Array.from({ length: count }, () => generateUrl(random));
const readings = urls.map((url) => ({ url, read: ours(url) }));

/** What libpq is asked for each URL, by the list of differences. */
const asked = urls.map((url) => differences.find(({ concerns }) => concerns(url))?.instead(url) ?? url);

let libpq: Libpq;
beforeAll(async () => {
  libpq = await askLibpq(asked);
});

function ours(url: string): DatabaseUrl | DatabaseUrlRefused {
  try {
    return parseDatabaseUrl(url);
  } catch (error) {
    if (error instanceof DatabaseUrlRefused) return error;
    throw error;
  }
}

type Reading = { accepted: Readonly<Record<string, string>> } | { refused: string };

function asReading(read: DatabaseUrl | DatabaseUrlRefused): Reading {
  return read instanceof DatabaseUrlRefused ? { refused: read.refusal } : { accepted: read.options };
}

function theirs(index: number): Reading {
  const answer = libpq.answers[index];
  if (answer === undefined) throw new Error(`libpq gave no answer to number ${index}`);
  return 'accepted' in answer ? answer : { refused: reasonOf(answer) };
}

describe(`the same as libpq, for ${count} URLs`, () => {
  test('every one is accepted with the same parts, or refused for the same reason', () => {
    const tally = new Map<string, number>();
    const disagreements: unknown[] = [];
    for (const [index, { url, read }] of readings.entries()) {
      const mine = asReading(read);
      const outcome = 'accepted' in mine ? 'accepted' : mine.refused;
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      const expected = asked[index] === 'refused' ? { refused: outcome } : theirs(index);
      if (!same(mine, expected)) disagreements.push({ url, mine, expected });
    }
    process.stdout.write(`${count} URLs against libpq ${libpq.version}: ${shown(tally)}\n`);
    expect(libpq.answers).toHaveLength(count);
    expect(disagreements.slice(0, 20)).toEqual([]);
    // A generator that finds only one kind of answer would prove little.
    expect(new Set(urls).size).toBeGreaterThan(0.95 * count);
    expect(tally.get('accepted')).toBeGreaterThan(count / 4);
    expect([...tally].filter(([, times]) => times < 20)).toEqual([]);
  });

  test('the parameters are the same list', () => {
    expect([...libpqParameters].sort()).toEqual(Object.keys(libpq.parameters).sort());
  });

  test('the variables of the environment have the same names', () => {
    expect(libpq.parameters).toMatchObject(environmentVariables);
  });

  test('what was read and composed again is read as the same', () => {
    const changed = readings.filter(({ read }) => {
      if (read instanceof DatabaseUrlRefused) return false;
      return !same(read.options, parseDatabaseUrl(composeUrl(read)).options, { emptyIsMissing: true });
    });
    expect(changed.slice(0, 20)).toEqual([]);
  });
});

/** Whether two readings say the same. Parts of a URL do not tell an empty `host` from none: composing drops it. */
function same(one: object, other: object, { emptyIsMissing = false } = {}): boolean {
  const entries = (value: object): [string, unknown][] =>
    Object.entries(value)
      .filter(
        ([key, text]) => !(emptyIsMissing && text === '' && /^(host|port|dbname|user|password)$/.test(key)),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, typeof item === 'object' ? entries(item) : item]);
  return JSON.stringify(entries(one)) === JSON.stringify(entries(other));
}

function shown(tally: ReadonlyMap<string, number>): string {
  const { accepted = 0, ...refused } = Object.fromEntries(tally);
  const reasons = Object.entries(refused).sort((a, b) => b[1] - a[1]);
  const total = reasons.reduce((sum, [, times]) => sum + times, 0);
  return `${accepted} accepted, ${total} refused (${reasons.map(([reason, times]) => `${reason} ${times}`).join(', ')})`;
}

describe('no password in what is shown', () => {
  /** The character that a refusal points at, by its reason. */
  const pointedAt: Readonly<Record<string, RegExp>> = {
    percent: /^%$/,
    'percent-zero': /^%$/,
    space: /^ $/,
    'bracket-open': /^\[$/,
    'bracket-empty': /^\[$/,
    'bracket-after': /^[^:/?,]$/u,
    'two-equals': /^=$/,
  };
  const refused = readings.flatMap(({ url, read }) =>
    read instanceof DatabaseUrlRefused ? [{ url, read }] : [],
  );

  test('a refusal shows no piece of a password', () => {
    const withPassword = refused.filter(({ url }) => url.includes(canary));
    expect(withPassword.length).toBeGreaterThan(count / 20);
    expect(withPassword.filter(({ read }) => read.sentence.includes(canary))).toEqual([]);
  });

  test('a refusal points at the character that is wrong', () => {
    const beside = refused.filter(({ url, read }) => {
      const expected = pointedAt[read.refusal];
      const place = Number(/character (\d+)/.exec(read.message)?.[1]);
      return expected !== undefined && !expected.test([...url][place - 1] ?? '');
    });
    expect(beside.slice(0, 20)).toEqual([]);
  });

  test('somebody who does not escape: nothing in the redacted URL nor, once masked, in any part', () => {
    const random = seededRandom(7);
    const leaks: unknown[] = [];
    for (let times = 0; times < 10_000; times += 1) {
      const url = generateUnescaped(random);
      const read = ours(url);
      const masks = secretsInUrl(url);
      const parts = read instanceof DatabaseUrlRefused ? [] : Object.values(read.options);
      const masked = [url, ...parts].map((text) =>
        masks.reduce((rest, mask) => rest.replaceAll(mask, '***'), text),
      );
      for (const text of [redactUrl(url), ...masked]) if (text.includes(canary)) leaks.push({ url, text });
    }
    expect(leaks.slice(0, 20)).toEqual([]);
  });
});
