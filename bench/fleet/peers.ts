/** What we are compared with: django-tenants' own executors, and those of another package. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { asSuperuser } from '../../lab/fleet/server.ts';
import type { Fleet } from '../../lab/fleet.ts';

export interface Peer {
  readonly name: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const smart = { GET_EXECUTOR_FUNCTION: 'django_tenants_smart_executor.load_executor' };
const twoProcesses = ['--executor=multiprocessing']; // TENANT_MULTIPROCESSING_MAX_PROCESSES is 2 by default

export const peers: readonly Peer[] = [
  { name: 'standard executor', words: [], env: {} },
  { name: 'multiprocessing executor, 2 processes', words: twoProcesses, env: {} },
  { name: 'smart-executor', words: [], env: smart },
  { name: 'smart-executor, 2 processes', words: twoProcesses, env: smart },
];

export interface PeerRun {
  /** For all tenants: measured, or reckoned from those it finished in the time it was given. */
  readonly milliseconds: number;
  /** How many tenants it finished, when it was ended before it had finished all. */
  readonly sample: number | undefined;
}

interface PeerWish {
  readonly fleet: Fleet;
  /** A project that tells what it has migrated (told.py). */
  readonly project: string;
  /** Milliseconds after which it is ended. */
  readonly limit: number;
}

/** Runs `manage.py migrate_schemas` silently, which is the fastest way. @throws Error when it fails */
export async function runPeer(peer: Peer, { fleet, project, limit }: PeerWish): Promise<PeerRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'));
  const told = join(folder, 'told');
  writeFileSync(told, '');
  const startedAt = Date.now();
  const started = performance.now();
  const child = spawn(fleet.python, ['manage.py', 'migrate_schemas', '--verbosity', '0', ...peer.words], {
    cwd: project,
    env: { ...process.env, ...fleet.env, ...peer.env, FLEET_TOLD: told },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // with its children, it can be ended as a group
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4_000);
  });
  let ended = false;
  const timer = setTimeout(() => {
    ended = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, limit);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const milliseconds = performance.now() - started;
  clearTimeout(timer);
  const finished = finishedTenants(readFileSync(told, 'utf8'), fleet, startedAt);
  rmSync(folder, { recursive: true });
  if (!ended && code !== 0) throw new Error(`${peer.name} ended with ${code}\n${said}`);
  if (!ended) return { milliseconds, sample: undefined };
  await untilAlone(fleet.name);
  const [first, last] = [finished[0], finished.at(-1)];
  if (first === undefined || last === undefined || finished.length < 2) {
    throw new Error(`${peer.name} finished ${finished.length} tenants in ${limit} ms: give it more time`);
  }
  const each = (last - first) / (finished.length - 1);
  return { milliseconds: first + each * (fleet.schemas.length - 1), sample: finished.length };
}

/** A server ends the sessions of a killed program when it has done what it was asked. */
async function untilAlone(database: string): Promise<void> {
  await asSuperuser('postgres', async (client) => {
    const others = `SELECT FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`;
    while ((await client.query(others, [database])).rowCount !== 0) await sleep(100);
  });
}

/** Milliseconds after the start at which each tenant was finished, in order. */
function finishedTenants(told: string, { schemas }: Fleet, startedAt: number): number[] {
  const tenants = new Set(schemas);
  return told
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([schema = '']) => tenants.has(schema))
    .map(([, seconds]) => Number(seconds) * 1_000 - startedAt)
    .sort((a, b) => a - b);
}
