import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';
import { labFolders } from './folders.ts';
import { installOnce } from './tools/install-once.ts';

/**
 * The Python of a virtual environment with these requirements. Environments are kept in the lab's cache; of
 * several processes that want the same one at once, one makes it.
 * @param requirements the text of a requirements file
 */
export async function venv(requirements: string): Promise<string> {
  const version = (await command(['python3', '--version'])).trim();
  const folders = labFolders();
  const folder = await installOnce(folders, `venv-${hashOf(version, requirements)}`, async (unfinished) => {
    await command(['python3', '-m', 'venv', unfinished]);
    await pip(join(unfinished, 'bin/python'), ['install'], requirements, unfinished);
  });
  return join(folder, 'bin/python');
}

/**
 * A folder with the wheels of these requirements for the Python of the lab's base image, where a build has no
 * package index to ask.
 */
export async function wheels(requirements: string): Promise<string> {
  return installOnce(labFolders(), `wheels-${hashOf(requirements)}`, async (unfinished) => {
    const target = ['--only-binary=:all:', '--python-version', '3.11', '--dest', unfinished];
    mkdirSync(unfinished);
    await pip('python3', ['download', ...target], requirements, unfinished);
  });
}

/** The list stands in the folder that it fills; pip cannot read it from a socket, which is what a child's input is. */
async function pip(
  python: string,
  args: readonly string[],
  requirements: string,
  folder: string,
): Promise<void> {
  const list = join(folder, 'requirements.txt');
  writeFileSync(list, requirements);
  const [verb = '', ...rest] = args;
  await command([
    python,
    '-m',
    'pip',
    verb,
    '--quiet',
    '--disable-pip-version-check',
    ...rest,
    '--requirement',
    list,
  ]);
}

function hashOf(...texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 12);
}
