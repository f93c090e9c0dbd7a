import { messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { retry } from '../ground/retry.ts';
import { bodyFor, type Listener, type Notification } from './notification.ts';

export interface Patience {
  /** How often each listener is told at most. */
  readonly attempts: number;
  /** Milliseconds between two tries. */
  readonly interval: number;
  /** Milliseconds for one try. */
  readonly timeout: number;
}

/** Half a minute at the worst: a chat must not hold up a deployment, nor the end of a cancelled job. */
const patient: Patience = { attempts: 3, interval: 2_000, timeout: 5_000 };

/** Tells every listener, all at once. One that cannot be told is a warning, never more. */
export async function notify(
  listeners: readonly Listener[],
  notification: Notification,
  log: Pick<Log, 'warning'>,
  patience: Patience = patient,
): Promise<void> {
  await Promise.all(
    listeners.map(async (listener, index) => {
      try {
        await retry(() => post(listener, notification, patience.timeout), {
          attempts: patience.attempts,
          interval: patience.interval,
          // Cancelled or not: that it was cancelled is what there is to tell.
          signal: new AbortController().signal,
          worthAnotherTry: (error) => !(error instanceof Refused),
        });
      } catch (error) {
        log.warning(
          `notify: ${listener.format} was not told (line ${index + 1}) — ${messageOf(error)} — look at the address in the secret; the deployment goes on`,
        );
      }
    }),
  );
}

/** An answer that will be the same the next time. */
class Refused extends Error {}

async function post({ url, format }: Listener, notification: Notification, timeout: number): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(bodyFor(format, notification)),
      // A redirect would take the message to somebody else.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Error(
      error instanceof DOMException ? `no answer within ${timeout / 1_000} s` : messageOf(cause),
    );
  }
  await response.body?.cancel();
  if (response.ok) return;
  const said = `it answered ${response.status}`;
  throw response.status === 429 || response.status >= 500 ? new Error(said) : new Refused(said);
}
