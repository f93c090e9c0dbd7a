/** One check: `node check.ts PORT TENANTS` prints its milliseconds and the peak memory of this process in bytes. */
import { performance } from 'node:perf_hooks';
import { keepYoungMemorySmall } from '../../src/ground/young-memory.ts';
import { probeUntilHealthy } from '../../src/health/check.ts';
import { ask } from '../../src/health/http.ts';

const [port = '', tenants = ''] = process.argv.slice(2);
const signal = new AbortController().signal;
const log = { step() {}, info() {}, debug() {}, warning() {}, details() {} };
const probes = Array.from({ length: Number(tenants) }, (_, index) => ({
  url: new URL(`http://127.0.0.1:${port}/`),
  host: `t${index}.shop.test`,
  tenant: `t${index}`,
  headers: {},
}));
const plan = {
  attempts: 1,
  interval: 0,
  initialWait: 0,
  expected: { status: [[200, 299]] as const, headers: {} },
};

async function checkAll(): Promise<void> {
  keepYoungMemorySmall();
  const started = performance.now();
  const findings = await probeUntilHealthy(probes, plan, {
    ask: (probe) => ask(probe, 5_000, signal),
    log,
    signal,
  });
  const milliseconds = performance.now() - started;
  if (findings.some(({ complaint }) => complaint !== undefined)) throw new Error('not all were healthy');
  console.log(JSON.stringify({ milliseconds, memory: process.resourceUsage().maxRSS * 1_024 }));
}

void checkAll();
