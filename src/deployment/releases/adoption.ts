/** Containers that were started by hand, by Compose or by another tool: found, told of, taken over. */
import type { Docker } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import { listed } from '../../ground/words.ts';
import type { DeployRequest } from '../request/request.ts';
import { adoptedRelease } from './record.ts';
import { isForeign } from './release.ts';

/**
 * A running container that publishes the asked port under a name of its own, and is the same application: by the name
 * of its image, or as the service of a Compose project. What else holds the port is left alone.
 * @returns its id.
 */
export async function servingOnPort(docker: Docker, request: DeployRequest): Promise<string | undefined> {
  for (const { hostPort, protocol } of request.ports) {
    for (const name of await docker.publishersOf(hostPort, protocol)) {
      const container = await docker.container(name);
      if (container !== undefined && isSameApplication(container, request)) return container.id;
    }
  }
  return undefined;
}

/** Whether a container of another name is an earlier version of what is asked for. */
export function isSameApplication(
  found: Container,
  { container, image }: Pick<DeployRequest, 'container' | 'image'>,
): boolean {
  if (!isForeign(found) || found.labels['com.docker.swarm.service.id'] !== undefined) return false;
  if (found.labels['com.docker.compose.service'] === container) return true;
  return image.name !== '' && lastPart(found.image) === lastPart(image.name);
}

/** `ghcr.io/acme/shop:v1` → `shop` */
function lastPart(image: string): string {
  return image.replace(/@.*$/, '').replace(/^.*\//, '').replace(/:.*$/, '');
}

/**
 * Refuses a container that would be gone for good once it is stopped.
 * @throws UserError `container-not-adoptable`
 */
export function refuseUnadoptable(found: Container | undefined, host: string): void {
  if (found === undefined || !isForeign(found) || !found.autoRemove) return;
  throw new UserError(
    `The container ${found.name} on ${host} cannot be taken over — it was started with --rm: once it is stopped it is gone, and could not come back if the new version is no good`,
    'start it without --rm, or remove it yourself (users have nothing meanwhile), then run again',
    { code: 'container-not-adoptable' },
  );
}

/** What is known of an image. */
interface HasHealthTest {
  readonly healthTest?: readonly string[];
}

/**
 * What a container would lack that Tenantry makes after this one, in the words of `docker run` where there are some.
 * @param image that it was made from.
 */
export function notCarried(found: Container, image: HasHealthTest | undefined): string[] {
  // The form without a shell, and none at all, can only come from an image.
  const isOwn = JSON.stringify(found.healthTest) !== JSON.stringify(image?.healthTest ?? []);
  const isLost = found.healthTest.length > 0 && found.healthCheck === undefined && isOwn;
  return [...found.beyondUs, ...(isLost ? ['its own health check'] : [])];
}

/**
 * What a plan says of a container that Tenantry did not start, a line each.
 * @param keepsPort whether the new one gets its port; behind a proxy it gets another
 */
export function adoptionLines(
  found: Container,
  container: string,
  { image, keepsPort }: { image: HasHealthTest | undefined; keepsPort: boolean },
): string[] {
  if (!isForeign(found)) return [];
  const missing = notCarried(found, image);
  const where = found.name === container ? '' : ` (${found.name}, found by its published port)`;
  const lacks =
    missing.length === 0
      ? ''
      : `; a rollback would make it anew, without ${listed(missing)}, which Tenantry cannot give`;
  return [
    `it was not started by Tenantry${where}: it is taken over as the release ${adoptedRelease(found)}, and kept, stopped, as ${container}-tenantry-adopted as long as it is the one to go back to${lacks}`,
    ...composeLines(found, keepsPort),
  ];
}

/** Compose knows its containers by their labels, whatever they are called. */
function composeLines({ labels: own }: Container, keepsPort: boolean): string[] {
  const project = own['com.docker.compose.project'];
  if (project === undefined) return [];
  const service = own['com.docker.compose.service'] ?? 'unknown';
  const file = own['com.docker.compose.project.config_files'];
  const inFile = file === undefined ? 'its Compose file' : file;
  const ending = keepsPort
    ? 'and fail because the port is taken'
    : 'on its old port, where the proxy does not ask any more';
  return [
    `it belongs to the Compose project ${project}, service ${service}: a later "docker compose up" there would start that service again beside this one, ${ending}; "docker compose down" would remove what is kept of it`,
    `to hand the service over for good, take ${service} out of ${inFile} once the new version serves; other services that call it by the name ${service} reach the new one only on a network that both join (networks) and where it has that name, too (network-aliases: ${service})`,
  ];
}
