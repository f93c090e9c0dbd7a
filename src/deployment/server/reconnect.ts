import { setTimeout as sleep } from 'node:timers/promises';

import { messageOf } from '../../ground/errors.ts';
import type { Log } from '../../ground/log.ts';
import type { RenewableMachine } from '../../machine/renewable.ts';

/** How often, and after how many milliseconds, a lost connection is made anew to see what became of the work. */
const reconnecting = { attempts: 5, pause: 2_000 } as const;

/**
 * Whether the server could be reached again.
 * @param attempts at most; where a server may be starting anew, only `limit` says when it has taken too long
 */
export async function reconnected(
  machine: RenewableMachine,
  { log, limit, attempts = reconnecting.attempts }: { log: Log; limit: AbortSignal; attempts?: number },
): Promise<boolean> {
  for (let attempt = 1; attempt <= attempts && !limit.aborted; attempt += 1) {
    try {
      await machine.renew(limit);
      return true;
    } catch (error) {
      log.debug(`connecting again: ${messageOf(error)}`);
      await sleep(reconnecting.pause, undefined, { signal: limit }).catch(() => {});
    }
  }
  return false;
}
