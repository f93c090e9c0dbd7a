/** What can never come to a good end on a server: said before anything is touched. */
import type { PortMapping } from '../../docker/container-spec.ts';
import type { Docker } from '../../docker/docker.ts';
import { UserError } from '../../ground/errors.ts';
import { showSize } from '../../ground/size.ts';
import { counted } from '../../ground/words.ts';
import type { Found } from '../releases/repair.ts';
import { outsideProbe } from '../request/health-probe.ts';
import type { DeployRequest } from '../request/request.ts';
import { isLoopback, meets } from '../server/listeners.ts';
import type { Survey } from '../server/survey.ts';

interface Asking {
  readonly host: string;
  readonly request: DeployRequest;
  readonly docker: Pick<Docker, 'publishersOf'>;
}

interface Server extends Omit<Asking, 'request'> {
  readonly survey: Pick<Survey, 'totalMemory' | 'processors' | 'listening' | 'proxies'>;
  /** Ports of the application's own containers, whatever state they are in. */
  readonly own: readonly PortMapping[];
}

/**
 * Refuses limits that the server does not have, ports that another program has, and a health address at which
 * nobody will ever answer.
 * @throws UserError `limit-impossible`, `port-taken`, `health-url-impossible`
 */
export async function refuseImpossible(
  { host, request, docker }: Asking,
  found: Partial<Found>,
  survey: Server['survey'],
): Promise<void> {
  const own = Object.values(found).flatMap((container) => container?.ports ?? []);
  const server = { host, docker, survey, own };
  refuseLimits(request, server);
  refusePortsOfPrograms(request, server);
  await refuseHealthUrl(request, server);
}

function refuseLimits({ container, memory = 0, cpus = 0 }: DeployRequest, { host, survey }: Server): void {
  const { totalMemory = Number.POSITIVE_INFINITY, processors = Number.POSITIVE_INFINITY } = survey;
  if (memory > totalMemory) {
    throw new UserError(
      `${container} cannot have ${showSize(memory)} of memory on ${host} — the server has ${showSize(totalMemory)}`,
      'lower memory, or take a larger server',
      { code: 'limit-impossible' },
    );
  }
  if (cpus > processors) {
    throw new UserError(
      `${container} cannot have ${cpus} CPUs on ${host} — the server has ${counted(processors, 'processor')}`,
      'lower cpus, or take a larger server',
      { code: 'limit-impossible' },
    );
  }
}

/** A port of another container is Docker's to know; here it is one of a program beside Docker. */
function refusePortsOfPrograms({ container, ports }: DeployRequest, { host, survey, own }: Server): void {
  const { listening = [], proxies } = survey;
  for (const { address, hostPort, protocol } of ports) {
    const isDockers =
      own.some((port) => port.hostPort === hostPort) || proxies.some((proxy) => proxy.hostPort === hostPort);
    if (protocol !== 'tcp' || isDockers) continue;
    const taken = listening.find((listener) => listener.port === hostPort && meets(listener, address));
    if (taken === undefined) continue;
    throw new UserError(
      `${container} cannot have port ${hostPort} of ${host} — a program that is no container listens on it (${taken.address})`,
      `see which one with "ss -ltnp 'sport = :${hostPort}'" there; stop it, or choose another port`,
      { code: 'port-taken' },
    );
  }
}

async function refuseHealthUrl(request: DeployRequest, server: Server): Promise<void> {
  const { host, survey, own, docker } = server;
  const url = outsideProbe(request, host)?.url;
  if (url === undefined || survey.listening === undefined || request.networks.includes('host')) return;
  if (url.hostname !== new URL(`http://${host.includes(':') ? `[${host}]` : host}`).hostname) return;
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const asked = request.ports.filter(({ hostPort, protocol }) => hostPort === port && protocol === 'tcp');
  // Where the server is this machine, what it offers to itself is offered to us.
  const isHere = url.hostname === 'localhost' || isLoopback(url.hostname);
  if (asked.some(({ address }) => isHere || !isLoopback(address))) return;
  const others = survey.listening.filter(
    (listener) =>
      listener.port === port &&
      (isHere || !isLoopback(listener.address)) &&
      !own.some(({ hostPort, address }) => hostPort === port && meets(listener, address)),
  );
  if (others.length > 0) return; // a proxy before it, whom it is not ours to judge
  if (own.every(({ hostPort }) => hostPort !== port)) {
    if ((await docker.publishersOf(port, 'tcp')).length > 0) return;
  }
  const published = request.ports.map(({ hostPort }) => hostPort).join(', ');
  const observed =
    asked.length > 0
      ? `the container gets port ${port} of ${asked[0]?.address} only, and nothing else listens on it`
      : `the container does not publish port ${port}${published === '' ? '' : ` (but ${published})`}, and nothing else listens on it`;
  throw new UserError(
    `health-url ${url.href} can never be answered on ${host} — ${observed}`,
    'correct the port in health-url, or publish it with ports',
    { code: 'health-url-impossible' },
  );
}
