/** What else `docker run` lines have: options that a container has or has not, and that nothing here decides about. */
import { showSize } from '../ground/size.ts';

/** In Docker's own words; what is left out is as Docker and the image have it. */
export interface ContainerOptions {
  /** More names under which other containers on the same networks find it. */
  readonly networkAliases?: readonly string[] | undefined;
  readonly hostname?: string | undefined;
  readonly dns?: readonly string[] | undefined;
  readonly logDriver?: string | undefined;
  readonly logOptions?: Readonly<Record<string, string>> | undefined;
  readonly capAdd?: readonly string[] | undefined;
  readonly capDrop?: readonly string[] | undefined;
  readonly securityOptions?: readonly string[] | undefined;
  /** The container's own files cannot be changed. */
  readonly readOnly?: boolean | undefined;
  /** `/run:size=64m`. */
  readonly tmpfs?: readonly string[] | undefined;
  /** `nofile=65536:65536`. */
  readonly ulimits?: readonly string[] | undefined;
  /** A small first process, which reaps what others leave. */
  readonly init?: boolean | undefined;
  /** Bytes of /dev/shm. */
  readonly shmSize?: number | undefined;
}

const names = [
  'networkAliases',
  'hostname',
  'dns',
  'logDriver',
  'logOptions',
  'capAdd',
  'capDrop',
  'securityOptions',
  'readOnly',
  'tmpfs',
  'ulimits',
  'init',
  'shmSize',
] as const satisfies readonly (keyof ContainerOptions)[];

/** Those of a larger thing that say something: an option that is off is as one that is not there. */
export function optionsOf(given: ContainerOptions): ContainerOptions {
  const said = names.flatMap((name) => {
    const value = given[name];
    const isEmpty =
      value === undefined ||
      value === false ||
      (typeof value === 'object' && Object.keys(value).length === 0);
    return isEmpty ? [] : [[name, value] as const];
  });
  return Object.fromEntries(said);
}

/** For `docker create`. The aliases are the networks' own. */
export function optionArguments(options: ContainerOptions): string[] {
  const each = (option: string, values: readonly string[] = []) => values.flatMap((value) => [option, value]);
  const { hostname, logDriver, shmSize, readOnly, init } = options;
  return [
    ...(hostname === undefined ? [] : ['--hostname', hostname]),
    ...each('--dns', options.dns),
    ...(logDriver === undefined ? [] : ['--log-driver', logDriver]),
    ...each(
      '--log-opt',
      Object.entries(options.logOptions ?? {}).map(([key, value]) => `${key}=${value}`),
    ),
    ...each('--cap-add', options.capAdd),
    ...each('--cap-drop', options.capDrop),
    ...each('--security-opt', options.securityOptions),
    ...(readOnly === true ? ['--read-only'] : []),
    ...each('--tmpfs', options.tmpfs),
    ...each('--ulimit', options.ulimits),
    ...(init === true ? ['--init'] : []),
    ...(shmSize === undefined ? [] : ['--shm-size', `${shmSize}b`]),
  ];
}

/** What is different, a line each. */
export function optionDifferences(wanted: ContainerOptions, current: ContainerOptions): string[] {
  const [after, before] = [optionsOf(wanted), optionsOf(current)];
  return names.flatMap((name) => {
    const [old, next] = [shown(name, before), shown(name, after)];
    return old === next ? [] : [`${inputName(name)}: ${old} → ${next}`];
  });
}

/** As it is written in a workflow. */
export function inputName(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function shown(name: (typeof names)[number], options: ContainerOptions): string {
  const value = options[name];
  if (value === undefined) return 'none';
  if (typeof value === 'number') return showSize(value);
  if (typeof value !== 'object') return String(value);
  return Array.isArray(value)
    ? value.toSorted().join(' ')
    : Object.entries(value)
        .map(([key, each]) => `${key}=${each}`)
        .sort()
        .join(' ');
}

/**
 * Reads `nofile=65536` or `nofile=1024:65536`.
 * @throws RangeError that says how to write it.
 */
export function parseUlimit(text: string): string {
  const [, name, soft, hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text.trim()) ?? [];
  if (name !== undefined) return `${name}=${soft}:${hard}`;
  throw new RangeError(
    `"${text.trim()}" cannot be read — write a name and its limits, like nofile=65536 or nofile=1024:65536`,
  );
}

/**
 * Reads `/run` or `/tmp:size=64m,mode=1777`.
 * @throws RangeError that says how to write it.
 */
export function parseTmpfs(text: string): string {
  if (/^\/[^:,]*(:[\w=,%]+)?$/.test(text.trim())) return text.trim();
  throw new RangeError(
    `"${text.trim()}" cannot be read — write a path in the container, like /run or /tmp:size=64m`,
  );
}

/**
 * Reads the name of a capability: `NET_BIND_SERVICE`, `ALL`.
 * @throws RangeError that says how to write it.
 */
export function parseCapability(text: string): string {
  if (/^[A-Z][A-Z_]+$/.test(text.trim())) return text.trim().replace(/^CAP_/, '');
  throw new RangeError(
    `"${text.trim()}" is not the name of a capability — write it like NET_BIND_SERVICE, or ALL`,
  );
}
