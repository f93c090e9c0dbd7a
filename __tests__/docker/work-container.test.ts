import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

import { endingOf, inputAfter, startIn } from '../../src/docker/scripted-command.ts';
import { workArguments } from '../../src/docker/work-container.ts';

const work = {
  image: 'ghcr.io/acme/shop:3f2a91c',
  name: 'tenantry-work-0a1b-c2',
  database: '0a1b',
  run: 'https://github.example/runs/1',
};

test('a container is named, labelled and attached, in the network of its machine, and never pulled behind our back', () => {
  const command = 'manage.py migrate_schemas --shared';
  const shown = workArguments({ ...work, command }, ['--log-driver', 'local'], 'cat');
  expect(shown).toEqual([
    ...['run', '--interactive', '--sig-proxy=false', '--pull', 'never'],
    ...['--network', 'host', '--no-healthcheck', '--restart', 'no'],
    ...['--name', 'tenantry-work-0a1b-c2'],
    ...['--label', 'tenantry.work-run=https://github.example/runs/1'],
    ...['--label', 'tenantry.work-database=0a1b'],
    ...['--label', `tenantry.work-command=${command}`],
    ...['--log-driver', 'local', '--entrypoint', 'sh', 'ghcr.io/acme/shop:3f2a91c', '-c', 'cat'],
  ]);
});

test('what ends with its runner has no label by which another run would take it for left over', () => {
  expect(workArguments(work, [], 'cat').join(' ')).not.toContain('tenantry.work-database');
});

test.each<{ code: number | null; ending: object }>`
  code    | ending
  ${0}    | ${{ exitCode: 0, signal: null }}
  ${1}    | ${{ exitCode: 1, signal: null }}
  ${128}  | ${{ exitCode: 128, signal: null }}
  ${137}  | ${{ exitCode: null, signal: 'SIGKILL' }}
  ${143}  | ${{ exitCode: null, signal: 'SIGTERM' }}
  ${255}  | ${{ exitCode: 255, signal: null }}
  ${null} | ${{ exitCode: null, signal: null }}
`('Docker’s exit code $code is $ending', ({ code, ending }) => {
  expect(endingOf(code)).toEqual(ending);
});

test('a command begins with the line of its marker, and with no other', () => {
  expect(startIn('tenantry-ab 42', 'tenantry-ab')).toBe(42);
  expect(startIn('tenantry-abc 42', 'tenantry-ab')).toBeUndefined();
});

test.each([['a text'], [Buffer.from('a text')], [Readable.from(['a ', 'text'])]])(
  'the script comes before %p',
  async (input) => {
    const both = inputAfter('script\n', input);
    expect(both instanceof Readable ? await text(both) : both.toString()).toBe('script\na text');
  },
);
