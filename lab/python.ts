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
  const version = await pythonVersion();
  const hash = createHash('sha256').update(`${version}\n${requirements}`).digest('hex').slice(0, 12);
  const folder = await installOnce(labFolders(), `venv-${hash}`, async (unfinished) => {
    await requireVenv();
    const python = join(unfinished, 'bin/python');
    const list = join(unfinished, 'requirements.txt'); // pip cannot read it from a socket, which a child's input is
    // A pip in every environment takes as long to install as the requirements: the machine's own will do.
    const hasPip = await succeeds(['python3', '-c', RECENT_PIP]);
    await command(['python3', '-m', 'venv', ...(hasPip ? ['--without-pip'] : []), unfinished]);
    writeFileSync(list, requirements);
    const pip = hasPip ? ['python3', '-m', 'pip', '--python', python] : [python, '-m', 'pip'];
    await command([...pip, 'install', '--quiet', '--disable-pip-version-check', '--requirement', list]);
  });
  return join(folder, 'bin/python');
}

/** From 22.3 on it can install into another environment. */
const RECENT_PIP = 'import pip, sys; sys.exit([int(n) for n in pip.__version__.split(".")[:2]] < [22, 3])';

async function pythonVersion(): Promise<string> {
  const told = () => tryCommand(['python3', '--version']).catch(() => undefined);
  let version = await told();
  if (version?.code !== 0) {
    await requireVenv();
    version = await told();
  }
  if (version?.code !== 0) throw new Error('python3 does not say its version — is it installed?');
  return version.stdout.trim();
}

/** Debian's python3 comes without what makes an environment. */
async function requireVenv(): Promise<void> {
  const ready = await succeeds(['python3', '-c', 'import venv, ensurepip']);
  if (!ready) await installMachinePackages(['python3', 'python3-venv']);
}

async function succeeds(argv: readonly string[]): Promise<boolean> {
  const ended = await tryCommand(argv).catch(() => undefined);
  return ended?.code === 0;
}
