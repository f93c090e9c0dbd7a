import { optionArguments } from './container-options.ts';
import {
  bracketed,
  type ContainerSpec,
  type HealthCheck,
  type Mount,
  type PortMapping,
} from './container-spec.ts';

/**
 * The argument list for `docker create`. Secrets are never in it: the environment goes through `--env-file`.
 * Of several networks it names the first; the others are connected before the start.
 */
export function createArguments(spec: ContainerSpec): string[] {
  const [network] = spec.networks;
  // Docker takes the first word of an entry point; the others come before the arguments.
  const [entrypoint, ...first] = spec.entrypoint ?? [];
  return [
    'create',
    ...['--name', spec.name],
    ...['--pull', 'never'], // the image was pulled and looked at; another one must not slip in
    ...['--restart', spec.restart],
    ...Object.entries(spec.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...(spec.envFile === undefined ? [] : ['--env-file', spec.envFile]),
    ...spec.ports.flatMap((port) => ['--publish', formatPort(port)]),
    ...spec.mounts.flatMap((mount) => ['--mount', formatMount(mount)]),
    ...(network === undefined ? [] : ['--network', network, ...aliasArguments(spec)]),
    ...spec.extraHosts.flatMap((host) => ['--add-host', host]),
    ...(spec.memory === undefined ? [] : ['--memory', `${spec.memory}b`]),
    ...(spec.cpus === undefined ? [] : ['--cpus', String(spec.cpus)]),
    ...(spec.user === undefined ? [] : ['--user', spec.user]),
    ...(spec.stopTimeout === undefined
      ? []
      : ['--stop-timeout', String(Math.ceil(spec.stopTimeout / 1_000))]),
    ...(spec.health === undefined ? [] : healthArguments(spec.health)),
    ...optionArguments(spec.options ?? {}),
    ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
    spec.image,
    ...first,
    ...spec.command,
  ];
}

/** `docker network connect` for each network after the first. */
export function connectArguments(spec: ContainerSpec): string[][] {
  const aliases = aliasesOf(spec).flatMap((alias) => ['--alias', alias]);
  return spec.networks.slice(1).map((network) => ['network', 'connect', ...aliases, network, spec.name]);
}

/** Docker's three networks of its own know no aliases. */
function aliasArguments(spec: ContainerSpec): string[] {
  const [network = 'bridge'] = spec.networks;
  if (['bridge', 'host', 'none'].includes(network)) return [];
  return aliasesOf(spec).flatMap((alias) => ['--network-alias', alias]);
}

function aliasesOf({ networkAlias, options = {} }: ContainerSpec): string[] {
  return networkAlias === undefined ? [] : [networkAlias, ...(options.networkAliases ?? [])];
}

function formatPort({ address, hostPort, containerPort, protocol }: PortMapping): string {
  const from = `${address === undefined ? '' : `${bracketed(address)}:`}${hostPort === 0 ? '' : hostPort}`;
  return `${from}:${containerPort}/${protocol}`;
}

/** `--mount` is a line of CSV, and unlike `--volume` it refuses a source that does not exist. */
function formatMount({ type, source, target, readOnly }: Mount): string {
  const fields = [`type=${type}`, `source=${source}`, `target=${target}`, ...(readOnly ? ['readonly'] : [])];
  return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}

function healthArguments({ command, interval, timeout, retries, startPeriod }: HealthCheck): string[] {
  return [
    ...['--health-cmd', command],
    ...['--health-interval', `${interval}ms`],
    ...['--health-timeout', `${timeout}ms`],
    ...['--health-retries', String(retries)],
    ...['--health-start-period', `${startPeriod}ms`],
  ];
}
