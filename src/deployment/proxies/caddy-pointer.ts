/** A Caddy that looks at a file with each request, so that a switch needs no reload: what has to change there once. */
import type { ConfigFile } from '../server/front.ts';
import type { Slots } from '../server/slots.ts';
import { isApplication, placesIn } from './caddy-config.ts';

/** The port that serves while the file is not there, and the one that does while it is. */
export interface Turns {
  readonly first: number;
  readonly second: number;
}

/** The folder of an application, and the file that says by being there that the second slot serves. */
export function caddyFolder(container: string): string {
  return `/etc/caddy/tenantry/${container}`;
}
export function caddyMark(container: string): string {
  return `/var/lib/tenantry/${container}/caddy-second`;
}
/** Holds the port of a request. */
export function caddyVariable(container: string): string {
  return `tenantry_${container.replace(/\W/g, '_')}`;
}

/**
 * Each slot stands in for the other while that one refuses connections, or breaks off what may be asked again. A
 * connection that nobody uses is closed soon: the old version is left when nobody is connected to it. Nanoseconds.
 */
const tries = { retries: 12, interval: 10_000_000, failed: 100_000_000, idle: 500_000_000 } as const;
const milliseconds = (nanoseconds: number) => `${nanoseconds / 1_000_000}ms`;

/** Both as they stand in a Caddyfile. */
export function caddyIncludes(container: string, { first, second }: Turns): ConfigFile[] {
  const variable = caddyVariable(container);
  const mark = caddyMark(container);
  const folder = mark.slice(0, mark.lastIndexOf('/'));
  return [
    {
      path: `${caddyFolder(container)}/slot`,
      text: `# Which of the two ports of ${container} serves: looked at with each request, so a switch needs no reload. Made by Tenantry.
route {
	vars {
		${variable} ${first}
		${variable}_other ${second}
	}
	@${variable} file {
		root ${folder}
		try_files ${mark.slice(folder.length + 1)}
	}
	vars @${variable} {
		${variable} ${second}
		${variable}_other ${first}
	}
}
`,
    },
    {
      path: `${caddyFolder(container)}/upstreams`,
      text: `# The two ports of ${container}: each stands in for the other while that one refuses connections. Made by Tenantry.
to 127.0.0.1:{http.vars.${variable}} 127.0.0.1:{http.vars.${variable}_other}
lb_policy first
lb_retries ${tries.retries}
lb_try_interval ${milliseconds(tries.interval)}
fail_duration ${milliseconds(tries.failed)}
transport http {
	keepalive ${milliseconds(tries.idle)}
}
`,
    },
  ];
}

/** The same as JSON: what chooses the port, before what hands the request over. */
export function chooser(container: string, { first, second }: Turns): Json {
  const variable = caddyVariable(container);
  const mark = caddyMark(container);
  const at = mark.lastIndexOf('/');
  const set = (one: number, other: number) => [
    { handler: 'vars', [variable]: one, [`${variable}_other`]: other },
  ];
  return {
    handler: 'subroute',
    routes: [
      { handle: set(first, second) },
      {
        handle: set(second, first),
        match: [{ file: { root: mark.slice(0, at), try_files: [mark.slice(at + 1)] } }],
      },
    ],
  };
}

export function handingOver(container: string): Json {
  const variable = caddyVariable(container);
  return {
    upstreams: [
      { dial: `127.0.0.1:{http.vars.${variable}}` },
      { dial: `127.0.0.1:{http.vars.${variable}_other}` },
    ],
    load_balancing: {
      retries: tries.retries,
      selection_policy: { policy: 'first' },
      try_interval: tries.interval,
    },
    health_checks: { passive: { fail_duration: tries.failed } },
    transport: { keep_alive: { idle_timeout: tries.idle }, protocol: 'http' },
  };
}

export interface Json {
  readonly handler?: unknown;
  readonly handle?: unknown;
  readonly match?: unknown;
  readonly upstreams?: unknown;
  readonly [name: string]: unknown;
}

/** What of `reverse_proxy` is ours then: where one has it already, that would be lost. */
const ours = ['load_balancing', 'health_checks', 'transport', 'dynamic_upstreams'] as const;

/** Why the port cannot be a variable in this configuration; undefined where it can. */
export function whyNoPointer(config: unknown, serving: number): string | undefined {
  for (const path of placesIn(config, serving)) {
    // Newer versions of Caddy call it the endpoint of a permission.
    if (['ask', 'endpoint'].includes(path.at(-1) ?? ''))
      return 'on_demand_tls asks the application, and its address takes no variable';
    const isUpstream = path.at(-1) === 'dial' && path.at(-3) === 'upstreams';
    const handler = path.slice(0, -3).reduce<unknown>((inner, name) => (inner as Json)[name], config) as Json;
    if (!isUpstream || handler.handler !== 'reverse_proxy') {
      return `its address stands in ${path.at(-1)}, which takes no variable`;
    }
    if ((handler.upstreams as unknown[]).length > 1) return 'a reverse_proxy has other upstreams beside it';
    const own = ours.find((name) => handler[name] !== undefined);
    if (own !== undefined) return `a reverse_proxy of it has ${own} of its own`;
  }
  return JSON.stringify(config).includes('http.matchers.file')
    ? 'its configuration uses what a file matcher has found'
    : undefined;
}

/** The configuration with the chooser before each place, as one writes it who writes JSON. */
export function pointerConfig(config: unknown, container: string, { serving, free }: Slots): unknown {
  const turns = { first: serving, second: free };
  return mapped(config, (handlers) =>
    handlers.flatMap((handler) =>
      isPlace(handler, serving)
        ? [chooser(container, turns), { ...handler, ...handingOver(container) }]
        : [handler],
    ),
  );
}

export function isPlace(handler: Json, serving: number): boolean {
  const upstreams = handler.upstreams as readonly { readonly dial?: unknown }[] | undefined;
  return handler.handler === 'reverse_proxy' && isApplication(String(upstreams?.[0]?.dial ?? ''), serving);
}

/** A configuration with each list of handlers changed. */
export function mapped(value: unknown, change: (handlers: readonly Json[]) => readonly Json[]): unknown {
  if (Array.isArray(value)) return value.map((each) => mapped(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name !== 'handle' || !Array.isArray(inner)) return [name, mapped(inner, change)];
      // What is inside of a handler first: what was put in is not looked at again.
      return [name, change(inner.map((each) => mapped(each, change) as Json))];
    }),
  );
}

/** The turns of two ports, where an earlier run took them over. */
export function turnsIn(config: unknown, ports: readonly [number, number]): Turns | undefined {
  if (typeof config !== 'object' || config === null) return undefined;
  const { handler, ...values } = config as Json;
  if (handler === 'vars') {
    const name = Object.keys(values).find((each) => `${each}_other` in values) ?? '';
    const first = Number(values[name]);
    const second = Number(values[`${name}_other`]);
    return name.startsWith('tenantry_') && ports.includes(first) && ports.includes(second)
      ? { first, second }
      : undefined;
  }
  for (const inner of Object.values(config)) {
    const found = turnsIn(inner, ports);
    if (found !== undefined) return found;
  }
  return undefined;
}
