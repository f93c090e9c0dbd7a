import { setTimeout as sleep } from 'node:timers/promises';

import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import {
  type Answer,
  type Complaint,
  complaintAbout,
  type Expectation,
  type Gist,
  type Probe,
  probeName,
  type Silence,
  shortName,
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
  readonly answer: Gist | Silence;
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
export const parallel = 16;

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
      findings.set(probe, judged(probe, await ports.ask(probe), plan.expected, attempt));
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

/** @param attempts made so far, this one included */
export function judged(probe: Probe, answer: Answer, expected: Expectation, attempts: number): Finding {
  return { probe, answer: gistOf(answer), attempts, complaint: complaintAbout(answer, expected) };
}

function gistOf(answer: Answer): Gist | Silence {
  if (answer.kind === 'silence') return answer;
  const { kind, status, milliseconds, certificateDays } = answer;
  return { kind, status, milliseconds, certificateDays };
}

/** The one sentence for all addresses that are not healthy, equal observations together. */
export function unhealthy(findings: readonly Finding[], plan: CheckPlan): UserError {
  const bad = findings.filter(({ complaint }) => complaint !== undefined);
  const groups = groupsOf(bad);
  const complaint = groups[0]?.complaint;
  const tries = counted(plan.attempts, 'try', 'tries');
  const [only] = findings;
  const message =
    findings.length === 1 && only !== undefined
      ? `${probeName(only.probe)} is not healthy after ${tries} — ${complaint?.observed ?? ''}`
      : `${grouped(bad.length)} of ${counted(findings.length, 'address', 'addresses')} ${bad.length === 1 ? 'is' : 'are'} not healthy after ${tries} — ${toldTogether(findings)}`;
  return new UserError(message, complaint?.hint ?? 'look at the application', {
    code: complaint?.code ?? 'health-status',
    ...(bad.length > namedInSentence ? { evidence: bad.map(lineOf).join('\n') } : {}),
  });
}

/** `997 answer 200; t5, t9 and t77: answers 500 instead of 200-299`. */
export function toldTogether(findings: readonly Finding[]): string {
  const good = findings.filter(({ complaint }) => complaint === undefined);
  const statuses = [...new Set(good.map(({ answer }) => (answer.kind === 'answer' ? answer.status : 0)))];
  const well =
    good.length === 0
      ? []
      : [
          `${grouped(good.length)} ${good.length === 1 ? 'answers' : 'answer'} ${listed(statuses.map(String))}`,
        ];
  const bad = groupsOf(findings.filter(({ complaint }) => complaint !== undefined));
  return [...well, ...bad.map(showGroup)].join('; ');
}

interface Group {
  readonly complaint: Complaint;
  readonly names: readonly string[];
}

/** Names in a sentence; the evidence has them all. */
const namedInSentence = 10;

/** Findings that are the same in kind, the largest group first: bodies may hold the name of each tenant. */
function groupsOf(findings: readonly Finding[]): Group[] {
  const groups = new Map<string, { complaint: Complaint; names: string[] }>();
  for (const { probe, answer, complaint } of findings) {
    if (complaint === undefined) continue;
    const kind = `${complaint.code} ${answer.kind === 'answer' ? answer.status : ''}`;
    const group = groups.get(kind) ?? { complaint, names: [] };
    group.names.push(shortName(probe));
    groups.set(kind, group);
  }
  return [...groups.values()].sort((a, b) => b.names.length - a.names.length);
}

function showGroup({ complaint, names }: Group): string {
  return `${listed(names, namedInSentence)}: ${complaint.observed}`;
}

function lineOf({ probe, complaint }: Finding): string {
  const tenant = probe.tenant === undefined ? '' : `${probe.tenant} `;
  return `${tenant}${probeName(probe)}: ${complaint?.observed ?? ''}`;
}

/** One after the other in so many lanes. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
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
