import { expect, test } from '@jest/globals';

import { placeIsComplete } from '../../src/actions/place.ts';

const image = 'an image';
const server = { host: ['web-1'], sshUser: 'deploy' };

test.each<{ given: Parameters<typeof placeIsComplete>[0]; complaint: string | undefined }>`
  given                                                                | complaint
  ${{ runIn: 'runner', connectThrough: 'direct' }}                     | ${undefined}
  ${{ runIn: 'runner', connectThrough: 'direct', image }}              | ${'image: goes with run-in: image or server'}
  ${{ runIn: 'runner', connectThrough: 'direct', ...server }}          | ${'host: goes with connect-through: ssh, run-in: server or backup-to: server'}
  ${{ runIn: 'runner', connectThrough: 'ssh' }}                        | ${'connect-through: ssh needs host and ssh-user'}
  ${{ runIn: 'runner', connectThrough: 'ssh', host: ['web-1'] }}       | ${'connect-through: ssh needs host and ssh-user'}
  ${{ runIn: 'runner', connectThrough: 'ssh', ...server }}             | ${undefined}
  ${{ runIn: 'runner', connectThrough: 'direct', backupTo: 'server' }} | ${'backup-to: server needs host and ssh-user'}
  ${{ runIn: 'image', connectThrough: 'direct' }}                      | ${'run-in: image needs image'}
  ${{ runIn: 'image', connectThrough: 'direct', image }}               | ${undefined}
  ${{ runIn: 'server', connectThrough: 'direct', image }}              | ${'run-in: server needs host and ssh-user'}
  ${{ runIn: 'server', connectThrough: 'ssh', image, ...server }}      | ${undefined}
  ${{ runIn: 'server', image, ...server, host: ['web-1', 'web-2'] }}   | ${'host: run-in: server takes one server, not 2'}
`('$given: $complaint', ({ given, complaint }) => {
  expect(placeIsComplete(given)).toBe(complaint);
});
