import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration } from '../ground/duration.ts';
import { Cancelled } from '../ground/errors.ts';

/** The runner sends SIGINT, SIGTERM 7.5 s later, and kills 2.5 s after that: clean-ups must be over before. */
const unwindingTime = 7_000;

export interface Cancellation {
  readonly signal: AbortSignal;
  /** Cancels when this many milliseconds are over. */
  limit(milliseconds: number): void;
  /** The work's outcome; when it is cancelled, waits until it has unwound, but not longer than the runner does. */
  race<T>(work: Promise<T>): Promise<T>;
  end(): void;
}

/** Listens for the signals of a cancelled job (and for Ctrl-C at a terminal). */
export function onCancel(): Cancellation {
  const controller = new AbortController();
  const { signal } = controller;
  let timer: NodeJS.Timeout | undefined;
  const cancel = (name: NodeJS.Signals) =>
    controller.abort(new Cancelled(`The step was cancelled (${name})`));
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);

  return {
    signal,
    limit(milliseconds) {
      timer = setTimeout(() => {
        controller.abort(
          new Cancelled(
            `The step did not end within ${showDuration(milliseconds)} — it was stopped`,
            'raise the input timeout, or run again: what is done stays done',
            'timed-out',
          ),
        );
      }, milliseconds);
    },
    async race(work) {
      const overdue = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          void sleep(unwindingTime, undefined, { ref: false }).then(() => reject(signal.reason));
        });
      });
      return Promise.race([work, overdue]);
    },
    end() {
      clearTimeout(timer);
      process.off('SIGINT', cancel);
      process.off('SIGTERM', cancel);
    },
  };
}
