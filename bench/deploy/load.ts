/**
 * An open load: so many requests a second at their times, whatever becomes of the ones before; a closed one would
 * stand still in a gap and not see it. A process of its own (`node load.ts`), told by standard input, so that what is
 * measured does not wait for whoever measures.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Agent, type ClientRequest, request } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface LoadPlan {
  /** `http://address:port` */
  readonly url: string;
  /** Requests a second. */
  readonly rate: number;
  /** A connection a request, or connections that are used again. */
  readonly connections: 'new' | 'kept';
  /** Every so many requests one goes to /slow, which takes 2 seconds; 0: none. */
  readonly slowEvery: number;
  /** Where the others go. Default: / */
  readonly path?: string;
  /** The domain that is asked for. Default: the one of the URL. */
  readonly host?: string;
}

export interface LoadResult {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  /** What failed, and how often: `ECONNREFUSED`, `500`; on a connection used before: `ECONNRESET (reused)`. */
  readonly failures: Readonly<Record<string, number>>;
  /** Header X-Release, or else first word, of the good answers, and how often. */
  readonly versions: Readonly<Record<string, number>>;
  /** Milliseconds: the longest time between two good answers. */
  readonly gap: number;
  /** Milliseconds. */
  readonly duration: number;
}

export interface Load {
  /** Ends it when what was sent has been answered. */
  stop(): Promise<LoadResult>;
}

/** Milliseconds. */
const requestTimeout = 10_000;

/** Starts a load; it has begun when this resolves. */
export async function startLoad(plan: LoadPlan): Promise<Load> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify(plan)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let said = '';
  const { promise: begun, resolve: begin, reject } = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('\n')) begin();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.once('error', reject);
  void ended.then(() => reject(new Error(`the load ended: ${said}`)));
  await begun;
  return {
    async stop() {
      child.stdin.end();
      await ended;
      return JSON.parse(said.split('\n')[1] ?? '') as LoadResult;
    },
  };
}

async function run({
  url,
  rate,
  connections,
  slowEvery,
  path: usual = '/',
  host,
}: LoadPlan): Promise<LoadResult> {
  const agent = connections === 'kept' ? new Agent({ keepAlive: true, maxSockets: 64 }) : undefined;
  const failures = new Map<string, number>();
  const versions = new Map<string, number>();
  const pending = new Set<Promise<void>>();
  let sent = 0;
  let ok = 0;
  let gap = 0;
  let lastGood: number | undefined;
  let isOver = false;
  const one = (path: string) =>
    new Promise<void>((resolve) => {
      const fail = (kind: string) => {
        failures.set(kind, (failures.get(kind) ?? 0) + 1);
        resolve();
      };
      const outgoing: ClientRequest = request(
        `${url}${path}`,
        { agent: agent ?? false, timeout: requestTimeout, headers: host === undefined ? {} : { host } },
        (incoming) => {
          let body = '';
          incoming.setEncoding('utf8').on('data', (text: string) => {
            body += text;
          });
          incoming.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
          incoming.once('end', () => {
            if (incoming.statusCode !== 200) return fail(String(incoming.statusCode));
            const version = String(incoming.headers['x-release'] ?? body.split(' ')[0]);
            versions.set(version, (versions.get(version) ?? 0) + 1);
            ok += 1;
            const now = performance.now();
            if (lastGood !== undefined && !isOver) gap = Math.max(gap, now - lastGood);
            lastGood = now;
            resolve();
          });
        },
      );
      outgoing.once('timeout', () => outgoing.destroy(new Error('timeout')));
      outgoing.once('error', (error: NodeJS.ErrnoException) =>
        fail(`${error.code ?? error.message}${outgoing.reusedSocket ? ' (reused)' : ''}`),
      );
      outgoing.end();
    });

  const started = performance.now();
  process.stdin.resume().once('end', () => {
    isOver = true;
  });
  console.log('begun');
  while (!isOver) {
    const due = Math.floor(((performance.now() - started) / 1_000) * rate);
    for (; sent < due; sent += 1) {
      const answered = one(slowEvery > 0 && sent % slowEvery === slowEvery - 1 ? '/slow' : usual);
      pending.add(answered);
      void answered.then(() => pending.delete(answered));
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000 / rate));
  }
  await Promise.all(pending);
  agent?.destroy();
  return {
    sent,
    ok,
    failed: sent - ok,
    failures: Object.fromEntries(failures),
    versions: Object.fromEntries(versions),
    gap: Math.round(gap),
    duration: Math.round(performance.now() - started),
  };
}

if (import.meta.main) console.log(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '') as LoadPlan)));
