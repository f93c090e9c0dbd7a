import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { baseFolder, ensureBase, makeOnce } from './debian-root.ts';
import { type LabFolders, labFolders } from './folders.ts';
import { inRoot } from './in-root.ts';

/**
 * Puts the wheels of a `requirements.txt`, for the Python of the base image,
 * into a folder, for a Dockerfile to install with `--no-index --find-links`:
 * inside a build there is no way to a package registry. Fetched once per
 * content of the file; wheels of other runs in the folder are removed.
 * @returns the names of the wheels
 */
export async function provideWheels(
  requirementsFile: string,
  folder: string,
  folders: LabFolders = labFolders(),
): Promise<string[]> {
  const requirements = readFileSync(requirementsFile);
  const base = await ensureBase(folders);
  const key = createHash('sha256')
    .update(baseFolder(folders))
    .update(requirements)
    .digest('hex')
    .slice(0, 12);
  const cached = join(folders.cache, 'wheels', key);
  if (!existsSync(cached))
    await makeOnce(cached, (partial, scratch) => fetchWheels(base, requirements, partial, scratch));

  mkdirSync(folder, { recursive: true });
  const wheels = readdirSync(cached).filter((name) => name.endsWith('.whl'));
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.whl') && !wheels.includes(name)) rmSync(join(folder, name));
  }
  for (const name of wheels) copyFileSync(join(cached, name), join(folder, name));
  return wheels;
}

async function fetchWheels(
  base: string,
  requirements: Buffer,
  partial: string,
  changesTo: string,
): Promise<void> {
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, 'requirements.txt'), requirements);
  // `pip wheel` and not `pip download`: what comes as source is built here, where it can be.
  const pip = ['pip', 'wheel', '--quiet', '--disable-pip-version-check', '--no-cache-dir'];
  await inRoot(base, [...pip, '--wheel-dir', '/out', '--requirement', '/out/requirements.txt'], {
    changesTo,
    binds: [{ from: partial, to: '/out' }],
  });
}
