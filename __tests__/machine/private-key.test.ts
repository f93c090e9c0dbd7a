import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';

import { describe, expect, test } from '@jest/globals';

import { UserError } from '../../src/ground/errors.ts';
import { readPrivateKey } from '../../src/machine/private-key.ts';

interface KeyPair {
  readonly private: string;
  readonly public: string;
}

/** ssh2 makes the keys and reads them again: it is what will read them in the end. */
const { generateKeyPairSync: generate, parseKey } = createRequire(import.meta.url)('ssh2').utils as {
  generateKeyPairSync(type: string, options?: object): KeyPair;
  parseKey(text: string, passphrase?: string): { getPublicSSH(): Buffer } | Error;
};

const kinds: [name: string, pair: KeyPair, passphrase: string | undefined][] = [
  ['ed25519', generate('ed25519'), undefined],
  ['ecdsa', generate('ecdsa', { bits: 256 }), undefined],
  ['rsa', generate('rsa', { bits: 2048 }), undefined],
  ['encrypted', generate('ed25519', { passphrase: 'open sesame', cipher: 'aes256-ctr' }), 'open sesame'],
];

describe.each(kinds)('a key (%s)', (_name, pair, passphrase) => {
  const publicKey = pair.public.split(' ').slice(0, 2).join(' ');

  test.each<[spoiled: string, spoil: (text: string) => string]>([
    ['as it is', (text) => text],
    ['without its last line break', (text) => text.trimEnd()],
    ['with spaces for line breaks', (text) => text.replaceAll('\n', ' ')],
    ['with \\n for line breaks', (text) => text.replaceAll('\n', '\\n')],
    ['with \\r\\n for line breaks', (text) => text.replaceAll('\n', '\\r\\n')],
    ['with Windows line ends', (text) => text.replaceAll('\n', '\r\n')],
    ['on one line', (text) => text.replaceAll('\n', '')],
    ['indented', (text) => text.replaceAll('\n', '\n    ')],
    ['in base64', (text) => Buffer.from(text).toString('base64')],
  ])('%s', (_spoiled, spoil) => {
    const key = readPrivateKey(spoil(pair.private));
    expect(parseKey(key.text, passphrase)).not.toBeInstanceOf(Error);
    expect(key.publicKey).toBe(publicKey);
    expect(key.isEncrypted).toBe(passphrase !== undefined);
    expect(key.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });
});

describe('a key in PEM', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  test.each([
    ['RSA', rsa.export({ type: 'pkcs1', format: 'pem' }) as string, /^ssh-rsa AAAA/],
    ['EC', ec.export({ type: 'sec1', format: 'pem' }) as string, /^ecdsa-sha2-nistp256 AAAA/],
  ])('%s, with its line breaks lost', (_name, pem, publicKey) => {
    const key = readPrivateKey(pem.replaceAll('\n', ' '));
    const parsed = parseKey(key.text) as { getPublicSSH(): Buffer };
    expect(key.publicKey).toMatch(publicKey);
    expect(key.publicKey?.split(' ')[1]).toBe(parsed.getPublicSSH().toString('base64'));
  });

  test('encrypted, with its line breaks lost', () => {
    const options = { type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' } as const;
    const key = readPrivateKey((rsa.export(options) as string).replaceAll('\n', ' '));
    expect(parseKey(key.text, 'secret')).not.toBeInstanceOf(Error);
    expect(key).toMatchObject({ isEncrypted: true, publicKey: undefined });
  });
});

test.each([
  ['', 'it is empty'],
  ['garbage', 'it has no -----BEGIN'],
  ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA deploy@laptop', 'it is the public half'],
  ['-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----', 'it is a public key'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r', 'its end is missing'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----\n***\n-----END OPENSSH PRIVATE KEY-----', 'it has no'],
])('"%s" is no private key: %s', (text, observed) => {
  const read = () => readPrivateKey(text, 'ssh-jump-key');
  expect(read).toThrow(UserError);
  expect(read).toThrow(`ssh-jump-key cannot be read — ${observed}`);
});
