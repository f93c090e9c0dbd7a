import { describe, expect, test } from '@jest/globals';

import { digestAmong, parseImage, pinnedImage, shortDigest, showImage } from '../../src/docker/image.ts';

const digest = `sha256:${'3f'.repeat(32)}`;
const other = `sha256:${'a0'.repeat(32)}`;

test.each([
  ['shop:1.0', 'docker.io', 'library/shop', '1.0', undefined],
  ['acme/shop:3f2a91c', 'docker.io', 'acme/shop', '3f2a91c', undefined],
  ['ghcr.io/acme/shop:dev-3f2a91c', 'ghcr.io', 'acme/shop', 'dev-3f2a91c', undefined],
  ['localhost/shop:1', 'localhost', 'shop', '1', undefined],
  ['10.0.0.5:5000/a/b/c:1', '10.0.0.5:5000', 'a/b/c', '1', undefined],
  [`ghcr.io/acme/shop@${digest}`, 'ghcr.io', 'acme/shop', undefined, digest],
  [`ghcr.io/acme/shop:latest@${digest}`, 'ghcr.io', 'acme/shop', 'latest', digest],
  ['ghcr.io/acme/my_shop.web-1:1', 'ghcr.io', 'acme/my_shop.web-1', '1', undefined],
])('%s', (text, registry, repository, tag, digestOfIt) => {
  expect(parseImage(text)).toMatchObject({ registry, repository, tag, digest: digestOfIt });
});

test.each([
  ['ghcr.io/acme/shop', /without a tag it means latest/],
  ['ghcr.io/acme/shop:latest', /latest moves/],
  ['ghcr.io/acme/shop:uat-latest', /uat-latest moves/],
  ['ghcr.io/Acme/Shop:1', /lower case: ghcr\.io\/acme\/shop:1/],
  [`ghcr.io/acme/shop@sha256:${'3f'.repeat(10)}`, /64 hexadecimal digits/],
  ['', /write it as registry\/name:tag/],
  ['shop:1 ', /write it as registry\/name:tag/],
  ['https://ghcr.io/acme/shop:1', /write it as registry\/name:tag/],
  ['--privileged', /write it as registry\/name:tag/],
])('"%s" is refused', (text, says) => {
  expect(() => parseImage(text)).toThrow(RangeError);
  expect(() => parseImage(text)).toThrow(says);
});

test('is shown as it is pulled, and pinned by its digest', () => {
  expect(showImage(parseImage('ghcr.io/acme/shop:1'))).toBe('ghcr.io/acme/shop:1');
  expect(showImage(parseImage(`ghcr.io/acme/shop:1@${digest}`))).toBe(`ghcr.io/acme/shop@${digest}`);
  expect(pinnedImage(parseImage('ghcr.io/acme/shop:1'), digest)).toBe(`ghcr.io/acme/shop@${digest}`);
  expect(shortDigest(digest)).toBe('sha256:3f3f3f3f3f3f');
});

describe('the digest among RepoDigests', () => {
  test.each<[image: string, repoDigests: string[], found: string | undefined, why: string]>([
    ['ghcr.io/acme/shop:1', [`ghcr.io/acme/shop@${digest}`], digest, 'the only one'],
    ['shop:1', [`shop@${digest}`], digest, 'Docker Hub writes no registry'],
    [
      'ghcr.io/acme/shop:1',
      [`ghcr.io/acme/web@${other}`, `ghcr.io/acme/shop@${digest}`],
      digest,
      'another repository',
    ],
    [
      'ghcr.io/acme/shop:1',
      [`ghcr.io/acme/shop@${other}`, `ghcr.io/acme/shop@${digest}`],
      undefined,
      'two to choose from',
    ],
    [
      `ghcr.io/acme/shop@${digest}`,
      [`ghcr.io/acme/shop@${other}`, `ghcr.io/acme/shop@${digest}`],
      digest,
      'the given one',
    ],
    ['ghcr.io/acme/shop:1', [], undefined, 'built on the server itself'],
  ])('%s among %j: %s (%s)', (image, repoDigests, found) => {
    expect(digestAmong(repoDigests, parseImage(image))).toBe(found);
  });
});
