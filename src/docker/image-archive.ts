/**
 * What `docker save` prints, in any of its layouts, told anew as an OCI layout that can leave out layers: engines
 * take it with either image store, and look for a layer that is missing among their own.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import * as z from 'zod';

import { tarEnd, tarEntries, tarHeader, tarPadding } from './tar.ts';

/** One image of an archive. Digests are `sha256:…`. */
export interface ArchivedImage {
  readonly tag: string;
  readonly platform: string;
  readonly layers: readonly ArchivedLayer[];
  /** What an engine calls the image: by its configuration (the classic store), by its manifest (containerd's). */
  readonly ids: { readonly classic: string; readonly containerd: string };
  /** Everything but the layers, by its name in the archive. */
  readonly files: ReadonlyMap<string, Buffer>;
}

export interface ArchivedLayer {
  /** Of the layer as it is unpacked; by it engines know what they have. */
  readonly diffId: string;
  /** Of the bytes in the archive. */
  readonly digest: string;
  /** Bytes in the archive. */
  readonly size: number;
  /** Its name in what `docker save` prints. */
  readonly name: string;
  readonly mediaType: string;
}

/** Descriptions are kept in memory; a layer that is as small is, too. */
const smallest = 4 * 2 ** 20;

const manifestJson = z
  .array(z.object({ Config: z.string(), Layers: z.array(z.string()).nullish() }))
  .min(1)
  .transform(([first]) => first as { Config: string; Layers?: string[] | null });
const configJson = z.object({
  os: z.string(),
  architecture: z.string(),
  rootfs: z.object({ diff_ids: z.array(z.string()).nullish() }),
});

/**
 * Reads which image an archive has.
 * @throws Error when it has none that can be understood.
 */
export async function readArchive(source: AsyncIterable<Buffer>, tag: string): Promise<ArchivedImage> {
  const seen = new Map<string, { size: number; start: Buffer; content: Buffer | undefined }>();
  const links = new Map<string, string>();
  for await (const { name, kind, target, size, content } of tarEntries(source)) {
    if (kind === 'link') links.set(name, posix.join(posix.dirname(name), target));
    if (kind !== 'file') continue;
    const parts: Buffer[] = [];
    for await (const part of content)
      if (parts.length === 0 || size <= smallest) parts.push(Buffer.from(part));
    const all = Buffer.concat(parts);
    seen.set(name, { size, start: all.subarray(0, 4), content: size <= smallest ? all : undefined });
  }
  const read = (name: string) => seen.get(name)?.content ?? missing(name);
  const described = manifestJson.parse(JSON.parse(read('manifest.json').toString()));
  const config = read(described.Config);
  const { os, architecture, rootfs } = configJson.parse(JSON.parse(config.toString()));
  const diffIds = rootfs.diff_ids ?? [];
  const names = described.Layers ?? [];
  if (diffIds.length !== names.length)
    throw new Error('the image and its archive do not have the same layers');
  const layers = names.map((written, index): ArchivedLayer => {
    const name = links.get(written) ?? written;
    const { size, start } = seen.get(name) ?? missing(name);
    const diffId = diffIds[index] ?? '';
    const [, hash] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name) ?? [];
    return {
      diffId,
      digest: hash === undefined ? diffId : `sha256:${hash}`,
      size,
      name,
      mediaType: mediaTypeOf(start),
    };
  });
  return { tag, platform: `${os}/${architecture}`, layers, ...describe(tag, config, layers) };
}

function missing(name: string): never {
  throw new Error(`the archive has no ${name}`);
}

function mediaTypeOf(start: Buffer): string {
  const plain = 'application/vnd.oci.image.layer.v1.tar';
  if (start.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) return `${plain}+gzip`;
  return start.equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd])) ? `${plain}+zstd` : plain;
}

/** The files of an OCI layout beside the layers, and `manifest.json` for engines that do not know it. */
function describe(
  tag: string,
  config: Buffer,
  layers: readonly ArchivedLayer[],
): Pick<ArchivedImage, 'ids' | 'files'> {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const configDigest = digestOf(config);
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: configDigest,
      size: config.length,
    },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  });
  const manifestDigest = digestOf(manifest);
  const index = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: manifestDigest,
        size: manifest.length,
        annotations: { 'io.containerd.image.name': tag },
      },
    ],
  });
  const classic = [
    { Config: blob(configDigest), RepoTags: [tag], Layers: layers.map(({ digest }) => blob(digest)) },
  ];
  return {
    ids: { classic: configDigest, containerd: manifestDigest },
    files: new Map([
      ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
      [blob(configDigest), config],
      [blob(manifestDigest), manifest],
      ['index.json', index],
      ['manifest.json', json(classic)],
    ]),
  };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function blob(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

/** How many of the first layers a server has: those of one of its images, told by their `diffId`s. */
export function layersInCommon(
  { layers }: Pick<ArchivedImage, 'layers'>,
  images: readonly (readonly string[])[],
): number {
  const common = images.map((others) => {
    const first = layers.findIndex(({ diffId }, index) => others[index] !== diffId);
    return first === -1 ? layers.length : first;
  });
  return Math.max(0, ...common);
}

/** The archive for an engine that has the first so many layers. Bytes in it, without the format's own. */
export function archiveSize(image: ArchivedImage, leftOut: number): number {
  const layers = layersToSend(image, leftOut).map(({ size }) => size);
  return [...layers, ...[...image.files.values()].map(({ length }) => length)].reduce(
    (sum, size) => sum + size,
    0,
  );
}

/** Every content once. */
function layersToSend({ layers }: ArchivedImage, leftOut: number): ArchivedLayer[] {
  const there = new Set(layers.slice(0, leftOut).map(({ digest }) => digest));
  const wanted = layers.slice(leftOut).filter(({ digest }) => !there.has(digest));
  return wanted.filter(({ digest }, index) => wanted.findIndex((other) => other.digest === digest) === index);
}

/** Told anew from a second run of `docker save`. @throws Error when that has not what the first one had. */
export async function* archiveFor(
  image: ArchivedImage,
  leftOut: number,
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for (const [name, content] of image.files) {
    yield tarHeader({ name, size: content.length });
    yield content;
    yield tarPadding(content.length);
  }
  const wanted = new Map(layersToSend(image, leftOut).map((layer) => [layer.name, layer]));
  if (wanted.size > 0) {
    for await (const { name, size, content } of tarEntries(source)) {
      const layer = wanted.get(name);
      if (layer === undefined) continue;
      if (layer.size !== size) throw new Error('the image changed while it was sent');
      wanted.delete(name);
      yield tarHeader({ name: blob(layer.digest), size });
      yield* content;
      yield tarPadding(size);
    }
  }
  if (wanted.size > 0) throw new Error('the image changed while it was sent');
  yield tarEnd();
}
