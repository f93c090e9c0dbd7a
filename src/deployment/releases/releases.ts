/** The releases of an application on a server: what is kept there, and the line of each deployment. */
import { messageOf, UserError } from '../../ground/errors.ts';
import { lastWords, type Machine, succeeded } from '../../machine/machine.ts';
import { serverScript } from '../server/server-script.ts';
import { type Pruned, type ReleaseRecord, type Releases, readRecord, type Stored } from './record.ts';

/** Milliseconds for a question, and for removing what is old. */
const timeouts = { ask: 30_000, finish: 120_000 } as const;

/** What runs on the server. */
export function releasesProgram(): string {
  return `${serverScript('server-program')}\n${serverScript('releases')}`;
}

export interface Shelf {
  readonly machine: Machine;
  /** The name of the application. */
  readonly container: string;
}

function run(
  { machine, container }: Shelf,
  args: readonly string[],
  {
    stdin = '',
    timeout = timeouts.ask as number,
    signal,
  }: { stdin?: string; timeout?: number; signal?: AbortSignal },
) {
  const [what = '', ...rest] = args;
  return machine.run(['sh', '-c', releasesProgram(), 'releases', what, `.tenantry/${container}`, ...rest], {
    timeout,
    stdin,
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * What is kept there, the home of the account, and the id of a container under a name of its own that an open
 * deployment was to replace.
 * @throws UserError `cannot-read`
 */
export async function listReleases(
  shelf: Shelf,
  signal: AbortSignal,
): Promise<{ releases: Releases; home: string; old: string | undefined }> {
  const result = await run(shelf, ['list'], { signal });
  const home = /^home (.*)$/m.exec(result.stdout)?.[1];
  if (succeeded(result) && home !== undefined) {
    const old = /^old (\S+)$/m.exec(result.stdout)?.[1];
    return { releases: readReleases(result.stdout), home, old };
  }
  throw new UserError(
    `The releases of ${shelf.container} cannot be read on ${shelf.machine.name} — ${lastWords(result, 1)}`,
    'give this account the right to read and write ~/.tenantry there, or free some space',
    { code: 'cannot-read' },
  );
}

/** Reads what `list` prints. */
export function readReleases(text: string): Releases {
  const facts = text.split('\n').flatMap((line) => {
    const [, name = '', value = ''] = /^(\w+) (.*)$/.exec(line) ?? [];
    return name === '' ? [] : [{ name, value: value.trim() }];
  });
  const one = (wanted: string) => facts.find(({ name }) => name === wanted)?.value;
  const environments = new Set(facts.flatMap(({ name, value }) => (name === 'environment' ? [value] : [])));
  const records = facts.flatMap(({ name, value }): Stored[] => {
    if (name !== 'record') return [];
    const space = value.indexOf(' ');
    const key = space === -1 ? value : value.slice(0, space);
    const record = readRecord(space === -1 ? '' : value.slice(space + 1));
    if (typeof record === 'string') return [{ key, problem: record }];
    return [{ key, record, hasEnvironment: environments.has(key) }];
  });
  return { records, current: one('current'), previous: one('previous') };
}

/** What a capture has found beside the environment, which stays on the server. */
export interface Captured {
  readonly repoDigests: readonly string[];
  /** A value has line breaks: it does not fit into an environment file. */
  readonly isBroken: boolean;
}

/** Keeps the environment of a container that has no record, without a value leaving the server. */
export async function captureEnvironment(
  shelf: Shelf,
  { id, key, signal }: { id: string; key: string; signal: AbortSignal },
): Promise<Captured> {
  const result = await run(shelf, ['capture', id, key], { signal });
  if (succeeded(result) && /^captured$/m.test(result.stdout)) {
    return {
      repoDigests: [...result.stdout.matchAll(/^digest (\S+)$/gm)].map(([, digest = '']) => digest),
      isBroken: /^lines broken$/m.test(result.stdout),
    };
  }
  throw cannotPrepare(shelf, lastWords(result, 1));
}

/** A deployment, as its line in the log has it; the time and how it went are added there. */
export interface Audit {
  readonly run: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly mechanism: string;
  readonly mode: string;
}

export interface Preparation {
  readonly key: string;
  /** Secret. */
  readonly environment: string;
  readonly record: ReleaseRecord;
  /** The one that serves, where it has no record yet. */
  readonly before: { readonly key: string; readonly record: ReleaseRecord } | undefined;
  readonly previous: string | undefined;
  /** The id of what serves, where it cannot be found by a label or by the application's name. */
  readonly old: string | undefined;
  readonly audit: Audit;
}

/**
 * Writes the environment file, and beside the switch what becomes the record once the release is proven.
 * @throws UserError `cannot-write`
 */
export async function prepareRelease(
  shelf: Shelf,
  prepared: Preparation,
  signal: AbortSignal,
): Promise<void> {
  const { key, environment, record, before, previous, old, audit } = prepared;
  const files: [path: string, content: string][] = [
    [`releases/${key}.env`, environment],
    [`switch/record/${key}.json`, `${JSON.stringify(record)}\n`],
    ...(before === undefined
      ? []
      : [[`switch/record/${before.key}.json`, `${JSON.stringify(before.record)}\n`] as [string, string]]),
    ...(previous === undefined || previous === key
      ? []
      : [['switch/record/previous', `${previous}\n`] as [string, string]]),
    ...(old === undefined ? [] : [['switch/record/old', `${old}\n`] as [string, string]]),
    ['switch/record/current', `${key}\n`],
    ['switch/record/audit', lineOf(audit)],
  ];
  const stdin = files
    .map(([path, content]) => `${path} ${Buffer.from(content).toString('base64')}\n`)
    .join('');
  const result = await run(shelf, ['prepare'], { stdin, signal });
  if (succeeded(result) && /^prepared$/m.test(result.stdout)) return;
  throw cannotPrepare(shelf, lastWords(result, 1));
}

/** Without the braces. */
function lineOf({ run: by, from, to, mechanism, mode }: Audit): string {
  return JSON.stringify({ run: by, mode, from: from ?? null, to, mechanism }).slice(1, -1);
}

function cannotPrepare({ machine, container }: Shelf, observed: string): UserError {
  return new UserError(
    `The record of ${container} cannot be prepared on ${machine.name} — ${observed}`,
    'give this account the right to write to ~/.tenantry there, or free some space',
    { code: 'cannot-write' },
  );
}

export interface Finish {
  readonly result: string;
  /** The key of what serves now. */
  readonly serving: string | undefined;
  /** Left out where the line of a run that was killed is to be written, which lies there. */
  readonly audit: Audit | undefined;
  readonly prune: readonly Pruned[];
  /** The container that was taken over and is kept: removed, unless its id is one of these. */
  readonly adopted: { readonly name: string; readonly keep: readonly string[] } | undefined;
}

/**
 * Ends a deployment: its record is kept or dropped, its line is written, what is too old is removed. All is decided
 * already: what cannot be done is a warning. @returns the warnings.
 */
export async function finishReleases(shelf: Shelf, finish: Finish): Promise<string[]> {
  const { result, serving = '', audit, prune, adopted } = finish;
  const orders = [
    ...(audit === undefined ? [] : [`audit ${lineOf(audit)}`]),
    ...prune.flatMap(({ key, image }) => [
      `release ${key}`,
      ...(image === undefined ? [] : [`image ${image.id} ${image.name}`]),
    ]),
    ...(adopted === undefined ? [] : [`adopted ${adopted.name} ${adopted.keep.join(' ')}`]),
  ];
  try {
    const stdin = `${orders.join('\n')}\n`;
    const ended = await run(shelf, ['finish', result, serving], { stdin, timeout: timeouts.finish });
    return [...ended.stdout.split('\n'), ...ended.stderr.split('\n')].filter((line) => line.trim() !== '');
  } catch (error) {
    return [messageOf(error)];
  }
}
