/** What is expected of an answer beside its status. */
import { showDuration } from '../ground/duration.ts';
import type { Answered, Complaint, Expectation } from './probe.ts';

/** `checks.database=ok`: a place in a JSON answer, and what stands there. */
export interface JsonExpectation {
  readonly path: readonly string[];
  readonly value: string;
}

/** Reads `status=ok`, `checks.0.name=database`. @throws RangeError that says how to write it. */
export function parseJsonExpectation(line: string): JsonExpectation {
  const [, path = '', value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
  if (value !== undefined && path.split('.').every((part) => part !== '')) {
    return { path: path.split('.'), value };
  }
  throw new RangeError(`"${line}" is not KEY=VALUE — write it like checks.database=ok`);
}

/** How the content of an answer differs from what is expected; undefined when it does not. */
export function contentComplaint(answer: Answered, expected: Expectation): Complaint | undefined {
  return (
    textComplaint(answer, expected) ??
    jsonComplaint(answer, expected) ??
    headerComplaint(answer, expected) ??
    releaseComplaint(answer, expected) ??
    latencyComplaint(answer, expected) ??
    certificateComplaint(answer, expected)
  );
}

function textComplaint({ status, body }: Answered, { text }: Expectation): Complaint | undefined {
  if (text === undefined || body.includes(text)) return undefined;
  return {
    code: 'health-text',
    observed: `the answer (${status}) does not contain "${text}"`,
    hint: 'look at what the address answers, or correct expect-text',
  };
}

function jsonComplaint({ body }: Answered, { json = [] }: Expectation): Complaint | undefined {
  if (json.length === 0) return undefined;
  const hint = 'look at what the address answers, or correct expect-json';
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    return { code: 'health-json', observed: 'the answer is no JSON', hint };
  }
  for (const { path, value } of json) {
    const found = path.reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, key)
          ? (at as Record<string, unknown>)[key]
          : undefined,
      content,
    );
    const shown = typeof found === 'string' ? found : JSON.stringify(found);
    if (shown !== value) {
      const name = path.join('.');
      const observed =
        found === undefined ? `the answer has no ${name}` : `${name} is ${shown}, not ${value}`;
      return { code: 'health-json', observed, hint };
    }
  }
  return undefined;
}

function headerComplaint(answer: Answered, { headers }: Expectation): Complaint | undefined {
  for (const [name, value] of Object.entries(headers)) {
    const found = answer.headers[name.toLowerCase()];
    if (found === value) continue;
    return {
      code: 'health-header',
      observed:
        found === undefined ? `the answer has no header ${name}` : `${name} is "${found}", not "${value}"`,
      hint: 'an older release may still answer there: look at what runs, or correct expect-header',
    };
  }
  return undefined;
}

/** Where applications say which release they are. */
const releaseHeaders = ['x-release', 'x-version', 'x-app-version', 'x-revision'];
const releaseKeys = ['release', 'version', 'revision', 'commit', 'sha'];

function releaseComplaint(answer: Answered, { release }: Expectation): Complaint | undefined {
  if (release === undefined) return undefined;
  const told = [...releaseHeaders.map((name) => answer.headers[name]), ...releasesIn(answer.body)].filter(
    (each) => each !== undefined,
  );
  if (told.includes(release) || (told.length === 0 && wordIn(answer.body, release))) return undefined;
  return {
    code: 'health-other-release',
    observed:
      told.length === 0
        ? `the answer does not say that it is ${release}`
        : `${[...new Set(told)].join(', ')} answers, not ${release}`,
    hint:
      told.length === 0
        ? 'let the health page answer with the header X-Release, or {"release": …}; with container, its label is looked at instead'
        : 'an older version still answers there: look at what runs, and at what stands in front of it',
  };
}

function releasesIn(body: string): string[] {
  try {
    const content: unknown = JSON.parse(body);
    if (typeof content !== 'object' || content === null) return [];
    return Object.entries(content).flatMap(([key, value]) =>
      releaseKeys.includes(key.toLowerCase()) && typeof value === 'string' ? [value] : [],
    );
  } catch {
    return [];
  }
}

function wordIn(text: string, word: string): boolean {
  const at = text.indexOf(word);
  if (at === -1) return false;
  const around = `${text[at - 1] ?? ' '}${text[at + word.length] ?? ' '}`;
  return !/[\w-]/.test(around);
}

function latencyComplaint({ milliseconds }: Answered, { maxLatency }: Expectation): Complaint | undefined {
  if (maxLatency === undefined || milliseconds <= maxLatency) return undefined;
  return {
    code: 'health-slow',
    observed: `it took ${showDuration(milliseconds)} to answer, more than ${showDuration(maxLatency)}`,
    hint: 'look at what is slow (the first answer after a start mostly is), or raise max-latency',
  };
}

function certificateComplaint(
  { certificateDays: days }: Answered,
  { minCertificateDays: least }: Expectation,
): Complaint | undefined {
  if (least === undefined || days === undefined || days >= least) return undefined;
  return {
    code: 'health-certificate',
    observed: `its certificate ends in ${days} days, less than ${least}`,
    hint: 'renew it: mostly what renews it has stopped (certbot, or the proxy)',
  };
}
