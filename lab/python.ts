import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, tryCommand } from './command.ts';
import { installMachinePackages } from './debian-packages.ts';
import { labFolders } from './folders.ts';
import { installOnce } from './tools/install-once.ts';

/**
 * The Python of a virtual environment with these requirements. Environments are kept in the lab's cache; of
 * several processes that want the same one at once, one makes it.
 * @param requirements the text of a requirements file
 */
export async function venv(requirements: string): Promise<string> {
  await requireVenv();
  const version = (await command(['python3', '--version'])).trim();
  const hash = createHash('sha256').update(`${version}\n${requirements}`).digest('hex').slice(0, 12);
  const folder = await installOnce(labFolders(), `venv-${hash}`, async (unfinished) => {
    await command(['python3', '-m', 'venv', unfinished]);
    const list = join(unfinished, 'requirements.txt'); // pip cannot read it from a socket, which a child's input is
    writeFileSync(list, requirements);
    const pip = [
      join(unfinished, 'bin/python'),
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
    ];
    await command([...pip, '--requirement', list]);
  });
  return join(folder, 'bin/python');
}

/** Debian's python3 comes without what makes an environment. */
async function requireVenv(): Promise<void> {
  const ready = await tryCommand(['python3', '-c', 'import venv, ensurepip']).catch(() => undefined);
  if (ready?.code !== 0) await installMachinePackages(['python3', 'python3-venv']);
}
