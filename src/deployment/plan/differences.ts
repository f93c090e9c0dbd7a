import { type ContainerOptions, optionDifferences } from '../../docker/container-options.ts';
import { type ContainerSpec, type Mount, showPort } from '../../docker/container-spec.ts';
import type { Container } from '../../docker/inspect.ts';
import { showSize } from '../../ground/size.ts';
import { listed } from '../../ground/words.ts';
import { digestOf, labels, releaseNameOf } from '../releases/release.ts';

export interface Compared {
  readonly spec: ContainerSpec;
  /** undefined while the tag is not resolved. */
  readonly digest: string | undefined;
  readonly release: string;
  readonly restart: string;
  /** Secret. */
  readonly env: Readonly<Record<string, string>>;
}

/** What runs, as far as it can differ: a container, or the tasks of a service. */
export type Before = Pick<
  Container,
  | 'labels'
  | 'image'
  | 'environmentKeys'
  | 'hasVariable'
  | 'command'
  | 'ports'
  | 'mounts'
  | 'networks'
  | 'restart'
  | 'extraHosts'
  | 'memory'
  | 'cpus'
  | 'user'
> & { readonly entrypoint?: readonly string[]; readonly options?: ContainerOptions };

/** What the current container has from its image, and not because somebody asked for it. */
export interface FromImage {
  readonly environmentKeys: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly healthTest?: readonly string[];
  readonly command: readonly string[];
}

/** What is different, a line each: names of variables, never values; a command may hold one, too. */
export function differencesBetween(wanted: Compared, current: Before, image: FromImage): string[] {
  const { spec, restart } = wanted;
  const command = spec.command.length === 0 ? image.command : spec.command;
  return [
    ...imageDifference(wanted, current),
    ...environmentDifference(wanted, current, image),
    ...changed('files', namesIn(current.labels[labels.files]), namesIn(spec.labels[labels.files])),
    ...changed('ports', current.ports.map(showPort), spec.ports.map(showPort)),
    ...changed('mounts', current.mounts.filter(isNamed).map(showMount), spec.mounts.map(showMount)),
    ...changed('networks', current.networks, spec.networks.length === 0 ? ['bridge'] : spec.networks),
    ...changed('extra hosts', current.extraHosts, spec.extraHosts),
    ...optionDifferences(spec.options ?? {}, ownAliasLess(current, spec)),
    ...labelDifference(spec, current),
    ...entrypointDifference(spec, current, image),
    ...(JSON.stringify(command) === JSON.stringify(current.command)
      ? []
      : [spec.command.length === 0 ? "command: the image's own again" : 'command: another one']),
    ...(current.restart === restart ? [] : [`restart: ${current.restart} → ${restart}`]),
    ...(current.memory === (spec.memory ?? 0)
      ? []
      : [`memory: ${limit(current.memory)} → ${limit(spec.memory ?? 0)}`]),
    ...(current.cpus === (spec.cpus ?? 0)
      ? []
      : [`cpus: ${current.cpus || 'no limit'} → ${spec.cpus ?? 'no limit'}`]),
    ...(spec.user === undefined || spec.user === current.user
      ? []
      : [`user: ${current.user || "the image's"} → ${spec.user}`]),
  ];
}

/** The application's own name is an alias of every container of it. */
function ownAliasLess({ options = {} }: Before, { networkAlias }: ContainerSpec): ContainerOptions {
  return {
    ...options,
    networkAliases: (options.networkAliases ?? []).filter((alias) => alias !== networkAlias),
  };
}

/** Only somebody else's container has one that is not the image's. */
function entrypointDifference({ entrypoint }: ContainerSpec, current: Before, image: FromImage): string[] {
  if (current.entrypoint === undefined || image.entrypoint === undefined) return [];
  const wanted = entrypoint ?? image.entrypoint;
  if (JSON.stringify(wanted) === JSON.stringify(current.entrypoint)) return [];
  return [entrypoint === undefined ? "entry point: the image's own again" : 'entry point: another one'];
}

function imageDifference({ digest, release }: Compared, current: Before): string[] {
  const before = releaseNameOf(current);
  const isSame = digest === undefined ? before === release : digestOf(current) === digest;
  return isSame ? [] : [`image: ${before} → ${release}`];
}

/** Values are compared where both are known, here; nothing that could be guessed from leaves this function. */
function environmentDifference({ env, spec }: Compared, current: Before, image: FromImage): string[] {
  const keys = Object.keys(env);
  const { [labels.keys]: inFile } = current.labels;
  const given =
    inFile === undefined
      ? current.environmentKeys.filter((key) => !image.environmentKeys.includes(key) || keys.includes(key))
      : namesIn(inFile);
  // Values in a file are nowhere to be compared with.
  if (inFile !== undefined || spec.labels[labels.keys] !== undefined)
    return changed('variables', given, keys);
  const other = keys.filter((key) => given.includes(key) && !current.hasVariable(key, env[key] ?? ''));
  return [
    ...changed('variables', given, keys),
    ...(other.length === 0 ? [] : [`variables with another value: ${listed(other.toSorted())}`]),
  ];
}

function namesIn(label = ''): string[] {
  return label.split(',').filter((name) => name !== '');
}

/** Labels that were asked for; those of images and of other tools are their own. */
function labelDifference(spec: ContainerSpec, current: Before): string[] {
  const own: readonly string[] = Object.values(labels);
  const other = Object.entries(spec.labels).filter(
    ([name, value]) => !own.includes(name) && current.labels[name] !== value,
  );
  return other.length === 0 ? [] : [`labels: ${listed(other.map(([name]) => name).toSorted())}`];
}

function changed(what: string, before: readonly string[], after: readonly string[]): string[] {
  const added = after.filter((item) => !before.includes(item));
  const removed = before.filter((item) => !after.includes(item));
  return [
    ...(added.length === 0 ? [] : [`${what}: + ${listed([...added].sort())}`]),
    ...(removed.length === 0 ? [] : [`${what}: − ${listed([...removed].sort())}`]),
  ];
}

/** A volume without a name comes from the image. */
function isNamed({ type, source }: Mount): boolean {
  return type === 'bind' || !/^[0-9a-f]{64}$/.test(source);
}

function showMount({ source, target, readOnly }: Mount): string {
  return `${source}:${target}${readOnly ? ':ro' : ''}`;
}

function limit(bytes: number): string {
  return bytes === 0 ? 'no limit' : showSize(bytes);
}
