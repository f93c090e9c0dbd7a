import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { command } from './command.ts';
import type { LabFolders } from './folders.ts';
import { addressOf, type LabNetwork, plugIn, type Station } from './network.ts';
import { end, identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/**
 * A simulated machine: its own file tree (an overlay on the shared Debian
 * root), processes, host name and network, with `/lab` shared with this side.
 */
export interface Box {
  readonly name: Station;
  readonly address: string;
  /** `unshare`, the parent of the box's init. Ending it ends the box. */
  readonly keeper: ProcessIdentity;
  /** The box's PID 1, as seen from here. */
  readonly init: ProcessIdentity;
  /** This side of the box's `/lab`. */
  readonly shared: string;
  readonly root: string;
  readonly binds: readonly Bind[];
}

/** A folder of this machine shown inside a box. */
export interface Bind {
  readonly from: string;
  readonly to: string;
  readonly readOnly?: boolean;
}

/** What programs in a box see: nothing of this machine's environment. */
export const BOX_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};

const BOOT = join(dirname(fileURLToPath(import.meta.url)), 'boot.sh');

const boxFolder = (folders: LabFolders, name: Station) => join(folders.run, name);
const recordPath = (folders: LabFolders, name: Station) => join(boxFolder(folders, name), 'box.json');
/** Written before the box is complete, so that an interrupted start can be cleaned up. */
const keeperPath = (folders: LabFolders, name: Station) => join(boxFolder(folders, name), 'keeper.json');

/** The box when it runs, else undefined. */
export function readBox(folders: LabFolders, name: Station): Box | undefined {
  try {
    const box = JSON.parse(readFileSync(recordPath(folders, name), 'utf8')) as Box;
    return isAlive(box.init) ? box : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Starts a box and connects it. Files that an earlier box of the same name left
 * behind are still there (so a box can be "rebooted"); `removeBox` clears them.
 */
export async function startBox(
  folders: LabFolders,
  network: LabNetwork,
  name: Station,
  root: string,
  binds: readonly Bind[] = [],
): Promise<Box> {
  const folder = boxFolder(folders, name);
  mkdirSync(join(folder, 'lab', 'log'), { recursive: true });
  for (const bind of binds) mkdirSync(bind.from, { recursive: true });
  const child = spawn(
    'unshare',
    [
      ...[
        '--mount',
        '--uts',
        '--ipc',
        '--net',
        '--pid',
        '--fork',
        '--kill-child',
        '--',
        BOOT,
        folder,
        name,
        root,
      ],
      ...binds.map((bind) => `${bind.from}:${bind.to}${bind.readOnly ? ':ro' : ''}`),
    ],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: BOX_ENVIRONMENT },
  );
  const keeper = child.pid === undefined ? undefined : identify(child.pid);
  writeFileSync(keeperPath(folders, name), JSON.stringify(keeper ?? null));
  const complaints: string[] = [];
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  let outsidePid: number | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = /^ready (\d+)$/.exec(line);
    if (ready === null) complaints.push(line);
    else {
      outsidePid = Number(ready[1]);
      break;
    }
  }
  if (outsidePid === undefined || keeper === undefined) {
    await closed;
    throw new Error(`the box ${name} did not start: ${complaints.join('').trim() || 'it said nothing'}`);
  }
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();

  const box: Box = {
    name,
    address: addressOf(network, name),
    keeper,
    init: identify(outsidePid),
    shared: join(folder, 'lab'),
    root,
    binds,
  };
  writeFileSync(recordPath(folders, name), JSON.stringify(box, null, 2));
  await plugIn(network, name, box.init.pid);
  return box;
}

/** Pulls the plug: everything in the box ends at once. Its files stay. */
export async function stopBox(folders: LabFolders, name: Station): Promise<void> {
  await end(readBox(folders, name)?.init);
  try {
    const keeper = JSON.parse(readFileSync(keeperPath(folders, name), 'utf8')) as ProcessIdentity | null;
    await end(keeper ?? undefined); // takes a box that was not complete with it
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  rmSync(keeperPath(folders, name), { force: true });
  rmSync(recordPath(folders, name), { force: true });
}

/** Pulls the plug and starts the box again, with its files as they were. No service runs in it yet. */
export async function rebootBox(folders: LabFolders, network: LabNetwork, box: Box): Promise<Box> {
  await stopBox(folders, box.name);
  return startBox(folders, network, box.name, box.root, box.binds);
}

/** Stops the box and removes its files. */
export async function removeBox(folders: LabFolders, name: Station): Promise<void> {
  await stopBox(folders, name);
  // Not rmSync: an engine's files are many, and meanwhile the other boxes want to be removed too.
  await command(['rm', '--recursive', '--force', '--one-file-system', boxFolder(folders, name)]);
}
