/**
 * `npm run bench -- health`: a check of 1,000 tenants' domains that answer in 50 ms, against what its parallelism allows
 * at best; and the memory of the whole action, which reads the domains from a database of the lab.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';

import { runDoor } from '../__tests__/end-to-end/door.ts';
import { bringUp } from '../lab/lab.ts';
import { connect, type Database } from '../src/database/connection.ts';
import { parseDatabaseUrl } from '../src/database/url.ts';
import { parallel } from '../src/health/check.ts';
import { machine, median } from './statistics.ts';

const tenants = 1_000;
/** Milliseconds. */
const answers = 50;
const rounds = 5;

export async function bench(): Promise<void> {
  console.log(`${machine(availableParallelism())}; ${tenants} domains, answers after ${answers} ms\n`);
  const server = createServer((_, response) => setTimeout(() => response.end('ok'), answers));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await checkAlone(port);
    await wholeAction(port);
  } finally {
    server.close();
  }
}

/** The check in a process of its own, whose memory is nobody else's. */
async function checkAlone(port: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-health-'));
  const script = join(folder, 'check.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'health/check.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    supported: { 'dynamic-import': false }, // as in dist/
    logLevel: 'error',
  });
  const ideal = Math.ceil(tenants / parallel) * answers;
  const all: { milliseconds: number; memory: number }[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await checked(script, port));
  rmSync(folder, { recursive: true });
  const milliseconds = median(all.map((one) => one.milliseconds));
  console.log(
    `the check alone     ${parallel} at a time: ${(milliseconds / 1_000).toFixed(2)} s of ${(ideal / 1_000).toFixed(2)} s at best: ${(milliseconds / ideal).toFixed(2)} times; peak memory ${megabytes(all.map(({ memory }) => memory))}`,
  );
}

async function checked(script: string, port: number): Promise<{ milliseconds: number; memory: number }> {
  const child = spawn(process.execPath, [script, String(port), String(tenants)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await once(child, 'close');
  return JSON.parse(said);
}

/** The step as a workflow has it: dist/health-check.cjs, the domains from the database, report and summary. */
async function wholeAction(port: number): Promise<void> {
  const lab = await bringUp(['postgres18']);
  const name = `bench_${Date.now().toString(36)}`;
  const url = lab.postgres.v18.superuserUrl.replace(/\/postgres$/, `/${name}`);
  await asked(lab.postgres.v18.superuserUrl, (database) => database.query(`create database ${name}`));
  try {
    await asked(url, (database) => database.query(tenantsAndDomains));
    const peaks: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { exitCode, log, peakMemory } = await runDoor('health-check', {
        url: `http://127.0.0.1:${port}/`,
        tenants: 'all',
        'tenant-path': '/',
        'database-url': url,
      });
      if (exitCode !== 0 || !log.includes('1,001 answer 200')) throw new Error(log);
      peaks.push(peakMemory);
    }
    console.log(`the whole action    peak memory ${megabytes(peaks)}`);
  } finally {
    await asked(lab.postgres.v18.superuserUrl, (database) => database.query(`drop database ${name}`));
  }
}

/** As django-tenants has them. */
const tenantsAndDomains = `
  create table tenants_client (id bigint primary key, schema_name varchar(63) unique not null);
  create table tenants_domain (id bigint primary key, domain varchar(253) unique not null, is_primary boolean not null,
    tenant_id bigint not null references tenants_client (id));
  insert into tenants_client select number, 't' || number from generate_series(1, ${tenants}) number;
  insert into tenants_domain select id, schema_name || '.shop.test', true, id from tenants_client`;

async function asked(url: string, work: (database: Database) => Promise<unknown>): Promise<void> {
  const database = await connect(parseDatabaseUrl(url), {
    applicationName: 'tenantry bench',
    connectTimeout: 10_000,
    signal: new AbortController().signal,
  });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

/** The median, and the largest. */
function megabytes(bytes: readonly number[]): string {
  const shown = (value: number) => (value / 1e6).toFixed(1);
  return `${shown(median(bytes))} MB (at most ${shown(Math.max(...bytes))}) of ${bytes.length} runs`;
}
