import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryPlan {
  /** How many tries at most, the first included. */
  readonly attempts: number;
  /** Milliseconds between two tries. */
  readonly interval: number;
  readonly signal: AbortSignal;
  /** Says whether another try can help. Default: always. */
  readonly worthAnotherTry?: (error: unknown) => boolean;
  /** Told after each failed try that another one follows. */
  readonly onFailure?: (error: unknown, attempt: number) => void;
}

/** Tries until it works; throws the last error when the tries are used up or another one cannot help. */
export async function retry<T>(attempt: (number: number) => Promise<T>, plan: RetryPlan): Promise<T> {
  for (let number = 1; ; number += 1) {
    plan.signal.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      plan.signal.throwIfAborted();
      if (number >= plan.attempts || plan.worthAnotherTry?.(error) === false) throw error;
      plan.onFailure?.(error, number);
    }
    await sleep(plan.interval, undefined, { signal: plan.signal }).catch(() => plan.signal.throwIfAborted());
  }
}
