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

/** Ends it, as far as these hosts are part of one; its services end with the last manager. */
export async function leaveSwarm(hosts: readonly HostName[]): Promise<void> {
  // Whoever was there before this line is gone after it: a network with containers on it cannot be removed.
  const script = `
    docker swarm leave --force >/dev/null 2>&1
    tries=0
    while [ -n "$(docker ps -q --filter label=com.docker.swarm.service.name)" ] && [ $tries -lt 100 ]; do
      tries=$((tries + 1))
      sleep 0.2
    done
    docker network rm docker_gwbridge >/dev/null 2>&1
    true`;
  await Promise.all(hosts.map((host) => control(host).run(['sh', '-c', script])));
}
