/** How the Caddy of a server moves an application between two ports, and what that takes. */
import { listed } from '../../ground/words.ts';
import type { Asked, Obstacle } from '../request/asked.ts';
import type { CaddyFront, ConfigFile } from '../server/front.ts';
import type { Slots } from '../server/slots.ts';
import { type CaddyPatch, caddyPatch, movedConfig, movedFile, saysTheSame } from './caddy-config.ts';
import {
  caddyFolder,
  caddyIncludes,
  pointerConfig,
  type Turns,
  turnsIn,
  whyNoPointer,
} from './caddy-pointer.ts';
import { pointerText } from './caddy-text.ts';

/** A file that is there or not decides with each request. */
export interface CaddyPointer extends Turns {
  readonly proxy: 'caddy';
  readonly form: 'pointer';
  readonly slots: Slots;
  /** What has to change once; undefined where that has been done. */
  readonly takeOver: CaddyTakeOver | undefined;
  readonly changesPath: boolean;
}

export interface CaddyTakeOver {
  /** What runs. */
  readonly before: unknown;
  /** What shall run, as JSON; of a Caddyfile, Caddy itself says that. */
  readonly after: string;
  /** What it starts from; undefined where it keeps that itself. */
  readonly file: { readonly path: string; readonly before: string; readonly after: string } | undefined;
  /** New files, which that one includes. */
  readonly files: readonly ConfigFile[];
  /** `/etc/caddy/Caddyfile:12: reverse_proxy 127.0.0.1:8000`, a line each. */
  readonly lines: readonly string[];
  /** Where this Caddy makes something else of the changed file. */
  readonly otherwise: CaddyReload | undefined;
}

/** Each switch changes the configuration, which is then loaded anew. */
export interface CaddyReload {
  readonly proxy: 'caddy';
  readonly form: 'reload';
  /** Why no file decides. */
  readonly why: string;
  readonly slots: Slots;
  readonly patch: CaddyPatch;
  readonly file:
    | { readonly path: string; readonly before: string; readonly after: string; readonly expected: unknown }
    | undefined;
  readonly changesPath: boolean;
}

/** @returns the way, an obstacle, or undefined where Caddy does not name the port. */
export function caddyMove(
  { container }: Asked,
  slots: Slots,
  caddy: CaddyFront,
): CaddyPointer | CaddyReload | Obstacle | undefined {
  const { config, file, resumes, isAllowed } = caddy;
  if (config === undefined) {
    return {
      observed: "Caddy's admin API does not answer on localhost:2019",
      hint: 'let it (no "admin off")',
    };
  }
  const changesPath = JSON.stringify(config).includes('"handler":"rewrite"');
  const turns = turnsIn(config, [slots.serving, slots.free]);
  if (turns !== undefined) {
    return { proxy: 'caddy', form: 'pointer', slots, ...turns, takeOver: undefined, changesPath };
  }
  const patch = caddyPatch(config, slots);
  if (patch === undefined) return undefined;
  if (!resumes) {
    if (file === undefined) {
      return {
        observed: 'Caddy was not told by --config what it starts from, so a restart would undo a switch',
        hint: 'start it with --config, or with --resume',
      };
    }
    if (!isAllowed) {
      return {
        observed: `this account may not write ${file.path}`,
        hint: 'log in as root, or allow "sudo -n"',
      };
    }
    if (!saysTheSame(file.adapted, config)) {
      return {
        observed: `${file.path} does not say what Caddy runs with: somebody changed one of both`,
        hint: `look at both (caddy adapt --config ${file.path}, curl localhost:2019/config/), then caddy reload --config ${file.path}`,
      };
    }
  }
  const started = resumes ? undefined : file;
  const takeOver = caddyTakeOver(container, slots, { config, file: started, isAllowed });
  const why = 'why' in takeOver ? takeOver.why : 'Caddy makes something else of its file with a variable';
  const reload = { proxy: 'caddy', form: 'reload', why, slots, patch, changesPath } as const;
  const otherwise = withFile(reload, config, started);
  if ('why' in takeOver) return otherwise;
  const { serving, free } = slots;
  return {
    proxy: 'caddy',
    form: 'pointer',
    slots,
    first: serving,
    second: free,
    takeOver: { ...takeOver, otherwise: 'slots' in otherwise ? otherwise : undefined },
    changesPath,
  };
}

/** With what the file has to say, that Caddy starts from. */
function withFile(
  reload: Omit<CaddyReload, 'file'>,
  config: unknown,
  file: CaddyFront['file'],
): CaddyReload | Obstacle {
  if (file === undefined) return { ...reload, file };
  const { slots } = reload;
  const after = movedFile(file.text, slots);
  if (after === file.text) {
    return {
      observed: `the address is not in ${file.path} itself`,
      hint: `write it there as 127.0.0.1:${slots.serving}, not into a file that it imports`,
    };
  }
  const expected = movedConfig(config, slots);
  return { ...reload, file: { path: file.path, before: file.text, after, expected } };
}

/** What has to change once, so that a file decides; or why that cannot be. */
function caddyTakeOver(
  container: string,
  slots: Slots,
  { config, file, isAllowed }: Pick<CaddyFront, 'config' | 'file' | 'isAllowed'>,
): Omit<CaddyTakeOver, 'otherwise'> | { readonly why: string } {
  if (!isAllowed) return { why: 'this account may not make the files that it would look at' };
  const why = whyNoPointer(config, slots.serving);
  if (why !== undefined) return { why };
  const pointer = pointerConfig(config, container, slots);
  const after = JSON.stringify(pointer);
  if (file === undefined) {
    return { before: config, after, file, files: [], lines: ['the configuration that Caddy keeps'] };
  }
  const { path, text } = file;
  if (path.endsWith('.json')) {
    const indent = /^[ \t]+(?=")/m.exec(text)?.[0] ?? '';
    const changed = { path, before: text, after: `${JSON.stringify(pointer, null, indent)}\n` };
    return { before: config, after, file: changed, files: [], lines: [path] };
  }
  const turns = { first: slots.serving, second: slots.free };
  const files = caddyIncludes(container, turns);
  const folder = caddyFolder(container);
  const names = { slot: `${folder}/slot`, upstreams: `${folder}/upstreams` };
  const changed = pointerText(text, slots.serving, names);
  if ('obstacle' in changed) return { why: changed.obstacle };
  if (changed.text === text) return { why: `the address is not in ${path} itself` };
  const lines = changed.lines.map((line) => `${path}:${line}`);
  return { before: config, after, file: { path, before: text, after: changed.text }, files, lines };
}

/** Which form is used, and why. */
export function tellCaddy(move: CaddyPointer | CaddyReload, container: string): string[] {
  if (move.form === 'reload') {
    return [
      `each switch loads Caddy's configuration anew, which closes idle connections (a client that uses one in that moment loses the request): ${move.why}`,
    ];
  }
  if (move.takeOver === undefined) return [];
  return [
    `${listed(move.takeOver.lines)} will hand requests over by a variable (${caddyFolder(container)}; Caddy loads its configuration anew this once, later switches need no reload; the file as it is now is kept there)`,
  ];
}
