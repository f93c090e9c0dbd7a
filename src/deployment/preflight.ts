/** What is refused or fetched before anything on the server is stopped. */
import { performance } from 'node:perf_hooks';

import { pinnedImage, shortDigest, showImage } from '../docker/image.ts';
import type { Container, Image } from '../docker/inspect.ts';
import { UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import type { Work } from './work.ts';

/** The image on the server, by its digest; refused when it cannot run there. */
export async function fetchedImage(
  { request, docker, machine, ports }: Work,
  platform: string,
): Promise<{ digest: string; image: Image }> {
  const started = performance.now();
  const written = showImage(request.image);
  const isThere = request.image.digest !== undefined && (await docker.image(written)) !== undefined;
  const digest = isThere
    ? (request.image.digest ?? '')
    : await docker.pull(request.image, request.registryLogin);
  const image = await docker.image(pinnedImage(request.image, digest));
  if (image === undefined) {
    throw new UserError(
      `${written} is not on ${machine.name} — it was pulled as ${digest}, and is gone`,
      'something removes images there while others are deployed (docker image prune in a cron job?)',
      { code: 'image-not-found' },
    );
  }
  const built = `${image.os}/${image.architecture}`;
  if (built !== platform) {
    throw new UserError(
      `${written} cannot run on ${machine.name} — the image is ${built}, the server ${platform}`,
      `build it for the server: platforms: ${platform} in the build step`,
      { code: 'image-wrong-architecture' },
    );
  }
  ports.log.step(
    'Image',
    `${written} is ${shortDigest(digest)}${isThere ? ' (already there)' : ''}`,
    performance.now() - started,
  );
  return { digest, image };
}

/** A port of somebody else would be noticed only after the old version is stopped. */
export async function refuseTakenPorts(
  { request, docker, machine }: Work,
  current: Container | undefined,
): Promise<void> {
  for (const { address, hostPort, protocol } of request.ports) {
    if (address !== undefined) continue; // another container may have the same port of another address
    const others = (await docker.publishersOf(hostPort, protocol)).filter((name) => name !== current?.name);
    if (others.length === 0) continue;
    throw new UserError(
      `${request.container} cannot have port ${hostPort} of ${machine.name} — it belongs to the container ${listed(others)}`,
      'stop that one, or choose another port',
      { code: 'port-taken' },
    );
  }
}
