import type { FailureCode } from '../ground/failure-codes.ts';
import type { Evidence } from './evidence.ts';
import { lastTraceback, type Traceback } from './traceback.ts';

/** How one kind of failure is recognised, and what is said of it. */
export interface Rule {
  readonly code: FailureCode;
  /** All of it must be there. */
  readonly sees: Signals;
  /** What was observed, with `{name}` for what was found; without it, Docker's own last line. */
  readonly observed?: string;
  /** What to do next. */
  readonly next: string;
}

export interface Signals {
  /** In what Docker said. */
  readonly docker?: RegExp;
  /** In what the program said last: its traceback, or its last lines. */
  readonly log?: RegExp;
  /** Its exit code; `any` is every one but 0. */
  readonly ended?: number | 'any';
  /** What is compared, where a text does not tell; undefined when it is not so. */
  readonly facts?: (evidence: Evidence, found: Findings) => Findings | undefined;
  /** What `facts` looks at, for the documentation. */
  readonly compared?: string;
}

export type Findings = Readonly<Record<string, string>>;

/** What a rule found: the values for its sentences, and the line that shows it. */
export interface Match {
  readonly found: Findings;
  readonly line: string;
}

/** Whether all signals of a rule are there. */
export function matched({ sees }: Rule, evidence: Evidence): Match | undefined {
  const { container } = evidence;
  if (sees.ended !== undefined) {
    if (container === undefined || !hasEnded(container.status)) return undefined;
    if (sees.ended === 'any' ? container.exitCode === 0 : container.exitCode !== sees.ended) return undefined;
  }
  let found: Findings = { name: evidence.name ?? 'NAME', server: evidence.server };
  let line = '';
  for (const [signal, text] of [
    [sees.docker, evidence.docker ?? ''],
    [sees.log, sees.log === undefined ? '' : finalWords(evidence)],
  ] as const) {
    if (signal === undefined) continue;
    const match = lastMatch(signal, text);
    if (match === undefined) return undefined;
    found = { ...found, ...match.groups, '0': match[0] };
    line = lineAround(text, match.index);
  }
  if (sees.facts === undefined) return { found, line };
  const facts = sees.facts(evidence, found);
  return facts === undefined ? undefined : { found: { ...found, ...facts }, line: facts.line ?? line };
}

/** A container that Docker starts again and again has ended, whatever it is called in this moment. */
export function hasEnded(status: string): boolean {
  return ['exited', 'dead', 'restarting', 'created'].includes(status);
}

const finalLines = 15;

/** What a program said last that may be its reason: its traceback, or its last lines. */
export function finalWords({ log }: Evidence): string {
  if (log === undefined) return '';
  return tracebackOf(log.text)?.text ?? log.text.trimEnd().split('\n').slice(-finalLines).join('\n');
}

let known: { text: string; traceback: Traceback | undefined } | undefined;

/** Every rule asks for the same one. */
export function tracebackOf(text: string): Traceback | undefined {
  if (known?.text !== text) known = { text, traceback: lastTraceback(text) };
  return known.traceback;
}

/** What a program said last counts. */
function lastMatch(signal: RegExp, text: string): RegExpExecArray | undefined {
  const all = [...text.matchAll(new RegExp(signal.source, `${signal.flags.replace('g', '')}g`))];
  return all.at(-1) as RegExpExecArray | undefined;
}

function lineAround(text: string, index: number): string {
  const begin = text.lastIndexOf('\n', index) + 1;
  const end = text.indexOf('\n', index);
  return text.slice(begin, end === -1 ? undefined : end).trim();
}

/** A sentence with its values. */
export function filled(template: string, found: Findings): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => found[name] ?? '');
}
