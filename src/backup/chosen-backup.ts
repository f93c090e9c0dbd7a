import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { UserError } from '../ground/errors.ts';
import { counted } from '../ground/words.ts';
import { sha256Of } from './checksum.ts';
import { decryptFile } from './encryption.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { isSameDatabase } from './retention.ts';
import { workshop } from './runner-shelf.ts';
import type { Shelf } from './shelf.ts';

/** A backup that is there, for whoever restores it. */
export interface ChosenBackup {
  readonly manifest: Manifest;
  readonly path: string;
  /** One of its archives as a file that pg_restore reads, its checksum proven. @throws UserError `backup-unreadable`, `backup-key-wrong` */
  archive(file: string): Promise<string>;
  /** Removes what was made readable. */
  close(): Promise<void>;
}

/** The shelf's folder and the id in the path of one backup. */
export function partsOfPath(path: string): { readonly folder: string; readonly id: string } {
  const whole = path.replace(/\/+$/, '');
  return { folder: dirname(whole), id: basename(whole) };
}

interface Choice {
  readonly shelf: Shelf;
  /** Default: the newest one of this database. */
  readonly id?: string | undefined;
  readonly database: Manifest['database'];
  /** The private key of age. */
  readonly identity?: string | undefined;
}

/** @throws UserError `backup-not-found`, `backup-unreadable`, `backup-key-wrong` when there is no key for it */
export async function chooseBackup({ shelf, id, database, identity }: Choice): Promise<ChosenBackup> {
  const found = id === undefined ? await newest(shelf, database) : { id, text: await shelf.manifest(id) };
  if (found?.text === undefined) throw notFound(shelf, id, (await shelf.list()).whole.length);
  const path = join(shelf.folder, found.id);
  const manifest = readManifest(found.text, `${path} on ${shelf.place}`);
  if (manifest.encryption !== null && identity === undefined) {
    throw new UserError(
      `The backup in ${path} cannot be read — it is encrypted, and there is no private key for it`,
      'give it as backup-identity, from a secret; nothing was changed',
      { code: 'backup-key-wrong' },
    );
  }
  const readable = new Map<string, Promise<string>>();
  let folder: Promise<string> | undefined;
  const open = async (file: string) => {
    const here = await shelf.fetch(found.id, file);
    await requireChecksum(here, manifest.archives.find((one) => one.file === file)?.sha256);
    if (manifest.encryption === null || identity === undefined) return here;
    folder ??= workshop();
    const plain = join(await folder, file.replace(/\.age$/, ''));
    await decryptFile(here, plain, identity);
    return plain;
  };
  return {
    manifest,
    path,
    archive(file) {
      const opened = readable.get(file) ?? open(file);
      readable.set(file, opened);
      return opened;
    },
    async close() {
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
    },
  };
}

async function newest(
  shelf: Shelf,
  database: Manifest['database'],
): Promise<{ id: string; text: string } | undefined> {
  const { whole } = await shelf.list();
  for (const id of [...whole].reverse()) {
    const text = await shelf.manifest(id);
    if (text === undefined) continue;
    try {
      if (isSameDatabase(readManifest(text, id).database, database)) return { id, text };
    } catch {
      // not ours: an older one may be
    }
  }
  return undefined;
}

async function requireChecksum(file: string, wanted: string | undefined): Promise<void> {
  const is = await sha256Of(file).catch(() => undefined);
  if (is !== undefined && is === wanted) return;
  throw new UserError(
    `The archive ${file} cannot be read — ${is === undefined ? 'there is no such file' : 'its checksum is another one than its manifest says'}`,
    'fetch it again from where it is kept, or take another backup; nothing was changed',
    { code: 'backup-unreadable' },
  );
}

function notFound({ folder, place }: Shelf, id: string | undefined, others: number): UserError {
  const observed =
    id === undefined
      ? others === 0
        ? 'there is none'
        : `${counted(others, 'backup is', 'backups are')} there, none of this database`
      : 'there is no manifest.json in it';
  return new UserError(
    `No backup in ${id === undefined ? folder : join(folder, id)} on ${place} — ${observed}`,
    'give the folder that the output backup-path named (or, from an artifact, where you have put it) as backup-path; nothing was changed',
    { code: 'backup-not-found' },
  );
}
