/** What rules compare where a text alone does not tell: files of the server with users, ports with ports, clocks. */
import { showDuration } from '../ground/duration.ts';
import { showSize } from '../ground/size.ts';
import { listed } from '../ground/words.ts';
import type { Evidence, SeenMount } from './evidence.ts';
import { type Findings, finalWords, hasEnded } from './rule.ts';

export type Comparison = (evidence: Evidence, found: Findings) => Findings | undefined;

export const whoAsks: Comparison = ({ host, server }) => ({
  account: host?.account ?? /^([^@\s]+)@/.exec(server)?.[1] ?? 'ACCOUNT',
});

/** Its name, where it could be seen. */
export function whoHasPort(otherwise: string): Comparison {
  return ({ host, name }, { port }) => {
    const container = host?.publishers.find((each) => String(each.port) === port && each.container !== name);
    const program = host?.listening.find((each) => String(each.port) === port)?.program;
    return {
      owner:
        container !== undefined
          ? `the container ${container.container}`
          : program !== undefined && !program.startsWith('docker-proxy')
            ? program
            : otherwise,
    };
  };
}

export const folderInsteadOfFile: Comparison = ({ container }, { path }) => {
  const mount = container?.mounts.find(({ source, target }) => source === path || target === path);
  const isFolder = mount?.isFolder ?? container?.mounts.find((each) => each.isFolder === true)?.isFolder;
  const source = mount?.source ?? path ?? container?.mounts.find((each) => each.isFolder === true)?.source;
  return { path: source ?? 'the source of a mount', kind: isFolder === false ? 'a file' : 'a folder' };
};

/** Any dictionary may lack a key; that of the environment says so in a frame of Python's own. */
export const ofEnvironment: Comparison = (evidence) => {
  const words = finalWords(evidence);
  const isPlain = !words.includes('File "') || words.includes('UndefinedValueError');
  return isPlain || /File "[^"]*\bos(?:\.py|>)", line \d+/.test(words) ? {} : undefined;
};

export const builtForOther: Comparison = ({ container, host }) => ({
  built:
    container?.platform !== undefined && container.platform !== host?.platform
      ? container.platform
      : 'another kind of processor',
  wanted: host?.platform ?? "the server's",
});

/** The mount that a path of the container lies in. */
function mountOf({ container }: Evidence, path: string): SeenMount | undefined {
  return container?.mounts
    .filter(({ target }) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`))
    .sort((a, b) => b.target.length - a.target.length)[0];
}

function deniedPath(evidence: Evidence, { path = '' }: Findings): string {
  if (path.startsWith('/')) return path;
  // Relative to a folder that we do not know: the mount with that end.
  return evidence.container?.mounts.find(({ target }) => target.endsWith(`/${path}`))?.target ?? path;
}

function mayWrite(mount: SeenMount, uid: number): boolean {
  const { owner } = mount;
  if (owner === undefined) return false;
  const [user = 0, , others = 0] = [...owner.mode.padStart(3, '0').slice(-3)].map(Number);
  return uid === 0 || ((uid === owner.uid ? user : others) & 2) !== 0;
}

/** A file of the server that the user of the container may not read. */
export const unreadableFile: Comparison = (evidence, found) => {
  const path = deniedPath(evidence, found);
  const mount = mountOf(evidence, path);
  if (mount === undefined || mount.isFolder !== false) return undefined;
  return ownership(evidence, mount);
};

/** A folder of the server that the user of the container may not write to. */
export const unwritableFolder: Comparison = (evidence, found) => {
  const mount = mountOf(evidence, deniedPath(evidence, found));
  const uid = evidence.container?.uid;
  if (mount === undefined || mount.isFolder === false || mount.readOnly) return undefined;
  if (uid !== undefined && mount.owner !== undefined && mayWrite(mount, uid)) return undefined;
  return ownership(evidence, mount);
};

/** User and mode allow it, and it is denied all the same. */
export const deniedByPolicy: Comparison = (evidence, found) => {
  const mount = mountOf(evidence, deniedPath(evidence, found));
  const denied = evidence.host?.kernel.find(({ text }) => /avc: +denied|apparmor="DENIED"/i.test(text));
  const uid = evidence.container?.uid;
  if (mount === undefined || uid === undefined || !mayWrite(mount, uid)) return undefined;
  if (denied === undefined && evidence.host?.isSelinux !== true) return undefined;
  return {
    source: mount.source,
    who: denied !== undefined && /apparmor/i.test(denied.text) ? 'AppArmor' : 'SELinux',
    ...(denied === undefined ? {} : { line: denied.text }),
  };
};

function ownership({ container }: Evidence, { source, owner }: SeenMount): Findings {
  return {
    source,
    owned: owner === undefined ? 'not readable for it' : `of user ${owner.uid}, mode ${owner.mode}`,
    uid: container?.uid === undefined ? 'another user' : `user ${container.uid}`,
    number: String(container?.uid ?? 'UID'),
  };
}

/** A mount whose source is a folder where the program wants a file. */
export const folderAtFile: Comparison = (evidence, found) => {
  const mount = mountOf(evidence, deniedPath(evidence, found));
  return mount?.isFolder === true && mount.target === deniedPath(evidence, found)
    ? { source: mount.source }
    : undefined;
};

/** Nobody can reach it, whatever it does. */
function isUnreached({ answer, container }: Evidence): boolean {
  if (container === undefined || hasEnded(container.status)) return false;
  return (
    answer === undefined ||
    ['health-refused', 'health-cut-off', 'health-no-answer', 'container-slow'].includes(answer.code)
  );
}

export const listensElsewhere: Comparison = (evidence) => {
  const { container } = evidence;
  if (!isUnreached(evidence) || container?.listening === undefined || container.ports.length === 0) {
    return undefined;
  }
  const open = container.listening.map(({ port }) => port);
  const wanted = container.ports.map(({ containerPort }) => containerPort);
  if (open.length === 0 || wanted.some((port) => open.includes(port))) return undefined;
  const [first] = [...new Set(open)];
  return {
    open: listed([...new Set(open)].map(String)),
    wanted: listed([...new Set(wanted)].map(String)),
    // On its way to the place of the old one it has no port of its own yet.
    mapping: `${container.ports[0]?.hostPort || '…'}:${first}`,
    line: `/proc/net/tcp of the container: listening on ${open.join(', ')}`,
  };
};

export const listensLocally: Comparison = (evidence) => {
  const { container } = evidence;
  if (!isUnreached(evidence) || container?.listening === undefined) return undefined;
  const wanted = container.ports.map(({ containerPort }) => containerPort);
  const there = container.listening.filter(({ port }) => wanted.includes(port));
  const [first] = there;
  if (first === undefined || there.some(({ isLocal }) => !isLocal)) return undefined;
  return { port: String(first.port), line: `/proc/net/tcp of the container: 127.0.0.1:${first.port}` };
};

/** Shares of a disk from which on it counts as full, and milliseconds that a clock may be wrong. */
const full = 0.95;
const wrong = 60_000;

export const fullDisk: Comparison = ({ host }) => {
  const { disk } = host ?? {};
  if (disk === undefined) return { usage: "the server's disk is full" };
  const isFiles = disk.usedFiles >= full && disk.usedFiles > disk.usedBytes;
  if (!isFiles && disk.usedBytes < full) return { usage: 'a disk that it writes to is full' };
  const share = Math.floor((isFiles ? disk.usedFiles : disk.usedBytes) * 100);
  return {
    usage: isFiles
      ? `${disk.folder} has no room for more files (${share} % of them used)`
      : `${disk.folder} is ${share} % full (${showSize(disk.freeBytes)} free)`,
  };
};

export const wrongClock: Comparison = ({ host }) => {
  const ahead = host?.clockAhead ?? 0;
  if (Math.abs(ahead) < wrong) return undefined;
  return { off: `${showDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead' : 'behind'}` };
};

export const healthSays: Comparison = ({ container }) => {
  const { health } = container ?? {};
  if (health?.status !== 'unhealthy' || container === undefined || hasEnded(container.status))
    return undefined;
  return { said: health.output.split('\n').at(-1)?.trim() || 'nothing', line: health.output };
};

/** A health check that calls what the image does not have. */
export const healthProgramMissing: Comparison = (evidence, found) => {
  const said = healthSays(evidence, found);
  const output = evidence.container?.health?.output ?? '';
  const [, one, two, three] =
    /(?:^|[\s:])([\w./-]+): (?:command )?not found|exec: "([^"]+)": executable file not found|exec failed.*?"([^"]+)": (?:executable|stat)/.exec(
      output,
    ) ?? [];
  const program = one ?? two ?? three;
  return said === undefined || program === undefined ? undefined : { ...said, program };
};

export const stillStarting: Comparison = ({ container }) =>
  container?.health?.status === 'starting' && !hasEnded(container.status) ? {} : undefined;

/** It runs, something is published, nothing listens. */
export const listensNowhere: Comparison = (evidence) => {
  const { container } = evidence;
  const isSilent = container?.listening?.length === 0 && container.ports.length > 0;
  return isSilent && isUnreached(evidence)
    ? { wanted: listed(container.ports.map(({ containerPort }) => String(containerPort))) }
    : undefined;
};
