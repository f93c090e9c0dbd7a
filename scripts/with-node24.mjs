// `node scripts/with-node24.mjs SCRIPT [arguments]`: runs a script of this project with the Node that the project
// pins, after installing what is missing. The only file that has to run on any Node from 20 on, without packages.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const binaries = join(root, 'node_modules', '.bin');
const installedFor = join(root, 'node_modules', '.installed-for');

const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
if (!existsSync(installedFor) || readFileSync(installedFor, 'utf8') !== lock) {
  console.error('Installing the packages of package-lock.json …');
  // Not `npm ci`: it refuses a lock file that does not name the optional packages of every platform, and registries
  // that do not carry all of them cannot give such a file. The versions of the lock file hold all the same.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const install = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (install.status !== 0) {
    console.error(
      'npm install failed — see its message above — is the package registry reachable? Then run again.',
    );
    process.exit(1);
  }
  writeFileSync(installedFor, lock);
}

const [script, ...rest] = process.argv.slice(2);
const { status, signal } = spawnSync(
  join(binaries, 'node'),
  ['--disable-warning=ExperimentalWarning', script, ...rest],
  {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH}` },
  },
);
process.exit(signal === null ? status : 1);
