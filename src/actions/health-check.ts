import type { DatabaseUrl } from '../database/url.ts';
import { showDuration } from '../ground/duration.ts';
import { counted, grouped } from '../ground/words.ts';
import { type Finding, probeUntilHealthy, unhealthy } from '../health/check.ts';
import { ask } from '../health/http.ts';
import {
  type Expectation,
  type Probe,
  parseStatusRanges,
  probeName,
  showStatusRanges,
} from '../health/probe.ts';
import { sampled, type TenantSample, tenantDomains } from '../health/tenants.ts';
import { type ActionContext, defineAction, type Inputs } from '../step/action.ts';
import { count, duration, headers, httpUrls, readAs, text } from '../step/fields.ts';
import { commonFields, databaseUrl } from './fields.ts';

const tenantSample = readAs((written): TenantSample => {
  if (written === 'none' || written === 'all') return written;
  if (/^[1-9]\d*$/.test(written)) return Number(written);
  throw new RangeError(`"${written}" is not none, all, or a number of tenants`);
});

export const healthFields = {
  url: httpUrls,
  attempts: count({ least: 1 }),
  interval: duration,
  initialWait: duration,
  tryTimeout: duration,
  expectStatus: readAs(parseStatusRanges),
  expectText: text.optional(),
  expectHeader: headers.optional(),
  hostHeader: text.optional(),
  requestHeader: headers.optional(),
  tenants: tenantSample,
  tenantPath: text,
};

const inputs = { ...healthFields, databaseUrl: databaseUrl.optional(), ...commonFields };

const outputs = ['status', 'attempts-used', 'latency-ms', 'tenants-failed'] as const;

type Context = ActionContext<typeof inputs, (typeof outputs)[number]>;

/** Health of addresses, and of the tenants' own domains. Waits, tries, and when it fails says why. */
export const healthCheck = defineAction({
  inputs,
  outputs,
  results: ['healthy'],
  rules: [
    ({ tenants, databaseUrl }) =>
      tenants !== undefined && tenants !== 'none' && databaseUrl === undefined
        ? 'tenants: needs database-url, to read the domains from'
        : undefined,
  ],

  async run(context) {
    const { inputs, log, report, signal, tell } = context;
    const plan = { ...inputs, expected: expectation(inputs) };
    const probes = [...addressProbes(inputs), ...(await tenantProbes(context))];
    log.step(
      'Check',
      `${counted(probes.length, 'address', 'addresses')}, up to ${counted(plan.attempts, 'try', 'tries')} each`,
    );

    const findings = await probeUntilHealthy(probes, plan, {
      ask: (probe) => ask(probe, inputs.tryTimeout, signal),
      log,
      signal,
    });

    tell(facts(findings));
    report.table('Health', ['address', 'result', 'tries', 'time'], rowsOf(findings.slice(0, shownRows)));
    report.data('health', findings.map(asData));
    if (findings.some(({ complaint }) => complaint !== undefined)) throw unhealthy(findings, plan);

    const verdict = `${counted(findings.length, 'address', 'addresses')} ${findings.length === 1 ? 'answers' : 'answer'} ${showStatusRanges(plan.expected.status)}`;
    log.step('Done', `${verdict}, slowest ${showDuration(slowest(findings))}`);
    report.verdict(`${verdict}.`);
    return { result: 'healthy' };
  },
});

/** The table shows so many addresses; the report has them all. */
const shownRows = 50;

function expectation({ expectStatus, expectText, expectHeader }: Inputs<typeof inputs>): Expectation {
  return { status: expectStatus, text: expectText, headers: expectHeader ?? {} };
}

function addressProbes({ url, hostHeader, requestHeader = {} }: Inputs<typeof inputs>): Probe[] {
  return url.map((address) => ({ url: address, host: hostHeader, headers: requestHeader }));
}

/** The tenants are asked at the first address, each by its own domain. */
async function tenantProbes({ inputs, log, signal }: Context): Promise<Probe[]> {
  const { tenants, tenantPath, databaseUrl, requestHeader = {} } = inputs;
  const [address] = inputs.url;
  if (tenants === 'none' || databaseUrl === undefined || address === undefined) return [];
  const domains = await readDomains(databaseUrl, signal);
  const asked = sampled(domains, tenants);
  log.step(
    'Tenants',
    `${grouped(asked.length)} of ${counted(domains.length, 'tenant')}, by their primary domains`,
  );
  return asked.map(({ schema, domain }) => ({
    url: new URL(tenantPath, address),
    host: domain,
    headers: requestHeader,
    tenant: schema,
  }));
}

async function readDomains(url: DatabaseUrl, signal: AbortSignal) {
  const { connect } = await import('../database/connection.ts'); // slow to load: not before it is needed
  const database = await connect(url, {
    applicationName: 'tenantry/health-check',
    connectTimeout: 10_000,
    signal,
    pooler: 'accept', // it only reads
  });
  try {
    return await tenantDomains(database);
  } finally {
    await database.close();
  }
}

function facts(findings: readonly Finding[]) {
  const [first] = findings;
  return {
    status: first?.answer.kind === 'answer' ? first.answer.status : '',
    'attempts-used': Math.max(...findings.map(({ attempts }) => attempts)),
    'latency-ms': Math.round(slowest(findings)),
    'tenants-failed': findings.filter(
      ({ probe, complaint }) => probe.tenant !== undefined && complaint !== undefined,
    ).length,
  };
}

function slowest(findings: readonly Finding[]): number {
  return Math.max(0, ...findings.map(({ answer }) => (answer.kind === 'answer' ? answer.milliseconds : 0)));
}

function rowsOf(findings: readonly Finding[]): string[][] {
  const failedFirst = [...findings].sort(
    (a, b) => Number(b.complaint !== undefined) - Number(a.complaint !== undefined),
  );
  return failedFirst.map(({ probe, answer, attempts, complaint }) => [
    probeName(probe),
    complaint === undefined && answer.kind === 'answer'
      ? `${answer.status}`
      : `**${complaint?.observed ?? ''}**`,
    String(attempts),
    answer.kind === 'answer' ? showDuration(answer.milliseconds) : '',
  ]);
}

function asData({ probe, answer, attempts, complaint }: Finding) {
  return {
    name: probeName(probe),
    tenant: probe.tenant,
    healthy: complaint === undefined,
    status: answer.kind === 'answer' ? answer.status : null,
    attempts,
    milliseconds: answer.kind === 'answer' ? Math.round(answer.milliseconds) : null,
    observed: complaint?.observed,
  };
}
