import type { Probe } from '../../health/probe.ts';
import type { DeployRequest } from './request.ts';

/** The health address as it is asked from outside; undefined where none is given. */
export function outsideProbe({ healthUrl, healthHost }: DeployRequest, host: string): Probe | undefined {
  if (healthUrl === undefined) return undefined;
  const address = host.includes(':') ? `[${host}]` : host;
  return { url: new URL(healthUrl.replaceAll('{host}', address)), host: healthHost, headers: {} };
}

/**
 * Reads a health address as it is written, with `{host}` for the server.
 * @throws RangeError that says what is wrong with it.
 */
export function readHealthUrl(text: string): string {
  const written = text.trim();
  if (!/^https?:\/\/[^/]/i.test(written)) {
    throw new RangeError(
      `"${written}" is not an http:// or https:// address — write it whole, like http://{host}:8000/health/`,
    );
  }
  const afterHost = /\{host\}([^:/?#])/.exec(written)?.[1];
  const afterPort = /^https?:\/\/(?:\[[^\]]*\]|[^/?#:[]*):\d+([^\d/?#])(?![^/]*@)/i.exec(written)?.[1];
  if (afterHost !== undefined || afterPort !== undefined) {
    throw new RangeError(`"${written}" has no / before its path — write it like http://{host}:8000/health/`);
  }
  if (URL.canParse(written.replaceAll('{host}', 'server.invalid'))) return written;
  throw new RangeError(`"${written}" is no address — write it like http://{host}:8000/health/`);
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
