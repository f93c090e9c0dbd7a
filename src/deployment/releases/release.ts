import { createHmac } from 'node:crypto';

import { optionsOf } from '../../docker/container-options.ts';
import type { ContainerFile, ContainerSpec } from '../../docker/container-spec.ts';
import { pinnedImage } from '../../docker/image.ts';
import type { Container } from '../../docker/inspect.ts';
import { renderEnvironment } from '../request/environment.ts';
import type { DeployRequest } from '../request/request.ts';

/** Names that no container has for long; they are the same for every release. */
export interface WorkingNames {
  /** Made or started, but not proven yet. */
  readonly next: string;
  /** Served until the next one was proven; about to be put away. */
  readonly previous: string;
  /** Has the traffic while the one that serves is replaced. */
  readonly bridge: string;
  /** Was started by hand or by another tool, and is kept, stopped, since Tenantry took its place. */
  readonly adopted: string;
}

/** The names of the containers of one deployment on one server. */
export interface ContainerNames extends WorkingNames {
  /** Serves now, under whatever name; the same as `final` when nothing does. */
  readonly old: string;
  /** Will serve: a name that is proven. */
  readonly final: string;
}

export function workingNames(container: string): WorkingNames {
  return {
    next: `${container}-tenantry-next`,
    previous: `${container}-tenantry-previous`,
    bridge: `${container}-tenantry-bridge`,
    adopted: `${container}-tenantry-adopted`,
  };
}

/** What the container of a release is called once it is proven. */
export function servingName(container: string, release: string): string {
  return `${container}-${fileName(release).replace(/^tenantry-/, '_$&')}`;
}

/**
 * What a container of ours is called once it is proven, as its labels have it; any other keeps the name that it has,
 * or gets the application's back.
 */
export function nameOfServing(container: Container): string {
  const { [labels.app]: app, [labels.release]: release } = container.labels;
  if (app !== undefined && release !== undefined) return servingName(app, release);
  return container.name.replace(/-tenantry-(next|previous|bridge|adopted)$/, '');
}

export function namesFor(
  container: string,
  { release, current }: { release: string; current: Container | undefined },
): ContainerNames {
  const final = servingName(container, release);
  return { ...workingNames(container), old: current?.name ?? final, final };
}

/** A name of a release as a part of names of files and containers. */
export function fileName(release: string): string {
  return release.replace(/[^\w.-]/g, '_');
}

export const labels = {
  app: 'tenantry.app',
  environment: 'tenantry.environment',
  release: 'tenantry.release',
  digest: 'tenantry.digest',
  /** A hash of everything that the container was told; equal means that nothing would change. */
  settings: 'tenantry.settings',
  /** The restart policy, which is set only when the container is proven. */
  restart: 'tenantry.restart',
  run: 'tenantry.run',
  /** Paths of the files that were written into it, with commas between. */
  files: 'tenantry.files',
  /** Names of the variables in the file that it reads, where its environment does not have them. */
  keys: 'tenantry.env-keys',
} as const;

/** The tag, or the beginning of the digest. */
export function releaseOf({ release, image }: Pick<DeployRequest, 'release' | 'image'>): string {
  return release ?? image.tag ?? image.digest?.slice('sha256:'.length, 'sha256:'.length + 12) ?? 'unnamed';
}

/** Whether it was started by hand or by another tool. */
export function isForeign(container: Container): boolean {
  return container.labels[labels.app] === undefined;
}

export function releaseOfContainer(container: Container): string | undefined {
  return container.labels[labels.release];
}

/** How a container is called in sentences: its release, or the image that it was started with by hand. */
export function releaseNameOf(container: Pick<Container, 'labels' | 'image'>): string {
  return container.labels[labels.release] ?? container.image.replace(/@sha256:(\w{12})\w*$/, '@$1');
}

/** The digest of the image that a container was made from, where its name or a label has one. */
export function digestOf(container: Pick<Container, 'labels' | 'image'>): string | undefined {
  return container.labels[labels.digest] ?? /@(sha256:[0-9a-f]{64})$/.exec(container.image)?.[1];
}

/** What Docker on a server calls the image: one that was sent there has no digest of a registry. */
export function imageName(
  { image, transfer }: Pick<DeployRequest, 'image' | 'transfer'>,
  digest: string,
): string {
  return transfer === 'ssh' ? digest : pinnedImage(image, digest);
}

/** Names that the request does not choose: what is called how, and where its environment file lies. */
interface Place {
  readonly name: string;
  readonly envFile: string;
}

/** The container that is asked for, of the image with this digest. */
export function specFor(request: DeployRequest, digest: string, { name, envFile }: Place): ContainerSpec {
  return {
    name,
    image: imageName(request, digest),
    entrypoint: request.entrypoint,
    command: request.command ?? [],
    envFile: request.envMode === 'mount' ? undefined : envFile,
    files: filesFor(request),
    labels: {
      ...request.labels,
      [labels.app]: request.container,
      [labels.environment]: request.environment,
      [labels.release]: releaseOf(request),
      [labels.digest]: digest,
      [labels.settings]: settingsOf(request, digest),
      [labels.restart]: request.restart,
      [labels.run]: request.run,
      ...fileLabels(request),
    },
    ports: request.ports,
    mounts: request.mounts,
    networks: request.networks,
    networkAlias: request.container,
    extraHosts: request.extraHosts,
    memory: request.memory,
    cpus: request.cpus,
    user: request.user,
    // A container that is not proven must not come back by itself; and its first exit shall be seen.
    restart: 'no',
    stopTimeout: request.stopTimeout,
    health: request.health,
    options: request.options ?? {},
  };
}

/** Names only: for the next plan. */
function fileLabels({ env, envMode, files = {} }: DeployRequest): Record<string, string> {
  const paths = Object.keys(files).toSorted();
  return {
    ...(paths.length === 0 ? {} : { [labels.files]: paths.join(',') }),
    ...(envMode === 'mount' ? { [labels.keys]: Object.keys(env).toSorted().join(',') } : {}),
  };
}

/** What is written into the container. Whoever else is in it may read the files, but not the environment. */
function filesFor({ env, envMode, envPath = '', files = {} }: DeployRequest): ContainerFile[] {
  return [
    ...(envMode === 'mount' ? [{ path: envPath, content: renderEnvironment(env), mode: 0o400 }] : []),
    ...Object.entries(files).map(([path, content]) => ({ path, content, mode: 0o444 })),
  ];
}

/**
 * A hash of all that makes a difference to the container. It is keyed with a secret of the server, so that whoever sees
 * it (a label, the name of a file) cannot find a value by trying out guesses.
 */
export function settingsOf(request: DeployRequest, digest: string): string {
  const { command, ports, mounts, networks, extraHosts, memory, cpus, user, restart, health } = request;
  const settings = [
    digest,
    renderEnvironment(request.env),
    [command ?? [], ports, mounts, networks, extraHosts, Object.entries(request.labels).sort()],
    [memory, cpus, user, restart, health, request.stopTimeout, request.environment],
    // What most have not leaves the hash as it is.
    ...(request.entrypoint === undefined ? [] : [{ entrypoint: request.entrypoint }]),
    ...(filesFor(request).length === 0 ? [] : [filesFor(request)]),
    ...(Object.keys(optionsOf(request.options ?? {})).length === 0
      ? []
      : [{ options: optionsOf(request.options ?? {}) }]),
  ];
  const hash = createHmac('sha256', request.settingsKey ?? '');
  return hash.update(JSON.stringify(settings)).digest('hex').slice(0, 16);
}

/** `~/.tenantry/<container>/releases/<key>.env`, in the home of the account that deploys. */
export function envFileOf(home: string, container: string, key: string): string {
  return `${home}/.tenantry/${container}/releases/${key}.env`;
}
