import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import { type CheckPorts, type Finding, inParallel, judged, toldTogether } from './check.ts';
import type { Expectation, Probe } from './probe.ts';

export interface WatchPlan {
  /** Milliseconds between two rounds, and for the whole. */
  readonly interval: number;
  readonly watchFor: number;
  readonly expected: Expectation;
}

export interface Watched {
  /** Requests, and those among them that were not answered as expected. */
  readonly asked: number;
  readonly failed: number;
  /** Milliseconds of the slowest good answer. */
  readonly slowest: number;
  /** Of the last round. */
  readonly findings: readonly Finding[];
  /** Set where it ended before its time: why, and at which address. */
  readonly ended?: { readonly failure: UserError; readonly by: Finding } | undefined;
}

/** One bad answer is a slip, as many in a row are a failure. */
const inARow = 3;

/** Asks again and again for a while what is healthy now; ends as soon as an address failed three times in a row. */
export async function watchOver(
  probes: readonly Probe[],
  { interval, watchFor, expected }: WatchPlan,
  { ask, log, signal }: CheckPorts,
): Promise<Watched> {
  const began = performance.now();
  const rows = new Map<Probe, number>();
  let asked = 0;
  let failed = 0;
  let slowest = 0;
  for (;;) {
    const findings: Finding[] = [];
    await inParallel(probes, async (probe) => {
      const finding = judged(probe, await ask(probe), expected, 1);
      const { answer, complaint } = finding;
      findings.push(finding);
      asked += 1;
      rows.set(probe, complaint === undefined ? 0 : (rows.get(probe) ?? 0) + 1);
      if (complaint !== undefined) failed += 1;
      else if (answer.kind === 'answer') slowest = Math.max(slowest, answer.milliseconds);
    });
    const since = performance.now() - began;
    const bad = findings.filter(({ complaint }) => complaint !== undefined);
    if (bad.length > 0) log.info(`after ${showDuration(since)}: ${toldTogether(findings)}`);
    const [worst] = bad.filter(({ probe }) => (rows.get(probe) ?? 0) >= inARow);
    if (worst?.complaint !== undefined) {
      const failure = new UserError(
        `What was healthy at first failed ${inARow} times in a row after ${showDuration(since)} — ${toldTogether(findings)}`,
        worst.complaint.hint,
        { code: 'health-unsteady' },
      );
      return { asked, failed, slowest, findings, ended: { failure, by: worst } };
    }
    if (since + interval > watchFor) return { asked, failed, slowest, findings };
    await sleep(interval, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
