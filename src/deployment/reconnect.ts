import { setTimeout as sleep } from 'node:timers/promises';

import { messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import type { RenewableMachine } from '../machine/renewable.ts';

/** How often, and after how many milliseconds, a lost connection is made anew to see what became of the work. */
const reconnecting = { attempts: 5, pause: 2_000 } as const;

/** Whether the server could be reached again. */
export async function reconnected(
  machine: RenewableMachine,
  { log, limit }: { log: Log; limit: AbortSignal },
): Promise<boolean> {
  for (let attempt = 1; attempt <= reconnecting.attempts && !limit.aborted; attempt += 1) {
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
