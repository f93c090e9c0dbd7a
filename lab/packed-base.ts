import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { baseFolder, ensureBase, makeOnce } from './debian-root.ts';
import type { LabFolders } from './folders.ts';

export const BASE_IMAGE = { repository: 'tenantry-lab/python', tag: 'bookworm' } as const;

/** What no container of the lab runs: every engine would unpack it. */
const LEFT_OUT = [
  './usr/bin/perl*',
  './usr/lib/x86_64-linux-gnu/libperl.so*',
  './usr/lib/x86_64-linux-gnu/perl*',
  './usr/share/perl*',
  './usr/lib/x86_64-linux-gnu/gconv',
];

const SETTINGS = {
  Cmd: ['/bin/bash'],
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
};

/**
 * The base image as a registry keeps it, packed once and kept in the cache: an engine that had imported the file tree
 * would pack it anew in every lab, for its first push.
 * @returns a folder whose content belongs into the storage of a registry (https://distribution.github.io/distribution)
 */
export async function ensurePackedBase(folders: LabFolders): Promise<string> {
  const base = await ensureBase(folders);
  const key = createHash('sha256')
    .update(JSON.stringify([baseFolder(folders), BASE_IMAGE, LEFT_OUT, SETTINGS]))
    .digest('hex')
    .slice(0, 8);
  const target = join(folders.cache, `packed-base-${key}`);
  if (existsSync(target)) return target;
  await makeOnce(target, (partial, scratch) => pack(base, partial, scratch));
  return target;
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

async function pack(base: string, storage: string, scratch: string): Promise<void> {
  mkdirSync(scratch, { recursive: true });
  const root = join(storage, 'docker/registry/v2');
  const { layer, diffId } = await packedLayer(base, root, scratch);
  const config = keep(root, {
    architecture: 'amd64',
    os: 'linux',
    created: '2024-01-01T00:00:00Z',
    config: SETTINGS,
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created: '2024-01-01T00:00:00Z', created_by: 'mmdebstrap' }],
  });
  const type = 'application/vnd.docker';
  const manifest = keep(root, {
    schemaVersion: 2,
    mediaType: `${type}.distribution.manifest.v2+json`,
    config: { mediaType: `${type}.container.image.v1+json`, ...config },
    layers: [{ mediaType: `${type}.image.rootfs.diff.tar.gzip`, ...layer }],
  });
  const link = (place: string, { digest }: Blob) =>
    write(join(root, 'repositories', BASE_IMAGE.repository, place, 'link'), digest);
  const inPlace = ({ digest }: Blob) => digest.replace(':', '/');
  for (const blob of [layer, config]) link(`_layers/${inPlace(blob)}`, blob);
  link(`_manifests/revisions/${inPlace(manifest)}`, manifest);
  link(`_manifests/tags/${BASE_IMAGE.tag}/current`, manifest);
  link(`_manifests/tags/${BASE_IMAGE.tag}/index/${inPlace(manifest)}`, manifest);
}

/** The file tree as a layer. `diffId` is the digest before it was compressed. */
async function packedLayer(
  base: string,
  root: string,
  scratch: string,
): Promise<{ layer: Blob; diffId: string }> {
  const file = join(scratch, 'layer.tar.gz');
  const excluded = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
  const tar = spawn(
    'tar',
    ['--create', '--sort=name', '--numeric-owner', ...excluded, '--directory', base, '.'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    tar.once('error', reject);
    tar.once('close', resolve);
  });
  const plain = counted();
  const packed = counted();
  await pipeline(tar.stdout, plain.through, createGzip(), packed.through, createWriteStream(file));
  const code = await ended;
  if (code !== 0) throw new Error(`tar of ${base}: exit ${code}`);
  const layer = packed.blob();
  const data = blobPath(root, layer.digest);
  mkdirSync(dirname(data), { recursive: true });
  renameSync(file, data);
  rmSync(scratch, { recursive: true });
  return { layer, diffId: plain.blob().digest };
}

/** A stream that knows what went through it. */
function counted(): { through: PassThrough; blob: () => Blob } {
  const hash = createHash('sha256');
  let size = 0;
  const through = new PassThrough().on('data', (part: Buffer) => {
    hash.update(part);
    size += part.length;
  });
  return { through, blob: () => ({ digest: `sha256:${hash.digest('hex')}`, size }) };
}

function keep(root: string, content: object): Blob {
  const text = JSON.stringify(content);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  write(blobPath(root, digest), text);
  return { digest, size: Buffer.byteLength(text) };
}

function blobPath(root: string, digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return join(root, 'blobs/sha256', hex.slice(0, 2), hex, 'data');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
