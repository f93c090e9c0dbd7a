/**
 * `npm run bench -- health`: a check of 1,000 tenants' domains that answer in 50 ms, against what its parallelism allows
 * at best; with the memory of its process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';

import { parallel } from '../src/health/check.ts';
import { machine, median } from './statistics.ts';

const tenants = 1_000;
/** Milliseconds. */
const answers = 50;
const rounds = 5;

export async function bench(): Promise<void> {
  console.log(`${machine(availableParallelism())}; ${tenants} domains, answers after ${answers} ms\n`);
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-health-'));
  const script = join(folder, 'check.cjs');
  // As it runs in a workflow: bundled.
  const entryPoints = [join(import.meta.dirname, 'health/check.ts')];
  await build({
    entryPoints,
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  const server = createServer((_, response) => setTimeout(() => response.end('ok'), answers));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ideal = Math.ceil(tenants / parallel) * answers;
  const all: { milliseconds: number; memory: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    all.push(await checked(script, (server.address() as AddressInfo).port));
  }
  server.close();
  rmSync(folder, { recursive: true });
  const milliseconds = median(all.map((one) => one.milliseconds));
  const memory = Math.max(...all.map((one) => one.memory)) / 2 ** 20;
  console.log(
    `${parallel} at a time: ${(milliseconds / 1_000).toFixed(2)} s of ${(ideal / 1_000).toFixed(2)} s at best: ${(milliseconds / ideal).toFixed(2)} times; peak memory ${memory.toFixed(0)} MiB`,
  );
}

/** In a process of its own, whose memory is nobody else's. */
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
