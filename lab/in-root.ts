import { existsSync } from 'node:fs';
import { command } from './command.ts';

export interface InRootOptions {
  readonly env?: Record<string, string>;
  /** Folders of this machine shown there. */
  readonly binds?: readonly { readonly from: string; readonly to: string }[];
  /** A folder that takes every change; the root itself stays as it is. */
  readonly changesTo?: string;
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a program with another file tree as its root: its own mounts and
 * processes, this machine's network, name resolution and trusted certificates.
 * Whatever it mounts or leaves running ends with it.
 * @throws Error when it fails
 */
export async function inRoot(
  root: string,
  argv: readonly string[],
  options: InRootOptions = {},
): Promise<string> {
  const binds = [
    // The packages there bring authorities of their own; behind a proxy this machine knows more.
    ...(existsSync('/etc/ssl/certs/ca-certificates.crt')
      ? [{ from: '/etc/ssl/certs', to: '/etc/ssl/certs' }]
      : []),
    ...(options.binds ?? []),
  ];
  const script = [
    'set -e',
    'root=$1 changes=$2; shift 2',
    'if [ -n "$changes" ]; then',
    '  mkdir -p "$changes/upper" "$changes/work" "$changes/root"',
    '  mount -t overlay overlay -o "lowerdir=$root,upperdir=$changes/upper,workdir=$changes/work" "$changes/root"',
    '  root=$changes/root',
    'fi',
    'mount -t proc proc "$root/proc"',
    'mount -t tmpfs tmpfs "$root/dev"',
    'for device in null zero random urandom; do',
    '  touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"',
    'done',
    'ln -s /proc/self/fd "$root/dev/fd"',
    'rm -f "$root/etc/resolv.conf"; cp -L /etc/resolv.conf "$root/etc/resolv.conf"',
    'while [ "$1" != -- ]; do',
    '  mkdir -p "$root$2"; mount --bind "$1" "$root$2"; shift 2',
    'done',
    'shift; exec chroot "$root" "$@"',
  ].join('\n');
  return command(
    [
      ...[
        'unshare',
        '--mount',
        '--pid',
        '--fork',
        '--kill-child',
        'sh',
        '-c',
        script,
        'sh',
        root,
        options.changesTo ?? '',
      ],
      ...binds.flatMap(({ from, to }) => [from, to]),
      ...['--', ...argv],
    ],
    {
      label: argv.slice(0, 12).join(' '),
      env: {
        ...networkSettings(),
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        LC_ALL: 'C.UTF-8',
        DEBIAN_FRONTEND: 'noninteractive',
        ...options.env,
      },
      ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    },
  );
}

/** What this machine's owner has set to reach the package registries: proxies, mirrors, authorities. */
function networkSettings(): Record<string, string> {
  const names =
    /^((https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|PIP_(CERT|INDEX_URL|DEFAULT_TIMEOUT)|GO(PROXY|SUMDB|NOSUMDB|PRIVATE))$/i;
  const entries = Object.entries(process.env).filter(([name]) => names.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}
