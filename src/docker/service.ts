/** Services, tasks and nodes of a swarm, as the engine's interface describes them. */
import * as z from 'zod';

import { UserError } from '../ground/errors.ts';
import type { Mount, PortMapping } from './container-spec.ts';
import { textMap, texts } from './nullable.ts';

/** A service as it is asked for: the engine's own structure, its environment in it. Parts that nobody here knows stay. */
export type ServiceSpec = Readonly<Record<string, unknown>>;

/** A port of a service: of every node (`ingress`), or of those that run a task (`host`). */
export interface ServicePort extends PortMapping {
  readonly mode: 'ingress' | 'host';
}

export interface Service {
  readonly id: string;
  /** Changes with every change of it; a change names the one that it was made for. */
  readonly version: number;
  readonly spec: ServiceSpec;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly containerLabels: Readonly<Record<string, string>>;
  readonly environmentKeys: readonly string[];
  /** Whether a variable has this value. */
  hasVariable(key: string, value: string): boolean;
  readonly command: readonly string[];
  /** `name:address`. */
  readonly extraHosts: readonly string[];
  readonly mounts: readonly Mount[];
  /** Identifiers. */
  readonly networks: readonly string[];
  readonly ports: readonly ServicePort[];
  readonly isDnsOnly: boolean;
  /** Bytes; 0 is no limit. */
  readonly memory: number;
  readonly cpus: number;
  readonly user: string;
  readonly forced: number;
  /** How many tasks shall run; undefined: one on every node. */
  readonly replicas: number | undefined;
  /** A service whose tasks shall end by themselves. */
  readonly isJob: boolean;
  readonly update: { readonly state: UpdateState; readonly message: string } | undefined;
  /** What the last change replaced: its image and container labels. */
  readonly previous:
    | { readonly image: string; readonly containerLabels: Readonly<Record<string, string>> }
    | undefined;
}

export type UpdateState =
  | 'updating'
  | 'paused'
  | 'completed'
  | 'rollback_started'
  | 'rollback_paused'
  | 'rollback_completed';

export interface Task {
  readonly id: string;
  readonly slot: number;
  readonly nodeId: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly forced: number;
  /** `new`, `pending`, … `preparing` (its image comes), `starting`, `running`, `failed`, `rejected`, … */
  readonly state: string;
  readonly wanted: string;
  readonly message: string;
  readonly error: string;
  readonly exitCode: number;
  readonly createdAt: Date;
  /** When it came into its state. */
  readonly since: Date;
}

export interface SwarmNode {
  readonly id: string;
  readonly name: string;
  /** `linux/amd64`. */
  readonly platform: string;
  /** Whether it answers the managers. */
  readonly isUp: boolean;
  /** Whether it takes tasks: neither drained nor paused. */
  readonly isActive: boolean;
}

const number = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);

const taskTemplateJson = z.object({
  ContainerSpec: z.object({
    Image: z.string(),
    Labels: textMap,
    Env: texts,
    Args: texts,
    Hosts: texts,
    User: z.string().nullish(),
    Mounts: z
      .array(
        z.object({
          Type: z.string(),
          Source: z.string().nullish(),
          Target: z.string(),
          ReadOnly: z.boolean().nullish(),
        }),
      )
      .nullish(),
  }),
  Resources: z.object({ Limits: z.object({ NanoCPUs: number, MemoryBytes: number }).nullish() }).nullish(),
  Networks: z.array(z.object({ Target: z.string() })).nullish(),
  ForceUpdate: number,
});

const specJson = z.looseObject({
  Labels: textMap,
  TaskTemplate: taskTemplateJson,
  Mode: z.looseObject({
    Replicated: z.object({ Replicas: z.number().nullish() }).nullish(),
    Global: z.unknown().optional(),
  }),
  Networks: z.array(z.object({ Target: z.string() })).nullish(),
  EndpointSpec: z
    .object({
      Mode: z.string().nullish(),
      Ports: z
        .array(
          z.object({
            Protocol: z.string().nullish(),
            TargetPort: z.number(),
            PublishedPort: number,
            PublishMode: z.string().nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

const serviceJson = z.object({
  ID: z.string(),
  Version: z.object({ Index: z.number() }),
  Spec: specJson,
  PreviousSpec: z.looseObject({ TaskTemplate: taskTemplateJson }).nullish(),
  UpdateStatus: z.object({ State: z.string().nullish(), Message: z.string().nullish() }).nullish(),
});

const taskJson = z.object({
  ID: z.string(),
  Slot: number,
  NodeID: z
    .string()
    .nullish()
    .transform((id) => id ?? ''),
  CreatedAt: z.string(),
  Spec: z.object({
    ContainerSpec: z.object({ Image: z.string(), Labels: textMap }).nullish(),
    ForceUpdate: number,
  }),
  Status: z.object({
    Timestamp: z.string(),
    State: z.string(),
    Message: z.string().nullish(),
    Err: z.string().nullish(),
    ContainerStatus: z.object({ ExitCode: number }).nullish(),
  }),
  DesiredState: z.string(),
});

const nodeJson = z.object({
  ID: z.string(),
  Spec: z.object({ Availability: z.string().nullish() }),
  Description: z.object({
    Hostname: z.string(),
    Platform: z.object({ Architecture: z.string(), OS: z.string() }),
  }),
  Status: z.object({ State: z.string() }),
});

const networkJson = z.object({ Id: z.string(), Name: z.string(), Scope: z.string() });

const distributionJson = z.object({
  Descriptor: z.object({ digest: z.string() }),
  Platforms: z.array(z.object({ os: z.string(), architecture: z.string() })).nullish(),
});

/** Reads `GET /services/NAME`. @throws UserError `docker-not-understood`, as all of these */
export function readService(json: string): Service {
  // Unknown parts are kept: what is not understood must be given back as it was.
  const { ID, Version, Spec: spec, PreviousSpec, UpdateStatus } = read(json, serviceJson, 'a service');
  const { ContainerSpec: container, Resources, Networks, ForceUpdate } = spec.TaskTemplate;
  const { Replicated, Global } = spec.Mode;
  const raw = (JSON.parse(json) as { Spec: ServiceSpec }).Spec;
  return {
    id: ID,
    version: Version.Index,
    spec: raw,
    labels: spec.Labels,
    image: container.Image,
    containerLabels: container.Labels,
    environmentKeys: container.Env.map((variable) => variable.split('=', 1)[0] ?? ''),
    hasVariable: (key, value) => container.Env.includes(`${key}=${value}`),
    command: container.Args,
    // As in /etc/hosts: the address comes first, and several names may follow.
    extraHosts: container.Hosts.flatMap((line) => {
      const [address = '', ...names] = line.trim().split(/\s+/);
      return names.map((name) => `${name}:${address}`);
    }),
    mounts: (container.Mounts ?? []).flatMap(({ Type, Source, Target, ReadOnly }): Mount[] =>
      Type === 'bind' || Type === 'volume'
        ? [{ type: Type, source: Source ?? '', target: Target, readOnly: ReadOnly === true }]
        : [],
    ),
    networks: (Networks ?? spec.Networks ?? []).map(({ Target }) => Target),
    ports: (spec.EndpointSpec?.Ports ?? []).map((port) => ({
      address: undefined,
      hostPort: port.PublishedPort,
      containerPort: port.TargetPort,
      protocol: port.Protocol === 'udp' ? 'udp' : 'tcp',
      mode: port.PublishMode === 'host' ? 'host' : 'ingress',
    })),
    isDnsOnly: spec.EndpointSpec?.Mode === 'dnsrr',
    memory: Resources?.Limits?.MemoryBytes ?? 0,
    cpus: (Resources?.Limits?.NanoCPUs ?? 0) / 1e9,
    user: container.User ?? '',
    forced: ForceUpdate,
    replicas: Replicated == null ? undefined : (Replicated.Replicas ?? 1),
    isJob: Replicated == null && Global === undefined,
    update: isUpdateState(UpdateStatus?.State)
      ? { state: UpdateStatus.State, message: UpdateStatus.Message ?? '' }
      : undefined,
    previous: PreviousSpec
      ? {
          image: PreviousSpec.TaskTemplate.ContainerSpec.Image,
          containerLabels: PreviousSpec.TaskTemplate.ContainerSpec.Labels,
        }
      : undefined,
  };
}

/** Reads `GET /tasks`, the newest first. */
export function readTasks(json: string): Task[] {
  return read(json, z.array(taskJson), 'tasks')
    .map(({ Status: status, Spec: spec, ...task }) => ({
      id: task.ID,
      slot: task.Slot,
      nodeId: task.NodeID,
      image: spec.ContainerSpec?.Image ?? '',
      labels: spec.ContainerSpec?.Labels ?? {},
      forced: spec.ForceUpdate,
      state: status.State,
      wanted: task.DesiredState,
      message: status.Message ?? '',
      error: status.Err ?? '',
      exitCode: status.ContainerStatus?.ExitCode ?? 0,
      createdAt: new Date(task.CreatedAt),
      since: new Date(status.Timestamp),
    }))
    .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
}

/** Reads `GET /nodes`. */
export function readNodes(json: string): SwarmNode[] {
  return read(json, z.array(nodeJson), 'nodes').map(({ ID, Spec, Description, Status }) => ({
    id: ID,
    name: Description.Hostname,
    platform: `${Description.Platform.OS}/${architectureOf(Description.Platform.Architecture)}`,
    isUp: Status.State === 'ready',
    isActive: (Spec.Availability ?? 'active') === 'active',
  }));
}

/** Reads `GET /networks`: identifiers of the swarm's own, by name. */
export function readNetworks(json: string): ReadonlyMap<string, string> {
  const networks = read(json, z.array(networkJson), 'networks');
  return new Map(networks.filter(({ Scope }) => Scope === 'swarm').map(({ Name, Id }) => [Name, Id]));
}

/** Reads `GET /distribution/NAME/json`. */
export function readDistribution(json: string): { digest: string; platforms: string[] } {
  const { Descriptor, Platforms } = read(json, distributionJson, "an image's description");
  return {
    digest: Descriptor.digest,
    platforms: (Platforms ?? []).map(({ os, architecture }) => `${os}/${architecture}`),
  };
}

/** A node calls its processor as its kernel does, an image as Go does. */
function architectureOf(kernel: string): string {
  const names: Readonly<Record<string, string>> = {
    x86_64: 'amd64',
    aarch64: 'arm64',
    armv7l: 'arm',
    armv6l: 'arm',
    i686: '386',
    i386: '386',
  };
  return names[kernel] ?? kernel;
}

function isUpdateState(text: string | null | undefined): text is UpdateState {
  return [
    'updating',
    'paused',
    'completed',
    'rollback_started',
    'rollback_paused',
    'rollback_completed',
  ].includes(text ?? '');
}

function read<T>(json: string, schema: z.ZodType<T>, what: string): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (error) {
    throw new UserError(
      `What the Docker engine says of ${what} cannot be understood — ${error instanceof z.ZodError ? z.prettifyError(error).split('\n')[0] : 'it is no JSON'}`,
      'look whether "docker" on the server is Docker 20.10 or newer, and not a program that stands in for it',
      { code: 'docker-not-understood', cause: error },
    );
  }
}
