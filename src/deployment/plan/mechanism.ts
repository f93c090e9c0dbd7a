import type { Container } from '../../docker/inspect.ts';
import { showSize } from '../../ground/size.ts';
import { listed } from '../../ground/words.ts';
import { type FrontMove, moveBy, refused, tellFront } from '../proxies/front-choice.ts';
import type { Asked, Obstacle } from '../request/asked.ts';
import type { Survey } from '../server/survey.ts';

/** How traffic moves to the new container. */
export interface Choice {
  readonly mechanism: 'bridge' | 'nginx' | 'caddy' | 'recreate';
  /** Why not without a gap, and what would allow it; undefined when that is so, or was asked for. */
  readonly obstacle: string | undefined;
  /** Why this one, where it is not one of the plain reasons. */
  readonly reason?: string | undefined;
  /** Clients that will not reach the new one during the switch. */
  readonly leftOut: readonly string[];
  /** How the proxy moves it, where it is one that does. */
  readonly move: FrontMove | undefined;
  /** What else was seen in front of the application, and what a first time changes: a sentence each. */
  readonly seen: readonly string[];
}

/** Two copies shall leave this share of what is free. */
const memoryToSpare = 0.1;

/**
 * Chooses how the traffic moves on one server.
 * @throws UserError `strategy-impossible` when what was asked for cannot be done.
 */
export function chooseMechanism(asked: Asked, survey: Survey, current: Container | undefined): Choice {
  const { strategy, container } = asked;
  const none = { obstacle: undefined, leftOut: [], move: undefined, seen: [] };
  // Nothing serves: there is no gap to avoid.
  if (current === undefined || current.state.status !== 'running' || strategy === 'recreate') {
    return { ...none, mechanism: 'recreate' };
  }
  const ways = [...wayByProxy(asked, survey, current), ...wayByBridge(asked, survey, current)];
  const chosen = ways.find(({ obstacle }) => obstacle === undefined) ?? ways.at(-1);
  if (chosen === undefined) throw refused(container, strategy, nothingInFront(strategy));
  const { mechanism, obstacle, leftOut, move } = chosen;
  // An obstacle to a proxy that is passed over is worth knowing.
  const passed = ways
    .slice(0, ways.indexOf(chosen))
    .map((way) => `not by ${way.mechanism}: ${sentence(way.obstacle)}`);
  const seen = [...tellFront(survey.front, move, container), ...passed];
  if (obstacle === undefined) {
    const reason =
      strategy === 'auto' && move !== undefined
        ? `${mechanism} on this server hands requests to port ${move.slots.serving}`
        : undefined;
    return { mechanism, obstacle, leftOut, move, seen, reason };
  }
  if (strategy === 'auto') return { ...none, mechanism: 'recreate', obstacle: sentence(obstacle), seen };
  throw refused(container, strategy, obstacle);
}

interface Way {
  readonly mechanism: 'bridge' | 'nginx' | 'caddy';
  readonly obstacle: Obstacle | undefined;
  readonly leftOut: readonly string[];
  readonly move: FrontMove | undefined;
}

/** By the proxies that have to do with the application. */
function wayByProxy(asked: Asked, survey: Survey, current: Container): Way[] {
  return (['caddy', 'nginx'] as const)
    .filter((proxy) => asked.strategy === 'auto' || asked.strategy === proxy)
    .flatMap((proxy): Way[] => {
      const move = moveBy(proxy, asked, survey, current);
      if (move === undefined) return [];
      const obstacle = 'slots' in move ? copiesObstacle(asked, survey) : move;
      return [{ mechanism: proxy, obstacle, leftOut: [], move: 'slots' in move ? move : undefined }];
    });
}

function wayByBridge(asked: Asked, survey: Survey, current: Container): Way[] {
  if (asked.strategy !== 'auto' && asked.strategy !== 'bridge') return [];
  const obstacle = hostObstacle(asked, survey, current) ?? copiesObstacle(asked, survey);
  return [{ mechanism: 'bridge', obstacle, leftOut: leftOutBy(asked, survey), move: undefined }];
}

function nothingInFront(proxy: string): Obstacle {
  return {
    observed: `no ${proxy} of the server hands requests to its port`,
    hint: `write the address into its configuration (proxy to http://127.0.0.1 and the port in ports), or choose strategy: auto`,
  };
}

function sentence(obstacle: Obstacle | undefined): string {
  return obstacle === undefined ? '' : `${obstacle.observed}; ${obstacle.hint}`;
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
  if (usedMemory === undefined || availableMemory === undefined || strategy !== 'auto') return undefined;
  if (usedMemory * (1 + memoryToSpare) <= availableMemory) return undefined;
  return {
    observed: `memory does not fit twice: it holds ${showSize(usedMemory)}, and ${showSize(availableMemory)} are free`,
    hint: 'write "strategy: bridge" (or nginx, caddy) to try it all the same',
  };
}

const closedPorts =
  'the firewall of the server lets in only what it was told, so they stay with the old version, and have a gap while the last container boots';

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
    ...(isPublic && survey.closed.ipv6 ? [`clients that come over IPv6: ${closedPorts}`] : []),
    ...(survey.closed.ipv4
      ? [`containers of the same network that call the server by its address: ${closedPorts}`]
      : []),
  ];
}
