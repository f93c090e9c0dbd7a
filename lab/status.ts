import { labFolders } from './folders.ts';
import { readNetwork } from './network.ts';
import { ON_DEMAND, PART_NAMES, PARTS } from './parts/index.ts';
import type { PartContext } from './parts/part.ts';
import { type PartName, readState } from './state.ts';

/** What is up, for `status`. */
export async function statusOfParts(): Promise<
  { name: PartName; state: 'up' | 'stopped' | 'down'; text: string }[]
> {
  const folders = labFolders();
  const network = readNetwork(folders);
  const parts = readState(folders)?.parts ?? {};
  return Promise.all(
    PART_NAMES.filter((name) => !ON_DEMAND.includes(name) || parts[name] !== undefined).map(async (name) => {
      const entry = parts[name];
      if (network === undefined || entry === undefined) return { name, state: 'down' as const, text: '' };
      const context: PartContext = { folders, network, parts, note: () => {} };
      const part = PARTS[name] as {
        answers(c: PartContext, e: unknown): Promise<boolean>;
        describe(e: unknown): string;
      };
      const answers = await part.answers(context, entry).catch(() => false);
      return { name, state: answers ? ('up' as const) : ('stopped' as const), text: part.describe(entry) };
    }),
  );
}
