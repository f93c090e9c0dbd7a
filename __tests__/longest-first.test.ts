import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

interface Waiting {
  readonly path: string;
}

interface Sequencer {
  new (): { sort(tests: readonly Waiting[]): Waiting[] };
  readonly longest: readonly string[];
}

const LongestFirst: Sequencer = createRequire(import.meta.url)('../scripts/longest-first.cjs');
const fileOf = (name: string) => join(import.meta.dirname, `${name}.test.ts`);

test('what is said to take long is there', () => {
  expect(LongestFirst.longest.filter((name) => !existsSync(fileOf(name)))).toEqual([]);
});

test('the longest come first, then what is not named, large files before small ones', () => {
  const order = [...LongestFirst.longest.slice(0, 2), 'contract', 'ground/words'].map((name) => ({
    path: fileOf(name),
  }));
  expect(new LongestFirst().sort(order.toReversed())).toEqual(order);
});
