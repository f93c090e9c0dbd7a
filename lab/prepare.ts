import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { currentEngineFolder } from './current-engine.ts';
import { installMachinePackages, missingMachinePackages } from './debian-packages.ts';
import { ensureBoxRoot } from './debian-root.ts';
import { labFolders } from './folders.ts';
import { withLock } from './lock.ts';
import { ensurePackedBase } from './packed-base.ts';
import { act, actionlint, shellcheck, zizmor } from './tools/workflow-tools.ts';

/**
 * Makes what takes minutes on a machine that has never seen the lab and needs no server: the file tree of the boxes,
 * the base image, the current Docker engine, and the programs that read and run workflows. For the background: `up`
 * and the tests wait for what they need of it.
 */
export async function prepare(note: (text: string) => void): Promise<void> {
  const folders = labFolders();
  mkdirSync(folders.base, { recursive: true });
  // `up` would install them, too.
  await withLock(join(folders.base, 'lock'), async () =>
    installMachinePackages(await missingMachinePackages()),
  );
  const boxes = ensureBoxRoot(folders).then(() => note('the file tree of the boxes'));
  const image = boxes.then(() => ensurePackedBase(folders)).then(() => note('the base image'));
  await Promise.all([image, programs(note)]);
}

async function programs(note: (text: string) => void): Promise<void> {
  await currentEngineFolder(labFolders(), note);
  for (const install of [act, actionlint, shellcheck, zizmor]) note(await install());
}
