import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { tryCommand } from './command.ts';
import { ensureBase, makeOnce } from './debian-root.ts';
import type { LabFolders } from './folders.ts';
import { type InRootOptions, inRoot } from './in-root.ts';

/** The programs of a current engine and the Go modules that they are built from. */
const MODULES = [
  { tags: 'seccomp', packages: ['github.com/opencontainers/runc'], version: 'v1.5.2' },
  {
    packages: [
      'github.com/containerd/containerd/v2/cmd/containerd',
      'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
    ],
    version: 'v2.4.2',
  },
  {
    packages: ['github.com/moby/moby/v2/cmd/docker-proxy', 'github.com/moby/moby/v2/cmd/dockerd'],
    version: 'v2.0.0-beta.24',
    versionVariable: 'github.com/moby/moby/v2/dockerversion.Version',
  },
] as const;

/**
 * The client. Its module keeps its requirements in `vendor.mod`, so it is built
 * from its source folder; the swarm library it names is replaced by the one that
 * the engine uses, because that one is certainly there.
 */
const CLIENT = {
  module: 'github.com/docker/cli',
  version: 'v29.9.3+incompatible',
  swarm: 'github.com/moby/swarmkit/v2@v2.1.3-0.20260828175525-ad0357aedfca',
};

const BUILD_PACKAGES = [
  'gcc',
  'libc6-dev',
  'libnftables-dev',
  'libseccomp-dev',
  'libsystemd-dev',
  'pkg-config',
];

/** Debian 12's own Go is too old to build any of this, but it can fetch this toolchain, which is a module too. */
const TOOLCHAIN = `golang.org/toolchain@v0.0.1-go1.26.8.linux-${process.arch === 'x64' ? 'amd64' : process.arch}`;

export function currentEnginePath(folders: LabFolders): string {
  const recipe = JSON.stringify([MODULES, CLIENT, BUILD_PACKAGES, process.arch]);
  return join(
    folders.cache,
    `docker-current-${createHash('sha256').update(recipe).digest('hex').slice(0, 8)}`,
  );
}

/**
 * A folder with `dockerd`, `docker-proxy`, `containerd`, its shim, `runc` and
 * `docker`: first on the PATH of a box they are its engine. Built once in a
 * throw-away Debian, so that they fit the boxes; minutes, then cached.
 */
export async function currentEngineFolder(
  folders: LabFolders,
  note: (text: string) => void,
): Promise<string> {
  const target = currentEnginePath(folders);
  if (existsSync(target)) return target;
  const base = await ensureBase(folders);
  await makeOnce(target, async (partial, changesTo) => {
    mkdirSync(partial, { recursive: true });
    note('building a current Docker engine from its Go modules (4 to 8 minutes, once): compiler');
    const apt = (...words: string[]) => inRoot(base, ['apt-get', '-q', ...words], { changesTo });
    await apt('update');
    const ownGo = await goOfThisMachine();
    await apt('install', '-y', '--no-install-recommends', ...BUILD_PACKAGES, ...(ownGo ? [] : ['golang-go']));
    const { env, binds } = ownGo ?? (await fetchGo(folders, base, changesTo));
    const build: InRootOptions = {
      changesTo,
      binds: [...binds, { from: partial, to: '/out' }],
      env: { ...env, GOFLAGS: '-mod=mod -buildvcs=false', GOBIN: '/out', CGO_ENABLED: '1' },
    };
    for (const { packages, version, ...more } of MODULES) {
      note(`building ${packages.map((name) => name.split('/').at(-1)).join(', ')} ${version}`);
      const flags = [
        ...('tags' in more ? ['-tags', more.tags] : []),
        ...('versionVariable' in more ? ['-ldflags', `-X ${more.versionVariable}=${version.slice(1)}`] : []),
      ];
      await inRoot(base, ['go', 'install', ...flags, ...packages.map((name) => `${name}@${version}`)], build);
    }
    note(`building docker ${CLIENT.version}`);
    await inRoot(
      base,
      ['bash', '-c', CLIENT_SCRIPT, 'bash', CLIENT.module, CLIENT.version, CLIENT.swarm],
      build,
    );
  });
  return target;
}

const CLIENT_SCRIPT = `
set -euo pipefail
module=$1 version=$2 swarm=$3
mkdir /tmp/fetch; cd /tmp/fetch
go mod init fetch
source=$(go mod download -json "$module@$version" | sed -n 's/.*"Dir": "\\(.*\\)".*/\\1/p')
cp -r "$source" /tmp/client; chmod -R u+w /tmp/client; cd /tmp/client
mv vendor.mod go.mod; mv vendor.sum go.sum; rm -rf vendor
go mod edit -replace "\${swarm%@*}=$swarm"
number=\${version#v}
go build -ldflags "-X $module/cli/version.Version=\${number%+*}" -o /out/docker ./cmd/docker`;

type GoTools = Required<Pick<InRootOptions, 'env' | 'binds'>>;

/** This machine's Go with its caches, shown at the same paths. 1.21 and later fetch a newer self when needed. */
export async function goOfThisMachine(): Promise<GoTools | undefined> {
  const asked = await tryCommand(['go', 'env', 'GOVERSION', 'GOROOT', 'GOMODCACHE', 'GOCACHE']).catch(
    () => undefined,
  );
  if (asked === undefined || asked.code !== 0) return undefined;
  const [version = '', root = '', modules = '', cache = ''] = asked.stdout.trim().split('\n');
  if (Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0) < 21) return undefined;
  for (const folder of [modules, cache]) mkdirSync(folder, { recursive: true });
  return {
    env: { ...goEnvironment(root), GOMODCACHE: modules, GOCACHE: cache, GOTOOLCHAIN: 'auto' },
    binds: [root, modules, cache].map((folder) => ({ from: folder, to: folder })),
  };
}

/** A Go of the lab's own, for a machine without one. */
async function fetchGo(folders: LabFolders, base: string, changesTo: string): Promise<GoTools> {
  const caches = { modules: join(folders.cache, 'go/modules'), build: join(folders.cache, 'go/build') };
  for (const folder of Object.values(caches)) mkdirSync(folder, { recursive: true });
  const binds = [
    { from: caches.modules, to: '/go/modules' },
    { from: caches.build, to: '/go/build' },
  ];
  const env = { GOMODCACHE: '/go/modules', GOCACHE: '/go/build' };
  // Modules are stored without the right to execute.
  const script = `
set -e
mkdir /tmp/toolchain; cd /tmp/toolchain; go mod init fetch
go mod download "$1"
chmod -R u+x "$GOMODCACHE/$1/bin" "$GOMODCACHE/$1/pkg/tool"`;
  await inRoot(base, ['sh', '-c', script, 'sh', TOOLCHAIN], {
    changesTo,
    binds,
    env: { ...env, GOFLAGS: '-mod=mod' },
  });
  return { env: { ...goEnvironment(`/go/modules/${TOOLCHAIN}`), ...env, GOTOOLCHAIN: 'local' }, binds };
}

function goEnvironment(root: string): Record<string, string> {
  return { GOROOT: root, PATH: `${root}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` };
}
