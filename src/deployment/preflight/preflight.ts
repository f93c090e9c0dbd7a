/** What is refused or fetched before anything on the server is stopped. */
import { performance } from 'node:perf_hooks';

import { shortDigest, showImage } from '../../docker/image.ts';
import { archiveSize } from '../../docker/image-archive.ts';
import type { Container, Image } from '../../docker/inspect.ts';
import { sameImage } from '../../docker/transfer.ts';
import { UserError } from '../../ground/errors.ts';
import { listed } from '../../ground/words.ts';
import { imageName } from '../releases/release.ts';
import type { Work } from '../request/work.ts';
import { knownImage, refuseFullDisk, refuseToSend, type Space } from './disk-space.ts';
import { platformLike } from './platform-line.ts';

interface Server {
  readonly platform: string;
  readonly disk: Space;
  readonly current: Container | undefined;
  /** The image that was asked for, where it was seen already. */
  readonly image?: Image | undefined;
}

interface Fetched {
  readonly digest: string;
  readonly image: Image;
}

/** The image on the server, by its digest; refused when it cannot run there. */
export async function fetchedImage(work: Work, server: Server): Promise<Fetched> {
  const started = performance.now();
  const { request, docker, machine, ports } = work;
  const written = showImage(request.image);
  const wanted = request.image.digest ?? request.image.id;
  const there =
    server.image ?? (wanted === undefined ? undefined : await docker.image(imageName(request, wanted)));
  const fetch = request.transfer === 'ssh' ? sent : pulled;
  const { digest, image, isNew } =
    there === undefined || wanted === undefined
      ? await fetch(work, server)
      : { digest: wanted, image: there, isNew: false };
  refuseOtherPlatform(`${image.os}/${image.architecture}`, server.platform, written, machine.name);
  ports.log.step(
    'Image',
    `${written} is ${shortDigest(digest)}${isNew ? '' : ' (already there)'}`,
    performance.now() - started,
  );
  return { digest, image };
}

async function pulled(work: Work, { platform, disk, current }: Server): Promise<Fetched & { isNew: true }> {
  const { request, docker, machine } = work;
  await refuseFullDisk(work, { platform, disk, current: knownImage(request.image, current) });
  const digest = await ofRegistry(work);
  const image = await docker.image(imageName(request, digest));
  if (image !== undefined) return { digest, image, isNew: true };
  throw new UserError(
    `${showImage(request.image)} is not on ${machine.name} — it was pulled as ${digest}, and is gone`,
    'something removes images there while others are deployed (docker image prune in a cron job?)',
    { code: 'image-not-found' },
  );
}

/** @throws UserError of the registry; of a rollback it says so, too. */
async function ofRegistry({ request, docker, machine }: Work): Promise<string> {
  const { image, mode, release, registryLogin } = request;
  const login = registryLogin && { ...registryLogin, registry: registryLogin.registry || image.registry };
  try {
    if (image.id === undefined) return await docker.pull(image, login);
  } catch (error) {
    if (mode !== 'rollback' || !(error instanceof UserError)) throw error;
    throw new UserError(
      `${request.container} cannot go back to ${release} — its image is not on ${machine.name} any more, and it cannot be had: ${error.message}`,
      error.hint,
      { code: error.code, cause: error },
    );
  }
  throw new UserError(
    `${request.container} cannot go back to ${release} — its image ${image.id} is not on ${machine.name} any more, and it came from no registry`,
    'choose another release, or deploy an image',
    { code: 'image-not-found' },
  );
}

/** The digest is the id that the server knows the image by: it has none of a registry. */
async function sent(work: Work, { platform, disk }: Server): Promise<Fetched & { isNew: boolean }> {
  const { request, docker, machine, ports } = work;
  const here = await ports.sender.look();
  refuseOtherPlatform(here.platform, platform, showImage(request.image), machine.name);
  const there = await sameImage(docker, here);
  if (there !== undefined) return { digest: there.id, image: there, isNew: false };
  await refuseToSend(work, archiveSize(here, 0), disk);
  const image = await ports.sender.sendTo({ docker, name: machine.name });
  return { digest: image.id, image, isNew: true };
}

/** @throws UserError `image-wrong-architecture` */
function refuseOtherPlatform(built: string, platform: string, written: string, server: string): void {
  if (built === platform) return;
  throw new UserError(
    `${written} cannot run on ${server} — the image is ${built}, the server ${platform}`,
    `build it for the server: platforms: ${platform} in the build step`,
    { code: 'image-wrong-architecture', place: platformLike(built, platform) },
  );
}

/** A port of somebody else would be noticed only after the old version is stopped. */
export async function refuseTakenPorts(
  { request, docker, machine }: Work,
  current: Container | undefined,
): Promise<void> {
  // Another container may have the same port of another address.
  const ports = request.ports.filter(({ address }) => address === undefined);
  const publishers = await Promise.all(
    ports.map(({ hostPort, protocol }) => docker.publishersOf(hostPort, protocol)),
  );
  for (const [index, { hostPort }] of ports.entries()) {
    const others = (publishers[index] ?? []).filter((name) => name !== current?.name);
    if (others.length === 0) continue;
    throw new UserError(
      `${request.container} cannot have port ${hostPort} of ${machine.name} — it belongs to the container ${listed(others)}`,
      `stop that one, or choose another port; if it is an earlier version of this application, deploy with container: ${others[0]}, and it is taken over`,
      { code: 'port-taken' },
    );
  }
}
