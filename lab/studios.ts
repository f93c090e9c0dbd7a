import { createHash } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.ts';
import { labFolders } from './folders.ts';
import { installOnce } from './tools/install-once.ts';

/** The example application that is not Django. */
export const studiosFolder = join(import.meta.dirname, '../examples/studios');

/** The folder `node_modules` with what it is installed from. */
export async function studiosPackages(): Promise<string> {
  const list = join(studiosFolder, 'package.json');
  const hash = createHash('sha256')
    .update(await readFile(list, 'utf8'))
    .digest('hex')
    .slice(0, 12);
  const folder = await installOnce(labFolders(), `studios-${hash}`, async (unfinished) => {
    await cp(list, join(unfinished, 'package.json'), { recursive: true });
    const npm = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    await command([...npm, '--prefix', unfinished]);
  });
  return join(folder, 'node_modules');
}
