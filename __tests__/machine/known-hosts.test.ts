import { describe, expect, test } from '@jest/globals';

import { UserError } from '../../src/ground/errors.ts';
import { fingerprintOf, readPins } from '../../src/machine/host-key.ts';
import { knownKeys } from '../../src/machine/known-hosts.ts';

const type = 'ssh-ed25519';
const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIHlMDV1wZ3qf40OJ2A82GzEd4ML/H5oWmdVTV7Lsynt5';
const key = Buffer.from(blob, 'base64');
/** As `ssh-keygen -l` prints it. */
const fingerprint = 'SHA256:dQfW8hHRjzm0rAKv++voqI9QTuLFPxm53DcBuh9YU2o';
/** As `ssh-keygen -H` made them of `web-1` and of `[web-1]:2222`. */
const hashed = {
  plainPort: '|1|i6oxF8tolV+JojryQwL+w7/JhcU=|uVwHlcEXUx3TcBpL0T0it0GFraI=',
  otherPort: '|1|OfHO5j/U/CwZmte9MO20mAFn3UU=|BFMF/WmVaz8uLygoQrOBtsFVEiA=',
};

test('the fingerprint is the one that ssh-keygen prints', () => {
  expect(fingerprintOf(key)).toBe(fingerprint);
});

describe('a line of known_hosts', () => {
  test.each<[line: string, host: string, port: number, accepted: boolean, why: string]>([
    [`web-1 ${type} ${blob}`, 'web-1', 22, true, 'its name'],
    [`web-1 ${type} ${blob} a comment`, 'web-1', 22, true, 'a comment after it'],
    [`WEB-1 ${type} ${blob}`, 'web-1', 22, true, 'names have no case'],
    [`web-1,10.0.0.5 ${type} ${blob}`, '10.0.0.5', 22, true, 'one name of several'],
    [`web-2 ${type} ${blob}`, 'web-1', 22, false, 'another name'],
    [`web-1 ${type} ${blob}`, 'web-1', 2222, false, 'another port'],
    [`[web-1]:2222 ${type} ${blob}`, 'web-1', 2222, true, 'its port'],
    [`[web-1]:2222 ${type} ${blob}`, 'web-1', 22, false, 'its port only'],
    [`*.example.com ${type} ${blob}`, 'web.example.com', 22, true, 'a pattern'],
    [`web-? ${type} ${blob}`, 'web-10', 22, false, 'one character'],
    [`*,!web-1 ${type} ${blob}`, 'web-1', 22, false, 'an exception'],
    [`web.1 ${type} ${blob}`, 'webx1', 22, false, 'a dot is a dot'],
    [`${hashed.plainPort} ${type} ${blob}`, 'web-1', 22, true, 'a hashed name'],
    [`${hashed.plainPort} ${type} ${blob}`, 'web-2', 22, false, 'another hashed name'],
    [`${hashed.otherPort} ${type} ${blob}`, 'web-1', 2222, true, 'a hashed name with its port'],
    [`@revoked web-1 ${type} ${blob}`, 'web-1', 22, false, 'revoked'],
    [`# web-1 ${type} ${blob}`, 'web-1', 22, false, 'a comment'],
  ])('%s for %s port %d: %s (%s)', (line, host, port, accepted) => {
    const known = knownKeys(line, { host, port });
    expect(known.accepted).toEqual(accepted ? [key] : []);
    expect(known.unreadable).toEqual([]);
  });

  test.each([
    [`web-1 ${type} ${blob.slice(0, 20)}`, 'cut off: still of its type, but another key', []],
    [`web-1 ssh-rsa ${blob}`, 'a type that is not the one of the key', [1]],
    ['web-1', 'no key at all', [1]],
    [`@cert-authority *.example.com ${type} ${blob}`, 'certificates are not supported', [1]],
  ])('%s: %s', (line, _why, unreadable) => {
    const known = knownKeys(line, { host: 'web-1', port: 22 });
    expect(known.unreadable).toEqual(unreadable);
    expect(known.accepted).not.toContainEqual(key);
  });
});

describe('what the inputs pin', () => {
  const server = { host: 'web-1', port: 22, user: 'deploy' };

  test.each([
    [fingerprint],
    [`${fingerprint}=`],
    [`  ${fingerprint}  `],
    [`256 ${fingerprint} root@web-1 (ED25519)`],
    [`SHA256:${'A'.repeat(43)}\n${fingerprint}`],
  ])('the fingerprint in "%s"', (written) => {
    expect(readPins({ ...server, fingerprint: [written] })?.accepts(key)).toBe(true);
  });

  test('nothing, when nothing is given or no line is for this server', () => {
    expect(readPins(server)).toBeUndefined();
    expect(readPins({ ...server, fingerprint: [], knownHosts: [`web-2 ${type} ${blob}`] })).toBeUndefined();
  });

  test('a revoked key is not accepted, whatever else says so', () => {
    const knownHosts = [`web-1 ${type} ${blob}`, `@revoked * ${type} ${blob}`];
    expect(readPins({ ...server, knownHosts, fingerprint: [fingerprint] })).toBeUndefined();
  });

  test.each([
    [{ fingerprint: ['MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48'] }, 'ssh-fingerprint-invalid'],
    [{ fingerprint: [fingerprint.slice(0, 30)] }, 'ssh-fingerprint-invalid'],
    [{ knownHosts: ['web-1 ssh-rsa AAAA'] }, 'ssh-known-hosts-invalid'],
  ])('%j is refused: %s', (inputs, code) => {
    expect(() => readPins({ ...server, ...inputs })).toThrow(UserError);
    try {
      readPins({ ...server, ...inputs });
    } catch (error) {
      expect(error).toMatchObject({ code });
    }
  });
});
