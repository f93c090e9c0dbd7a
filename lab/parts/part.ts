import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bind, type Box, readBox, removeBox, startBox } from '../box.ts';
import { ensureBoxRoot } from '../debian-root.ts';
import type { LabFolders } from '../folders.ts';
import type { LabNetwork, Station } from '../network.ts';
import type { PartName, Parts } from '../state.ts';

/** What a part gets to work with while it comes up. */
export interface PartContext {
  readonly folders: LabFolders;
  readonly network: LabNetwork;
  /** What the parts that this one needs have said. */
  readonly parts: Partial<Parts>;
  /** A line of progress for long steps. */
  readonly note: (text: string) => void;
}

/** One part of the lab, as a value. */
export interface Part<Entry> {
  readonly needs: readonly PartName[];
  /** Makes it from nothing. Anything of an earlier run has been removed. */
  readonly create: (context: PartContext) => Promise<Entry>;
  /** True when it answers as `entry` says. */
  readonly answers: (context: PartContext, entry: Entry) => Promise<boolean>;
  /** Starts again what has stopped in a box that still runs, if the part can. */
  readonly restart?: (context: PartContext, entry: Entry) => Promise<void>;
  readonly describe: (entry: Entry) => string;
}

/** A fresh box of this name. */
export async function freshBox(
  context: PartContext,
  name: Station,
  binds: readonly Bind[] = [],
): Promise<Box> {
  const root = await ensureBoxRoot(context.folders);
  await removeBox(context.folders, name);
  return startBox(context.folders, context.network, name, root, binds);
}

/** The running box of this name. @throws Error when it does not run */
export function runningBox(folders: LabFolders, name: Station): Box {
  const box = readBox(folders, name);
  if (box === undefined) throw new Error(`${name} is not up — npm run lab -- up ${name}`);
  return box;
}

/** 24 characters that need no quoting anywhere. */
export function newPassword(): string {
  return randomBytes(18).toString('base64url').replace(/[-_]/g, 'x');
}

/** Asks again until the answer is yes. @throws Error with `failure()` after `timeout` milliseconds */
export async function until(
  question: () => Promise<boolean>,
  failure: () => string,
  timeout = 30_000,
  interval = 50,
): Promise<void> {
  let last = 'no';
  const ask = (): Promise<boolean> =>
    question().catch((error: unknown) => {
      last = error instanceof Error ? error.message : String(error);
      return false;
    });
  for (const start = Date.now(); !(await ask()); await sleep(interval)) {
    if (Date.now() - start > timeout) throw new Error(`${failure()}\n  (last answer: ${last})`);
  }
}
