/**
 * A stand-in for GitHub's API on this machine: the one thing that cannot be real in a test. It refuses every request
 * that GitHub's published description would refuse, and its answers are of the shapes described there, or it says
 * that it is wrong itself. What a repository keeps (comments, checks, statuses, deployments) it keeps, too.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { Description } from './description.ts';
import { type Given, Repository } from './repository.ts';

/** A request that was good. */
export interface Received {
  /** GitHub's name for it: `issues/create-comment`. */
  readonly operation: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How the next requests of a kind end instead; `hang up` without an answer. */
export type Fault = 'hang up' | { readonly status: number; readonly message: string };

export interface GitHub {
  /** For GITHUB_API_URL. */
  readonly apiUrl: string;
  readonly repository: Repository;
  /** What was asked for, in order; without what was refused. */
  readonly received: readonly Received[];
  /** Why requests were refused that GitHub would refuse, too. */
  readonly refused: readonly string[];
  /** Lets the requests of one kind (or `*`) fail from now on; undefined: no longer. */
  fail(operation: string, fault: Fault | undefined): void;
  close(): Promise<void>;
}

interface Wanted {
  /** Who may ask. */
  readonly token?: string;
  /** Below the address: `/api/v3` as on GitHub Enterprise Server. */
  readonly prefix?: string;
  /** The address to listen on; another one where a job in a network of its own asks. */
  readonly host?: string;
}

let description: Promise<Description> | undefined;

export async function startGitHub({
  token = 'canary-token',
  prefix = '/api/v3',
  host = '127.0.0.1',
}: Wanted = {}): Promise<GitHub> {
  description ??= Description.read();
  const described = await description;
  const repository = new Repository();
  const received: Received[] = [];
  const refused: string[] = [];
  const faults = new Map<string, Fault>();

  const server = createServer(async (request, response) => {
    const refuse = (status: number, message: string) => {
      refused.push(`${request.method} ${request.url}: ${message}`);
      answer(response, status, { message, documentation_url: 'https://docs.github.com/rest' });
    };
    const url = new URL(request.url ?? '/', 'http://github.test');
    const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : undefined;
    const found = path === undefined ? undefined : described.find(request.method ?? '', path);
    const body = await bodyOf(request);
    if (found === undefined || path === undefined) return refuse(404, 'Not Found');
    if (!/^(token|bearer) /i.test(request.headers.authorization ?? '')) {
      return refuse(401, 'Requires authentication');
    }
    if (request.headers.authorization?.replace(/^\S+ /, '') !== token) return refuse(401, 'Bad credentials');
    const fault = faults.get(found.operation.id) ?? faults.get('*');
    if (fault === 'hang up') return request.socket.destroy();
    if (fault !== undefined) return refuse(fault.status, fault.message);
    const objections = [
      ...(body === 'unreadable' ? ['Problems parsing JSON'] : []),
      ...found.operation.objections({ values: found.values, query: url.searchParams, body }),
    ];
    if (objections.length > 0) return refuse(422, `Validation Failed: ${objections.join('; ')}`);
    const given: Given = { ...found, query: url.searchParams, body: (body ?? {}) as Given['body'] };
    const outcome = repository.answer(given);
    if ('refusal' in outcome) return refuse(outcome.status, outcome.refusal);
    // Some of GitHub's own examples are not what it describes.
    const isExample = outcome.body === found.operation.answer.example;
    const own = isExample ? [] : found.operation.answerObjections(outcome.status, outcome.body);
    if (own.length > 0) return refuse(500, `The stand-in is wrong: ${own.join('; ')}`);
    received.push({ operation: found.operation.id, path, body: given.body });
    answerInPages(response, outcome, url);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    apiUrl: `http://${host}:${(server.address() as AddressInfo).port}${prefix}`,
    repository,
    received,
    refused,
    fail(operation, fault) {
      if (fault === undefined) faults.delete(operation);
      else faults.set(operation, fault);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Undefined: there is none. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const written = await text(request);
  if (written === '') return undefined;
  try {
    return JSON.parse(written);
  } catch {
    return 'unreadable';
  }
}

function answer(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

/** Lists come in pages of 30, or as many as were asked for, up to 100. */
function answerInPages(response: ServerResponse, { status, body }: Answered, url: URL): void {
  if (!Array.isArray(body)) {
    answer(response, status, body);
    return;
  }
  const size = Math.min(100, Number(url.searchParams.get('per_page') ?? 30));
  const page = Number(url.searchParams.get('page') ?? 1);
  const next = new URL(url);
  next.host = response.req.headers.host ?? '';
  next.searchParams.set('page', String(page + 1));
  const more = body.length > page * size ? { link: `<${next.href}>; rel="next"` } : {};
  answer(response, status, body.slice((page - 1) * size, page * size), more);
}

type Answered = Readonly<{ status: number; body: unknown }>;
