import { expect, test } from '@jest/globals';

import { sharesBackends } from '../../src/database/pooler.ts';

/** Answers with one process after the other; the last one stays. */
function backends(...processes: number[]): () => Promise<number> {
  return async () => (processes.length > 1 ? processes.shift() : processes[0]) ?? 0;
}

test.each<{ first: number[]; second: number[]; shared: boolean; why: string }>`
  first        | second       | shared   | why
  ${[1]}       | ${[2]}       | ${false} | ${'each has its own: direct, or a pooler by session'}
  ${[1]}       | ${[1]}       | ${true}  | ${'an idle pooler gives the one that was free last'}
  ${[1, 3, 5]} | ${[2, 4, 6]} | ${true}  | ${'a pooler that goes round'}
  ${[1]}       | ${[2, 2, 1]} | ${true}  | ${'a busy pooler gives it away at last'}
`('$first and $second: $why', async ({ first, second, shared }) => {
  expect(await sharesBackends(backends(...first), backends(...second))).toBe(shared);
});
