import * as z from 'zod';

import { UserError } from '../ground/errors.ts';
import { type ContainerOptions, optionsOf } from './container-options.ts';
import type { HealthCheck, Mount, PortMapping } from './container-spec.ts';
import { textMap, texts } from './nullable.ts';

/** A container as it is, from `docker container inspect`. */
export interface Container {
  readonly id: string;
  readonly name: string;
  /** Of the image's configuration: what `docker image inspect` calls `Id`. */
  readonly imageId: string;
  /** The image as it was named when the container was made. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names only. */
  readonly environmentKeys: readonly string[];
  /** Whether a variable has this value; the values themselves are kept from whoever prints a container. */
  hasVariable(key: string, value: string): boolean;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  readonly state: ContainerState;
  readonly ports: readonly PortMapping[];
  readonly mounts: readonly Mount[];
  readonly networks: readonly string[];
  readonly restart: string;
  /** `name:address`. */
  readonly extraHosts: readonly string[];
  /** Bytes; 0 is no limit. */
  readonly memory: number;
  readonly cpus: number;
  /** Removed by Docker when it ends. */
  readonly autoRemove: boolean;
  /** What it was given that Tenantry cannot give a container, in the words of `docker run`. */
  readonly beyondUs: readonly string[];
  readonly options: ContainerOptions;
  /** Its health check, where that is a command of the shell: given to it, or the image's. */
  readonly healthCheck: HealthCheck | undefined;
  /** The same in Docker's words, of any form: `['CMD', 'curl', '-f', 'http://localhost/']`. */
  readonly healthTest: readonly string[];
}

export interface ContainerState {
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  readonly exitCode: number;
  /** Docker's own word on why it could not be started. */
  readonly error: string;
  readonly outOfMemory: boolean;
  readonly startedAt: Date;
  /** When it ended the last time; before `startedAt` when it runs. */
  readonly finishedAt: Date;
  /** undefined when neither the image nor the container has a health check. */
  readonly health:
    | { readonly status: 'starting' | 'healthy' | 'unhealthy'; readonly output: string }
    | undefined;
}

export interface Image {
  readonly id: string;
  readonly repoDigests: readonly string[];
  readonly os: string;
  readonly architecture: string;
  readonly environmentKeys: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** Whether it says itself how its health is looked at. */
  readonly hasHealthCheck: boolean;
  readonly healthTest: readonly string[];
}

/** Times in nanoseconds; 0 is Docker's own. */
const healthcheckJson = z.object({
  Test: texts,
  Interval: z.number().nullish(),
  Timeout: z.number().nullish(),
  Retries: z.number().nullish(),
  StartPeriod: z.number().nullish(),
});

const containerJson = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  Config: z.object({
    Image: z.string(),
    Labels: textMap,
    Env: texts,
    Entrypoint: texts,
    Cmd: texts,
    Healthcheck: healthcheckJson.nullish(),
    User: z.string().nullish(),
    Hostname: z.string().nullish(),
  }),
  State: z.object({
    Status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
    ExitCode: z.number(),
    Error: z.string().default(''),
    OOMKilled: z.boolean().default(false),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    Health: z
      .object({
        Status: z.string(),
        Log: z.array(z.object({ Output: z.string().default('') })).nullish(),
      })
      .nullish(),
  }),
  HostConfig: z.object({
    PortBindings: z
      .record(z.string(), z.array(z.object({ HostIp: z.string().nullish(), HostPort: z.string() })).nullish())
      .nullish(),
    RestartPolicy: z.object({ Name: z.string(), MaximumRetryCount: z.number().default(0) }).nullish(),
    ExtraHosts: texts,
    Memory: z.number().nullish(),
    NanoCpus: z.number().nullish(),
    AutoRemove: z.boolean().default(false),
    Privileged: z.boolean().default(false),
    CapAdd: texts,
    CapDrop: texts,
    Devices: z.array(z.unknown()).nullish(),
    Tmpfs: z.record(z.string(), z.string()).nullish(),
    Ulimits: z.array(z.object({ Name: z.string(), Soft: z.number(), Hard: z.number() })).nullish(),
    LogConfig: z.object({ Type: z.string().default(''), Config: textMap }).nullish(),
    ShmSize: z.number().nullish(),
    NetworkMode: z.string().nullish(),
    Sysctls: textMap,
    SecurityOpt: texts,
    Dns: texts,
    PidMode: z.string().default(''),
    UsernsMode: z.string().default(''),
    ReadonlyRootfs: z.boolean().default(false),
    Init: z.boolean().nullish(),
    GroupAdd: texts,
    Links: texts,
  }),
  Mounts: z
    .array(
      z.object({
        Type: z.string(),
        Name: z.string().nullish(),
        Source: z.string().nullish(),
        Destination: z.string(),
        RW: z.boolean(),
      }),
    )
    .nullish(),
  NetworkSettings: z.object({
    Networks: z.record(z.string(), z.object({ Aliases: texts })).nullish(),
  }),
});

const imageJson = z.object({
  Id: z.string(),
  RepoDigests: texts,
  Os: z.string(),
  Architecture: z.string(),
  Config: z
    .object({ Env: texts, Entrypoint: texts, Cmd: texts, Healthcheck: healthcheckJson.nullish() })
    .nullish(),
});

/** Reads what `docker container inspect NAME` prints. */
export function readContainer(json: string): Container {
  const [found] = all(json, z.tuple([containerJson]).rest(containerJson), 'docker container inspect');
  return containerOf(found);
}

/** Reads what `docker container inspect NAME…` prints: a list of those that exist. */
export function readContainers(json: string): Container[] {
  return all(json, z.array(containerJson), 'docker container inspect').map(containerOf);
}

function containerOf(found: z.infer<typeof containerJson>): Container {
  const { Config: config, State: state, HostConfig: host } = found;
  return {
    id: found.Id,
    name: found.Name.replace(/^\//, ''),
    imageId: found.Image,
    image: config.Image,
    labels: config.Labels,
    environmentKeys: config.Env.map(keyOf),
    hasVariable: (key, value) => config.Env.includes(`${key}=${value}`),
    entrypoint: config.Entrypoint,
    command: config.Cmd,
    user: config.User ?? '',
    state: {
      status: state.Status,
      exitCode: state.ExitCode,
      error: state.Error,
      outOfMemory: state.OOMKilled,
      startedAt: new Date(state.StartedAt),
      finishedAt: new Date(state.FinishedAt),
      health: healthOf(state.Health),
    },
    ports: Object.entries(host.PortBindings ?? {}).flatMap(([port, bindings]) =>
      (bindings ?? []).map((binding) => portOf(port, binding)),
    ),
    mounts: (found.Mounts ?? []).flatMap((mount): Mount[] => {
      const source = mount.Type === 'volume' ? mount.Name : mount.Source;
      if ((mount.Type !== 'bind' && mount.Type !== 'volume') || source == null) return [];
      return [{ type: mount.Type, source, target: mount.Destination, readOnly: !mount.RW }];
    }),
    networks: Object.keys(found.NetworkSettings.Networks ?? {}),
    restart: restartOf(host.RestartPolicy),
    extraHosts: host.ExtraHosts,
    memory: host.Memory ?? 0,
    cpus: (host.NanoCpus ?? 0) / 1e9,
    autoRemove: host.AutoRemove,
    beyondUs: beyondUs(host),
    options: givenOptions(found),
    healthCheck: healthCheckOf(config.Healthcheck),
    healthTest: config.Healthcheck?.Test ?? [],
  };
}

function healthCheckOf(found: z.infer<typeof healthcheckJson> | null | undefined): HealthCheck | undefined {
  const [form, command] = found?.Test ?? [];
  if (found == null || form !== 'CMD-SHELL' || command === undefined) return undefined;
  const milliseconds = (given: number | null | undefined, usual: number) =>
    given == null || given === 0 ? usual : given / 1e6;
  return {
    command,
    interval: milliseconds(found.Interval, 30_000),
    timeout: milliseconds(found.Timeout, 30_000),
    retries: found.Retries || 3,
    startPeriod: milliseconds(found.StartPeriod, 0),
  };
}

/** Bytes of /dev/shm that a container has without being asked. */
const usualShm = 64 * 2 ** 20;

/** What it was given, as far as that can be told from what everybody has. */
function givenOptions(found: z.infer<typeof containerJson>): ContainerOptions {
  const { HostConfig: host, Config: config, Id: id, Name: name } = found;
  const { Type: driver, Config: logOptions } = host.LogConfig ?? { Type: '', Config: {} };
  const isUsualLog = (driver === 'json-file' || driver === '') && Object.keys(logOptions).length === 0;
  const hostname = config.Hostname ?? '';
  const sharesHost = ['host', 'container'].includes((host.NetworkMode ?? '').split(':')[0] ?? '');
  // Engines have these among the aliases, though nobody asked.
  const own = [id.slice(0, 12), name.replace(/^\//, ''), hostname];
  const aliases = Object.values(found.NetworkSettings.Networks ?? {}).flatMap(({ Aliases }) => Aliases);
  return optionsOf({
    networkAliases: [...new Set(aliases)].filter((alias) => !own.includes(alias)),
    hostname: sharesHost || hostname === '' || own[0] === hostname ? undefined : hostname,
    dns: host.Dns,
    logDriver: isUsualLog ? undefined : driver,
    logOptions: isUsualLog ? undefined : logOptions,
    capAdd: host.CapAdd.map((capability) => capability.replace(/^CAP_/, '')),
    capDrop: host.CapDrop.map((capability) => capability.replace(/^CAP_/, '')),
    securityOptions: host.SecurityOpt,
    readOnly: host.ReadonlyRootfs,
    tmpfs: Object.entries(host.Tmpfs ?? {}).map(([path, how]) => (how === '' ? path : `${path}:${how}`)),
    ulimits: (host.Ulimits ?? []).map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`),
    init: host.Init === true,
    shmSize: host.ShmSize == null || host.ShmSize === usualShm ? undefined : host.ShmSize,
  });
}

function beyondUs(host: z.infer<typeof containerJson>['HostConfig']): string[] {
  const given: [option: string, isGiven: boolean][] = [
    ['--privileged', host.Privileged],
    ['--device', (host.Devices ?? []).length > 0],
    ['--sysctl', Object.keys(host.Sysctls).length > 0],
    ['--pid', host.PidMode !== ''],
    ['--userns', host.UsernsMode !== ''],
    ['--group-add', host.GroupAdd.length > 0],
    ['--link', host.Links.length > 0],
  ];
  return given.flatMap(([option, isGiven]) => (isGiven ? [option] : []));
}

/** Reads what `docker image inspect NAME` prints. */
export function readImage(json: string): Image {
  const [found] = all(json, z.tuple([imageJson]).rest(imageJson), 'docker image inspect');
  return {
    id: found.Id,
    repoDigests: found.RepoDigests,
    os: found.Os,
    architecture: found.Architecture,
    environmentKeys: (found.Config?.Env ?? []).map(keyOf),
    entrypoint: found.Config?.Entrypoint ?? [],
    command: found.Config?.Cmd ?? [],
    hasHealthCheck: !['', 'NONE'].includes(found.Config?.Healthcheck?.Test[0] ?? ''),
    healthTest: found.Config?.Healthcheck?.Test ?? [],
  };
}

function all<T>(json: string, schema: z.ZodType<T>, command: string): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (error) {
    throw new UserError(
      `${command} cannot be understood — ${error instanceof z.ZodError ? z.prettifyError(error).split('\n')[0] : 'it is no JSON'}`,
      'look whether "docker" on the server is Docker 20.10 or newer, and not a program that stands in for it',
      { code: 'docker-not-understood', cause: error },
    );
  }
}

function keyOf(variable: string): string {
  return variable.split('=', 1)[0] ?? '';
}

function healthOf(
  health: { Status: string; Log?: { Output: string }[] | null | undefined } | null | undefined,
): ContainerState['health'] {
  const status = health?.Status;
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return undefined;
  return { status, output: health?.Log?.at(-1)?.Output.trim() ?? '' };
}

function portOf(
  port: string,
  { HostIp, HostPort }: { HostIp?: string | null | undefined; HostPort: string },
): PortMapping {
  const [containerPort, protocol] = port.split('/');
  return {
    address: HostIp === '' || HostIp == null ? undefined : HostIp,
    hostPort: Number(HostPort),
    containerPort: Number(containerPort),
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  };
}

function restartOf(policy: { Name: string; MaximumRetryCount: number } | null | undefined): string {
  if (policy == null || policy.Name === '') return 'no';
  return policy.MaximumRetryCount > 0 ? `${policy.Name}:${policy.MaximumRetryCount}` : policy.Name;
}
