import { expect, test } from '@jest/globals';

import { readPins } from '../../src/machine/host-key.ts';
import { parseJump, showAccount } from '../../src/machine/ssh-server.ts';
import {
  hostKeyMismatch,
  hostKeyUnknown,
  type LoginAttempt,
  sshVerdict,
} from '../../src/machine/ssh-verdict.ts';

const account = { host: 'web-1', port: 22, user: 'deploy' };
const key = { fingerprint: 'SHA256:abc', publicKey: 'ssh-ed25519 AAAA', isEncrypted: false };
const attempt: LoginAttempt = {
  account,
  inputs: 'ssh',
  through: undefined,
  key,
  password: false,
  connectTimeout: 20_000,
};

function failure(message: string, code?: string): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

test.each<[error: Error, changes: Partial<LoginAttempt>, code: string, says: string]>([
  [failure('getaddrinfo ENOTFOUND web-1', 'ENOTFOUND'), {}, 'ssh-name-not-resolved', 'does not resolve'],
  [failure('getaddrinfo EAI_AGAIN web-1', 'EAI_AGAIN'), {}, 'ssh-name-not-resolved', 'does not resolve'],
  [
    failure('connect ECONNREFUSED 10.0.0.5:22', 'ECONNREFUSED'),
    {},
    'ssh-refused',
    'nothing listens on port 22',
  ],
  [
    failure('connect EHOSTUNREACH 10.0.0.5:22', 'EHOSTUNREACH'),
    {},
    'ssh-no-answer',
    'No answer from web-1 within 20 s',
  ],
  [failure('connect ETIMEDOUT 10.0.0.5:22', 'ETIMEDOUT'), {}, 'ssh-no-answer', 'set ssh-jump'],
  [failure('Timed out while waiting for handshake'), {}, 'ssh-no-answer', 'a firewall may block'],
  [failure('Connection lost before handshake'), {}, 'ssh-not-ssh', 'port 22 is not SSH'],
  [failure('read ECONNRESET', 'ECONNRESET'), {}, 'ssh-not-ssh', 'MaxStartups'],
  [
    failure('Handshake failed: no matching key exchange algorithm'),
    {},
    'ssh-no-common-algorithm',
    'update sshd',
  ],
  [failure('Too many authentication failures'), {}, 'ssh-too-many-attempts', 'MaxAuthTries'],
  [
    failure('All configured authentication methods failed'),
    {},
    'ssh-key-rejected',
    'the key SHA256:abc was refused',
  ],
  [
    failure('All configured authentication methods failed'),
    {},
    'ssh-key-rejected',
    'this line: ssh-ed25519 AAAA',
  ],
  [
    failure('All configured authentication methods failed'),
    { password: true },
    'ssh-key-rejected',
    'the key SHA256:abc and the password were refused',
  ],
  [
    failure('All configured authentication methods failed'),
    { key: undefined, password: true },
    'ssh-password-rejected',
    'the password was refused',
  ],
  [
    failure('Cannot parse privateKey: Encrypted private OpenSSH key detected, but no passphrase given'),
    { key: { ...key, isEncrypted: true } },
    'ssh-passphrase-missing',
    'set ssh-passphrase',
  ],
  [
    failure('Cannot parse privateKey: OpenSSH private key integrity check failed -- bad passphrase?'),
    { key: { ...key, isEncrypted: true } },
    'ssh-passphrase-wrong',
    'does not open it',
  ],
  [
    failure('Cannot parse privateKey: Malformed private key'),
    { key: { ...key, isEncrypted: true }, inputs: 'ssh-jump' },
    'ssh-passphrase-wrong',
    'ssh-jump-key cannot be used',
  ],
  [
    failure('Cannot parse privateKey: Unsupported key format'),
    {},
    'ssh-key-unreadable',
    'Unsupported key format',
  ],
  [
    failure('privateKey value does not contain a (valid) private key'),
    {},
    'ssh-key-unreadable',
    'paste the whole private key',
  ],
  [
    failure('(SSH) Channel open failure: Connection refused'),
    { through: 'jump@bastion' },
    'ssh-refused',
    'from jump@bastion',
  ],
  [
    failure('(SSH) Channel open failure: open failed: administratively prohibited'),
    { through: 'jump@bastion' },
    'ssh-jump-forbidden',
    'jump@bastion does not forward to web-1',
  ],
  [failure('something new'), {}, 'ssh-failed', 'Cannot log in as deploy@web-1 — something new'],
])('%s %j: %s', (error, changes, code, says) => {
  const verdict = sshVerdict(error, { ...attempt, ...changes });
  expect(verdict.code).toBe(code);
  expect(verdict.sentence).toContain(says);
});

test('a host key is told with its kind, and with the command that shows it on the server', () => {
  const shown = [{ type: 'ecdsa-sha2-nistp256', fingerprint: 'SHA256:shown' }];
  const unknown = hostKeyUnknown(account, shown, 'ssh-fingerprint');
  expect(unknown.sentence).toContain('SHA256:shown (ecdsa-sha2-nistp256)');
  expect(unknown.sentence).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ecdsa_key.pub');
  const pins = readPins({ ...account, fingerprint: [`SHA256:${'A'.repeat(43)}`] });
  if (pins === undefined) throw new Error('nothing is pinned');
  expect(hostKeyMismatch(account, pins, shown).sentence).toContain(`expected SHA256:${'A'.repeat(43)}`);
});

test.each([
  ['jump@bastion', { user: 'jump', host: 'bastion', port: 22 }],
  ['jump@bastion.example.com:2222', { user: 'jump', host: 'bastion.example.com', port: 2222 }],
  ['jump@[2001:db8::1]:2222', { user: 'jump', host: '2001:db8::1', port: 2222 }],
])('ssh-jump %s', (text, expected) => {
  expect(parseJump(text)).toEqual(expected);
  expect(parseJump(showAccount(parseJump(text)))).toEqual(expected);
});

test.each([
  'bastion',
  'jump@',
  '@bastion',
  'jump@bastion:0',
  'jump@bastion:99999',
  'jump@bastion:ssh',
  'a b@c',
])('ssh-jump "%s" is refused with how to write it', (text) => {
  expect(() => parseJump(text)).toThrow(/write it as user@host/);
});
