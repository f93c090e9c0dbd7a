/** What a health check tells: outputs for later steps, a table for people, data for programs. */
import { showDuration } from '../ground/duration.ts';
import type { Finding } from '../health/check.ts';
import { probeName } from '../health/probe.ts';

/** So many addresses are in sight, so many for whoever looks closer; the report has them all. */
const inSight = 10;
const shownRows = 50;

export function healthFacts(findings: readonly Finding[]) {
  const [first] = findings;
  const days = findings.flatMap(({ answer }) =>
    answer.kind === 'answer' && answer.certificateDays !== undefined ? [answer.certificateDays] : [],
  );
  return {
    status: first?.answer.kind === 'answer' ? first.answer.status : '',
    'attempts-used': Math.max(...findings.map(({ attempts }) => attempts)),
    'latency-ms': Math.round(slowest(findings)),
    'tenants-failed': new Set(
      findings.flatMap(({ probe, complaint }) => (complaint === undefined ? [] : (probe.tenant ?? []))),
    ).size,
    'certificate-days': days.length === 0 ? '' : Math.min(...days),
  };
}

export function slowest(findings: readonly Finding[]): number {
  return Math.max(0, ...findings.map(({ answer }) => (answer.kind === 'answer' ? answer.milliseconds : 0)));
}

/** What wants a look, and what is there for whoever looks closer. */
export function tablesOf(findings: readonly Finding[]): { first: string[][]; rest: string[][] } {
  const bad = findings.filter(({ complaint }) => complaint !== undefined);
  const good = findings.filter(({ complaint }) => complaint === undefined);
  if (findings.length <= inSight) return { first: rowsOf([...bad, ...good]), rest: [] };
  const rest = [...bad.slice(inSight), ...good].slice(0, shownRows);
  return { first: rowsOf(bad.slice(0, inSight)), rest: rowsOf(rest) };
}

function rowsOf(findings: readonly Finding[]): string[][] {
  return findings.map(({ probe, answer, attempts, complaint }) => [
    probeName(probe),
    complaint === undefined && answer.kind === 'answer'
      ? `${answer.status}`
      : `**${complaint?.observed ?? ''}**`,
    String(attempts),
    answer.kind === 'answer' ? showDuration(answer.milliseconds) : '',
  ]);
}

export function asData({ probe, answer, attempts, complaint }: Finding) {
  return {
    name: probeName(probe),
    tenant: probe.tenant,
    from: probe.from,
    healthy: complaint === undefined,
    status: answer.kind === 'answer' ? answer.status : null,
    attempts,
    milliseconds: answer.kind === 'answer' ? Math.round(answer.milliseconds) : null,
    observed: complaint?.observed,
  };
}
