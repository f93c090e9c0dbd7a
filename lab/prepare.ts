import { currentEngineFolder } from './current-engine.ts';
import { labFolders } from './folders.ts';
import { act, actionlint, shellcheck, zizmor } from './tools/workflow-tools.ts';

/**
 * Makes what takes minutes on a machine that has never seen the lab and needs no server: the current Docker engine,
 * and the programs that read and run workflows. For the background: `up` and the tests wait for what they need of it.
 */
export async function prepare(note: (text: string) => void): Promise<void> {
  await currentEngineFolder(labFolders(), note);
  for (const install of [act, actionlint, shellcheck, zizmor]) note(await install());
}
