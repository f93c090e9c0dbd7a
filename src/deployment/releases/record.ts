/** What is kept of a release that served on a server, so that it can serve there again. */
import * as z from 'zod';

import { type ImageReference, readImageName } from '../../docker/image.ts';
import type { Container } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import { listed } from '../../ground/words.ts';
import { type DeployRequest, noImage } from '../request/request.ts';
import { fileName, isForeign, labels, releaseOf } from './release.ts';
import { type Room, roomJson } from './room.ts';
import { type RunSpecification, runSpecificationJson, runSpecificationOf } from './run-specification.ts';

export interface ReleaseRecord {
  readonly schema: 1;
  readonly container: string;
  readonly environment: string;
  readonly release: string;
  /** A hash of all that makes a difference to the container. */
  readonly settings: string;
  /** Registry and repository, as they were written. */
  readonly image: string;
  /** undefined where the image came from no registry. */
  readonly digest?: string | undefined;
  /** Of the image on that server. */
  readonly imageId: string;
  /** Who deployed it: the address of a workflow run. */
  readonly run: string;
  /** When, in ISO 8601. */
  readonly at: string;
  readonly mechanism: string;
  /** Without values of the environment: they stand beside it, in a file of their own. */
  readonly specification: RunSpecification;
  /** Set where Tenantry did not make the container: its id, and what a new one would lack. */
  readonly adopted?: { readonly id: string; readonly notKept: readonly string[] } | undefined;
  /** What the server had free before it was deployed; records of earlier versions have none. */
  readonly room?: Room | undefined;
}

const recordJson = z.object({
  schema: z.literal(1),
  container: z.string(),
  environment: z.string(),
  release: z.string().min(1),
  settings: z.string().min(1),
  image: z.string().min(1),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
  imageId: z.string().min(1),
  run: z.string(),
  at: z.iso.datetime(),
  mechanism: z.string(),
  specification: runSpecificationJson,
  adopted: z.object({ id: z.string(), notKept: z.array(z.string()) }).optional(),
  // It only explains: a record is not refused for it.
  room: roomJson.optional().catch(undefined),
});

/** A record as it lies on a server; `problem` says why it cannot be used. */
export type Stored =
  | { readonly key: string; readonly record: ReleaseRecord; readonly hasEnvironment: boolean }
  | { readonly key: string; readonly problem: string };

/** What a server keeps of an application. */
export interface Releases {
  readonly records: readonly Stored[];
  /** Keys: what was deployed last, and what served before it. */
  readonly current: string | undefined;
  readonly previous: string | undefined;
}

/** The name of the files of a release: the same release with other settings is another one. */
export function keyOf(release: string, settings: string): string {
  return `${fileName(release)}-${settings}`;
}

export function keyOfContainer(container: Container): string {
  const { [labels.release]: release, [labels.settings]: settings } = container.labels;
  if (release !== undefined && settings !== undefined) return keyOf(release, settings);
  return keyOf(adoptedRelease(container), container.id.slice(0, 16));
}

/** What a container is called as a release that Tenantry did not make: its image's tag, or its own id. */
export function adoptedRelease({ id, image, labels: own }: Container): string {
  const named = own[labels.release];
  if (named !== undefined) return named;
  const tag = /:([\w][\w.-]*)$/.exec(image.replace(/@.*$/, ''))?.[1];
  return `adopted-${tag ?? id.slice(0, 12)}`;
}

/** Reads one record. @returns why it cannot be used, where that is so. */
export function readRecord(json: string): ReleaseRecord | string {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    return 'it is no JSON';
  }
  const { data, error } = recordJson.safeParse(content);
  if (data !== undefined) return data as ReleaseRecord;
  const [issue] = error.issues;
  return `${issue?.path.join('.') ?? 'it'}: ${issue?.message ?? 'cannot be understood'}`;
}

interface Served {
  readonly settings: string;
  readonly digest: string;
  readonly imageId: string;
  readonly mechanism: string;
  readonly at: Date;
  readonly room?: Room | undefined;
}

export function recordOf(
  request: DeployRequest,
  { settings, digest, imageId, mechanism, at, room }: Served,
): ReleaseRecord {
  return {
    schema: 1,
    container: request.container,
    environment: request.environment,
    release: releaseOf(request),
    settings,
    image: request.image.name,
    // What was sent, and what only this server has, is known by its id alone.
    ...(request.transfer === 'ssh' || digest === request.image.id ? {} : { digest }),
    imageId,
    run: request.run,
    at: at.toISOString(),
    mechanism,
    specification: runSpecificationOf(request),
    ...(room === undefined ? {} : { room }),
  };
}

/**
 * The record of a container that has none: started by hand, by another tool, or by an earlier version of Tenantry.
 * @param repoDigests of its image.
 */
export function recordOfContainer(
  container: Container,
  request: DeployRequest,
  { repoDigests, notKept, at }: { repoDigests: readonly string[]; notKept: readonly string[]; at: Date },
): ReleaseRecord {
  const { settings, ...named } = {
    settings: container.labels[labels.settings] ?? container.id.slice(0, 16),
    release: adoptedRelease(container),
  };
  const image = container.image.replace(/@.*$/, '').replace(/:[\w][\w.-]*$/, '');
  const digest = repoDigests.find((each) => each.startsWith(`${image}@`))?.split('@')[1];
  const own = Object.entries(container.labels).filter(([name]) => !name.startsWith('tenantry.'));
  return {
    schema: 1,
    container: request.container,
    environment: request.environment,
    ...named,
    settings,
    image,
    ...(digest === undefined ? {} : { digest }),
    imageId: container.imageId,
    run: container.labels[labels.run] ?? 'started by hand or by another tool',
    at: at.toISOString(),
    mechanism: 'none',
    specification: {
      entrypoint: container.entrypoint.length === 0 ? undefined : container.entrypoint,
      command: container.command,
      ports: container.ports,
      mounts: container.mounts,
      networks: container.networks.filter((network) => network !== 'bridge'),
      extraHosts: container.extraHosts,
      // Another tool's labels would make the copy look like its own.
      labels: Object.fromEntries(own.filter(([name]) => !name.startsWith('com.docker.'))),
      memory: container.memory === 0 ? undefined : container.memory,
      cpus: container.cpus === 0 ? undefined : container.cpus,
      options: {
        ...container.options,
        networkAliases: (container.options.networkAliases ?? []).filter(
          (alias) => alias !== request.container,
        ),
      },
      user: container.user === '' ? undefined : container.user,
      restart: container.labels[labels.restart] ?? container.restart,
      health: container.healthCheck,
      healthUrl: request.healthUrl,
      healthHost: request.healthHost,
      stopTimeout: request.stopTimeout,
      sharedVolumes: request.sharedVolumes,
    },
    ...(isForeign(container) ? { adopted: { id: container.id, notKept } } : {}),
  };
}

/**
 * The record that is meant by `previous`, by the name of a release, or by a key.
 * @param serving the key of what serves now.
 * @throws UserError `nothing-to-go-back-to`, `release-unreadable`
 */
export function chosenRecord(
  releases: Releases,
  wanted: string,
  { serving, container, host }: { serving: string | undefined; container: string; host: string },
): ReleaseRecord {
  const stored = wanted === 'previous' ? previousOf(releases, serving) : named(releases, wanted);
  if (stored === undefined) {
    const what = wanted === 'previous' ? 'the release before' : `the release ${wanted}`;
    throw new UserError(
      `${container} cannot go back to ${what} on ${host} — ${whatIsThere(releases, serving)}`,
      'give one of those as release, or deploy the image that you want',
      { code: 'nothing-to-go-back-to' },
    );
  }
  if ('record' in stored && stored.hasEnvironment) return stored.record;
  const problem = 'problem' in stored ? stored.problem : 'its environment file is missing';
  throw new UserError(
    `${container} cannot go back to ${stored.key} on ${host} — the record ~/.tenantry/${container}/releases/${stored.key}.json cannot be used: ${problem}`,
    `choose another release (${whatIsThere(releases, serving)}), or deploy its image`,
    { code: 'release-unreadable' },
  );
}

function previousOf(
  { records, current, previous }: Releases,
  serving: string | undefined,
): Stored | undefined {
  // What serves was put there by somebody else: then the one before is the one that was deployed last.
  const key = current !== undefined && serving !== current ? current : previous;
  return key === undefined || key === serving ? undefined : records.find((each) => each.key === key);
}

/** Of several with one name, the newest. */
function named({ records }: Releases, name: string): Stored | undefined {
  const exact = records.find(({ key }) => key === name);
  if (exact !== undefined) return exact;
  const [newest] = newestFirst(records).filter((each) => 'record' in each && each.record.release === name);
  return newest ?? records.find((each) => 'problem' in each && each.key.startsWith(`${fileName(name)}-`));
}

function newestFirst(records: readonly Stored[]): Stored[] {
  const at = (stored: Stored) => ('record' in stored ? stored.record.at : '');
  return [...records].sort((one, other) => (at(one) < at(other) ? 1 : -1));
}

function whatIsThere({ records }: Releases, serving: string | undefined): string {
  const names = newestFirst(records)
    .filter(({ key }) => key !== serving)
    .map((stored) => ('record' in stored ? stored.record.release : stored.key));
  return names.length === 0
    ? 'no other release is recorded there'
    : `there are ${listed([...new Set(names)])}`;
}

/** A release that goes. */
export interface Pruned {
  readonly key: string;
  readonly release: string;
  /** Where no release that stays is made from it. */
  readonly image: { readonly id: string; readonly name: string } | undefined;
}

/**
 * The records that have to go so that `keep` are left: the oldest, never the current and the previous one. What
 * cannot be read is left alone.
 */
export function recordsToPrune({ records, current, previous }: Releases, keep: number): Pruned[] {
  const readable = newestFirst(records).flatMap((stored) => ('record' in stored ? [stored] : []));
  const spared = readable.filter(({ key }) => key === current || key === previous);
  const others = readable.filter((stored) => !spared.includes(stored));
  const room = Math.max(0, keep - spared.length);
  const used = new Set([...spared, ...others.slice(0, room)].map(({ record }) => record.imageId));
  return others.slice(room).map(({ key, record: { release, image: name, imageId: id } }) => {
    return { key, release, image: used.has(id) ? undefined : { id, name } };
  });
}

/** The image of a record: by its digest, or by its id where only that server has it. */
export function imageOf({ image, digest, imageId }: ReleaseRecord): ImageReference {
  if (digest !== undefined) return { ...readImageName(image), digest };
  return { ...noImage, name: image, id: imageId };
}
