/** A service of a swarm as a request asks for it, in the engine's own structure. */
import { inputName, optionsOf } from '../../docker/container-options.ts';
import type { HealthCheck, PortMapping } from '../../docker/container-spec.ts';
import { pinnedImage } from '../../docker/image.ts';
import type { Service, ServiceSpec } from '../../docker/service.ts';
import { UserError } from '../../ground/errors.ts';
import { listed } from '../../ground/words.ts';
import { labels, releaseOf, settingsOf } from '../releases/release.ts';
import type { DeployRequest } from '../request/request.ts';

/** How a service is to be changed. */
export interface ServiceWish {
  readonly request: DeployRequest;
  readonly digest: string;
  /** Of the image; empty when they are not known. */
  readonly platforms: readonly string[];
  /** Identifiers, in the order of the request. */
  readonly networks: readonly string[];
  readonly publish: 'ingress' | 'host';
  /** The new task is started before the old one ends. */
  readonly startsFirst: boolean;
  /** Tasks are made anew although nothing is different. */
  readonly isForced: boolean;
}

/** Nanoseconds, as the engine counts. */
const nanoseconds = (milliseconds: number) => Math.round(milliseconds * 1e6);
/** Milliseconds; 0 would be Docker's own 5 seconds. */
const shortestMonitor = 1_000;

/**
 * What the request does not name (placement, secrets, configurations, restart delays, …) stays as the service has it.
 * Its environment is secret.
 */
export function serviceSpec(wish: ServiceWish, current: Service | undefined): ServiceSpec {
  const { request, digest, networks, startsFirst, isForced } = wish;
  const base = current?.spec ?? {};
  const template = part(base.TaskTemplate);
  const container = part(template.ContainerSpec);
  const order = startsFirst ? 'start-first' : 'stop-first';
  return {
    ...base,
    Name: request.container,
    Labels: { ...kept(current?.labels), ...request.labels, ...serviceLabels(request, digest) },
    TaskTemplate: {
      ...template,
      ContainerSpec: {
        ...container,
        Image: pinnedImage(request.image, digest),
        Labels: { ...kept(current?.containerLabels), ...request.labels, ...taskLabels(request, digest) },
        Args: request.command ?? [],
        Env: Object.entries(request.env).map(([key, value]) => `${key}=${value}`),
        User: request.user ?? '',
        Mounts: [
          ...others(container.Mounts, ({ Type }) => Type !== 'bind' && Type !== 'volume'),
          ...request.mounts.map(({ type, source, target, readOnly }) => ({
            Type: type,
            Source: source,
            Target: target,
            ReadOnly: readOnly,
          })),
        ],
        Hosts: request.extraHosts.map(hostLine),
        StopGracePeriod: nanoseconds(request.stopTimeout),
        ...(request.health === undefined ? {} : { Healthcheck: healthOf(request.health) }),
        ...containerOptions(request),
      },
      Resources: {
        ...part(template.Resources),
        Limits: {
          ...part(part(template.Resources).Limits),
          MemoryBytes: request.memory ?? 0,
          NanoCPUs: Math.round((request.cpus ?? 0) * 1e9),
        },
      },
      RestartPolicy: { ...part(template.RestartPolicy), ...restartOf(request.restart) },
      Placement: { ...part(template.Placement), Platforms: platformsOf(wish.platforms) },
      Networks: networks.map((Target) => ({ Target, Aliases: request.options?.networkAliases ?? [] })),
      ...logOptions(request),
      ForceUpdate: (current?.forced ?? 0) + (isForced ? 1 : 0),
      Runtime: 'container',
    },
    Mode:
      current !== undefined && (current.replicas === undefined || request.replicas === undefined)
        ? base.Mode
        : { Replicated: { Replicas: request.replicas ?? 1 } },
    // Whatever becomes of whoever deploys: a task that fails while it is watched puts the old version back.
    UpdateConfig: {
      Parallelism: 1,
      ...part(base.UpdateConfig),
      FailureAction: 'rollback',
      MaxFailureRatio: 0,
      // From the moment a task runs, which is when its health check has passed: a start period is over by then.
      Monitor: nanoseconds(Math.max(request.bake, shortestMonitor)),
      Order: order,
    },
    RollbackConfig: {
      Parallelism: 1,
      ...part(base.RollbackConfig),
      FailureAction: 'pause',
      MaxFailureRatio: 0,
      Monitor: nanoseconds(1_000),
      Order: order,
    },
    EndpointSpec: endpointOf(wish, current),
  };
}

/** On the containers: what tells a task of this deployment from one of before, on its node, too. */
export function taskLabels(request: DeployRequest, digest: string): Record<string, string> {
  return {
    [labels.release]: releaseOf(request),
    [labels.digest]: digest,
    [labels.settings]: settingsOf(request, digest),
  };
}

function serviceLabels(request: DeployRequest, digest: string): Record<string, string> {
  return {
    ...taskLabels(request, digest),
    [labels.app]: request.container,
    [labels.environment]: request.environment,
    [labels.run]: request.run,
  };
}

/** Docker's own labels (the stack that a service belongs to) are not the request's to remove. */
function kept(found: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(found).filter(([name]) => name.startsWith('com.docker.')));
}

/**
 * Ports of a kind that a service has already keep their kind: whatever is in front of it counts on that. Without
 * IPVS there are no virtual addresses either: names then stand for the tasks themselves.
 */
function endpointOf({ request, publish }: ServiceWish, current: Service | undefined) {
  const ports = request.ports.map((port) => ({
    Protocol: port.protocol,
    TargetPort: port.containerPort,
    PublishedPort: port.hostPort,
    PublishMode: publishedAs(port, current) ?? publish,
  }));
  const hasIngress = ports.some(({ PublishMode }) => PublishMode === 'ingress');
  const isDnsOnly = current === undefined ? publish === 'host' : current.isDnsOnly;
  return { Mode: isDnsOnly && !hasIngress ? 'dnsrr' : 'vip', Ports: ports };
}

/** How the service publishes a port now. */
export function publishedAs(port: PortMapping, current: Service | undefined): 'ingress' | 'host' | undefined {
  return current?.ports.find(
    ({ hostPort, protocol }) => hostPort === port.hostPort && protocol === port.protocol,
  )?.mode;
}

/** As in /etc/hosts: the address first. */
function hostLine(extra: string): string {
  const [, name = '', address = ''] = /^([^:]+):(.+)$/.exec(extra) ?? [];
  return `${address} ${name}`;
}

function healthOf({ command, interval, timeout, retries, startPeriod }: HealthCheck) {
  return {
    Test: ['CMD-SHELL', command],
    Interval: nanoseconds(interval),
    Timeout: nanoseconds(timeout),
    Retries: retries,
    StartPeriod: nanoseconds(startPeriod),
  };
}

/** Those that are asked for; what a service has of others stays. */
function containerOptions({ options = {} }: DeployRequest) {
  const { hostname, dns, capAdd, capDrop, readOnly, init, ulimits } = options;
  return {
    ...(hostname === undefined ? {} : { Hostname: hostname }),
    ...(dns === undefined ? {} : { DNSConfig: { Nameservers: dns } }),
    ...(capAdd === undefined ? {} : { CapabilityAdd: capAdd.map(capability) }),
    ...(capDrop === undefined ? {} : { CapabilityDrop: capDrop.map(capability) }),
    ...(readOnly === undefined ? {} : { ReadOnly: readOnly }),
    ...(init === undefined ? {} : { Init: init }),
    ...(ulimits === undefined ? {} : { Ulimits: ulimits.map(ulimit) }),
  };
}

function logOptions({ options = {} }: DeployRequest) {
  const { logDriver, logOptions: Options } = options;
  if (logDriver === undefined && Options === undefined) return {};
  return { LogDriver: { Name: logDriver ?? 'json-file', ...(Options === undefined ? {} : { Options }) } };
}

/** `docker run` takes NET_ADMIN; a service wants CAP_NET_ADMIN. */
function capability(name: string): string {
  const upper = name.toUpperCase();
  return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
}

/** `nofile=65536:65536`; one number is both. */
function ulimit(text: string) {
  const [, Name = '', soft = '', hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  return { Name, Soft: Number(soft), Hard: Number(hard) };
}

/** Docker's words for containers, in Swarm's. */
function restartOf(policy: string) {
  const [kind, tries] = policy.split(':');
  if (kind === 'no') return { Condition: 'none' };
  if (kind === 'on-failure') return { Condition: 'on-failure', MaxAttempts: Number(tries ?? 0) };
  return { Condition: 'any' };
}

function platformsOf(platforms: readonly string[]) {
  return platforms.map((platform) => {
    const [OS = '', Architecture = ''] = platform.split('/');
    return { OS, Architecture };
  });
}

/**
 * Refuses what a service cannot have.
 * @throws UserError `strategy-impossible`
 */
export function refuseForService(request: DeployRequest): void {
  const { container, ports, extraHosts, files = {}, envMode, transfer, options = {} } = request;
  const refuse = (observed: string, hint: string) => {
    throw new UserError(`${container} cannot be deployed by swarm — ${observed}`, hint, {
      code: 'strategy-impossible',
    });
  };
  if (ports.some(({ address }) => address !== undefined)) {
    refuse('a service publishes its ports on every address of a node', 'write ports without an address');
  }
  if (transfer === 'ssh') {
    refuse(
      'every node pulls for itself, and the image would be on one of them',
      'write "transfer: registry"',
    );
  }
  if (extraHosts.some((extra) => extra.endsWith(':host-gateway'))) {
    refuse('host-gateway stands for one server, and tasks move', 'write an address in extra-hosts');
  }
  if (Object.keys(files).length > 0 || envMode === 'mount') {
    refuse(
      'Swarm makes the containers of a service itself, and gives them no files',
      "take files and env-mode: mount away; a service has Docker's own configs and secrets",
    );
  }
  if (request.reloadNginx === true) {
    refuse('it has tasks on several servers, and nginx would be reloaded on one', 'take reload-nginx away');
  }
  const given = Object.keys(optionsOf(options)).filter((option) =>
    ['securityOptions', 'tmpfs', 'shmSize'].includes(option),
  );
  if (given.length > 0) {
    refuse(
      `${listed(given.map(inputName))} would be lost on a service`,
      'take that away, and set it on the service by hand (docker service update): what a service has stays',
    );
  }
}

function part(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function others(value: unknown, test: (entry: Record<string, unknown>) => boolean): unknown[] {
  return Array.isArray(value) ? value.filter((entry) => test(part(entry))) : [];
}
