/** How the bridge is published, and how the redirect reaches it. */
import type { ContainerSpec, PortMapping } from '../../docker/container-spec.ts';
import { UserError } from '../../ground/errors.ts';
import type { Machine } from '../../machine/machine.ts';
import { ipv4Address } from '../request/health-probe.ts';
import type { PublicPort } from '../server/redirect.ts';
import { listProxies, readProxy, type Survey } from '../server/survey.ts';

/** Milliseconds for a question. */
const askTimeout = 30_000;

/** The same container with ports of its own, and without the name under which others find the application. */
export function bridgeSpec(spec: ContainerSpec, name: string, survey: Survey): ContainerSpec {
  const addresses = ['127.0.0.1', ...survey.bridges.map(({ address }) => address)];
  if (isOnIpv6(survey)) addresses.push('::');
  const containerPorts = [...new Set(spec.ports.map(({ containerPort }) => containerPort))];
  const ports = containerPorts.flatMap((containerPort) =>
    addresses.map((address): PortMapping => ({ address, hostPort: 0, containerPort, protocol: 'tcp' })),
  );
  return { ...spec, name, ports, networkAlias: undefined };
}

/** Whether Docker serves published ports over IPv6, and the redirect can. */
function isOnIpv6({ proxies, filter, filter6, closed }: Survey): boolean {
  return (
    !closed.ipv6 &&
    proxies.some(({ hostAddress }) => hostAddress === '::') &&
    (filter === 'nft' || filter6 !== undefined)
  );
}

/** The public ports, and how the bridge is reached in their place: read from Docker's own forwarding. */
export async function publicPorts(
  machine: Machine,
  { bridge, ports, survey, signal }: PortsRequest,
): Promise<PublicPort[]> {
  const format =
    '{{range $port, $all := .NetworkSettings.Ports}}{{range $all}}{{$port}} {{.HostIp}} {{.HostPort}}\n{{end}}{{end}}';
  const script = `docker container inspect --format "$1" "$2" | sed 's/^./published &/'; ${listProxies}`;
  const { stdout } = await machine.run(['sh', '-c', script, 'ports', format, bridge], {
    timeout: askTimeout,
    signal,
  });
  const published = [...stdout.matchAll(/^published (\d+)\/tcp (\S+) (\d+)$/gm)].map(
    ([, containerPort, address, port]) => ({
      containerPort: Number(containerPort),
      address,
      port: Number(port),
    }),
  );
  const proxies = stdout
    .split('\n')
    .filter((line) => line.includes('docker-proxy'))
    .flatMap(readProxy);
  return ports.map(({ address, hostPort, containerPort }) => {
    const portOn = (where: string) =>
      published.find((each) => each.containerPort === containerPort && each.address === where)?.port;
    const loopbackPort = portOn('127.0.0.1');
    const proxy = proxies.find(
      (each) =>
        each.hostAddress === '127.0.0.1' &&
        each.hostPort === loopbackPort &&
        each.containerPort === containerPort,
    );
    if (proxy === undefined) {
      throw new UserError(
        `Cannot see how Docker forwards port ${containerPort} of ${bridge} on ${machine.name} — there is no docker-proxy for it`,
        'choose strategy: recreate',
        { code: 'switch-failed' },
      );
    }
    return {
      address: ipv4Address(address),
      port: hostPort,
      target: {
        address: proxy.containerAddress,
        port: containerPort,
        loopbackPort,
        ipv6Port: address === undefined ? portOn('::') : undefined,
        neighbours: survey.bridges.map(({ device, address: gateway }) => ({
          device,
          port: survey.closed.ipv4 ? undefined : portOn(gateway),
        })),
      },
    };
  });
}

export interface PortsRequest {
  /** The container's name. */
  readonly bridge: string;
  /** As they are asked for. */
  readonly ports: readonly PortMapping[];
  readonly survey: Survey;
  readonly signal: AbortSignal;
}
