import type { Mount, PortMapping } from '../docker/container-spec.ts';
import type { Container } from '../docker/inspect.ts';
import { showSize } from '../docker/size.ts';
import { UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import type { Survey } from './survey.ts';

/** What was asked for. */
export type Strategy = 'auto' | 'bridge' | 'recreate';

/** How traffic moves to the new container. */
export interface Choice {
  readonly mechanism: 'bridge' | 'recreate';
  /** Why not without a gap, and what would allow it; undefined when that is so, or was asked for. */
  readonly obstacle: string | undefined;
  /** Why this one, where it is not one of the plain reasons. */
  readonly reason?: string;
  /** Clients that will not reach the new one during the switch. */
  readonly leftOut: readonly string[];
}

export interface Asked {
  readonly strategy: Strategy;
  readonly sharedVolumes: boolean;
  readonly ports: readonly PortMapping[];
  readonly mounts: readonly Mount[];
  readonly networks: readonly string[];
  readonly container: string;
  /** Whether an HTTP answer is asked for. */
  readonly hasProbe: boolean;
}

/** Two copies shall leave this share of what is free. */
const memoryToSpare = 0.1;

/**
 * Chooses how the traffic moves on one server.
 * @throws UserError `strategy-impossible` when what was asked for cannot be done.
 */
export function chooseMechanism(asked: Asked, survey: Survey, current: Container | undefined): Choice {
  const leftOut = leftOutBy(asked, survey);
  // Nothing serves: there is no gap to avoid.
  if (current === undefined || current.state.status !== 'running' || asked.strategy === 'recreate') {
    return { mechanism: 'recreate', obstacle: undefined, leftOut: [] };
  }
  const obstacle = hostObstacle(asked, survey, current) ?? copiesObstacle(asked, survey);
  if (obstacle === undefined) return { mechanism: 'bridge', obstacle: undefined, leftOut };
  if (asked.strategy === 'auto')
    return { mechanism: 'recreate', obstacle: `${obstacle.observed}; ${obstacle.hint}`, leftOut: [] };
  throw new UserError(
    `${asked.container} cannot be deployed by bridge — ${obstacle.observed}`,
    obstacle.hint,
    {
      code: 'strategy-impossible',
    },
  );
}

interface Obstacle {
  readonly observed: string;
  readonly hint: string;
}

function hostObstacle({ ports, hasProbe }: Asked, survey: Survey, current: Container): Obstacle | undefined {
  if (!ports.some(({ protocol }) => protocol === 'tcp')) {
    return { observed: 'it publishes no port, so no traffic can be moved', hint: 'publish one with ports' };
  }
  const odd = ports.filter(({ protocol, address }) => protocol !== 'tcp' || address?.includes(':') === true);
  if (odd.length > 0) {
    return {
      observed: 'it publishes a UDP port, or a port of one IPv6 address',
      hint: 'publish TCP ports of every address or of an IPv4 address',
    };
  }
  const missing = [...survey.missing, ...(hasProbe && survey.http === undefined ? ['curl'] : [])];
  if (missing.length > 0) {
    return { observed: `the server lacks ${listed(missing)}`, hint: `install ${listed(missing)} there` };
  }
  if (!survey.allowed) {
    return {
      observed: 'this account may not change the packet filter',
      hint: 'log in as root, or let it run iptables-save and iptables-restore (or nft) by "sudo -n"',
    };
  }
  if (survey.filter === undefined) {
    return {
      observed: "Docker's own rules were found neither in iptables nor in nftables",
      hint: 'let Docker manage its rules (no "iptables": false in daemon.json)',
    };
  }
  const served = new Set(current.ports.map(({ hostPort }) => hostPort));
  if (served.size > 0 && !survey.proxies.some(({ hostPort }) => served.has(hostPort))) {
    return {
      observed: 'Docker forwards without its userland proxy there',
      hint: 'take "userland-proxy": false out of daemon.json',
    };
  }
  return undefined;
}

/** Whether two copies may and can run at the same time. */
function copiesObstacle({ strategy, mounts, sharedVolumes }: Asked, survey: Survey): Obstacle | undefined {
  const writable = mounts.filter(({ readOnly }) => !readOnly);
  if (writable.length > 0 && !sharedVolumes) {
    return {
      observed: `two versions would write to ${listed(writable.map(({ source }) => source))} for a while`,
      hint: 'write "shared-volumes: true" if they may',
    };
  }
  const { usedMemory, availableMemory } = survey;
  if (usedMemory === undefined || availableMemory === undefined || strategy === 'bridge') return undefined;
  if (usedMemory * (1 + memoryToSpare) <= availableMemory) return undefined;
  return {
    observed: `memory does not fit twice: it holds ${showSize(usedMemory)}, and ${showSize(availableMemory)} are free`,
    hint: 'write "strategy: bridge" to try it all the same',
  };
}

function leftOutBy({ networks, container, ports }: Asked, survey: Survey): string[] {
  const own = networks.filter((network) => !['bridge', 'host', 'none'].includes(network));
  const isPublic = ports.some(({ address }) => address === undefined);
  return [
    ...(own.length === 0
      ? []
      : [
          `containers on ${listed(own)} that call it by the name ${container}: they have a gap while the last container boots`,
        ]),
    ...(isPublic && survey.filter6 === undefined && survey.filter?.startsWith('iptables') === true
      ? ['clients that come over IPv6: ip6tables cannot be used there']
      : []),
  ];
}
