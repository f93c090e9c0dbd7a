/** Where a Caddy of the server hands requests to an application, and how its configuration reads with another port. */
import { isDeepStrictEqual } from 'node:util';
import type { Slots } from '../server/slots.ts';

/** One request to the admin API that moves all places at once. */
export interface CaddyPatch {
  /** Below /config, with a slash before each name. */
  readonly path: string;
  readonly serving: unknown;
  readonly free: unknown;
}

/** @returns undefined where the configuration does not name the port. */
export function caddyPatch(config: unknown, { serving, free }: Slots): CaddyPatch | undefined {
  const paths = [...placesIn(config, serving)];
  const [first] = paths;
  if (first === undefined) return undefined;
  // The innermost object or list that holds them all: what is beside it stays as it is.
  let length = first.length - 1;
  for (const path of paths) {
    const same = path.findIndex((name, index) => name !== first[index]);
    if (same >= 0) length = Math.min(length, same);
  }
  const path = first.slice(0, length);
  const before = at(config, path);
  return {
    path: path.map((name) => `/${name}`).join(''),
    serving: before,
    free: movedConfig(before, { serving, free }),
  };
}

/** The whole of it with the other port. */
export function movedConfig(config: unknown, slots: Slots): unknown {
  if (typeof config === 'string') return movedText(config, slots);
  if (Array.isArray(config)) return config.map((each) => movedConfig(each, slots));
  if (typeof config !== 'object' || config === null) return config;
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, movedConfig(value, slots)]));
}

/**
 * The file that Caddy starts from, with the other port; the caller proves that it then says what it should.
 * A port that Caddy itself listens on is not the application's address.
 */
export function movedFile(text: string, slots: Slots): string {
  return text.replace(/[^\s"'`]+/g, (word, index: number) => {
    const before = text.slice(0, index);
    const line = before.slice(before.lastIndexOf('\n') + 1);
    return line.trim() === '' && !word.includes('//') && /^\S*:\d+,?$/.test(word)
      ? word
      : movedText(word, slots);
  });
}

/** `127.0.0.1:8000`, `localhost:8000`, `http://127.0.0.1:8000/check`; `:8000` is what Caddy listens on. */
function movedText(text: string, { serving, free }: Slots): string {
  const found = /^((?:https?:\/\/|h2c:\/\/)?(?:127\.0\.0\.1|localhost|\[::1\])):(\d+)(?=$|\/)/.exec(text);
  if (found === null || Number(found[2]) !== serving) return text;
  return `${found[1]}:${free}${text.slice(found[0].length)}`;
}

/** Whether an address is the application's, on this port. */
export function isApplication(text: string, port: number): boolean {
  return movedText(text, { serving: port, free: 0 }) !== text;
}

/** Where a configuration names the application, as names and indices from its top. */
export function* placesIn(
  config: unknown,
  port: number,
  path: readonly string[] = [],
): Generator<readonly string[]> {
  if (typeof config === 'string') {
    if (isApplication(config, port)) yield path;
  } else if (typeof config === 'object' && config !== null) {
    for (const [name, value] of Object.entries(config)) yield* placesIn(value, port, [...path, name]);
  }
}

function at(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (inner as Record<string, unknown> | undefined)?.[name],
    config,
  );
}

/** Whether the file says what runs. */
export function saysTheSame(adapted: unknown, config: unknown): boolean {
  return isDeepStrictEqual(withoutDefaults(adapted), withoutDefaults(config));
}

/** As it comes from JSON, in whatever order. */
function withoutDefaults(config: unknown): unknown {
  return JSON.parse(JSON.stringify(config ?? null));
}
