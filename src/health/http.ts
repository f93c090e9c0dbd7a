import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { showDuration } from '../ground/duration.ts';
import { codeOf, messageOf } from '../ground/errors.ts';
import type { Answer, Probe } from './probe.ts';

/** As much of a body as is read, in bytes: enough to find a text in. */
const bodyLimit = 1024 * 1024;

/** Asks once, with a connection of its own; redirects are not followed. Never throws but for `signal`. */
export async function ask(probe: Probe, timeout: number, signal: AbortSignal): Promise<Answer> {
  const { url, host } = probe;
  const started = performance.now();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const outgoing = request(url, {
        signal: limit,
        agent: false,
        headers: {
          'user-agent': 'tenantry',
          accept: '*/*',
          ...probe.headers,
          ...(host === undefined ? {} : { host }),
        },
        ...(host === undefined ? {} : { servername: host.replace(/:\d+$/, '') }),
      });
      outgoing.once('error', reject);
      outgoing.once('response', (incoming) => {
        readBody(incoming).then((body) => {
          resolve({
            kind: 'answer',
            status: incoming.statusCode ?? 0,
            headers: flatHeaders(incoming),
            body,
            milliseconds: performance.now() - started,
          });
        }, reject);
      });
      outgoing.end();
    });
  } catch (error) {
    signal.throwIfAborted();
    return silence(error, url, timeout);
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= bodyLimit) break;
  }
  return Buffer.concat(chunks).subarray(0, bodyLimit).toString('utf8');
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

function silence(error: unknown, url: URL, timeout: number): Answer {
  const code = codeOf(error) ?? '';
  const place = url.host;
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
