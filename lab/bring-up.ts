import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readBox } from './box.ts';
import { tryCommand } from './command.ts';
import { installMachinePackages, missingMachinePackages } from './debian-packages.ts';
import { boxRootFolder, ensureBoxRoot } from './debian-root.ts';
import { type LabFolders, labFolders } from './folders.ts';
import { withLock } from './lock.ts';
import { addressOf, bringUpNetwork, readNetwork } from './network.ts';
import { ON_DEMAND, PART_NAMES, PARTS, withNeeds } from './parts/index.ts';
import type { PartContext } from './parts/part.ts';
import { type Progress, timed } from './progress.ts';
import { type PartName, type Parts, readState, writeState } from './state.ts';
import { endAbandonedSwarm } from './swarm.ts';
import { takeDownAll } from './take-down.ts';

/**
 * Brings parts up (when none is named, all but those on demand) and what they need. What runs
 * already is left alone, what has stopped is started again, what has died is
 * made anew.
 * @throws AggregateError-like Error that names each part that did not come up
 */
export async function bringUpParts(names: readonly PartName[], progress: Progress): Promise<void> {
  const folders = labFolders();
  if (process.getuid?.() !== 0) {
    throw new Error(
      'the lab makes network namespaces and mounts, which only root may do — run it as root (sudo npm run lab -- up)',
    );
  }
  mkdirSync(folders.base, { recursive: true });
  await withLock(
    join(folders.base, 'lock'),
    () =>
      underLock(
        folders,
        withNeeds(names.length === 0 ? PART_NAMES.filter((name) => !ON_DEMAND.includes(name)) : names),
        progress,
      ),
    (pid) => progress('lab', `waiting for another up or down (process ${pid})`),
  );
}

async function underLock(folders: LabFolders, names: readonly PartName[], progress: Progress): Promise<void> {
  const packages = await missingMachinePackages();
  if (packages.length > 0) {
    await timed(progress, 'packages', async () => {
      await installMachinePackages(packages);
      return packages.join(', ');
    });
  }
  if (readNetwork(folders) === undefined && existsSync(folders.run)) {
    // An earlier lab whose machine was restarted or whose processes were killed.
    await takeDownAll(folders);
  }
  if (!existsSync(boxRootFolder(folders))) {
    await timed(progress, 'debian', async () => {
      progress('debian', 'making the file tree of the simulated machines (about a minute, once)');
      return ensureBoxRoot(folders);
    });
  }
  mkdirSync(folders.run, { recursive: true, mode: 0o700 }); // it holds keys and passwords
  const network = await bringUpNetwork(folders);
  const parts: Partial<Parts> = { ...readState(folders)?.parts };
  const docker = await dockerClient(folders);
  const save = () =>
    writeState(folders, {
      schema: 1,
      machineAddress: addressOf(network, 'machine'),
      subnet: `${network.prefix}.0/24`,
      docker,
      parts,
    });

  const running = new Map<PartName, Promise<void>>();
  for (const name of names) {
    const needed = PARTS[name].needs.map((need) => running.get(need));
    running.set(
      name,
      (async () => {
        await Promise.all(needed);
        const context: PartContext = { folders, network, parts, note: (text) => progress(name, text) };
        await bringUpPart(name, context, progress);
        save();
      })(),
    );
  }
  const outcomes = await Promise.allSettled(running.values());
  const failures = outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected' ? [`${names[index]}: ${(outcome.reason as Error).message}`] : [],
  );
  if (failures.length > 0) throw new Error(failures.join('\n'));
  const left = await endAbandonedSwarm(folders);
  if (left.length > 0) progress('lab', `left a swarm whose process was killed: ${left.join(', ')}`);
}

async function bringUpPart<Name extends PartName>(
  name: Name,
  context: PartContext,
  progress: Progress,
): Promise<void> {
  const part = PARTS[name];
  const start = performance.now();
  const done = (text: string) => progress(name, text, (performance.now() - start) / 1000);
  const entry = context.parts[name] as Parts[Name] | undefined;
  if (entry !== undefined && !isOutdated(name, context.folders)) {
    if (await part.answers(context, entry).catch(() => false)) {
      done(`${part.describe(entry)} (was up)`);
      return;
    }
    if (part.restart !== undefined) {
      try {
        await part.restart(context, entry);
        if (await part.answers(context, entry)) {
          done(`${part.describe(entry)} (started again)`);
          return;
        }
      } catch {
        // Its box has gone, or what is in it cannot be mended: make it anew.
      }
    }
  }
  delete context.parts[name];
  const made = await part.create(context);
  context.parts[name] = made as Partial<Parts>[Name];
  done(part.describe(made));
}

/** Its box runs on another Debian than this version of the lab makes: something it needs may be missing there. */
function isOutdated(name: PartName, folders: LabFolders): boolean {
  const box = name === 'base-image' ? undefined : readBox(folders, name);
  return box !== undefined && box.root !== boxRootFolder(folders);
}

/**
 * A folder of its own for the client, so that it can be put on a PATH: this
 * machine's client, or the one of the boxes (a Debian 12 program).
 */
async function dockerClient(folders: LabFolders): Promise<string> {
  const own = await tryCommand(['sh', '-c', 'command -v docker']);
  const link = join(folders.run, 'bin', 'docker');
  if (own.stdout.trim() === link) return link;
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(own.code === 0 ? own.stdout.trim() : join(boxRootFolder(folders), 'usr/bin/docker'), link);
  return link;
}
