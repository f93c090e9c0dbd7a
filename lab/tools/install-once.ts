import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LabFolders } from '../folders.ts';
import { withLock } from '../lock.ts';

/**
 * The folder of an installed tool below the lab's cache, made on first use. Its name says the exact version, so
 * another version is another folder. Of several processes that want it at once, one makes it and the others wait.
 * @param name like `act-v0.2.89`
 * @param make fills the folder that it is given, which is renamed when it is complete: nothing half made is ever found
 */
export async function installOnce(
  folders: LabFolders,
  name: string,
  make: (unfinished: string) => Promise<void>,
): Promise<string> {
  const folder = join(folders.cache, 'tools', name);
  if (existsSync(folder)) return folder;
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const unfinished = `${folder}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(dirname(unfinished), { recursive: true });
    await make(unfinished);
    renameSync(unfinished, folder);
  });
  return folder;
}
