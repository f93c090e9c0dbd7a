import type { Database } from '../database/connection.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { showDuration } from '../ground/duration.ts';
import type { UserError } from '../ground/errors.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import { keepYoungMemorySmall } from '../ground/young-memory.ts';
import {
  type CheckPorts,
  type Finding,
  probeUntilHealthy,
  toldTogether,
  unhealthy,
} from '../health/check.ts';
import { parseJsonExpectation } from '../health/content.ts';
import { ask } from '../health/http.ts';
import { type Expectation, type Probe, parseStatusRanges } from '../health/probe.ts';
import { sampled, type TenantSample, tenantDomains } from '../health/tenants.ts';
import { watchOver } from '../health/watch.ts';
import { type ActionContext, defineAction, type Inputs } from '../step/action.ts';
import {
  boolean,
  choice,
  count,
  duration,
  headers,
  httpUrls,
  linesOf,
  readAs,
  text,
} from '../step/fields.ts';
import { commonFields, databaseUrl, hostKeyIsPinnedOnce, serverFields } from './fields.ts';
import { asData, healthFacts, slowest, tablesOf } from './health-report.ts';
import { fromEachServer, withDialers } from './server-way.ts';

const tenantSample = readAs((written): TenantSample => {
  if (written === 'none' || written === 'all') return written;
  if (/^[1-9]\d*$/.test(written)) return Number(written);
  throw new RangeError(`"${written}" is not none, all, or a number of tenants`);
});

const certificates = readAs((written) => {
  if (/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(written)) return written;
  throw new RangeError('it is no certificate — give the text of the PEM file, from BEGIN CERTIFICATE on');
});

export const healthFields = {
  url: httpUrls,
  attempts: count({ least: 1 }),
  interval: duration,
  initialWait: duration,
  tryTimeout: duration,
  expectStatus: readAs(parseStatusRanges),
  expectText: text.optional(),
  expectJson: linesOf(parseJsonExpectation).optional(),
  expectHeader: headers.optional(),
  expectRelease: text.optional(),
  followRedirects: boolean,
  hostHeader: text.optional(),
  requestHeader: headers.optional(),
  ca: certificates.optional(),
  maxLatency: duration.optional(),
  minCertificateDays: count({ least: 1 }).optional(),
  tenants: tenantSample,
  tenantPath: text,
};

const inputs = {
  mode: choice('check', 'watch', 'doctor'),
  ...healthFields,
  url: httpUrls.optional(),
  watchFor: duration,
  from: choice('runner', 'server'),
  container: text.optional(),
  databaseUrl: databaseUrl.optional(),
  ...serverFields,
  host: serverFields.host.optional(),
  sshUser: text.optional(),
  ...commonFields,
};

const outputs = ['status', 'attempts-used', 'latency-ms', 'tenants-failed', 'certificate-days'] as const;

type Given = Inputs<typeof inputs>;
type Context = ActionContext<typeof inputs, (typeof outputs)[number]>;

/** Health of addresses, of the tenants' own domains, of containers. Waits, tries, and when it fails says why. */
export const healthCheck = defineAction({
  inputs,
  outputs,
  results: ['healthy', 'ready'],
  rules: [needsAnAddress, needsADatabase, needsAServer, hostKeyIsPinnedOnce],

  async run(context) {
    keepYoungMemorySmall();
    if (context.inputs.mode === 'doctor') {
      const { examine } = await import('./doctor.ts');
      return examine(context);
    }
    return withDialers(context, async (dialers) => {
      const { inputs, log, report, signal, tell } = context;
      const plan = { ...inputs, expected: expectation(inputs) };
      const probes = fromEachServer(inputs, [...addressProbes(inputs), ...(await tenantProbes(context))]);
      const ports: CheckPorts = {
        ask: (probe) =>
          ask(probe, inputs.tryTimeout, signal, {
            ca: inputs.ca,
            followRedirects: inputs.followRedirects,
            ...(dialers === undefined ? {} : { dial: (url) => dialers.dial(url, probe.from) }),
          }),
        log,
        signal,
      };
      if (inputs.container !== undefined) await (await serverHealth()).checkContainers(context);
      if (probes.length === 0) {
        report.verdict(`${inputs.container} runs on ${listed(inputs.host ?? [])}.`);
        return { result: 'healthy' };
      }
      const from = dialers === undefined ? '' : `, from ${dialers.places}`;
      log.step(
        'Check',
        `${counted(probes.length, 'address', 'addresses')}, up to ${counted(plan.attempts, 'try', 'tries')} each${from}`,
      );
      const findings = await probeUntilHealthy(probes, plan, ports);
      tellFindings(context, findings);
      if (findings.some(({ complaint }) => complaint !== undefined)) {
        throw await explained(context, unhealthy(findings, plan), findings);
      }
      log.step('Done', `${toldTogether(findings)}, slowest ${showDuration(slowest(findings))}`);
      const watched = inputs.mode === 'watch' ? await watchedFor(context, probes, { plan, ports }) : '';
      report.verdict(`${toldTogether(findings)}${watched}.`);
      tell(healthFacts(findings));
      return { result: 'healthy' };
    });
  },
});

/** What looks at containers and knows why they fail: a fifth of what this action would load. */
const serverHealth = () => import('./server-health.ts');

/** The failure, and what a server shows of it where its container is known. */
async function explained(
  context: Context,
  failure: UserError,
  findings: readonly Finding[],
): Promise<UserError> {
  if (context.inputs.container === undefined) return failure;
  return (await serverHealth()).whatServerShows(context, failure, findings);
}

function needsAnAddress({ mode, url = [], container }: Partial<Given>): string | undefined {
  if (mode === undefined || mode === 'doctor' || url.length > 0) return undefined;
  if (mode === 'check' && container !== undefined) return undefined;
  return `url: is required${mode === 'check' ? ', or container' : ` for mode: ${mode}`}`;
}

function needsADatabase({ tenants, databaseUrl, url = [] }: Partial<Given>): string | undefined {
  if (tenants === undefined || tenants === 'none') return undefined;
  if (databaseUrl === undefined) return 'tenants: needs database-url, to read the domains from';
  return url.length === 0 ? 'tenants: needs url, to ask at' : undefined;
}

function needsAServer({ mode, from, container, host = [], sshUser }: Partial<Given>): string | undefined {
  const why =
    mode === 'doctor'
      ? 'mode: doctor'
      : from === 'server'
        ? 'from: server'
        : container !== undefined
          ? 'container'
          : undefined;
  if (why === undefined || (host.length > 0 && sshUser !== undefined)) return undefined;
  return `${why}: needs host and ssh-user`;
}

/** What is asked in watch mode once all is well. @returns how it went, for the verdict. */
async function watchedFor(
  context: Context,
  probes: readonly Probe[],
  { plan, ports }: { plan: { interval: number; watchFor: number; expected: Expectation }; ports: CheckPorts },
): Promise<string> {
  const { inputs, log } = context;
  log.step('Watch', `for ${showDuration(inputs.watchFor)}, every ${showDuration(inputs.interval)}`);
  const { asked, failed, slowest: longest, findings, ended } = await watchOver(probes, plan, ports);
  if (ended !== undefined) {
    tellFindings(context, findings);
    throw await explained(context, ended.failure, [ended.by]);
  }
  const slips = failed === 0 ? 'all good' : `${grouped(failed)} not as expected, never 3 in a row`;
  const said = `${counted(asked, 'request')} in ${showDuration(inputs.watchFor)}, ${slips}, slowest ${showDuration(longest)}`;
  log.step('Done', said);
  return `; watched: ${said}`;
}

function expectation(inputs: Given): Expectation {
  const { expectStatus, expectText, expectJson, expectHeader, maxLatency, minCertificateDays } = inputs;
  return {
    status: expectStatus,
    text: expectText,
    json: expectJson,
    headers: expectHeader ?? {},
    // The label of a container that can be looked at says it for sure.
    release: inputs.container === undefined ? inputs.expectRelease : undefined,
    maxLatency,
    minCertificateDays,
  };
}

function addressProbes({ url = [], hostHeader, requestHeader = {} }: Given): Probe[] {
  return url.map((address) => ({ url: address, host: hostHeader, headers: requestHeader }));
}

/** The tenants are asked at the first address, each by its own domain. */
async function tenantProbes({ inputs, log, signal }: Context): Promise<Probe[]> {
  const { tenants, tenantPath, databaseUrl, requestHeader = {} } = inputs;
  const [address] = inputs.url ?? [];
  if (tenants === 'none' || databaseUrl === undefined || address === undefined) return [];
  const domains = await reading(databaseUrl, signal, tenantDomains);
  const asked = sampled(domains, tenants);
  log.step(
    'Tenants',
    `${grouped(asked.length)} of ${counted(domains.length, 'tenant')}, by their primary domains`,
  );
  const url = new URL(tenantPath, address);
  return asked.map(({ schema, domain }) => ({
    url,
    host: domain,
    headers: requestHeader,
    tenant: schema,
  }));
}

async function reading<T>(
  url: DatabaseUrl,
  signal: AbortSignal,
  read: (database: Database) => Promise<T>,
): Promise<T> {
  const { connect } = await import('../database/connection.ts'); // slow to load: not before it is needed
  const database = await connect(url, {
    applicationName: 'tenantry/health-check',
    connectTimeout: 10_000,
    signal,
    pooler: 'accept', // it only reads
  });
  try {
    return await read(database);
  } finally {
    await database.close();
  }
}

function tellFindings({ report, tell }: Context, findings: readonly Finding[]): void {
  tell(healthFacts(findings));
  const header = ['address', 'result', 'tries', 'time'];
  const { first, rest } = tablesOf(findings);
  if (first.length > 0) report.table('Health', header, first);
  if (rest.length > 0) report.foldedTable(first.length > 0 ? 'The others' : 'Health', header, rest);
  report.data('health', findings.map(asData));
}
