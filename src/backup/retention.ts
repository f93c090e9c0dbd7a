import { showDuration } from '../ground/duration.ts';
import type { Log } from '../ground/log.ts';
import { counted } from '../ground/words.ts';
import { type Manifest, readManifest, timeOfId } from './manifest.ts';
import { type Shelf, unfinishedEnd } from './shelf.ts';

/** What is known of one backup on the shelf: undefined where it is not ours, or cannot be read. */
export interface Shelved {
  readonly id: string;
  readonly manifest: Manifest | undefined;
}

/** Which backups go: those of this database that are too old, but never the newest. Pure. */
export function outdated(
  shelved: readonly Shelved[],
  {
    database,
    keep,
    now,
  }: { readonly database: Manifest['database']; readonly keep: number; readonly now: number },
): Shelved[] {
  const ours = shelved
    .filter(({ manifest }) => manifest !== undefined && isSameDatabase(manifest.database, database))
    .sort((one, other) => timeOfId(one.id) - timeOfId(other.id));
  return ours.slice(0, -1).filter(({ id }) => now - timeOfId(id) > keep);
}

/** A database that was dropped and made again under its name is another one; a number that is not known decides nothing. */
export function isSameDatabase(one: Manifest['database'], other: Manifest['database']): boolean {
  if (one.name !== other.name) return false;
  return one.system === null || other.system === null || one.system === other.system;
}

/**
 * Removes what is older than `keep` milliseconds. It is no part of the backup: what cannot be removed is a warning.
 * @returns how many were removed
 */
export async function removeOutdated(
  shelf: Shelf,
  {
    database,
    keep,
    log,
  }: { readonly database: Manifest['database']; readonly keep: number; readonly log: Log },
): Promise<number> {
  const { whole, unfinished } = await shelf.list();
  const shelved: Shelved[] = [];
  for (const id of whole) shelved.push({ id, manifest: await manifestOf(shelf, id) });
  const now = Date.now();
  let removed = 0;
  for (const { id } of outdated(shelved, { database, keep, now })) {
    await shelf.remove(id);
    removed += 1;
  }
  // What a killed run has left: nobody else gives a folder such a name, and only our files go.
  for (const name of unfinished) {
    if (now - timeOfId(name.slice(0, -unfinishedEnd.length)) > keep) await shelf.remove(name);
  }
  if (removed > 0) log.info(`${counted(removed, 'backup')} older than ${showDuration(keep)} removed`);
  return removed;
}

async function manifestOf(shelf: Shelf, id: string): Promise<Manifest | undefined> {
  try {
    const text = await shelf.manifest(id);
    return text === undefined ? undefined : readManifest(text, id);
  } catch {
    return undefined; // not ours, or damaged: it stays
  }
}
