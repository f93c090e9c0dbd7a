/** Archives that only the holder of a private key can read, in age's format. The only file that knows age. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

import { messageOf, UserError } from '../ground/errors.ts';

/** Age has other kinds (hybrid ones, hardware): each would bring more code than everything else about backups. */
const recipientPattern = /^age1[02-9ac-hj-np-z]{58}$/;
const identityPattern = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;

/** A public key. @throws RangeError that says how to make one */
export function parseRecipient(written: string): string {
  if (recipientPattern.test(written)) return written;
  if (/^AGE-SECRET-KEY-/i.test(written)) {
    throw new RangeError(
      'a private key does not belong here — give the public one (age1…), and keep the other off this workflow',
    );
  }
  throw new RangeError(
    `"${written.slice(0, 80)}" is not a public key of age — write one as age-keygen prints it: age1…, 62 characters`,
  );
}

/** A private key. @throws RangeError which never shows it */
export function parseIdentity(written: string): string {
  const [key, ...more] = written.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (key !== undefined && more.length === 0 && identityPattern.test(key.trim())) return key.trim();
  throw new RangeError(
    'it is not a private key of age — give the line of age-keygen’s file that begins with AGE-SECRET-KEY-1',
  );
}

/** Writes the encrypted copy of a file, mode 600; the original stays. */
export async function encryptFile(from: string, to: string, recipients: readonly string[]): Promise<void> {
  const { Encrypter } = await import('age-encryption'); // slow to load: not before it is needed
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  await through(from, to, (content) => encrypter.encrypt(content));
}

/** Writes the readable copy of a file, mode 600. @throws UserError `backup-key-wrong`, `backup-unreadable` */
export async function decryptFile(from: string, to: string, identity: string): Promise<void> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    await through(from, to, (content) => decrypter.decrypt(content));
  } catch (error) {
    const noKey = /no identity matched/i.test(messageOf(error));
    throw new UserError(
      `Cannot decrypt ${from} — ${noKey ? 'it was not encrypted for this key' : messageOf(error)}`,
      noKey
        ? 'give the private key of one of the keys that backup-recipient had when it was taken; nothing was changed'
        : 'the file is damaged, or is another one: take another backup; nothing was changed',
      { code: noKey ? 'backup-key-wrong' : 'backup-unreadable', cause: error },
    );
  }
}

type Bytes = globalThis.ReadableStream<Uint8Array>;

async function through(from: string, to: string, change: (content: Bytes) => Promise<Bytes>): Promise<void> {
  const source = createReadStream(from, { highWaterMark: 1 << 20 });
  try {
    const changed = await change(Readable.toWeb(source) as unknown as Bytes);
    await pipeline(
      Readable.fromWeb(changed as unknown as ReadableStream),
      createWriteStream(to, { mode: 0o600, flags: 'wx' }),
    );
  } catch (error) {
    source.destroy();
    await rm(to, { force: true });
    throw error;
  }
}
