import { type ContainerSpec, type Mount, showPort } from '../docker/container-spec.ts';
import type { Container } from '../docker/inspect.ts';
import { showSize } from '../docker/size.ts';
import { showDuration } from '../ground/duration.ts';
import { listed } from '../ground/words.ts';
import type { Choice } from './mechanism.ts';
import { digestOf, labels, releaseNameOf } from './release.ts';

/** What a deployment will do on one server, and why. */
export interface Plan {
  readonly kind: 'first' | 'unchanged' | 'replace';
  /** One sentence. */
  readonly summary: string;
  /** What is different, a line each. Names of variables, never values. */
  readonly differences: readonly string[];
}

export interface Wanted {
  readonly spec: ContainerSpec;
  /** undefined while the tag is not resolved. */
  readonly digest: string | undefined;
  readonly release: string;
  readonly restart: string;
  readonly environmentKeys: readonly string[];
  readonly choice: Choice;
  /** Milliseconds that the old one stays ready. */
  readonly bake: number;
}

/** `imageKeys`: variables that the current container has from its image. */
export function planFor(wanted: Wanted, current: Container | undefined, imageKeys: readonly string[]): Plan {
  if (current === undefined) {
    return { kind: 'first', summary: `nothing runs yet; ${wanted.release} will be started`, differences: [] };
  }
  const runs = releaseNameOf(current);
  const isSame =
    wanted.digest !== undefined &&
    digestOf(current) === wanted.digest &&
    current.labels[labels.settings] === wanted.spec.labels[labels.settings];
  if (isSame && current.state.status === 'running') {
    return { kind: 'unchanged', summary: `${runs} runs, as asked for`, differences: [] };
  }
  const seen = differencesBetween(wanted, current, imageKeys);
  const isAdopted = current.labels[labels.app] === undefined;
  const differences = [
    ...(isAdopted
      ? ['it was not started by Tenantry: it is taken over as it is, and kept until the new one serves']
      : []),
    ...(current.state.status === 'running' ? [] : [`it is ${current.state.status}`]),
    ...seen,
    ...(seen.length === 0 && !isSame ? ['values of its environment, or its health check'] : []),
  ];
  const { choice } = wanted;
  return {
    kind: 'replace',
    summary: `${runs} ${current.state.status === 'running' ? 'runs' : 'is there'}; ${courseOf(wanted, current)}`,
    differences: [...differences, ...choice.leftOut.map((clients) => `not redirected: ${clients}`)],
  };
}

function courseOf({ choice, release, bake }: Wanted, current: Container): string {
  if (choice.mechanism === 'bridge') {
    return `${release} will take its place without a gap (bridge: a redirect for the time of the switch; it stays ready for ${showDuration(bake)})`;
  }
  const why = choice.obstacle === undefined ? '' : `: ${choice.obstacle}`;
  if (current.state.status !== 'running') return `it will be replaced by ${release} (recreate)`;
  return `it will be stopped, and ${release} started (recreate, with a gap${why})`;
}

function differencesBetween(
  { spec, digest, environmentKeys, restart, release }: Wanted,
  current: Container,
  imageKeys: readonly string[],
): string[] {
  const image =
    digest === undefined
      ? releaseNameOf(current) === release
        ? []
        : [`image: ${releaseNameOf(current)} → ${release}`]
      : digestOf(current) === digest
        ? []
        : [`image: ${releaseNameOf(current)} → ${release}`];
  const given = current.environmentKeys.filter(
    (key) => !imageKeys.includes(key) || environmentKeys.includes(key),
  );
  return [
    ...image,
    ...changed('variables', given, environmentKeys),
    ...changed('ports', current.ports.map(showPort), spec.ports.map(showPort)),
    ...changed('mounts', current.mounts.filter(isNamed).map(showMount), spec.mounts.map(showMount)),
    ...changed('networks', current.networks, spec.networks.length === 0 ? ['bridge'] : spec.networks),
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
