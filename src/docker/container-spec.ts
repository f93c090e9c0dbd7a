/** A container as it is asked for, and the texts that ask for its parts. */

import type { ContainerOptions } from './container-options.ts';

/** Everything that `docker create` is told about a container. */
export interface ContainerSpec {
  readonly name: string;
  /** By digest. */
  readonly image: string;
  /** Instead of the image's own. */
  readonly entrypoint?: readonly string[] | undefined;
  /** Arguments for the entry point; empty means the image's own. */
  readonly command: readonly string[];
  /** A file on the server, for `--env-file`. */
  readonly envFile: string | undefined;
  /** Written into it before it starts, for the user that it runs as. */
  readonly files?: readonly ContainerFile[];
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly PortMapping[];
  readonly mounts: readonly Mount[];
  readonly networks: readonly string[];
  /**
   * A name under which other containers on the same networks find it, whatever it is called itself; undefined: under
   * none, not even one of its options.
   */
  readonly networkAlias: string | undefined;
  /** `name:address`, or `name:host-gateway`. */
  readonly extraHosts: readonly string[];
  /** Bytes. */
  readonly memory: number | undefined;
  readonly cpus: number | undefined;
  readonly user: string | undefined;
  /** Docker's own words: `no`, `on-failure:3`, `unless-stopped`, `always`. */
  readonly restart: string;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly stopTimeout: number | undefined;
  readonly health: HealthCheck | undefined;
  readonly options?: ContainerOptions;
}

/** Docker's health check, where the image has none or not the right one. Times in milliseconds. */
export interface HealthCheck {
  readonly command: string;
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
  readonly startPeriod: number;
}

export interface ContainerFile {
  /** In the container, from `/` on. */
  readonly path: string;
  /** May be secret. */
  readonly content: string;
  readonly mode: number;
}

export interface PortMapping {
  /** The address on the server; undefined means every one. */
  readonly address: string | undefined;
  /** 0: one that Docker chooses. Not without an address. */
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
}

export interface Mount {
  readonly type: 'bind' | 'volume';
  /** A path on the server, or the name of a volume. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/**
 * Reads `8000:8000`, `127.0.0.1:8000:80`, `[::1]:53:53/udp`.
 * @throws RangeError that says how to write it.
 */
export function parsePort(text: string): PortMapping {
  const match = /^(?:(\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:]+\]):)?(\d+):(\d+)(?:\/(tcp|udp))?$/.exec(text.trim());
  const [, address, host = '', container = '', protocol = 'tcp'] = match ?? [];
  const isPort = (port: string) => Number(port) >= 1 && Number(port) <= 65_535;
  if (match === null || !isPort(host) || !isPort(container)) {
    throw new RangeError(
      `"${text.trim()}" cannot be read — write the port of the server, a colon and the port of the container, like 8000:8000 or 127.0.0.1:8000:8000`,
    );
  }
  return {
    address: address?.replace(/[[\]]/g, ''),
    hostPort: Number(host),
    containerPort: Number(container),
    protocol: protocol as PortMapping['protocol'],
  };
}

/**
 * Reads `/srv/media:/app/media`, `data:/var/lib/app`, and `:ro` at the end. What begins with `/` is a path on the
 * server, anything else a volume's name.
 * @throws RangeError that says how to write it.
 */
export function parseVolume(text: string): Mount {
  const [, source = '', target = '', option] = /^([^:]+):(\/[^:]*)(?::(ro|rw))?$/.exec(text.trim()) ?? [];
  const isPath = source.startsWith('/');
  if (source === '' || (!isPath && !/^[A-Za-z0-9][A-Za-z0-9_.-]+$/.test(source))) {
    throw new RangeError(
      `"${text.trim()}" cannot be read — write a whole path or the name of a volume, a colon and the path in the container, like /srv/media:/app/media:ro`,
    );
  }
  return { type: isPath ? 'bind' : 'volume', source, target, readOnly: option === 'ro' };
}

/**
 * Reads `db:10.0.0.5`, `host.docker.internal:host-gateway`.
 * @throws RangeError that says how to write it.
 */
export function parseExtraHost(text: string): string {
  if (/^[A-Za-z0-9._-]+:([0-9A-Fa-f.:]+|host-gateway)$/.test(text.trim())) return text.trim();
  throw new RangeError(
    `"${text.trim()}" cannot be read — write a name, a colon and an address (or host-gateway), like db:10.0.0.5`,
  );
}

/**
 * Docker's restart policies.
 * @throws RangeError that says how to write it.
 */
export function parseRestart(text: string): string {
  if (/^(no|always|unless-stopped|on-failure(:\d+)?)$/.test(text.trim())) return text.trim();
  throw new RangeError(
    `"${text.trim()}" is not a restart policy — write no, on-failure, on-failure:3, unless-stopped or always`,
  );
}

/** As `docker ps` shows it: `127.0.0.1:8000->80/tcp`. */
export function showPort({ address, hostPort, containerPort, protocol }: PortMapping): string {
  const from = address === undefined || address === '' ? '' : `${bracketed(address)}:`;
  return `${from}${hostPort}->${containerPort}/${protocol}`;
}

export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
