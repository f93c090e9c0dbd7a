/** What a deployment to a swarm finds, and what it would do there. Changes nothing but that an image is fetched. */
import { pinnedImage, showImage } from '../../docker/image.ts';
import type { Image } from '../../docker/inspect.ts';
import type { Service, SwarmNode } from '../../docker/service.ts';
import { type Swarm, swarmOn } from '../../docker/swarm.ts';
import { LostConnection, UserError } from '../../ground/errors.ts';
import { listed } from '../../ground/words.ts';
import { platformLike } from '../preflight/platform-line.ts';
import { labels } from '../releases/release.ts';
import type { DeployRequest } from '../request/request.ts';
import type { Work } from '../request/work.ts';
import type { Survey } from '../server/survey.ts';
import { digestIn } from './service-course.ts';
import { publishedAs, refuseForService, type ServiceWish } from './service-spec.ts';

/** What is there. */
export interface SwarmSite {
  readonly swarm: Swarm;
  readonly service: Service | undefined;
  readonly nodes: readonly SwarmNode[];
  /** Identifiers, by name. */
  readonly networks: ReadonlyMap<string, string>;
}

/** What is to be done, and what is to be said about it. */
export interface SwarmWay extends ServiceWish {
  /** Whether the image says how its health is looked at; undefined when the image is not here. */
  readonly hasHealthCheck: boolean | undefined;
  /** The image's own id on the manager; undefined where it cannot run. */
  readonly imageHere: string | undefined;
  /** Why not without a gap, and what would allow it. */
  readonly obstacle: string | undefined;
  /** Lines for the plan. */
  readonly remarks: readonly string[];
}

/** Whether a swarm has, or shall have, what is deployed. @throws UserError when it has, and this server may not change it */
export function isForSwarm({ strategy, container }: DeployRequest, survey: Survey, server: string): boolean {
  const { swarm } = survey;
  if (strategy !== 'swarm' && (strategy !== 'auto' || !swarm.hasService)) return false;
  if (swarm.isManager) return true;
  const role = swarm.isMember ? 'it is a worker of its swarm' : 'it is in no swarm';
  throw new UserError(
    `${container} cannot be deployed by swarm on ${server} — ${role}`,
    swarm.isMember
      ? 'give a manager as host ("docker node ls" on one of them shows them all)'
      : 'make it a manager ("docker swarm init" there), or choose another strategy',
    { code: 'swarm-not-manager' },
  );
}

export async function lookAtSwarm({ machine, request, ports }: Work): Promise<SwarmSite> {
  const swarm = swarmOn(machine, ports);
  const [service, nodes, networks] = await Promise.all([
    swarm.service(request.container),
    swarm.nodes(),
    swarm.networks(),
  ]);
  refuseForService(request);
  refuseStrangers(request, service, machine.name);
  return { swarm, service, nodes, networks };
}

function refuseStrangers(
  { container, environment }: DeployRequest,
  service: Service | undefined,
  server: string,
): void {
  if (service === undefined) return;
  const { [labels.app]: app, [labels.environment]: owner } = service.labels;
  if (app !== undefined && (app !== container || owner !== environment)) {
    throw new UserError(
      `The service ${container} belongs to ${app} (${owner}) — not to ${container} (${environment})`,
      'choose another name with the input container, or correct environment',
      { code: 'container-name-taken' },
    );
  }
  if (service.isJob) {
    throw new UserError(
      `The service ${container} on ${server} cannot be deployed — it is a job, whose tasks end by themselves`,
      'choose another name with the input container',
      { code: 'strategy-impossible' },
    );
  }
}

/**
 * The image by its digest, and how it is brought to the nodes.
 * @throws UserError `image-…`, `registry-…`, `network-missing`, `swarm-no-node` before anything is touched
 */
export async function swarmWay(
  work: Work,
  { swarm, service, nodes, networks }: SwarmSite,
  { survey, platform }: { survey: Survey; platform: string },
): Promise<SwarmWay> {
  const { machine, request } = work;
  const { digest, platforms } = await resolved(work, swarm);
  const { able, remarks } = nodesFor(request, { nodes, platforms, server: machine.name });
  const canRunHere = platforms.length === 0 || platforms.includes(platform);
  const local = canRunHere ? await imageHere(work, digest) : undefined;
  const publish = survey.swarm.hasIpvs ? 'ingress' : 'host';
  const obstacle = service === undefined ? undefined : gapOf(request, { service, able, publish });
  return {
    request,
    digest,
    platforms,
    networks: networksOf(request, networks, machine.name),
    publish,
    startsFirst: obstacle === undefined,
    isForced: false,
    hasHealthCheck: request.health !== undefined || local?.hasHealthCheck,
    imageHere: local?.id,
    obstacle,
    remarks: [
      ...remarks,
      ...portRemarks(request, service, publish),
      ...(local === undefined || local.hasHealthCheck || request.health !== undefined
        ? []
        : [
            'the image has no HEALTHCHECK: Swarm takes a task for ready the moment it is started, and requests reach it while it boots',
          ]),
    ],
  };
}

/** From the registry; of a release that the manager has, also when the registry is gone. */
async function resolved({ docker, request, ports }: Work, swarm: Swarm) {
  const { image, registryLogin } = request;
  try {
    return await swarm.resolve(image, registryLogin);
  } catch (error) {
    const { digest } = image;
    if (digest === undefined || !(error instanceof UserError) || error instanceof LostConnection) throw error;
    if ((await docker.image(pinnedImage(image, digest))) === undefined) throw error;
    ports.log.warning(`${error.message}; nodes that have the image can start it all the same`);
    return { digest, platforms: [] };
  }
}

/** On the manager, too: it shows that it can be had, and how it is made. Other nodes fetch it for themselves. */
async function imageHere({ docker, request }: Work, digest: string): Promise<Image | undefined> {
  const pinned = pinnedImage(request.image, digest);
  const there = await docker.image(pinned);
  if (there !== undefined || request.dryRun) return there;
  await docker.pull({ ...request.image, digest }, request.registryLogin);
  return docker.image(pinned);
}

/** Nodes that take tasks of this image, and a line for each that does not. */
export function nodesFor(
  { container, image }: Pick<DeployRequest, 'container' | 'image'>,
  { nodes, platforms, server }: { nodes: readonly SwarmNode[]; platforms: readonly string[]; server: string },
): { able: SwarmNode[]; remarks: string[] } {
  const ready = nodes.filter(({ isUp, isActive }) => isUp && isActive);
  const able = ready.filter(({ platform }) => platforms.length === 0 || platforms.includes(platform));
  if (able.length === 0 && ready.length > 0) {
    const kinds = [...new Set(ready.map(({ platform }) => platform))];
    throw new UserError(
      `${showImage(image)} cannot run in the swarm of ${server} — the image is ${listed(platforms)}, its nodes ${listed(kinds)}`,
      `build it for the nodes: platforms: ${kinds.join(',')} in the build step`,
      {
        code: 'image-wrong-architecture',
        ...(platforms.length === 1 ? { place: platformLike(platforms[0] ?? '', kinds[0] ?? '') } : {}),
      },
    );
  }
  if (able.length === 0) {
    throw new UserError(
      `${container} cannot be deployed to the swarm of ${server} — no node takes tasks: ${listed(nodes.map(stateOf))}`,
      'bring a node back, or make one active again: docker node update --availability active NODE',
      { code: 'swarm-no-node' },
    );
  }
  const remarks = nodes.flatMap((node) => {
    if (!node.isUp) return [`the node ${node.name} is down: its tasks run elsewhere`];
    if (!node.isActive) return [`the node ${node.name} takes no tasks (drained or paused)`];
    if (able.includes(node)) return [];
    return [`the node ${node.name} is ${node.platform}, and the image is not: it gets no task`];
  });
  return { able, remarks };
}

function stateOf({ name, isUp }: SwarmNode): string {
  return `${name} is ${isUp ? 'drained or paused' : 'down'}`;
}

/** Why the old task must end before the new one can start. */
function gapOf(
  { mounts, sharedVolumes, ports, replicas }: DeployRequest,
  { service, able, publish }: { service: Service; able: readonly SwarmNode[]; publish: 'ingress' | 'host' },
): string | undefined {
  const writable = mounts.filter(({ readOnly }) => !readOnly);
  if (writable.length > 0 && !sharedVolumes) {
    return `two versions would write to ${listed(writable.map(({ source }) => source))} for a while; write "shared-volumes: true" if they may`;
  }
  const onNodes = ports.filter((port) => (publishedAs(port, service) ?? publish) === 'host');
  const tasks = replicas ?? service.replicas ?? able.length;
  if (onNodes.length === 0 || tasks < able.length) return undefined;
  return `a node has its port ${onNodes[0]?.hostPort} once, and every node that could take a new task has one already; leave ports away and put a proxy in front that follows tasks.NAME, or give the swarm one more node than tasks`;
}

function portRemarks(
  { ports }: DeployRequest,
  service: Service | undefined,
  publish: 'ingress' | 'host',
): string[] {
  const kinds = ports.map((port) => ({ port, kind: publishedAs(port, service) ?? publish }));
  const unheard = kinds.filter(({ kind }) => kind === 'ingress' && publish === 'host');
  const own = kinds.filter(({ port, kind }) => kind === 'host' && publishedAs(port, service) === undefined);
  const lacking = "this server's kernel has no IPVS, which Swarm's own entrance (ingress) needs";
  return [
    ...(unheard.length === 0
      ? []
      : [`port ${listed(unheard.map(({ port }) => String(port.hostPort)))} answers nowhere: ${lacking}`]),
    ...(own.length === 0
      ? []
      : [
          `port ${listed(own.map(({ port }) => String(port.hostPort)))} answers on the nodes that run a task: ${lacking}`,
        ]),
  ];
}

function networksOf(
  { networks: wanted }: DeployRequest,
  there: ReadonlyMap<string, string>,
  server: string,
): string[] {
  return wanted.map((name) => {
    const id = there.get(name);
    if (id !== undefined) return id;
    throw new UserError(
      `A service cannot join ${name} — the swarm of ${server} has no network of that name`,
      `create it on a manager: docker network create --driver overlay --attachable ${name}`,
      { code: 'network-missing' },
    );
  });
}

/** The digest that a service runs, where one can be told. */
export function digestOfService(service: Service): string | undefined {
  return service.labels[labels.digest] ?? digestIn(service.image);
}

export function releaseOfService(service: Service): string {
  return (
    service.containerLabels[labels.release] ??
    service.image.replace(/^.*\/(?=[^/]+$)/, '').replace(/@sha256:(\w{12})\w*$/, '@$1')
  );
}
