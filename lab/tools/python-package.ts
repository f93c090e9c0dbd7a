import { command, tryCommand } from '../command.ts';
import { installMachinePackages } from '../debian-packages.ts';

/**
 * Installs one package of PyPI, without what it depends on, into a folder: its modules in the folder itself, its
 * programs in `bin`.
 * @param requirement with an exact version, like `zizmor==1.32.0`
 */
export async function installPythonPackage(requirement: string, folder: string): Promise<void> {
  const pip = ['python3', '-m', 'pip'];
  const found = await tryCommand([...pip, '--version']).catch(() => undefined);
  if (found?.code !== 0) await installMachinePackages(['python3', 'python3-pip', 'ca-certificates']);
  await command(
    [...pip, 'install', '--quiet', '--no-deps', '--only-binary=:all:', '--target', folder, requirement],
    {
      env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' },
    },
  );
}
