/**
 * What real servers showed when something failed (`npm run bench -- diagnosis record` brings it about and keeps it): each
 * is named by the rule that is for it, and no rule speaks of what none is for.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

import { readCollected } from '../../src/diagnosis/collected.ts';
import { diagnose } from '../../src/diagnosis/diagnose.ts';
import type { Evidence, SeenAnswer } from '../../src/diagnosis/evidence.ts';
import { thatStopped, whyNotServing } from '../../src/diagnosis/why.ts';
import { dockerVerdict } from '../../src/docker/verdict.ts';
import type { FailureCode } from '../../src/ground/failure-codes.ts';

interface Recorded {
  readonly row: number;
  readonly failure: string;
  readonly code: FailureCode;
  readonly says: string;
  readonly at: number;
  readonly docker?: readonly string[];
  readonly answer?: SeenAnswer;
  readonly collected?: readonly string[];
}

const folder = join(import.meta.dirname, 'recorded');
const all = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recorded,
);
const server = 'deploy@web-1';

function seenIn({ collected = [], answer, at }: Recorded): Evidence {
  const seen = { ...readCollected(collected.join('\n'), server, { from: at - 20_000, to: at }), answer };
  const isWaitedFor =
    answer !== undefined || ['container-slow', 'container-unhealthy'].includes(codeOf(seen));
  return isWaitedFor ? seen : thatStopped(seen);
}

function codeOf(seen: Evidence): string {
  return diagnose(seen)?.code ?? '';
}

function told(one: Recorded) {
  if (one.docker !== undefined) {
    const result = { exitCode: 1, signal: null, stdout: '', stderr: one.docker.join('\n') };
    const seen = one.collected === undefined ? {} : { seen: seenIn(one) };
    return dockerVerdict({ failed: 'It failed', server, result, ...seen });
  }
  return whyNotServing('shop (v2)', seenIn(one), { waited: 5_000 });
}

describe('recorded from real servers', () => {
  test('there are some of every family', () => {
    expect(all.length).toBeGreaterThan(50);
  });

  test.each(all.map((one) => [`${one.row} ${one.failure}`, one] as const))('%s', (_, one) => {
    const failure = told(one);
    expect(failure.sentence).toContain(one.says.replaceAll('deploy@192.0.2.11', server));
    expect(failure.code).toBe(one.code);
  });

  test('no rule speaks of what none is for', () => {
    const others = all.filter(({ row, code }) => row === 0 && code === 'container-stopped');
    expect(others.length).toBeGreaterThanOrEqual(15);
    expect(others.filter((one) => diagnose(seenIn(one)) !== undefined).map(({ failure }) => failure)).toEqual(
      [],
    );
  });
});
