/** Which containers on a server belong to an application: by their labels, whatever they are called. */
import type { Docker } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import { isForeign, labels, type WorkingNames, workingNames } from './release.ts';
import type { Found } from './repair.ts';

/**
 * The containers of an application on a server, in one look. Whether they may be touched, `checkOwner` says.
 * @param old the id of one that belongs to it under a name of its own.
 */
export async function findContainers(docker: Docker, container: string, old?: string): Promise<Found> {
  const names = workingNames(container);
  const named = [container, ...Object.values(names), ...(old === undefined ? [] : [old])];
  const found = await docker.containers(named, `${labels.app}=${container}`);
  return sorted(found, container, names);
}

/** Sorts them by what they are there for. */
export function sorted(containers: readonly Container[], container: string, names: WorkingNames): Found {
  const named = (name: string) => containers.find((each) => each.name === name);
  const previous = named(names.previous);
  const working = new Set<string>(Object.values(names));
  const candidates = containers.filter(
    (each) =>
      !working.has(each.name) &&
      // Swarm's own have the labels of their service; they are not ours to replace.
      each.labels['com.docker.swarm.service.id'] === undefined &&
      // While the old one waits for its end, nobody else with the bare name has to do with this application.
      (each.name !== container || !isForeign(each) || previous === undefined),
  );
  const rank = (each: Container) =>
    (each.state.status === 'running' ? 0 : 2) + (each.labels[labels.app] === container ? 0 : 1);
  const [current] = candidates.sort((one, other) => rank(one) - rank(other));
  return {
    current,
    next: named(names.next),
    previous,
    bridge: named(names.bridge),
    adopted: named(names.adopted),
  };
}

/**
 * Refuses to touch containers of somebody else.
 * @throws UserError `container-name-taken`
 */
export function checkOwner({ current, next, bridge }: Found, container: string, environment: string): void {
  for (const found of [current, next, bridge]) {
    if (found === undefined || (found === current && isForeign(found))) continue;
    refuseStranger(found, container, environment);
  }
}

/** @throws UserError `container-name-taken` */
export function refuseStranger(found: Container, container: string, environment: string): void {
  const { [labels.app]: app, [labels.environment]: owner } = found.labels;
  if (app === container && owner === environment) return;
  throw new UserError(
    `The container ${found.name} belongs to ${app ?? 'somebody else'}${owner === undefined ? '' : ` (${owner})`} — not to ${container} (${environment})`,
    'choose another name with the input container, or correct environment',
    { code: 'container-name-taken' },
  );
}
