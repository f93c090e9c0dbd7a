import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import type { SecureContext, TLSSocket } from 'node:tls';
import { showDuration } from '../ground/duration.ts';
import { codeOf, messageOf } from '../ground/errors.ts';
import type { Answer, Answered, Probe } from './probe.ts';

/** As much of a body as is read, in bytes: enough to find a text in. */
const bodyLimit = 1024 * 1024;

/** How an address is reached, where it is not simply asked. */
export interface Way {
  /** Authorities to believe beside the system's, as PEM. */
  readonly ca?: string | undefined;
  readonly followRedirects?: boolean | undefined;
  /** A stream to the address from another place; there its name is resolved, too. */
  dial?(url: URL): Promise<Duplex>;
}

/** Redirects that are followed at most, as browsers do. */
const mostRedirects = 20;

/**
 * Asks once, with a connection of its own; redirects are followed where that is asked for. Never throws but for `signal`.
 * @param timeout milliseconds for the whole
 */
export async function ask(
  probe: Probe,
  timeout: number,
  signal: AbortSignal,
  way: Way = {},
): Promise<Answer> {
  const started = performance.now();
  // One signal for the whole: `AbortSignal.any` would keep each until it is collected, and there may be thousands.
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new DOMException('the time is up', 'TimeoutError')), timeout);
  const cancel = () => limit.abort(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  let now = probe;
  try {
    signal.throwIfAborted();
    for (let redirects = 0; ; redirects += 1) {
      const answer = await askOnce(now, limit.signal, way);
      const next = way.followRedirects === true ? redirectOf(answer, now.url) : undefined;
      if (next === undefined || redirects === mostRedirects) {
        return { ...answer, milliseconds: performance.now() - started };
      }
      // The name that was asked for belongs to the first address only.
      now = { ...now, url: next, host: next.host === now.url.host ? now.host : undefined };
    }
  } catch (error) {
    signal.throwIfAborted();
    return silence(error, now.url, timeout);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}

function redirectOf({ status, headers }: Answered, from: URL): URL | undefined {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  return next !== undefined && /^https?:$/.test(next.protocol) ? next : undefined;
}

/** By protocol; each request has a connection of its own all the same. */
const agents = new Map<string, import('node:https').Agent>();

async function askOnce({ url, host, headers }: Probe, limit: AbortSignal, way: Way): Promise<Answered> {
  const isTls = url.protocol === 'https:';
  // Both ask in the same way; only their types know of different agents.
  const { request, Agent } = (await (isTls
    ? import('node:https')
    : import('node:http'))) as typeof import('node:https');
  const servername = host?.replace(/:\d+$/, '');
  const secureContext = isTls ? await contextWith(way.ca) : undefined;
  let agent = way.dial === undefined ? agents.get(url.protocol) : undefined;
  agent ??= new Agent({ keepAlive: false, maxCachedSessions: 0 });
  if (way.dial === undefined) agents.set(url.protocol, agent);
  else {
    const stream = await reached(way.dial(url), limit);
    const open = await connectionOver(stream, servername ?? url.hostname, secureContext);
    Object.assign(agent, { createConnection: open });
  }
  return new Promise<Answered>((resolve, reject) => {
    const outgoing = request(url, {
      signal: limit,
      agent,
      headers: {
        'user-agent': 'tenantry',
        accept: '*/*',
        ...headers,
        ...(host === undefined ? {} : { host }),
      },
      ...(servername === undefined ? {} : { servername }),
      ...(secureContext === undefined ? {} : { secureContext }),
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const certificateDays = daysLeft(incoming);
      readBody(incoming).then((body) => {
        resolve({
          kind: 'answer',
          status: incoming.statusCode ?? 0,
          headers: flatHeaders(incoming),
          body,
          milliseconds: 0,
          certificateDays,
        });
      }, reject);
    });
    outgoing.end();
  });
}

/** Whoever waits for a stream gives up with the limit; one that comes late is not left open. */
async function reached(opening: Promise<Duplex>, limit: AbortSignal): Promise<Duplex> {
  return new Promise<Duplex>((resolve, reject) => {
    limit.addEventListener('abort', () => reject(limit.reason), { once: true });
    opening.then((stream) => {
      if (limit.aborted) stream.destroy();
      else resolve(stream);
    }, reject);
  });
}

async function connectionOver(
  stream: Duplex,
  servername: string,
  secureContext: SecureContext | undefined,
): Promise<() => Duplex> {
  if (secureContext === undefined) return () => stream;
  const { connect } = await import('node:tls');
  const name = isIP(servername) === 0 ? { servername } : {};
  return () => connect({ socket: stream, host: servername, ...name, secureContext });
}

/** By what is believed: to read all authorities again for each of a thousand addresses takes time and memory. */
const contexts = new Map<string, SecureContext>();

/** An own authority is believed beside those that everybody believes. */
async function contextWith(ca = ''): Promise<SecureContext> {
  const { createSecureContext, rootCertificates } = await import('node:tls'); // slow to load: not for http
  const context = contexts.get(ca) ?? createSecureContext(ca === '' ? {} : { ca: [...rootCertificates, ca] });
  contexts.set(ca, context);
  return context;
}

const day = 24 * 60 * 60_000;

function daysLeft({ socket }: IncomingMessage): number | undefined {
  const end = (socket as Partial<TLSSocket>).getPeerCertificate?.().valid_to;
  return end === undefined ? undefined : Math.floor((Date.parse(end) - Date.now()) / day);
}

/** By events: they leave less garbage than an iterator for each of thousands of answers. */
function readBody(incoming: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = () => resolve(Buffer.concat(chunks).subarray(0, bodyLimit).toString('utf8'));
    incoming.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < bodyLimit) return;
      end();
      incoming.destroy();
    });
    incoming.once('end', end);
    incoming.once('error', reject);
  });
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

/** A server that opens the connection for us says why it cannot in its own words. */
function codeOverSsh(message: string): string {
  if (!message.includes('Channel open failure')) return '';
  if (/refused/i.test(message)) return 'ECONNREFUSED';
  return /not known|name resolution|resolve/i.test(message) ? 'ENOTFOUND' : '';
}

function silence(error: unknown, url: URL, timeout: number): Answer {
  const place = url.host;
  const code = codeOf(error) ?? codeOverSsh(messageOf(error));
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      kind: 'silence',
      code: 'health-name-not-resolved',
      observed: `${url.hostname} cannot be resolved`,
    };
  }
  if (code === 'ECONNREFUSED') {
    return { kind: 'silence', code: 'health-refused', observed: `${place} refuses connections` };
  }
  if (/CERT|SSL|TLS|ALTNAME|SELF_SIGNED/.test(code) || code === 'EPROTO') {
    return { kind: 'silence', code: 'health-tls', observed: `TLS with ${place} fails: ${messageOf(error)}` };
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('HPE_')) {
    return {
      kind: 'silence',
      code: 'health-cut-off',
      observed: `${place} hangs up without an answer (${code})`,
    };
  }
  const timedOut = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
  const observed = timedOut
    ? `${place} does not answer within ${showDuration(timeout)}`
    : `${place} cannot be reached: ${messageOf(error)}`;
  return { kind: 'silence', code: 'health-no-answer', observed };
}
