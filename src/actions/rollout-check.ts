import type { Log } from '../ground/log.ts';
import { probeUntilHealthy } from '../health/check.ts';
import { ask } from '../health/http.ts';

/** An application that is busy with a migration may need a moment: so many tries, so many milliseconds apart. */
const patience = { attempts: 5, interval: 2_000, initialWait: 0, tryTimeout: 5_000 } as const;

/** Asks an address between two groups of a rollout. @returns what is wrong with its answer, or undefined */
export async function checkAddress(
  address: string,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const probe = { url: new URL(address), host: undefined, headers: {} };
  const [finding] = await probeUntilHealthy(
    [probe],
    { ...patience, expected: { status: [[200, 299]], text: undefined, headers: {} } },
    { ask: (one) => ask(one, patience.tryTimeout, signal), log, signal },
  );
  return finding?.complaint?.observed;
}
