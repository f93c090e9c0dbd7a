import { describe, expect, test } from '@jest/globals';

import { complaintAboutSpace } from '../../../src/deployment/preflight/disk-space.ts';
import { readManifest, sizeToPull } from '../../../src/docker/manifest.ts';

const mib = 2 ** 20;
const disk = (bytes: number | undefined, files?: number) => ({ folder: '/var/lib/docker', bytes, files });

test.each`
  size         | kind            | space                     | says
  ${100 * mib} | ${'compressed'} | ${disk(301 * mib)}        | ${undefined}
  ${100 * mib} | ${'compressed'} | ${disk(299 * mib)}        | ${'it needs about 300 MiB, and /var/lib/docker has 299 MiB free'}
  ${100 * mib} | ${'unpacked'}   | ${disk(201 * mib)}        | ${undefined}
  ${100 * mib} | ${'unpacked'}   | ${disk(1)}                | ${'it needs about 200 MiB, and /var/lib/docker has 1 B free'}
  ${100 * mib} | ${'compressed'} | ${disk(900 * mib, 4_800)} | ${undefined}
  ${100 * mib} | ${'compressed'} | ${disk(900 * mib, 4_799)} | ${'it needs at least 4800 files, and /var/lib/docker has room for 4799 (df -i)'}
  ${100 * mib} | ${'compressed'} | ${disk(undefined)}        | ${undefined}
`('$size bytes, $kind, on $space: $says', ({ size, kind, space, says }) => {
  expect(complaintAboutSpace(Number(size), kind as 'compressed', space as ReturnType<typeof disk>)).toBe(
    says,
  );
});

describe('what a registry says of an image', () => {
  const layers = [
    { digest: 'sha256:aa', size: 60 },
    { digest: 'sha256:bb', size: 5 },
  ];
  const index = {
    manifests: [
      { digest: 'sha256:arm', platform: { os: 'linux', architecture: 'arm64' } },
      { digest: 'sha256:amd', platform: { os: 'linux', architecture: 'amd64' } },
      { digest: 'sha256:note', platform: { os: 'unknown', architecture: 'unknown' } },
    ],
  };
  test.each`
    text                          | read
    ${JSON.stringify({ layers })} | ${{ layers }}
    ${JSON.stringify(index)}      | ${{ see: 'sha256:amd' }}
    ${'{"manifests":[]}'}         | ${undefined}
    ${'no such manifest'}         | ${undefined}
  `('$text', ({ text, read }) => {
    expect(readManifest(String(text), 'linux/amd64')).toEqual(read);
  });

  test('layers that are there already do not count', () => {
    expect(sizeToPull(layers, [])).toBe(65);
    expect(sizeToPull(layers, [[{ digest: 'sha256:aa', size: 60 }]])).toBe(5);
  });
});
