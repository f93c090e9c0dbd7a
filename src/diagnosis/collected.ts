/** Reads what collect.sh prints. What is missing is not known: nothing is guessed. */
import { readLog } from './container-log.ts';
import type {
  Evidence,
  KernelLine,
  Listening,
  SeenContainer,
  SeenDisk,
  SeenHost,
  SeenMount,
} from './evidence.ts';

type Parts = ReadonlyMap<string, readonly string[]>;

/** Milliseconds of our clock between which it was collected; undefined where nobody knows. */
export interface Between {
  readonly from: number;
  readonly to: number;
}

export function readCollected(text: string, server: string, between: Between | undefined): Evidence {
  const { parts, name, unread, isWhole } = partsOf(text);
  const container = containerOf(parts);
  const docker = [...(parts.get('docker') ?? [])].join('\n').trim();
  const error = container?.error ?? '';
  return {
    server,
    name,
    docker: docker === '' ? error || undefined : docker,
    container,
    log: logOf(parts.get('log')),
    host: hostOf(parts, between),
    unread: isWhole ? unread : [...unread, 'the rest (the look at the server was cut off)'],
  };
}

function partsOf(text: string): {
  parts: Parts;
  name: string | undefined;
  unread: string[];
  isWhole: boolean;
} {
  const [first = '', ...lines] = text.split('\n');
  const [, mark, name] = /^collected (\S+) (\S+)$/.exec(first) ?? [];
  const parts = new Map<string, string[]>();
  const unread: string[] = [];
  let current: string[] = [];
  if (mark === undefined) return { parts, name, unread, isWhole: false };
  for (const line of lines) {
    if (!line.startsWith(`${mark} `)) {
      current.push(line);
      continue;
    }
    const [, kind = '', rest = ''] = /^\S+ (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'unread') {
      unread.push(rest);
      continue;
    }
    current = parts.get(kind) ?? [];
    parts.set(kind, current);
  }
  return { parts, name, unread, isWhole: parts.has('end') };
}

/** Both streams stand in one part, `out` or `err` before each line. */
function logOf(lines: readonly string[] | undefined) {
  if (lines === undefined) return undefined;
  const stream = (which: string) =>
    lines
      .filter((line) => line.startsWith(`${which} `))
      .map((line) => line.slice(4))
      .join('\n');
  return readLog(stream('out'), stream('err'));
}

interface StateJson {
  readonly Status?: string;
  readonly ExitCode?: number;
  readonly Error?: string;
  readonly OOMKilled?: boolean;
  readonly StartedAt?: string;
  readonly FinishedAt?: string;
  readonly Health?: {
    readonly Status?: string;
    readonly Log?: readonly { readonly Output?: string }[] | null;
  } | null;
}

function containerOf(parts: Parts): SeenContainer | undefined {
  const lines = parts.get('container');
  if (lines === undefined) return undefined;
  const [state, restarts, memory, user, program, ports, mounts, network, id] = lines;
  const seen = json<StateJson>(state);
  if (seen?.Status === undefined) return undefined;
  const health = seen.Health;
  return {
    id: /^"([0-9a-f]{64})"$/.exec(id ?? '')?.[1],
    status: seen.Status,
    exitCode: seen.ExitCode ?? 0,
    error: seen.Error ?? '',
    outOfMemory: seen.OOMKilled ?? false,
    restarts: Number(restarts) || 0,
    startedAt: new Date(seen.StartedAt ?? 0),
    finishedAt: new Date(seen.FinishedAt ?? 0),
    memory: Number(memory) || 0,
    uid: uidOf(json<string>(user) ?? '', parts.get('user')),
    program: json<string>(program),
    health:
      health?.Status === undefined || health.Status === 'none'
        ? undefined
        : { status: health.Status, output: health.Log?.at(-1)?.Output?.trim() ?? '' },
    ports: portsOf(json<Record<string, { HostPort?: string }[] | null>>(ports) ?? {}),
    mounts: mountsOf(json<MountJson[]>(mounts) ?? [], parts.get('mounts') ?? []),
    network: json<string>(network),
    listening: parts.get('inside')?.flatMap(listeningOf),
    platform: parts.get('image')?.find((line) => line.includes('/')),
  };
}

function json<T>(text: string | undefined): T | undefined {
  try {
    return (JSON.parse(text ?? '') as T) ?? undefined;
  } catch {
    return undefined; // cut off: then it is not known
  }
}

/** Of the user as it is written (`1000`, `app:app`, nothing for root), and of the image's /etc/passwd. */
function uidOf(user: string, lines: readonly string[] | undefined): number | undefined {
  const process = lines?.find((line) => line.startsWith('process:'))?.slice('process:'.length);
  if (process !== undefined) return Number(process);
  const [name = ''] = user.split(':');
  if (name === '') return 0;
  if (/^\d+$/.test(name)) return Number(name);
  const found = lines?.find((line) => line.startsWith(`${name}:`))?.split(':')[1];
  return found === undefined ? undefined : Number(found);
}

function portsOf(bindings: Readonly<Record<string, readonly { HostPort?: string }[] | null>>) {
  return Object.entries(bindings).flatMap(([port, places]) =>
    port.endsWith('/tcp')
      ? (places ?? []).map(({ HostPort }) => ({
          hostPort: Number(HostPort),
          containerPort: Number.parseInt(port, 10),
        }))
      : [],
  );
}

interface MountJson {
  readonly Source?: string;
  readonly Destination?: string;
  readonly RW?: boolean;
}

function mountsOf(mounts: readonly MountJson[], stats: readonly string[]): SeenMount[] {
  return mounts.map(({ Source: source = '', Destination: target = '', RW: isWritable = true }) => {
    const line = stats.find((each) => each.endsWith(`:${source}`));
    const [, uid, gid, mode = '', kind] = /^(\d+) (\d+) (\d+) ([^:]+):/.exec(line ?? '') ?? [];
    return {
      source,
      target,
      readOnly: !isWritable,
      owner: uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid), mode },
      isFolder: kind === undefined ? undefined : kind === 'directory',
    };
  });
}

/** A local address of /proc/net/tcp: `0100007F:2328`. */
function listeningOf(line: string): Listening[] {
  const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(line.trim()) ?? [];
  if (address === undefined || port === undefined) return [];
  // 127.0.0.0/8 byte by byte from behind, and ::1; Docker's own name server is no port of the application.
  const isLocal = address.length === 8 ? address.endsWith('7F') : /^0{24}01000000$/.test(address);
  if (address === '0B00007F') return [];
  return [{ port: Number.parseInt(port, 16), isLocal }];
}

function hostOf(parts: Parts, between: Between | undefined): SeenHost | undefined {
  const facts = parts.get('server');
  if (facts === undefined) return undefined;
  const fact = (name: string) => facts.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
  const clock = fact('clock');
  const total = Number(fact('MemTotal:'));
  const available = Number(fact('MemAvailable:'));
  return {
    account: fact('account')?.split(' ')[0],
    platform: platformOf(fact('platform')),
    memory: total > 0 && available >= 0 ? { total, available } : undefined,
    disk: diskOf(parts.get('disk') ?? []),
    clockAhead: clock === undefined ? undefined : aheadOf(Number(clock) * 1_000, between),
    isSelinux: fact('selinux') === 'yes',
    listening: (parts.get('listening') ?? []).flatMap(hostPortOf),
    publishers: (parts.get('listening') ?? []).flatMap((line) => {
      const [, port, container] = /^publisher (\d+) (\S+)$/.exec(line) ?? [];
      return container === undefined ? [] : [{ port: Number(port), container }];
    }),
    kernel: kernelOf(parts.get('kernel') ?? [], Number(clock) * 1_000),
  };
}

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
};

function platformOf(said: string | undefined): string | undefined {
  const [system, machine] = (said ?? '').toLowerCase().split(' ');
  const architecture = architectures[machine ?? ''];
  return architecture === undefined ? undefined : `${system}/${architecture}`;
}

/** The one with the least room of any kind. */
function diskOf(lines: readonly string[]): SeenDisk | undefined {
  const disks = new Map<string, SeenDisk>();
  for (const line of lines) {
    const [, kind, folder = '', free, total] = /^(bytes|files) (\S+) (\d+) (\d+)$/.exec(line) ?? [];
    if (kind === undefined || Number(total) === 0) continue;
    const known = disks.get(folder) ?? { folder, freeBytes: 0, usedBytes: 0, usedFiles: 0 };
    const used = 1 - Number(free) / Number(total);
    disks.set(
      folder,
      kind === 'bytes'
        ? { ...known, freeBytes: Number(free), usedBytes: used }
        : { ...known, usedFiles: used },
    );
  }
  const fullness = ({ usedBytes, usedFiles }: SeenDisk) => Math.max(usedBytes, usedFiles);
  return [...disks.values()].sort((a, b) => fullness(b) - fullness(a))[0];
}

function hostPortOf(line: string) {
  const [, hex] = /^hex:[0-9A-F]+:([0-9A-F]{4})$/.exec(line) ?? [];
  if (hex !== undefined) return [{ port: Number.parseInt(hex, 16) }];
  const [, port, users = ''] = /^\S*:(\d+)(?: (.*))?$/.exec(line) ?? [];
  if (port === undefined) return [];
  const [, program, pid] = /"([^"]+)",pid=(\d+)/.exec(users) ?? [];
  return [{ port: Number(port), program: program === undefined ? undefined : `${program} (pid ${pid})` }];
}

/** A look takes its time, and a clock tells whole seconds: within both, nothing is known to be wrong. */
function aheadOf(clock: number, between: Between | undefined): number | undefined {
  if (between === undefined) return undefined;
  if (clock > between.to) return clock - between.to;
  return clock + 1_000 < between.from ? clock + 1_000 - between.from : 0;
}

/** The kernel counts from its start; `now` is of the server's own clock, as the times of containers are. */
function kernelOf(lines: readonly string[], now: number): KernelLine[] {
  const uptime = Number(/^uptime (\d+)/.exec(lines[0] ?? '')?.[1] ?? Number.NaN) * 1_000;
  return lines.slice(1).flatMap((line) => {
    const [, seconds, text] = /^(?:<\d+>)?\[ *(\d+\.\d+)\] (.*)$/.exec(line) ?? [];
    if (text === undefined) return line.trim() === '' ? [] : [{ at: undefined, text: line.trim() }];
    const at = now - uptime + Number(seconds) * 1_000;
    return [{ at: Number.isNaN(at) ? undefined : new Date(at), text }];
  });
}
