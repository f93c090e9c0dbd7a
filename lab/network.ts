import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from './command.ts';
import type { LabFolders } from './folders.ts';
import { end, identify, isAlive, type ProcessIdentity } from './process-identity.ts';
import { freePrefix } from './subnet.ts';

/**
 * The lab's network: a bridge in a network namespace of its own (so that no
 * packet filter of this machine, nor an engine that sets FORWARD to DROP, comes
 * between two boxes), with one cable to this machine and one to every box.
 */
export interface LabNetwork {
  /** The process that holds the bridge's namespace. */
  readonly holder: ProcessIdentity;
  /** The first three numbers: `10.87.14`. A /24. */
  readonly prefix: string;
  /** A unique local IPv6 prefix, without the last number: `fd3a:…::`. A /64. */
  readonly prefix6: string;
  /** This machine's interface. */
  readonly device: string;
}

/** The last number of each address. This machine is 1. */
export const STATION = {
  machine: 1,
  builder: 10,
  host1: 11,
  host2: 12,
  host3: 13,
  postgres15: 15,
  postgres18: 18,
  pgbouncer: 20,
  registry: 30,
  nginx: 40,
} as const;

export type Station = keyof typeof STATION;

export function addressOf(network: Pick<LabNetwork, 'prefix'>, station: Station): string {
  return `${network.prefix}.${STATION[station]}`;
}

export function address6Of(network: Pick<LabNetwork, 'prefix6'>, station: Station): string {
  return `${network.prefix6}${STATION[station].toString(16)}`;
}

const inNetworkOf = (pid: number) => ['nsenter', '--target', String(pid), '--net'];

function recordPath(folders: LabFolders): string {
  return join(folders.run, 'network.json');
}

/** The network of this lab when it is up, else undefined. */
export function readNetwork(folders: LabFolders): LabNetwork | undefined {
  try {
    const network = JSON.parse(readFileSync(recordPath(folders), 'utf8')) as LabNetwork & {
      complete: boolean;
    };
    return network.complete && isAlive(network.holder) ? network : undefined;
  } catch {
    return undefined;
  }
}

function record(folders: LabFolders, network: LabNetwork, complete: boolean): void {
  mkdirSync(folders.run, { recursive: true });
  writeFileSync(recordPath(folders), JSON.stringify({ ...network, complete }, null, 2));
}

/** Finds the lab's network or makes it. */
export async function bringUpNetwork(folders: LabFolders): Promise<LabNetwork> {
  const existing = readNetwork(folders);
  if (existing !== undefined) return existing;

  const device = `tlab-${folders.mark}`;
  const prefix = freePrefix(folders.mark, await routesOfThisMachine());
  const prefix6 = `fd7e:${folders.mark.slice(0, 4)}:${folders.mark.slice(4)}7a::`;
  const child = spawn('unshare', ['--net', '--', 'sleep', 'infinity'], { detached: true, stdio: 'ignore' });
  child.unref();
  if (child.pid === undefined) throw new Error('unshare --net could not be started');
  await untilNamespaceDiffers(child.pid);
  const holder = identify(child.pid);
  const network: LabNetwork = { holder, prefix, prefix6, device };
  record(folders, network, false);

  const inside = inNetworkOf(holder.pid);
  await command([...inside, 'ip', '-batch', '-'], {
    stdin: [
      'link set lo up',
      'link add lab0 type bridge stp_state 0 forward_delay 0',
      'link set lab0 up',
    ].join('\n'),
  });
  await command([
    'ip',
    'link',
    'add',
    device,
    'type',
    'veth',
    'peer',
    'name',
    'machine',
    'netns',
    String(holder.pid),
  ]);
  await command([...inside, 'ip', '-batch', '-'], {
    stdin: 'link set machine master lab0\nlink set machine up',
  });
  await command(['ip', '-batch', '-'], {
    stdin: [
      `link set ${device} up`,
      `address add ${addressOf(network, 'machine')}/24 dev ${device}`,
      `address add ${address6Of(network, 'machine')}/64 dev ${device} nodad`,
    ].join('\n'),
  });
  record(folders, network, true);
  return network;
}

/** The same for every box of a name: its neighbours remember it for minutes after it was replaced. */
function macOf(station: Station): string {
  return `02:7e:00:00:00:${STATION[station].toString(16).padStart(2, '0')}`;
}

/** Connects a box: its end is called eth0, the bridge's end has the box's name. */
export async function plugIn(network: LabNetwork, station: Station, pid: number): Promise<void> {
  await command([
    ...inNetworkOf(network.holder.pid),
    ...['ip', 'link', 'add', station, 'type', 'veth'],
    ...['peer', 'name', 'eth0', 'address', macOf(station), 'netns', String(pid)],
  ]);
  await command([...inNetworkOf(network.holder.pid), 'ip', '-batch', '-'], {
    stdin: `link set ${station} master lab0\nlink set ${station} up`,
  });
  await command([...inNetworkOf(pid), 'ip', '-batch', '-'], {
    stdin: [
      'link set eth0 up',
      `address add ${addressOf(network, station)}/24 dev eth0`,
      `address add ${address6Of(network, station)}/64 dev eth0 nodad`,
    ].join('\n'),
  });
}

/** Pulls the cable of a box (packets vanish, nobody says "refused") or plugs it in again. */
export async function setCable(network: LabNetwork, station: Station, state: 'up' | 'down'): Promise<void> {
  await command([...inNetworkOf(network.holder.pid), 'ip', 'link', 'set', station, state]);
}

/** Ends the namespace; the kernel removes the bridge and every cable with it. */
export async function takeDownNetwork(folders: LabFolders): Promise<void> {
  try {
    const { holder, device } = JSON.parse(readFileSync(recordPath(folders), 'utf8')) as LabNetwork;
    await end(holder);
    // The kernel takes a namespace apart in the background; the name must be free for the next `up`.
    for (let tries = 0; tries < 250 && (await deviceExists(device)); tries++) await sleep(20);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  rmSync(recordPath(folders), { force: true });
}

async function deviceExists(device: string): Promise<boolean> {
  const links = JSON.parse(await command(['ip', '-json', 'link', 'show'])) as { ifname: string }[];
  return links.some((link) => link.ifname === device);
}

/** Entering a namespace takes the child a moment; before that it still shows ours. */
async function untilNamespaceDiffers(pid: number): Promise<void> {
  const ours = readlinkSync('/proc/self/ns/net');
  for (let tries = 0; tries < 250; tries++) {
    try {
      if (readlinkSync(`/proc/${pid}/ns/net`) !== ours) return;
    } catch {
      break;
    }
    await sleep(10);
  }
  throw new Error('unshare --net made no network namespace — is this root, with CAP_SYS_ADMIN?');
}

async function routesOfThisMachine(): Promise<string[]> {
  const routes = await command(['ip', '-json', '-4', 'route', 'show', 'table', 'all']);
  return (JSON.parse(routes) as { dst: string }[]).map((route) => route.dst);
}
