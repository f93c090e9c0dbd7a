import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { probeUntilHealthy, unhealthy } from '../health/check.ts';
import { ask } from '../health/http.ts';

interface HealthInputs {
  readonly tenantUrl?: string | undefined;
  /** Milliseconds. */
  readonly tenantUrlTimeout: number;
}

/** Milliseconds between two tries, and for one of them. */
const interval = 2_000;
const tryTimeout = 5_000;

/** Asks the address of a new tenant, by its own domain; undefined when there is nothing to ask. */
export function healthOfNewTenant(
  { tenantUrl, tenantUrlTimeout }: HealthInputs,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): ((schema: string, domain: string) => Promise<void>) | undefined {
  if (tenantUrl === undefined) return undefined;
  addressOf(tenantUrl, { schema: 'acme', domain: 'acme.example' }); // refused before anything is made
  return async (schema, domain) => {
    const started = performance.now();
    const url = addressOf(tenantUrl, { schema, domain });
    const plan = {
      attempts: Math.max(1, Math.ceil(tenantUrlTimeout / interval)),
      interval,
      initialWait: 0,
      expected: { status: [[200, 299]] as const, headers: {} },
    };
    const probe = { url, host: domain, headers: {}, tenant: schema };
    const findings = await probeUntilHealthy([probe], plan, {
      ask: (one) => ask(one, tryTimeout, signal),
      log,
      signal,
    });
    if (findings.some(({ complaint }) => complaint !== undefined)) throw unhealthy(findings, plan);
    log.step('Health', `${domain} answers`, performance.now() - started);
  };
}

function addressOf(pattern: string, names: Readonly<Record<'schema' | 'domain', string>>): URL {
  const written = pattern.replaceAll('{schema}', names.schema).replaceAll('{domain}', names.domain);
  if (URL.canParse(written) && /^https?:$/.test(new URL(written).protocol)) return new URL(written);
  throw new UserError(
    `The new tenant cannot be asked — tenant-url becomes ${written}, which is not an http:// or https:// address`,
    'correct tenant-url; nothing was made',
    { code: 'health-url-impossible' },
  );
}
