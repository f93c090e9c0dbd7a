import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { command } from './command.ts';
import { NO_SERVICES } from './debian-packages.ts';
import type { LabFolders } from './folders.ts';

/** What is in the base image that the example applications are built on. */
const BASE_PACKAGES = ['ca-certificates', 'python3', 'python3-pip', 'python3-venv'];

/** What every box finds installed, beyond the base image. */
const BOX_PACKAGES = [
  'apache2-utils',
  'curl',
  'docker-registry',
  'docker.io',
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
];

/** Raise it when the recipe below changes in a way that the package lists do not show. */
const RECIPE = 1;

function keyOf(packages: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify([RECIPE, packages])).digest('hex').slice(0, 8);
}

export const baseFolder = (folders: LabFolders) => join(folders.cache, `base-${keyOf(BASE_PACKAGES)}`);
export const boxRootFolder = (folders: LabFolders) =>
  join(folders.cache, `root-${keyOf([...BASE_PACKAGES, ...BOX_PACKAGES])}`);

/** The file tree of the base image: Debian 12 (minbase) with Python 3.11. Made once, kept in the cache. */
export async function ensureBase(folders: LabFolders): Promise<string> {
  const target = baseFolder(folders);
  if (existsSync(target)) return target;
  await make(target, async (partial) => {
    await command([
      ...['unshare', '--mount', '--', 'mmdebstrap', '--mode=root', '--variant=minbase', '--quiet'],
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
  await make(target, async (partial) => {
    await command(['cp', '--archive', base, partial]);
    const policy = join(partial, 'usr/sbin/policy-rc.d');
    writeFileSync(policy, NO_SERVICES, { mode: 0o755 });
    mkdirSync(join(partial, 'etc/postgresql-common'), { recursive: true });
    writeFileSync(join(partial, 'etc/postgresql-common/createcluster.conf'), 'create_main_cluster = false\n');
    const apt = async (...words: string[]) =>
      inRoot(partial, ['apt-get', '-q', '-o', 'Dpkg::Options::=--force-unsafe-io', '-o', 'APT::Sandbox::User=root', ...words]);
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', ...BOX_PACKAGES);
    await apt('clean');
    rmSync(policy);
    rmSync(join(partial, 'var/lib/apt/lists'), { recursive: true });
    // Every host makes keys of its own, and knows its neighbours by name only.
    await inRoot(partial, ['sh', '-c', 'rm -f /etc/ssh/ssh_host_* /etc/nginx/sites-enabled/default; : >/etc/resolv.conf']);
  });
  return target;
}

/**
 * Runs a program with another file tree as its root, in namespaces of its own
 * (mounts, processes), with this machine's network, names and certificates.
 */
export async function inRoot(
  root: string,
  argv: readonly string[],
  options: { env?: Record<string, string>; binds?: readonly { from: string; to: string }[]; onLine?: (line: string) => void } = {},
): Promise<string> {
  const resolver = join(root, 'etc/resolv.conf');
  rmSync(resolver, { force: true });
  copyFileSync('/etc/resolv.conf', resolver);
  const script = [
    'set -e',
    'mount -t proc proc "$1/proc"',
    'mount -t tmpfs tmpfs "$1/dev"; for d in null zero random urandom; do touch "$1/dev/$d"; mount --bind "/dev/$d" "$1/dev/$d"; done',
    'ln -s /proc/self/fd "$1/dev/fd"',
    ...(options.binds ?? []).map(({ from, to }) => `mkdir -p "$1${to}"; mount --bind "${from}" "$1${to}"`),
    'root=$1; shift; exec chroot "$root" "$@"',
  ].join('\n');
  return command(['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, 'sh', root, ...argv], {
    env: {
      ...proxySettings(),
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
      ...options.env,
    },
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
  });
}

function proxySettings(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

/**
 * Makes a folder under another name and renames it at the end, so that a killed
 * run leaves nothing half done, and of two runs at once one wins.
 */
async function make(target: string, work: (partial: string) => Promise<void>): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  for (const name of readdirSync(dirname(target))) {
    const owner = /\.partial-(\d+)$/.exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) {
      rmSync(join(dirname(target), name), { recursive: true, force: true });
    }
  }
  const partial = `${target}.partial-${process.pid}`;
  await work(partial);
  if (existsSync(target)) rmSync(partial, { recursive: true, force: true });
  else renameSync(partial, target);
}
