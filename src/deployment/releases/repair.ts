import type { Container } from '../../docker/inspect.ts';
import { releaseNameOf } from './release.ts';

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

/** What a repair will do, for a plan. */
export function describeRepair(found: Found): string | undefined {
  const { current, next, previous } = found;
  switch (repairFor(found)) {
    case 'none':
      return undefined;
    case 'judge':
      return `an earlier deployment did not come to its end: ${nameOf(next)} runs unproven; it will be proven, or removed`;
    case 'undo':
      return `an earlier deployment did not come to its end: ${nameOf(next)} will be removed, and ${nameOf(current)} runs again`;
    case 'finish':
      return `an earlier deployment did not come to its end: ${nameOf(next)} was proven, and will get its name`;
    case 'restore':
      return `an earlier deployment did not come to its end: ${nameOf(previous)} will run again`;
    case 'tidy':
      return `an earlier deployment left ${nameOf(previous)}, which will be removed`;
  }
}

function nameOf(container: Container | undefined): string {
  return container === undefined ? 'nothing' : releaseNameOf(container);
}
