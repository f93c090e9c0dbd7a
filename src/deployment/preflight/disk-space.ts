/** Whether an image fits on a server, before it is fetched. */
import type { ImageReference } from '../../docker/image.ts';
import { pinnedImage, showImage } from '../../docker/image.ts';
import { sizeToPull } from '../../docker/manifest.ts';
import { UserError } from '../../ground/errors.ts';
import { showSize } from '../../ground/size.ts';
import { digestOf } from '../releases/release.ts';
import type { Work } from '../request/work.ts';
import type { Survey } from '../server/survey.ts';

/** From here on nobody asks how large an image is. Bytes, and files. */
const plenty = { bytes: 16 * 2 ** 30, files: 500_000 } as const;

/**
 * A compressed image takes its own size and, unpacked, two to three times as much again (measured: 2.9 for Debian
 * with Python). One that comes unpacked is there twice until it has been taken in.
 */
const times = { compressed: 3, unpacked: 2 } as const;

/** So many unpacked bytes have one file at least: images of programs have 10 to 20 KiB a file. */
const bytesPerFile = 64 * 2 ** 10;

export type Space = Survey['disk'];

/** What is missing for so many bytes that come; undefined when they fit, or when nobody knows. */
export function complaintAboutSpace(
  size: number,
  kind: keyof typeof times,
  { bytes, files, folder }: Space,
): string | undefined {
  const needed = size * times[kind];
  if (bytes !== undefined && needed > bytes) {
    return `it needs about ${showSize(needed)}, and ${folder} has ${showSize(bytes)} free`;
  }
  const filesNeeded = Math.ceil(needed / bytesPerFile);
  if (files !== undefined && filesNeeded > files) {
    return `it needs at least ${filesNeeded} files, and ${folder} has room for ${files} (df -i)`;
  }
  return undefined;
}

function isPlenty({ bytes, files }: Space): boolean {
  return (bytes ?? 0) >= plenty.bytes && (files ?? plenty.files) >= plenty.files;
}

/**
 * Refuses an image of a registry that does not fit. What the server has of it already (of the image that runs) does
 * not count. Where the registry does not say how large it is, the pull itself will tell.
 * @throws UserError `disk-full`
 */
export async function refuseFullDisk(
  work: Work,
  { platform, disk, current }: { platform: string; disk: Space; current: string | undefined },
): Promise<void> {
  const { request, docker, ports } = work;
  if (isPlenty(disk)) return;
  const login = request.registryLogin;
  const written = showImage(request.image);
  const layers = await docker.layersOf(written, login, platform);
  if (layers === undefined) {
    ports.log.debug(`the registry does not say how large ${written} is`);
    return;
  }
  const whole = complaintAboutSpace(sizeToPull(layers, []), 'compressed', disk);
  if (whole === undefined) return;
  const known = current === undefined ? undefined : await docker.layersOf(current, login, platform);
  if (current !== undefined && known === undefined) {
    ports.log.warning(`${written} may not fit on ${work.host}: ${whole}`);
    return;
  }
  const complaint = complaintAboutSpace(
    sizeToPull(layers, known === undefined ? [] : [known]),
    'compressed',
    disk,
  );
  if (complaint !== undefined) throw await diskFull(work, `pull ${written}`, complaint);
}

/** The same for an image that is sent. @throws UserError `disk-full` */
export async function refuseToSend(work: Work, size: number, disk: Space): Promise<void> {
  const complaint = isPlenty(disk) ? undefined : complaintAboutSpace(size, 'unpacked', disk);
  if (complaint !== undefined) throw await diskFull(work, `send ${showImage(work.request.image)}`, complaint);
}

async function diskFull({ machine, docker }: Work, action: string, observed: string): Promise<UserError> {
  const freed = await docker.reclaimable().catch(() => undefined);
  return new UserError(
    `Cannot ${action} on ${machine.name} — ${observed}`,
    `free some space there: "docker image prune --all" would free ${freed ?? 'images that nothing uses'}; never prune volumes; nothing was touched`,
    { code: 'disk-full' },
  );
}

/** The image of the container that runs, where it is of the same repository. */
export function knownImage(
  image: ImageReference,
  current: Parameters<typeof digestOf>[0] | undefined,
): string | undefined {
  const digest = current && digestOf(current);
  return digest === undefined || !current?.image.startsWith(`${image.name}@`)
    ? undefined
    : pinnedImage(image, digest);
}
