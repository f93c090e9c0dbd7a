import type { LabFolders } from './folders.ts';

export async function currentEngineFolder(_folders: LabFolders, _note: (text: string) => void): Promise<string> {
  throw new Error('not yet');
}
