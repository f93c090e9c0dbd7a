import type { Docker } from '../docker/docker.ts';
import type { Container } from '../docker/inspect.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { commit } from './recreate.ts';
import { type ContainerNames, labels, releaseNameOf } from './release.ts';
import { type Found, type Repair, repairFor } from './repair.ts';

/** The containers of an application on a server, and whether they may be touched. */
export async function findContainers(docker: Docker, names: ContainerNames): Promise<Found> {
  const found = await docker.containers([names.current, names.next, names.previous, names.bridge]);
  const named = (name: string) => found.find((container) => container.name === name);
  return {
    current: named(names.current),
    next: named(names.next),
    previous: named(names.previous),
    bridge: named(names.bridge),
  };
}

/**
 * Refuses to touch containers of somebody else.
 * @throws UserError `container-name-taken`
 */
export function checkOwner({ current, next, bridge }: Found, container: string, environment: string): void {
  for (const found of [current, next, bridge]) {
    const app = found?.labels[labels.app];
    const owner = found?.labels[labels.environment];
    if (found === undefined || (found === current && app === undefined)) continue;
    if (app === container && owner === environment) continue;
    throw new UserError(
      `The container ${found.name} belongs to ${app ?? 'somebody else'}${owner === undefined ? '' : ` (${owner})`} — not to ${container} (${environment})`,
      'choose another name with the input container, or correct environment',
      { code: 'container-name-taken' },
    );
  }
}

export interface PutBack {
  readonly docker: Docker;
  readonly names: ContainerNames;
  /** Proves that a container serves. */
  prove(name: string): Promise<void>;
  readonly log: Log;
}

/** What is known of the deployment beside what the containers show. */
interface HowFar {
  /** The next container is known to be bad, or nobody has time to look. */
  readonly giveUpNext: boolean;
  /** A stop of the current container was asked for, and may still be under way. */
  readonly isStopping: boolean;
  /** The current container may have been stopped by the deployment. */
  readonly mayStart: boolean;
}

/**
 * Brings a server to rest after a deployment that did not come to its end: of this run or of an earlier one that
 * was killed. Reads from the containers how far it came.
 * @returns the container that serves now, with a proof; undefined when there is none.
 */
export async function putBack(
  found: Found,
  { docker, names, prove, log }: PutBack,
  { giveUpNext, isStopping, mayStart }: HowFar,
): Promise<Container | undefined> {
  const repair = await decided(repairFor(found), giveUpNext, async () => {
    log.info(`an earlier deployment left ${names.next} running: looking whether it serves`);
    await prove(names.next);
  });
  if (repair === 'undo') await docker.remove(names.next);
  if (repair === 'finish' && found.next !== undefined) {
    const restart = found.next.labels[labels.restart] ?? 'no';
    await commit(docker, names, { restart, hasCurrent: found.current !== undefined });
    return docker.container(names.current);
  }
  if (repair === 'tidy') await docker.remove(names.previous);
  if (repair === 'restore') await docker.rename(names.previous, names.current);

  const current = await docker.container(names.current);
  if (current === undefined) return undefined;
  await letRun(docker, current, {
    isStopping,
    mustStart: mayStart && repair !== 'none' && repair !== 'tidy',
  });
  return docker.container(names.current);
}

async function decided(repair: Repair, giveUpNext: boolean, look: () => Promise<void>): Promise<Repair> {
  if (repair !== 'judge') return repair;
  if (giveUpNext) return 'undo';
  try {
    await look();
    return 'finish';
  } catch {
    return 'undo';
  }
}

/** A container whose stop is still under way says that it runs, and a start would change nothing. */
async function letRun(
  docker: Docker,
  { name, state, labels: own, restart }: Container,
  { isStopping, mustStart }: { isStopping: boolean; mustStart: boolean },
): Promise<void> {
  if (isStopping && state.status === 'running') await docker.restart(name, 1_000);
  else if (state.status !== 'running' && (mustStart || isStopping)) await docker.start(name);
  const wanted = own[labels.restart];
  if (wanted !== undefined && restart === 'no' && wanted !== 'no')
    await docker.setRestartPolicy(name, wanted);
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
