import type { Probe } from '../health/probe.ts';
import type { DeployRequest } from './request.ts';

/** The health address as it is asked from outside; undefined where none is given. */
export function outsideProbe({ healthUrl, healthHost }: DeployRequest, host: string): Probe | undefined {
  if (healthUrl === undefined) return undefined;
  const address = host.includes(':') ? `[${host}]` : host;
  return { url: new URL(healthUrl.replaceAll('{host}', address)), host: healthHost, headers: {} };
}

/** The same, asked of a container on its server. */
export interface ContainerProbe {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly path: string;
  readonly hostPort: number;
  readonly containerPort: number;
  /** The IPv4 address that the port is published on; undefined means every one. */
  readonly address: string | undefined;
}

/** undefined where the health address is not one of the container's own published ports. */
export function healthProbe(request: DeployRequest, host: string): ContainerProbe | undefined {
  const probe = outsideProbe(request, host);
  if (probe === undefined) return undefined;
  const { url } = probe;
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = Number(url.port || (scheme === 'https' ? 443 : 80));
  const mapping = request.ports.find(({ hostPort, protocol }) => hostPort === port && protocol === 'tcp');
  if (mapping === undefined) return undefined;
  return {
    scheme,
    host: probe.host ?? url.host,
    path: `${url.pathname}${url.search}`,
    hostPort: mapping.hostPort,
    containerPort: mapping.containerPort,
    address: ipv4Address(mapping.address),
  };
}

/** An address that stands for all of them is none. */
export function ipv4Address(address: string | undefined): string | undefined {
  return address === '0.0.0.0' ? undefined : address;
}
