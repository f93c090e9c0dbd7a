import { setTimeout as sleep } from 'node:timers/promises';

import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, listed } from '../ground/words.ts';
import {
  type Answer,
  type Complaint,
  complaintAbout,
  type Expectation,
  type Probe,
  probeName,
} from './probe.ts';

export interface CheckPlan {
  readonly attempts: number;
  /** Milliseconds between two tries, and before the first one. */
  readonly interval: number;
  readonly initialWait: number;
  readonly expected: Expectation;
}

/** How one address did in the end. */
export interface Finding {
  readonly probe: Probe;
  readonly answer: Answer;
  readonly attempts: number;
  /** undefined: healthy. */
  readonly complaint: Complaint | undefined;
}

export interface CheckPorts {
  readonly ask: (probe: Probe) => Promise<Answer>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** As many addresses are asked at a time; more would measure this machine instead of the application. */
const parallel = 16;

/** Asks every address until it is healthy or the tries are used up; in each round only those that are not yet. */
export async function probeUntilHealthy(
  probes: readonly Probe[],
  plan: CheckPlan,
  ports: CheckPorts,
): Promise<Finding[]> {
  const findings = new Map<Probe, Finding>();
  await pause(plan.initialWait, ports.signal);
  let lastWord = '';
  for (let attempt = 1; attempt <= plan.attempts; attempt += 1) {
    if (attempt > 1) await pause(plan.interval, ports.signal);
    const due = probes.filter(
      (probe) => findings.get(probe)?.complaint !== undefined || !findings.has(probe),
    );
    await inParallel(due, async (probe) => {
      const answer = await ports.ask(probe);
      findings.set(probe, {
        probe,
        answer,
        attempts: attempt,
        complaint: complaintAbout(answer, plan.expected),
      });
    });
    const unhealthy = [...findings.values()].filter(({ complaint }) => complaint !== undefined);
    if (unhealthy.length === 0) break;
    const word = groupsOf(unhealthy).map(showGroup).join('; ');
    if (word !== lastWord && attempt < plan.attempts)
      ports.log.info(`try ${attempt} of ${plan.attempts}: ${word}`);
    lastWord = word;
  }
  return probes.flatMap((probe) => findings.get(probe) ?? []);
}

/** The one sentence for all addresses that are not healthy, equal observations together. */
export function unhealthy(findings: readonly Finding[], plan: CheckPlan): UserError {
  const bad = findings.filter(({ complaint }) => complaint !== undefined);
  const groups = groupsOf(bad);
  const complaint = groups[0]?.complaint;
  const share =
    findings.length === 1
      ? probeNameOf(bad)
      : `${bad.length} of ${counted(findings.length, 'address', 'addresses')}`;
  return new UserError(
    `${share} ${bad.length === 1 ? 'is' : 'are'} not healthy after ${counted(plan.attempts, 'try', 'tries')} — ${
      findings.length === 1 ? (complaint?.observed ?? '') : groups.map(showGroup).join('; ')
    }`,
    complaint?.hint ?? 'look at the application',
    { code: complaint?.code ?? 'health-status' },
  );
}

interface Group {
  readonly complaint: Complaint;
  readonly names: readonly string[];
}

/** Findings with the same observation, the largest group first. */
function groupsOf(findings: readonly Finding[]): Group[] {
  const groups = new Map<string, { complaint: Complaint; names: string[] }>();
  for (const { probe, complaint } of findings) {
    if (complaint === undefined) continue;
    const group = groups.get(complaint.observed) ?? { complaint, names: [] };
    group.names.push(probeName(probe));
    groups.set(complaint.observed, group);
  }
  return [...groups.values()].sort((a, b) => b.names.length - a.names.length);
}

function showGroup({ complaint, names }: Group): string {
  return `${listed(names, 3)}: ${complaint.observed}`;
}

function probeNameOf([finding]: readonly Finding[]): string {
  return finding === undefined ? 'nothing' : probeName(finding.probe);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
}
