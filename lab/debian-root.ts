import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';
import { NO_SERVICES } from './debian-packages.ts';
import type { LabFolders } from './folders.ts';
import { inRoot } from './in-root.ts';
import { withLock } from './lock.ts';

/** What is in the base image that the example applications are built on. */
const BASE_PACKAGES = ['ca-certificates', 'python3', 'python3-pip', 'python3-venv'];

/** What every box finds installed, beyond the base image. */
const BOX_PACKAGES = [
  'apache2-utils',
  'caddy',
  'curl',
  'docker-compose',
  'docker-registry',
  'docker.io',
  'firewalld',
  'iproute2',
  'iptables',
  'iputils-ping',
  'libnftables1',
  'netcat-openbsd',
  'nftables',
  'nginx-light',
  'openssh-client',
  'openssh-server',
  'openssl',
  'pgbouncer',
  'postgresql',
  'procps',
  'sudo',
  'tini',
  'ufw',
];

/** Raise it when the recipe below changes in a way that the package lists do not show. */
const RECIPE = 2;

function keyOf(packages: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([RECIPE, packages]))
    .digest('hex')
    .slice(0, 8);
}

export const baseFolder = (folders: LabFolders) => join(folders.cache, `base-${keyOf(BASE_PACKAGES)}`);
export const boxRootFolder = (folders: LabFolders) =>
  join(folders.cache, `root-${keyOf([...BASE_PACKAGES, ...BOX_PACKAGES])}`);

/** The file tree of the base image: Debian 12 (minbase) with Python 3.11. Made once, kept in the cache. */
export async function ensureBase(folders: LabFolders): Promise<string> {
  const target = baseFolder(folders);
  if (existsSync(target)) return target;
  await makeOnce(target, async (partial) => {
    await command([
      ...['unshare', '--mount', '--', 'mmdebstrap', '--mode=root', '--variant=minbase', '--quiet'],
      ...['doc', 'info', 'locale', 'man'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
      ...[`--include=${BASE_PACKAGES.join(',')}`, 'bookworm', partial],
    ]);
  });
  return target;
}

/**
 * The read-only file tree under every box: the base and all servers of the lab.
 * No service is started while it is made, and nothing of this machine is in it.
 */
export async function ensureBoxRoot(folders: LabFolders): Promise<string> {
  const target = boxRootFolder(folders);
  if (existsSync(target)) return target;
  const base = await ensureBase(folders);
  await makeOnce(target, async (partial) => {
    await command(['cp', '--archive', base, partial]);
    const policy = join(partial, 'usr/sbin/policy-rc.d');
    writeFileSync(policy, NO_SERVICES, { mode: 0o755 });
    mkdirSync(join(partial, 'etc/postgresql-common'), { recursive: true });
    writeFileSync(join(partial, 'etc/postgresql-common/createcluster.conf'), 'create_main_cluster = false\n');
    const apt = async (...words: string[]) =>
      inRoot(partial, [
        'apt-get',
        '-q',
        '-o',
        'Dpkg::Options::=--force-unsafe-io',
        '-o',
        'APT::Sandbox::User=root',
        ...words,
      ]);
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', ...BOX_PACKAGES);
    await apt('clean');
    rmSync(policy);
    rmSync(join(partial, 'var/lib/apt/lists'), { recursive: true });
    // Every host makes keys of its own, and knows its neighbours by name only.
    await inRoot(partial, [
      'sh',
      '-c',
      'rm -f /etc/ssh/ssh_host_* /etc/nginx/sites-enabled/default; rm -f /etc/resolv.conf; : >/etc/resolv.conf',
    ]);
  });
  return target;
}

/**
 * Makes a folder under another name and renames it at the end, so that a killed run leaves nothing half done. Of
 * several that want it at once, one makes it and the others wait.
 * @param work is given the folder to fill, and the name of one that it may use meanwhile
 */
export async function makeOnce(
  target: string,
  work: (partial: string, scratch: string) => Promise<void>,
): Promise<void> {
  await withLock(`${target}.lock`, async () => {
    if (existsSync(target)) return;
    const partial = `${target}.partial`;
    const scratch = `${target}.scratch`;
    const clear = () => {
      for (const folder of [partial, scratch]) rmSync(folder, { recursive: true, force: true });
    };
    clear(); // what a killed run may have left
    try {
      await work(partial, scratch);
      renameSync(partial, target);
    } finally {
      clear();
    }
  });
}
