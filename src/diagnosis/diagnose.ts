import type { FailureCode } from '../ground/failure-codes.ts';
import type { Evidence } from './evidence.ts';
import { filled, finalWords, matched, tracebackOf } from './rule.ts';
import { rulesFor } from './rules.ts';

/** Why something failed, in one sentence's parts. */
export interface Diagnosis {
  readonly code: FailureCode;
  readonly observed: string;
  readonly next: string;
  /** The line that shows it; empty where it is no line. */
  readonly line: string;
}

/** The first rule whose signals are all there; undefined when nothing is recognised: then nothing is claimed. */
export function diagnose(evidence: Evidence): Diagnosis | undefined {
  for (const rule of rulesFor(evidence)) {
    const match = matched(rule, evidence);
    if (match === undefined) continue;
    const observed =
      rule.observed === undefined ? lastLineOf(evidence.docker ?? '') : filled(rule.observed, match.found);
    return {
      code: rule.code,
      observed: observed ?? '',
      next: filled(rule.next, match.found),
      line: match.line,
    };
  }
  return undefined;
}

/** Of an application's own error, which no rule knows: its cause, with the line of the project's own code. */
export function causeOfItsOwn({ log }: Evidence): string | undefined {
  const traceback = log === undefined ? undefined : tracebackOf(log.text);
  if (traceback === undefined) return undefined;
  return traceback.frame === undefined ? traceback.cause : `${traceback.cause} (${traceback.frame})`;
}

/** Docker's last word, without its usual beginning and its advice to read the help. */
export function lastLineOf(text: string): string | undefined {
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(See|Run) 'docker/.test(line));
  const last = lines
    .at(-1)
    ?.replace(/^(docker: )?(Error response from daemon: )?(Error: )?/, '')
    .trim();
  return last === '' ? undefined : last;
}

/** The frame of the project's own code, behind what a rule says of its exception. */
export function whereOfItsOwn(evidence: Evidence, line: string): string {
  const { log } = evidence;
  const traceback = log === undefined ? undefined : tracebackOf(log.text);
  if (traceback?.frame === undefined || line === '' || !finalWords(evidence).includes(line)) return '';
  return ` (${traceback.frame})`;
}
