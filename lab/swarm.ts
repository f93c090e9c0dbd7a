import { control } from './control.ts';
import { readLab } from './read-lab.ts';
import type { HostName } from './state.ts';

/**
 * Makes one swarm of hosts that are up. Its manager notices within about 3 seconds that a node is gone.
 * The kernel must have vxlan for networks between them; published ports need IPVS, too (`ingress`).
 */
export async function makeSwarm(manager: HostName, workers: readonly HostName[]): Promise<void> {
  await leaveSwarm([manager, ...workers]);
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
}
