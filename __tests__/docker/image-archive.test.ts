import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { archiveFor, archiveSize, layersInCommon, readArchive } from '../../src/docker/image-archive.ts';
import { tarEntries, tarOf } from '../../src/docker/tar.ts';
import { localMachine } from '../../src/machine/local.ts';

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const base = Buffer.from('the base '.repeat(200));
const top = Buffer.from('the top');
const config = Buffer.from(
  JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    rootfs: { diff_ids: [base, top].map((layer) => `sha256:${sha256(layer)}`) },
  }),
);

/** As an engine of the 20.10 line saves it. */
const old = tarOf([
  { name: 'aaaa/layer.tar', content: base },
  { name: 'bbbb/layer.tar', content: top },
  { name: `${sha256(config)}.json`, content: config },
  {
    name: 'manifest.json',
    content: Buffer.from(
      JSON.stringify([{ Config: `${sha256(config)}.json`, Layers: ['aaaa/layer.tar', 'bbbb/layer.tar'] }]),
    ),
  },
]);

/** As a current engine with containerd's image store saves it: layers are compressed. */
const packed = [base, top].map((layer) => gzipSync(layer));
const current = tarOf([
  ...packed.map((content) => ({ name: `blobs/sha256/${sha256(content)}`, content })),
  { name: `blobs/sha256/${sha256(config)}`, content: config },
  {
    name: 'manifest.json',
    content: Buffer.from(
      JSON.stringify([
        {
          Config: `blobs/sha256/${sha256(config)}`,
          Layers: packed.map((content) => `blobs/sha256/${sha256(content)}`),
        },
      ]),
    ),
  },
]);

/** In odd pieces, as a pipe gives it. */
function piecesOf(archive: Buffer, length = 700): Readable {
  const pieces = Array.from({ length: Math.ceil(archive.length / length) }, (_, index) =>
    archive.subarray(index * length, (index + 1) * length),
  );
  return Readable.from(pieces);
}

async function contents(archive: AsyncIterable<Buffer>): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for await (const { name, content } of tarEntries(archive)) {
    const parts: Buffer[] = [];
    for await (const part of content) parts.push(part);
    found.set(name, Buffer.concat(parts));
  }
  return found;
}

describe.each([
  ['the 20.10 line', old, [base, top], 'application/vnd.oci.image.layer.v1.tar'],
  ['a current engine', current, packed, 'application/vnd.oci.image.layer.v1.tar+gzip'],
] as const)('what %s saves', (_name, archive, layers, mediaType) => {
  test('is told anew, whole: every content is under its own digest', async () => {
    const image = await readArchive(piecesOf(archive), 'shop:v1');
    expect(image.platform).toBe('linux/amd64');
    expect(image.ids.classic).toBe(`sha256:${sha256(config)}`);
    const files = await contents(archiveFor(image, 0, piecesOf(archive, 511)));
    for (const [name, content] of files) {
      const [, hash] = /^blobs\/sha256\/(.*)$/.exec(name) ?? [];
      if (hash !== undefined) expect(sha256(content)).toBe(hash);
    }
    const manifest = JSON.parse(String(files.get(`blobs/${image.ids.containerd.replace(':', '/')}`)));
    expect(manifest.layers.map((layer: { mediaType: string }) => layer.mediaType)).toEqual([
      mediaType,
      mediaType,
    ]);
    for (const { digest } of manifest.layers)
      expect(files.has(`blobs/${digest.replace(':', '/')}`)).toBe(true);
    expect(JSON.parse(String(files.get('manifest.json')))[0].RepoTags).toEqual(['shop:v1']);
    expect(archiveSize(image, 0)).toBe([...files.values()].reduce((sum, { length }) => sum + length, 0));
  });

  test('goes without the layers that the other side has', async () => {
    const image = await readArchive(piecesOf(archive), 'shop:v1');
    const others = [['sha256:cc'], [`sha256:${sha256(base)}`, 'sha256:dd', 'sha256:ee']];
    expect(layersInCommon(image, others)).toBe(1);
    expect(layersInCommon(image, [])).toBe(0);
    const files = await contents(archiveFor(image, 1, piecesOf(archive)));
    expect([...files.values()].some((content) => content.equals(layers[0]))).toBe(false);
    expect([...files.values()].some((content) => content.equals(layers[1]))).toBe(true);
  });
});

test('an archive that breaks off, or is another one the second time, is noticed', async () => {
  await expect(readArchive(piecesOf(old.subarray(0, 1_500)), 'shop:v1')).rejects.toThrow(
    'ends in the middle',
  );
  await expect(readArchive(piecesOf(Buffer.from('x'.repeat(2_000))), 'shop:v1')).rejects.toThrow(
    'no archive',
  );
  const image = await readArchive(piecesOf(old), 'shop:v1');
  await expect(contents(archiveFor(image, 0, piecesOf(current)))).rejects.toThrow(
    'changed while it was sent',
  );
});

test('an archive with long names, owners and modes is one that tar reads', async () => {
  const name = `${'folder/'.repeat(20)}file`;
  const archive = tarOf([{ name, content: Buffer.from('ü'), mode: 0o400, user: 1000, group: 100 }]);
  const listed = await localMachine.run(['tar', '--numeric-owner', '-tvf', '-'], {
    timeout: 20_000,
    stdin: archive,
  });
  expect(listed.stdout).toContain(`-r-------- 1000/100`);
  expect(listed.stdout).toContain(name);
  expect(() => tarOf([{ name: 'x'.repeat(300), content: Buffer.alloc(0) }])).toThrow('too long');
  for await (const entry of tarEntries(Readable.from([archive])))
    expect(entry).toMatchObject({ name, size: 2 });
});
