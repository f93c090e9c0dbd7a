import { performance } from 'node:perf_hooks';

import type { Log } from '../../ground/log.ts';
import type { Phase } from '../request/outcome.ts';

/** Sums of others, or no work at all. */
const noPhases: readonly string[] = ['Deployed', 'Order', 'Unchanged'];

/**
 * Keeps what took how long, from the steps as they are told: those of the runner, and those of the journal that the
 * program on the server writes.
 */
export class Timeline {
  readonly #started = performance.now();
  readonly #phases: Phase[] = [];

  /** The same log; every step that it is told is a part of the timeline. */
  of(log: Log): Log {
    // Not spread: a log may be an object of a class.
    return {
      info: (text) => log.info(text),
      debug: (text) => log.debug(text),
      warning: (text) => log.warning(text),
      details: (title, text) => log.details(title, text),
      step: (label, text, milliseconds) => {
        log.step(label, text, milliseconds);
        if (!noPhases.includes(label)) this.#end(label, milliseconds);
      },
    };
  }

  /** A step ends now. One that does not say how long it took began where the one before it ended. */
  #end(name: string, took: number | undefined): void {
    const to = performance.now() - this.#started;
    const before = this.#phases.at(-1)?.to ?? 0;
    this.#phases.push({ name, from: Math.max(0, took === undefined ? before : to - took), to });
  }

  /** The phases so far; with a failure its own, from the last one that ended. */
  phases(failure: string | undefined): Phase[] {
    const now = performance.now() - this.#started;
    const before = this.#phases.at(-1)?.to ?? 0;
    return failure === undefined
      ? [...this.#phases]
      : [...this.#phases, { name: failure, from: before, to: now, failed: true }];
  }
}
