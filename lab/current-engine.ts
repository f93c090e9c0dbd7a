import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBase, makeOnce } from './debian-root.ts';
import type { LabFolders } from './folders.ts';
import { inRoot } from './in-root.ts';
import { goFlags, goTools } from './tools/go.ts';

/** The modules of a current engine. The engine's names the containerd that it is made for. */
const ENGINE = { module: 'github.com/moby/moby/v2', version: 'v2.0.0-beta.24' };
const RUNC = { module: 'github.com/opencontainers/runc', version: 'v1.5.2' };

/**
 * The client. Its module keeps its requirements in `vendor.mod`; the swarm library it names is replaced by the one
 * that the engine uses, because that one is certainly there.
 */
const CLIENT = {
  module: 'github.com/docker/cli',
  version: 'v29.9.3+incompatible',
  swarm: 'github.com/moby/swarmkit/v2@v2.1.3-0.20260828175525-ad0357aedfca',
};

const PROGRAMS = [
  `${ENGINE.module}/cmd/dockerd`,
  `${ENGINE.module}/cmd/docker-proxy`,
  'github.com/containerd/containerd/v2/cmd/containerd',
  'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
  RUNC.module,
  `${CLIENT.module}/cmd/docker`,
];

/** What no host of the lab has a use for: Kubernetes, other file systems, traces. */
const TAGS = [
  'seccomp',
  ...['no_cri', 'no_btrfs', 'no_devmapper', 'no_zfs', 'no_tracing'],
  ...['exclude_graphdriver_btrfs', 'exclude_graphdriver_fuseoverlayfs', 'exclude_graphdriver_zfs'],
];

/** Left out too: each brings the libraries of a whole cloud, or speaks to a server that no test has. */
const LOG_DRIVERS = ['awslogs', 'fluentd', 'gcplogs', 'gelf', 'splunk'];

/** No older one will do: an older Go that reads it fetches this one. */
const GO = '1.26.8';

const BUILD_PACKAGES = ['gcc', 'libc6-dev', 'libseccomp-dev', 'pkg-config'];

/**
 * One module that requires the others, so that what the programs share is compiled once. Sources of modules cannot be
 * changed where Go keeps them; what has to be changed is copied.
 */
const SCRIPT = `
set -euo pipefail
mkdir /tmp/engine; cd /tmp/engine; go mod init engine; go mod edit -go=${GO}
copy() { # MODULE VERSION FOLDER
  local source; source=$(go mod download -json "$1@$2" | sed -n 's/.*"Dir": "\\(.*\\)".*/\\1/p')
  cp -r "$source" "$3"; chmod -R u+w "$3"
  go mod edit -require "$1@$4" -replace "$1=$3"
}
copy ${ENGINE.module} ${ENGINE.version} /tmp/moby ${ENGINE.version}
sed -E -i '/logger\\/(${LOG_DRIVERS.join('|')})"/d' /tmp/moby/daemon/logdrivers_linux.go
copy ${CLIENT.module} ${CLIENT.version} /tmp/client v0.0.0
(cd /tmp/client; mv vendor.mod go.mod; mv vendor.sum go.sum; rm -rf vendor)
go mod edit -require ${RUNC.module}@${RUNC.version} -replace ${CLIENT.swarm.split('@')[0]}=${CLIENT.swarm}
go install "$@"`;

const LINK = [
  `-X ${ENGINE.module}/dockerversion.Version=${ENGINE.version.slice(1)}`,
  `-X ${CLIENT.module}/cli/version.Version=${CLIENT.version.slice(1).split('+')[0]}`,
  '-s -w',
].join(' ');

const INSTALL = [...goFlags, '-tags', TAGS.join(), '-ldflags', LINK, ...PROGRAMS];

export function currentEnginePath(folders: LabFolders): string {
  const recipe = JSON.stringify([SCRIPT, INSTALL, BUILD_PACKAGES, process.arch]);
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
    note('building a current Docker engine from its Go modules (some minutes, once): compiler');
    const apt = (...words: string[]) => inRoot(base, ['apt-get', '-q', ...words], { changesTo });
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', ...BUILD_PACKAGES);
    const go = await goTools(folders);
    note(`building Docker ${ENGINE.version}, runc ${RUNC.version}, the client ${CLIENT.version}`);
    await inRoot(base, ['bash', '-c', SCRIPT, 'bash', ...INSTALL], {
      changesTo,
      binds: [...go.folders.map((folder) => ({ from: folder, to: folder })), { from: partial, to: '/out' }],
      env: {
        ...go.env,
        PATH: `${go.root}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        GOFLAGS: '-mod=mod -buildvcs=false',
        GOBIN: '/out',
        CGO_ENABLED: '1',
      },
    });
  });
  return target;
}
