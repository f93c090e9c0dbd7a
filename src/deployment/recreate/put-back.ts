import type { Docker } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import type { Log } from '../../ground/log.ts';
import { labels, nameOfServing, type WorkingNames } from '../releases/release.ts';
import { type Found, type Repair, repairFor } from '../releases/repair.ts';
import { commit, putAway } from './recreate.ts';

export interface PutBack {
  readonly docker: Docker;
  readonly names: WorkingNames;
  /** Proves that a container serves. */
  prove(name: string): Promise<unknown>;
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
  let serving = found.current;
  if (repair === 'undo') await docker.remove(names.next);
  if (repair === 'finish' && found.next !== undefined) {
    const restart = found.next.labels[labels.restart] ?? 'no';
    const final = nameOfServing(found.next);
    await commit(docker, names, { restart, old: found.current ?? found.previous, final });
    return docker.container(final);
  }
  if (repair === 'tidy' && found.previous !== undefined) await putAway(docker, names, found.previous);
  if (repair === 'restore' && found.previous !== undefined) {
    const name = nameOfServing(found.previous);
    await docker.rename(names.previous, name);
    serving = await docker.container(name);
  }
  if (serving === undefined) return undefined;
  await letRun(docker, serving, {
    isStopping,
    mustStart: mayStart && repair !== 'none' && repair !== 'tidy',
  });
  return docker.container(serving.name);
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
