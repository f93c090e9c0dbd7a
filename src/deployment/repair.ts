import type { Container } from '../docker/inspect.ts';

/** The containers of one application that are on a server. */
export interface Found {
  readonly current: Container | undefined;
  readonly next: Container | undefined;
  readonly previous: Container | undefined;
  readonly bridge: Container | undefined;
  /** Started by hand or by another tool, and kept since it was replaced. */
  readonly adopted: Container | undefined;
}

/**
 * What is to be done about a deployment that did not come to its end.
 * - `none`: there is nothing to do.
 * - `undo`: the next one serves nobody. Remove it, and let the current one run.
 * - `judge`: the next one runs, and nobody knows how well. Prove it, then `finish` or `undo`.
 * - `finish`: the next one was proven. Give it its name, remove the previous one.
 * - `restore`: only the previous one is left. Give it its name back, and let it run.
 * - `tidy`: all is done but the removal of the previous one.
 */
export type Repair = 'none' | 'undo' | 'judge' | 'finish' | 'restore' | 'tidy';

/**
 * Reads from the world how far a deployment came. A name is the proof: a container gets the name of its release only
 * after it was proven, and the current one becomes previous only then.
 */
export function repairFor({ current, next, previous }: Omit<Found, 'bridge' | 'adopted'>): Repair {
  if (next !== undefined && previous !== undefined && current === undefined) return 'finish';
  if (next !== undefined) return next.state.status === 'running' ? 'judge' : 'undo';
  if (previous === undefined) return 'none';
  return current === undefined ? 'restore' : 'tidy';
}
