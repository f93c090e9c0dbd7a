import type { PortMapping } from '../../docker/container-spec.ts';
import { UserError } from '../../ground/errors.ts';
import { lastWords, type Machine, succeeded } from '../../machine/machine.ts';
import { type Front, readFront } from './front.ts';
import { type Listener, listeningOf } from './listeners.ts';
import { chainOf } from './redirect.ts';
import { serverScript } from './server-script.ts';
import { otherSlot, slotPort } from './slots.ts';

/** What a server has and allows, as far as it decides how traffic can be moved. Sizes in bytes. */
export interface Survey {
  /** Home folder of the account. */
  readonly home: string;
  /** The server's own IPv4 address, as the runner reached it. */
  readonly own: string | undefined;
  /** Programs that the switch needs and that are not there. */
  readonly missing: readonly string[];
  /** What can ask for an HTTP answer there. */
  readonly http: 'curl' | 'bash' | undefined;
  readonly isRoot: boolean;
  /** Whether this account may change the packet filter. */
  readonly allowed: boolean;
  /** The program whose rules are Docker's: `iptables`, `iptables-legacy`, `nft`, …; undefined when none has them. */
  readonly filter: string | undefined;
  /** The same for IPv6. */
  readonly filter6: string | undefined;
  /** A firewall lets in only what it was told: over IPv4, over IPv6. */
  readonly closed: { readonly ipv4: boolean; readonly ipv6: boolean };
  /** A redirect of this application is in force: an earlier switch did not come to its end. */
  readonly isRedirected: boolean;
  /** The key of a release of which nobody has said yet whether it is proven: its run was killed. */
  readonly pendingRelease: string | undefined;
  /** The program of an earlier switch is there. */
  readonly hasProgram: boolean;
  /** It still works: it may wait for the last connections of a deployment that has been told of. */
  readonly isWorking: boolean;
  /** Containers of pre-deploy commands are there, which the run that started them did not remove. */
  readonly hasPreDeploy: boolean;
  /** It is one that moves an application between two slots behind a proxy. */
  readonly hasSlotProgram: boolean;
  /** What stands in front of the application. */
  readonly front: Front;
  /** Docker's forwarding processes: one a published port and address. */
  readonly proxies: readonly Proxy[];
  /** Interfaces of the networks that were asked for, with their address; without those that are no bridges. */
  readonly bridges: readonly Bridge[];
  /** Of the swarm that the server is part of. */
  readonly swarm: SwarmMembership;
  /** What is free where Docker keeps images: in the fullest of these places. */
  readonly disk: {
    readonly folder: string;
    readonly bytes: number | undefined;
    readonly files: number | undefined;
  };
  /** Of the account there: see `settingsOf`. Secret; undefined before its first deployment. */
  readonly settingsKey?: string | undefined;
  /** What the server has in all; undefined where it cannot be told. */
  readonly totalMemory?: number | undefined;
  readonly processors?: number | undefined;
  readonly listening?: readonly Listener[] | undefined;
  readonly availableMemory: number | undefined;
  /** What the running container holds. */
  readonly usedMemory: number | undefined;
}

export interface SwarmMembership {
  readonly isMember: boolean;
  readonly isManager: boolean;
  /** A service of the swarm has the application's name, as far as this server can tell. */
  readonly hasService: boolean;
  /** Whether the kernel has what Swarm's own entrance needs. */
  readonly hasIpvs: boolean;
}

export interface Proxy {
  readonly protocol: string;
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
}

export interface Bridge {
  readonly device: string;
  readonly address: string;
}

export interface SurveyRequest {
  readonly container: string;
  /** The id of the container that serves, for what it holds; undefined: the one with our label. */
  readonly serving: string | undefined;
  readonly ports: readonly PortMapping[];
  readonly networks: readonly string[];
  readonly signal: AbortSignal;
}

/** Milliseconds. */
const timeout = 60_000;

/**
 * Looks at a server: one round trip, changes nothing.
 * @throws UserError `cannot-write` when the account has no home folder.
 */
export async function surveyOf(
  machine: Machine,
  { container, serving, ports, networks, signal }: SurveyRequest,
): Promise<Survey> {
  const port = slotPort(ports);
  const slots = port === undefined ? '' : `${port} ${otherSlot(port)}`;
  const joined = networks.length === 0 ? ['bridge'] : networks;
  const script = [
    'sh',
    '-c',
    serverScript('survey'),
    'survey',
    container,
    chainOf(container),
    serving ?? '',
    slots,
    ...joined,
  ];
  const result = await machine.run(script, { timeout, signal });
  const survey = readSurvey(result.stdout);
  if (succeeded(result) && survey.home.startsWith('/')) return survey;
  throw new UserError(
    `The account has no home folder on ${machine.name} — ${lastWords(result, 1)}`,
    'create it: the environment file is kept there, readable for this account only',
    { code: 'cannot-write' },
  );
}

/** Reads what survey.sh prints. */
export function readSurvey(text: string): Survey {
  const facts = text.split('\n').map((line) => {
    const [name = '', ...rest] = line.trim().split(' ');
    return { name, value: rest.join(' ').trim() };
  });
  const all = (name: string) => facts.filter((fact) => fact.name === name).map(({ value }) => value);
  const one = (name: string) => all(name).find((value) => value !== '');
  const size = (name: string) => (one(name) === undefined ? undefined : Number(one(name)));
  const addresses = new Map(all('address').map((line) => line.split(' ') as [string, string]));
  const http = one('http');
  return {
    home: one('home') ?? '',
    own: one('own')?.includes(':') === false ? one('own') : undefined,
    missing: all('missing'),
    http: http === 'curl' || http === 'bash' ? http : undefined,
    isRoot: one('root') === 'yes',
    allowed: one('allowed') === 'yes',
    filter: one('filter'),
    filter6: one('filter6'),
    closed: {
      ipv4: all('closed').some((family) => family === 'ip' || family === 'inet'),
      ipv6: all('closed').some((family) => family === 'ip6' || family === 'inet'),
    },
    isRedirected: one('chain') === 'yes',
    isWorking: one('working') === 'yes',
    pendingRelease: one('pending'),
    hasPreDeploy: one('pre-deploy') !== undefined,
    hasProgram: one('program') !== undefined,
    hasSlotProgram: one('program') === 'slots',
    front: readFront(facts),
    proxies: all('proxy').flatMap(readProxy),
    bridges: all('network').flatMap((line) => {
      const [driver, id = '', name] = line.split(' ');
      const device = name ?? `br-${id.slice(0, 12)}`;
      const address = addresses.get(device);
      return driver !== 'bridge' || address === undefined ? [] : [{ device, address }];
    }),
    swarm: {
      isMember: one('swarm') !== undefined,
      isManager: one('swarm') === 'manager',
      hasService: one('service') === 'yes',
      hasIpvs: one('ipvs') === 'yes',
    },
    disk: fullest(all('disk')),
    settingsKey: one('key'),
    totalMemory: size('total'),
    processors: size('processors'),
    listening: one('listening') === undefined ? undefined : listeningOf(all('listening')),
    availableMemory: size('available'),
    usedMemory: size('used'),
  };
}

/** Of lines `FOLDER KIB FILES`; a file system without a fixed number of files says 0 or -. */
function fullest(lines: readonly string[]): Survey['disk'] {
  const places = lines.map((line) => {
    const [folder = '', kib, files] = line.split(' ');
    return { folder, bytes: known(kib, 1_024), files: known(files) || undefined };
  });
  const least = (one: number | undefined, other: number | undefined) =>
    (one ?? Infinity) < (other ?? Infinity);
  return places.reduce(
    (one, other) => (least(other.bytes, one.bytes) || least(other.files, one.files) ? other : one),
    places[0] ?? { folder: '', bytes: undefined, files: undefined },
  );
}

function known(number: string | undefined, unit = 1): number | undefined {
  return number !== undefined && /^\d+$/.test(number) ? Number(number) * unit : undefined;
}

/** Reads one `docker-proxy -proto tcp -host-ip …` of a list of processes. */
export function readProxy(line: string): Proxy[] {
  const words = line.split(' ');
  const after = (option: string) => words[words.indexOf(option) + 1] ?? '';
  const proxy = {
    protocol: after('-proto'),
    hostAddress: after('-host-ip'),
    hostPort: Number(after('-host-port')),
    containerAddress: after('-container-ip'),
    containerPort: Number(after('-container-port')),
  };
  return Number.isInteger(proxy.hostPort) && Number.isInteger(proxy.containerPort) ? [proxy] : [];
}

/** Docker's forwarding processes alone, as lines for `readProxy`. */
export const listProxies = `
  for process in /proc/[0-9]*; do
    read -r name <"$process/comm" && [ "$name" = docker-proxy ] || continue
    tr '\\0' ' ' <"$process/cmdline" && echo
  done 2>/dev/null`;
