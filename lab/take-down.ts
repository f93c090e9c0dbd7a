import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeBox } from './box.ts';
import { type LabFolders, labFolders } from './folders.ts';
import { withLock } from './lock.ts';
import { STATION, type Station, takeDownNetwork } from './network.ts';
import { controlGroup } from './parts/engine.ts';
import { type Progress, timed } from './progress.ts';

/** Ends everything this lab started and removes what it made; the cache stays. */
export async function takeDown(progress: Progress): Promise<void> {
  const folders = labFolders();
  if (!existsSync(folders.base)) return;
  await withLock(
    join(folders.base, 'lock'),
    () =>
      timed(progress, 'lab', async () => {
        await takeDownAll(folders);
        return 'down';
      }),
    (pid) => progress('lab', `waiting for another up or down (process ${pid})`),
  );
}

/** The same, for who holds the lock already. */
export async function takeDownAll(folders: LabFolders): Promise<void> {
  const stations = (Object.keys(STATION) as Station[]).filter((station) => station !== 'machine');
  await Promise.all(stations.map((station) => removeBox(folders, station)));
  await takeDownNetwork(folders);
  for (const station of stations) removeControlGroups(controlGroup(folders, station));
  rmSync(folders.run, { recursive: true, force: true, maxRetries: 5 });
}

/** The empty control groups that the containers of a box leave behind, in every hierarchy. */
function removeControlGroups(name: string): void {
  const root = '/sys/fs/cgroup';
  const hierarchies = existsSync(join(root, 'cgroup.procs')) ? ['.'] : readdirSync(root);
  const remove = (folder: string): void => {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) remove(join(folder, entry.name));
    }
    try {
      rmdirSync(folder);
    } catch {
      // Still has processes for an instant; the next `up` or `down` finds it again.
    }
  };
  for (const hierarchy of hierarchies) remove(join(root, hierarchy, name));
}
