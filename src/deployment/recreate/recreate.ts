import { performance } from 'node:perf_hooks';

import { deafToEnding, killedExitCode } from '../../diagnosis/deaf.ts';
import type { Docker } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import { isForeign, type WorkingNames } from '../releases/release.ts';
import type { Scene, Switch } from './switch.ts';

/**
 * Stops the current container and starts the next one: works everywhere, with a gap. Everything that can be
 * refused without stopping anything is refused before: the next container is made first.
 */
export const recreate: Switch = {
  name: 'recreate',

  async replace({
    docker,
    dockerToTheEnd,
    names,
    spec,
    restart,
    current,
    stopTimeout,
    prove,
    standing,
    log,
  }) {
    await docker.create(spec);
    const hadServed = current !== undefined && !isDown(current);
    const stopped = performance.now();
    if (hadServed) {
      standing('stopped');
      await docker.stop(names.old, stopTimeout);
    }
    await docker.start(names.next);
    if (hadServed) await warnIfKilled(docker, names.old, { stopTimeout, log });
    await prove(names.next);
    const downtime = hadServed ? performance.now() - stopped : 0;
    standing('committing');
    await commit(dockerToTheEnd, names, { restart, old: current, final: names.final });
    standing('done');
    return downtime;
  },
};

/** While the next one boots: nobody waits for this. */
async function warnIfKilled(
  docker: Docker,
  name: string,
  { stopTimeout, log }: Pick<Scene, 'stopTimeout' | 'log'>,
): Promise<void> {
  const ended = await docker.container(name);
  if (ended?.state.exitCode === killedExitCode) log.warning(deafToEnding(name, stopTimeout));
}

function isDown({ state }: Container): boolean {
  return ['created', 'exited', 'dead'].includes(state.status);
}

/** Gives the proven container its name. Interrupted anywhere, the names tell the next run where to go on. */
export async function commit(
  docker: Docker,
  names: WorkingNames,
  { restart, old, final }: { restart: string; old: Container | undefined; final: string },
): Promise<void> {
  await docker.setRestartPolicy(names.next, restart);
  if (old !== undefined && old.name !== names.previous) {
    // Of two containers with a restart policy, a reboot would start both.
    await docker.setRestartPolicy(old.name, 'no');
    await docker.rename(old.name, names.previous);
  }
  await docker.rename(names.next, final);
  if (old !== undefined) await putAway(docker, names, old);
}

/** Removes the one that was replaced, or keeps it under another name where Tenantry did not make it. */
export async function putAway(docker: Docker, names: WorkingNames, old: Container): Promise<void> {
  if (!isForeign(old)) return docker.remove(names.previous);
  const kept = await docker.container(names.adopted);
  // A program on the server may have been quicker since somebody looked.
  if (kept?.id === old.id) return;
  await docker.remove(names.adopted);
  await docker.rename(names.previous, names.adopted);
}
