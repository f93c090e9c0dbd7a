/** One address to ask, and by which name. */
import type { FailureCode } from '../ground/failure-codes.ts';
import { contentComplaint, type JsonExpectation } from './content.ts';

export interface Probe {
  readonly url: URL;
  /** Host header and TLS name, where it is not the one in the address. */
  readonly host?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The tenant whose domain this is. */
  readonly tenant?: string | undefined;
  /** The server that asks, where several do. */
  readonly from?: string | undefined;
}

/** What a good answer is. */
export interface Expectation {
  readonly status: StatusRanges;
  readonly text?: string | undefined;
  readonly json?: readonly JsonExpectation[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The release that has to answer. */
  readonly release?: string | undefined;
  /** Milliseconds. */
  readonly maxLatency?: number | undefined;
  readonly minCertificateDays?: number | undefined;
}

/** Status codes as ranges, both ends included. */
export type StatusRanges = readonly (readonly [from: number, to: number])[];

/** An answer, or why there was none. */
export type Answer = Answered | Silence;

export interface Answered extends Gist {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is kept of an answer once it has been judged: the pages of a thousand tenants would fill the memory. */
export interface Gist {
  readonly kind: 'answer';
  readonly status: number;
  readonly milliseconds: number;
  /** Until its certificate ends; undefined without TLS. */
  readonly certificateDays?: number | undefined;
}

export interface Silence {
  readonly kind: 'silence';
  readonly code: SilenceCode;
  readonly observed: string;
}

export type SilenceCode =
  | 'health-name-not-resolved'
  | 'health-refused'
  | 'health-no-answer'
  | 'health-tls'
  | 'health-cut-off';

/** How an answer differs from what is expected: the code and what was observed; undefined when it is good. */
export interface Complaint {
  readonly code: FailureCode;
  readonly observed: string;
  readonly hint: string;
}

/** The name that a probe is known by in sentences: the tenant's domain, or the address; and who asks. */
export function probeName(probe: Probe): string {
  return named(probe.host ?? probe.url.href, probe);
}

/** The same, and tenants by their own names. */
export function shortName(probe: Probe): string {
  return probe.tenant === undefined ? probeName(probe) : named(probe.tenant, probe);
}

function named(name: string, { from }: Probe): string {
  return from === undefined ? name : `${name} from ${from}`;
}

/** `200-299,304` as ranges. @throws RangeError that says what is wrong. */
export function parseStatusRanges(text: string): StatusRanges {
  return text.split(',').map((part) => {
    const [, from, to = from] = /^\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*$/.exec(part) ?? [];
    if (from === undefined || Number(from) > Number(to)) {
      throw new RangeError(`"${part.trim()}" is not a status code or a range like 200-299`);
    }
    return [Number(from), Number(to)] as const;
  });
}

export function showStatusRanges(ranges: StatusRanges): string {
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** Compares an answer with the expectation. */
export function complaintAbout(answer: Answer, expected: Expectation): Complaint | undefined {
  if (answer.kind === 'silence')
    return { code: answer.code, observed: answer.observed, hint: silenceHints[answer.code] };
  if (!expected.status.some(([from, to]) => answer.status >= from && answer.status <= to)) {
    return statusComplaint(answer, expected);
  }
  return contentComplaint(answer, expected);
}

const silenceHints: Readonly<Record<SilenceCode, string>> = {
  'health-name-not-resolved':
    'check the host name; a private name needs a runner that can resolve it, or an address with host-header',
  'health-refused': 'nothing listens there: is the container running, and is this the published port?',
  'health-no-answer':
    'the application hangs or a firewall drops the packets: look at its log, or raise try-timeout',
  'health-tls': 'check the certificate, or ask over http on the private port',
  'health-cut-off':
    'something listens but hangs up: is the application listening on 0.0.0.0 and on the mapped port?',
};

function statusComplaint(answer: Answered, expected: Expectation): Complaint {
  const observed = `answers ${answer.status} instead of ${showStatusRanges(expected.status)}`;
  if (answer.status === 400 && /DisallowedHost|Invalid HTTP_HOST|Bad Request \(400\)/.test(answer.body)) {
    return {
      code: 'health-host-refused',
      observed,
      hint: 'add the host name to ALLOWED_HOSTS, or set host-header',
    };
  }
  if (answer.status >= 300 && answer.status < 400) {
    return {
      code: 'health-redirect',
      observed: `${observed}: it redirects to ${answer.headers.location ?? 'nowhere'}`,
      hint: 'ask that address, send X-Forwarded-Proto: https with request-header, or accept the status with expect-status',
    };
  }
  const said = firstWords(answer.body);
  return {
    code: answer.status >= 500 ? 'health-server-error' : 'health-status',
    observed: said === '' ? observed : `${observed}: "${said}"`,
    hint:
      answer.status >= 500
        ? 'look at its log (docker logs on the server); with container, host and ssh-user this step looks, and says why'
        : 'check the path, whether it needs a login, and expect-status',
  };
}

/** The first words of a body for a sentence, without its HTML. */
function firstWords(body: string): string {
  const text = body
    .replace(/<(style|script|head)\b[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (text.length <= 120) return text;
  // A copy: a slice would keep the whole page.
  return `${Buffer.from(text.slice(0, 119)).toString()}…`;
}
