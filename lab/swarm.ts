import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBox } from './box.ts';
import { control } from './control.ts';
import { type LabFolders, labFolders } from './folders.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';
import { readLab } from './read-lab.ts';
import type { HostName } from './state.ts';

/** A swarm belongs to the process that made it: what other tests meet on its hosts is not what they expect. */
interface SwarmRecord {
  readonly owner: ProcessIdentity;
  readonly hosts: readonly HostName[];
}

const recordPath = ({ run }: LabFolders) => join(run, 'swarm.json');

/**
 * Makes one swarm of hosts that are up. Its manager notices within about 3 seconds that a node is gone.
 * The kernel must have vxlan for networks between them; published ports need IPVS, too (`ingress`).
 */
export async function makeSwarm(manager: HostName, workers: readonly HostName[]): Promise<void> {
  const hosts = [manager, ...workers];
  await leaveSwarm(hosts);
  const record: SwarmRecord = { owner: identify(process.pid), hosts };
  writeFileSync(recordPath(labFolders()), JSON.stringify(record));
  const { address } = readLab()[manager];
  const docker = (...words: string[]) => control(manager).run(['docker', 'swarm', ...words]);
  await docker('init', '--advertise-addr', address, '--dispatcher-heartbeat', '1s');
  const token = (await docker('join-token', '--quiet', 'worker')).trim();
  for (const worker of workers) {
    await control(worker).run(['docker', 'swarm', 'join', '--token', token, `${address}:2377`]);
  }
}

/**
 * Ends it, as far as these hosts are part of one; its services end with the last manager. Their engines start anew:
 * one that leaves a swarm keeps its keys and network namespaces, and the next swarm's nodes do not hear it.
 */
export async function leaveSwarm(hosts: readonly HostName[]): Promise<void> {
  await Promise.all(
    hosts.map(async (host) => {
      const engine = control(host);
      const { code } = await engine.tryRun(['docker', 'swarm', 'leave', '--force']);
      if (code !== 0) return; // it was in none
      await engine.stop();
      await engine.start();
      await engine.tryRun(['docker', 'network', 'rm', 'docker_gwbridge']);
    }),
  );
  rmSync(recordPath(labFolders()), { force: true });
}

/** Ends a swarm whose process was killed before it did that. @returns its hosts */
export async function endAbandonedSwarm(folders: LabFolders): Promise<readonly HostName[]> {
  if (!existsSync(recordPath(folders))) return [];
  const { owner, hosts } = JSON.parse(readFileSync(recordPath(folders), 'utf8')) as SwarmRecord;
  if (isAlive(owner)) return [];
  const running = hosts.filter((host) => readBox(folders, host) !== undefined);
  await leaveSwarm(running);
  return running;
}
