import { describe, expect, test } from '@jest/globals';

import { complaintAboutFiles, filesShape } from '../../../src/deployment/request/files-shape.ts';
import { readOwner } from '../../../src/docker/container-files.ts';
import { parseVolume } from '../../../src/docker/container-spec.ts';
import { yamlOf } from '../../../src/step/yaml-field.ts';

describe('the input files', () => {
  const files = yamlOf(filesShape);

  test('content by path, to the letter', () => {
    expect(files.safeParse('/srv/config.js: |\n  a = "$b"\n  c\n').data).toEqual({
      '/srv/config.js': 'a = "$b"\nc\n',
    });
  });

  test.each`
    written               | says
    ${'config.js: a'}     | ${'"config.js" is not the whole path of a file'}
    ${'/srv/: a'}         | ${'"/srv/" is not the whole path of a file'}
    ${'/srv/../etc: a'}   | ${'is not the whole path of a file'}
    ${'/a: b\n/srv/c: 5'} | ${'line 2, /srv/c: Invalid input: expected string, received number'}
  `('refuses $written', ({ written, says }) => {
    expect(files.safeParse(String(written)).error?.issues[0]?.message).toContain(says);
  });
});

test.each`
  asked                                                                            | says
  ${{}}                                                                            | ${undefined}
  ${{ envMode: 'mount', envPath: '/app/.env', files: { '/a': '' } }}               | ${undefined}
  ${{ envMode: 'mount' }}                                                          | ${'env-path: is required'}
  ${{ envMode: 'env-file', envPath: '/app/.env' }}                                 | ${'only for env-mode: mount'}
  ${{ envMode: 'mount', envPath: 'app/.env' }}                                     | ${'"app/.env" is not a whole path'}
  ${{ envMode: 'mount', envPath: '/a', files: { '/a': '' } }}                      | ${'/a is env-path, too'}
  ${{ files: { '/media/a': '' }, volumes: [parseVolume('/srv/media:/media')] }}    | ${'/media/a is in the volume /media'}
  ${{ files: { '/mediator/a': '' }, volumes: [parseVolume('/srv/media:/media')] }} | ${undefined}
  ${{ files: { '/a': '' }, readOnly: true }}                                       | ${'read-only forbids it'}
`('$asked: $says', ({ asked, says }) => {
  const complaint = complaintAboutFiles(asked as Parameters<typeof complaintAboutFiles>[0]);
  if (says === undefined) expect(complaint).toBeUndefined();
  else expect(complaint).toContain(says);
});

test.each`
  said                                                                 | owner                          | why
  ${'user \n'}                                                         | ${{ user: 0, group: 0 }}       | ${'no user is root'}
  ${'user 1000\n'}                                                     | ${{ user: 1000, group: 0 }}    | ${'a number that has no entry'}
  ${'user 1000\npasswd app:x:1000:1001::/app:/bin/sh\n'}               | ${{ user: 1000, group: 1001 }} | ${'a number that has one'}
  ${'user 1000:50\npasswd app:x:1000:1001::/app:/bin/sh\n'}            | ${{ user: 1000, group: 50 }}   | ${'a group as a number'}
  ${'user app\npasswd root:x:0:0:::\npasswd app:x:1000:1001::/app:\n'} | ${{ user: 1000, group: 1001 }} | ${'a name'}
  ${'user app:web\npasswd app:x:1000:1001:::\ngroup web:x:33:\n'}      | ${{ user: 1000, group: 33 }}   | ${'a group as a name'}
  ${'user app\n'}                                                      | ${undefined}                   | ${'a name that the image does not know'}
  ${'user app:web\npasswd app:x:1000:1001:::\n'}                       | ${undefined}                   | ${'a group that it does not know'}
`('$why', ({ said, owner }) => {
  expect(readOwner(String(said))).toEqual(owner);
});
