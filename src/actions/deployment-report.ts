/** What a deployment tells: outputs for later steps, a summary for people, data for programs. */
import type { HostOutcome } from '../deployment/request/outcome.ts';
import { shortDigest } from '../docker/image.ts';
import { showDuration } from '../ground/duration.ts';
import { listed, shortCommits } from '../ground/words.ts';
import type { Report } from '../report/report.ts';

/** The outputs. */
export function facts(outcomes: readonly HostOutcome[]) {
  const [first] = outcomes;
  return {
    release: first?.release,
    'image-digest': outcomes.find(({ digest }) => digest !== undefined)?.digest,
    'previous-digest': first?.previousDigest,
    hosts: JSON.stringify(outcomes.map(shortOutcome)),
    'downtime-ms': longestGap(outcomes),
  };
}

/** A server in the output `hosts`. */
function shortOutcome(outcome: HostOutcome) {
  const { host, result, release, digest, previousDigest, plan, downtime, duration, standing } = outcome;
  return {
    host,
    result,
    release,
    'image-digest': digest,
    'previous-digest': previousDigest,
    mechanism: plan?.mechanism,
    'downtime-ms': Math.round(downtime),
    'duration-ms': Math.round(duration),
    'failure-code': outcome.failure?.code,
    standing,
  };
}

function longestGap(outcomes: readonly HostOutcome[]): number {
  return Math.round(Math.max(0, ...outcomes.map(({ downtime }) => downtime)));
}

/**
 * One word for all servers. With a failure: `rolled-back` when every server that was switched serves its old version
 * again, otherwise `failed`.
 */
export function resultOf(outcomes: readonly HostOutcome[]): string {
  const results = new Set(outcomes.map(({ result }) => result));
  if (outcomes.some(({ failure }) => failure !== undefined)) {
    const isBack = results.has('rolled-back') && !results.has('deployed') && !results.has('failed');
    return isBack ? 'rolled-back' : 'failed';
  }
  if (results.has('recovered')) return 'recovered';
  return results.has('deployed') ? 'deployed' : (outcomes[0]?.result ?? 'unchanged');
}

/** One line on what was done, when all went well. */
export function verdictOf(outcomes: readonly HostOutcome[], container: string): string {
  const release = outcomes[0]?.release ?? '';
  const hosts = listed(outcomes.map(({ host }) => host));
  const result = resultOf(outcomes);
  if (result === 'planned') return plannedVerdict(outcomes, container, hosts);
  if (result === 'recovered') return `${container} is at rest again, on ${hosts}: ${release} is there`;
  if (result === 'unchanged') return `${container} is on ${release} already, on ${hosts}`;
  const gap = longestGap(outcomes);
  return `${container} is on ${release}, on ${hosts}${gap === 0 ? '' : `; ${showDuration(gap)} without a container`}`;
}

function plannedVerdict(outcomes: readonly HostOutcome[], container: string, hosts: string): string {
  const changes = outcomes.filter(
    ({ differences, previousDigest }) => differences.length > 0 || previousDigest === undefined,
  );
  const release = outcomes[0]?.release ?? '';
  if (changes.length === 0) return `${container} is on ${release} already, on ${hosts}; nothing would change`;
  return `${container} ${release} would be deployed to ${listed(changes.map(({ host }) => host))}`;
}

/** Above this, pictures of single servers are folded. */
const shownTimelines = 2;

export function tellReport(outcomes: readonly HostOutcome[], report: Report): void {
  report.data('hosts', outcomes.map(dataOf));
  report.table(
    'Servers',
    ['server', 'result', 'release', 'before', 'mechanism', 'gap', 'time'],
    outcomes.map(rowOf),
  );
  const planned = outcomes.filter(({ plan }) => plan !== undefined);
  if (planned.length > 0) tellPlans(planned, report);
  const several = outcomes.length > 1;
  for (const { host, phases = [] } of outcomes) {
    if (phases.length < 2) continue;
    const title = several ? host : undefined;
    if (outcomes.length > shownTimelines) report.foldedTimeline(`Timeline of ${host}`, phases);
    else report.timeline(phases, title);
  }
}

function rowOf(outcome: HostOutcome): string[] {
  const { host, result, release, digest, previousRelease, plan, downtime, duration } = outcome;
  const isWell = result === 'deployed' || result === 'unchanged' || result === 'planned';
  return [
    host,
    isWell ? result : `**${result}**`,
    shortCommits(digest === undefined ? release : `${release} (${shortDigest(digest)})`),
    shortCommits(previousRelease ?? ''),
    plan?.mechanism ?? '',
    downtime === 0 ? '' : showDuration(downtime),
    showDuration(duration),
  ];
}

/** A dry run is all about its plan; after a deployment it is there for whoever looks closer. */
function tellPlans(outcomes: readonly HostOutcome[], report: Report): void {
  const header = ['server', 'runs there before', 'how, and why', 'what differs', 'the old one'];
  const rows = outcomes.map(({ host, plan }) =>
    [
      host,
      plan?.now ?? '',
      plan?.mechanism === undefined ? '' : `${plan.mechanism}: ${plan.why ?? ''}`,
      (plan?.differences ?? []).join('\n'),
      plan?.kept ?? '',
    ].map(shortCommits),
  );
  if (outcomes.every(({ result }) => result === 'planned')) report.table('Plan', header, rows);
  else report.foldedTable('Plan', header, rows);
}

/** Errors as sentences. */
function dataOf({ failure, wentBack, ...outcome }: HostOutcome) {
  return {
    ...outcome,
    failure: failure?.sentence,
    wentBack: typeof wentBack === 'object' ? wentBack.failure.sentence : wentBack,
  };
}
