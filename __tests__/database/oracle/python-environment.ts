import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { command, tryCommand } from '../../../lab/command.ts';
import { installMachinePackages } from '../../../lab/debian-packages.ts';
import { labFolders } from '../../../lab/folders.ts';

/**
 * The Python of an environment with exactly these packages, made on first use and kept in the lab's cache.
 * @param packages as pip takes them, with exact versions
 */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  const name = packages.join('+').replace(/[^\w.+-]+/g, '-');
  const folder = join(labFolders().cache, 'venvs', name);
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;

  // Made aside and then renamed: two suites that start together do not see each other's half-made one.
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  try {
    await makeEnvironment(unfinished);
    const pip = [
      join(unfinished, 'bin', 'python'),
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
    ];
    await command([...pip, ...packages]);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(python)) throw error;
  }
  return python;
}

async function makeEnvironment(folder: string): Promise<void> {
  const make = ['python3', '-m', 'venv', folder];
  const missing = await tryCommand(make).catch(() => undefined);
  if (missing?.code === 0) return;
  // Debian's python3 comes without the parts that make an environment.
  rmSync(folder, { recursive: true, force: true });
  await installMachinePackages(['python3-venv']);
  await command(make);
}
