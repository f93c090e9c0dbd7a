import { createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto';

import { UserError } from '../ground/errors.ts';
import { fingerprintOf } from './host-key.ts';
import { keyTypeOf } from './known-hosts.ts';

/** A private key that can be used, and what may be said about it aloud. */
export interface PrivateKey {
  /** The key itself, with its line breaks as they must be. Secret. */
  readonly text: string;
  /** The line for `authorized_keys`, where it can be told without the passphrase. */
  readonly publicKey: string | undefined;
  readonly fingerprint: string | undefined;
  readonly isEncrypted: boolean;
}

/**
 * Reads a private key as it comes out of a secret: with line breaks turned into spaces or into the two
 * characters `\n`, with Windows line ends, or in base64 as a whole.
 * @throws UserError `ssh-key-unreadable`
 */
export function readPrivateKey(text: string, input = 'ssh-key'): PrivateKey {
  const mended = mendLineBreaks(decodedIfBase64(text.trim()));
  if (mended === undefined) throw unreadable(text, input);
  const publicBlob = opensshPublicKey(mended) ?? pemPublicKey(mended);
  return {
    text: mended,
    publicKey:
      publicBlob === undefined ? undefined : `${keyTypeOf(publicBlob)} ${publicBlob.toString('base64')}`,
    fingerprint: publicBlob === undefined ? undefined : fingerprintOf(publicBlob),
    isEncrypted: isEncrypted(mended),
  };
}

function decodedIfBase64(text: string): string {
  if (text.includes('-----') || !/^[A-Za-z0-9+/=\s]+$/.test(text)) return text;
  const decoded = Buffer.from(text, 'base64').toString('latin1');
  return decoded.startsWith('-----BEGIN ') ? decoded.trim() : text;
}

/** The key with one `\n` between its header, 64 characters a line, and its footer. */
function mendLineBreaks(text: string): string | undefined {
  const plain = text.replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\r', '');
  const [, label, inside] =
    /^-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([\s\S]+?)-----END \1-----/.exec(plain) ?? [];
  if (label === undefined || inside === undefined) {
    return plain.startsWith('PuTTY-User-Key-File-') && plain.includes('\n') ? `${plain}\n` : undefined;
  }
  const [, headers = '', body = ''] =
    /^\s*((?:Proc-Type: \S+\s+DEK-Info: \S+\s+)?)([\s\S]*)$/.exec(inside) ?? [];
  const base64 = body.replace(/\s+/g, '');
  if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  return [
    `-----BEGIN ${label}-----`,
    ...mendHeaders(headers),
    ...(base64.match(/.{1,64}/g) ?? []),
    `-----END ${label}-----`,
    '',
  ].join('\n');
}

/** The two header lines of an old encrypted PEM key, and the empty line after them. */
function mendHeaders(headers: string): string[] {
  const [, type, info] = /Proc-Type: (\S+)\s+DEK-Info: (\S+)/.exec(headers) ?? [];
  return type === undefined ? [] : [`Proc-Type: ${type}`, `DEK-Info: ${info}`, ''];
}

function unreadable(text: string, input: string): UserError {
  const observed = /^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-\S+) /.test(text.trim())
    ? 'it is the public half'
    : text.includes('PUBLIC KEY-----')
      ? 'it is a public key'
      : text.includes('-----BEGIN ') && !text.includes('-----END ')
        ? 'its end is missing'
        : text.trim() === ''
          ? 'it is empty'
          : 'it has no -----BEGIN … PRIVATE KEY----- and -----END …----- with a key between them';
  return new UserError(
    `${input} cannot be read — ${observed}`,
    'paste the whole private key file (as "cat ~/.ssh/id_ed25519" prints it) into the secret',
    { code: 'ssh-key-unreadable' },
  );
}

function isEncrypted(text: string): boolean {
  if (!text.startsWith('-----BEGIN OPENSSH PRIVATE KEY-----')) return /Proc-Type|ENCRYPTED/.test(text);
  const body = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64').toString('latin1');
  return !body.includes('\0\0\0\x04none\0\0\0\x04none'); // neither cipher nor key derivation
}

/** The public half stands unencrypted in OpenSSH's own format (PROTOCOL.key), also when there is a passphrase. */
function opensshPublicKey(text: string): Buffer | undefined {
  if (!text.startsWith('-----BEGIN OPENSSH PRIVATE KEY-----')) return undefined;
  const body = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
  const magic = 'openssh-key-v1\0';
  if (body.toString('latin1', 0, magic.length) !== magic) return undefined;
  let offset = magic.length;
  const next = (): Buffer => {
    const length = body.readUInt32BE(offset);
    const field = body.subarray(offset + 4, offset + 4 + length);
    offset += 4 + length;
    return field;
  };
  try {
    next(); // cipher
    next(); // key derivation function
    next(); // its options
    offset += 4; // number of keys
    const blob = next();
    return keyTypeOf(blob) === undefined ? undefined : blob;
  } catch {
    return undefined; // cut off: the login will say so
  }
}

function pemPublicKey(text: string): Buffer | undefined {
  try {
    const key = createPublicKey(createPrivateKey(text)).export({ format: 'jwk' });
    return wireForm(key);
  } catch {
    return undefined; // encrypted, or in a format that Node does not know
  }
}

function wireForm(key: JsonWebKey): Buffer | undefined {
  const bytes = (base64url: string | undefined) => Buffer.from(base64url ?? '', 'base64url');
  if (key.kty === 'RSA') return Buffer.concat([field('ssh-rsa'), number(bytes(key.e)), number(bytes(key.n))]);
  if (key.kty === 'EC' && key.crv !== undefined) {
    const curve = `nistp${key.crv.slice(2)}`;
    const point = Buffer.concat([Buffer.from([4]), bytes(key.x), bytes(key.y)]);
    return Buffer.concat([field(`ecdsa-sha2-${curve}`), field(curve), field(point)]);
  }
  return undefined;
}

function field(content: string | Buffer): Buffer {
  const body = Buffer.from(content as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** A positive number: with a zero byte before it when its first bit is set (RFC 4251, 5). */
function number(content: Buffer): Buffer {
  return field((content[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), content]) : content);
}
