/** What a deployment leaves in the records of a server: prepared before the switch, ended after it. */
import type { Container } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import { renderEnvironment } from '../request/environment.ts';
import type { HostOutcome } from '../request/outcome.ts';
import type { DeployRequest } from '../request/request.ts';
import type { Work } from '../request/work.ts';
import { notCarried } from './adoption.ts';
import {
  keyOf,
  keyOfContainer,
  type ReleaseRecord,
  type Releases,
  recordOf,
  recordOfContainer,
  recordsToPrune,
} from './record.ts';
import { isForeign, releaseNameOf, releaseOf, settingsOf, workingNames } from './release.ts';
import { type Audit, captureEnvironment, finishReleases, prepareRelease, type Shelf } from './releases.ts';
import { type Room, roomChanges } from './room.ts';

const keptByDefault = 5;

/** One deployment, as far as the records are concerned. */
export class Ledger {
  readonly #work: Work;
  readonly #releases: Releases;
  readonly #current: Container | undefined;
  readonly #room: Room;
  mechanism: string;
  #prepared: Prepared | undefined;

  constructor(
    work: Work,
    {
      releases,
      current,
      mechanism,
      room,
    }: { releases: Releases; current: Container | undefined; mechanism: string; room: Room },
  ) {
    this.#work = work;
    this.#releases = releases;
    this.#current = current;
    this.mechanism = mechanism;
    this.#room = room;
  }

  /** What has become of the server since what serves was deployed there. */
  get roomChanges(): string[] {
    const key = this.#current && keyOfContainer(this.#current);
    const [then] = this.#releases.records.flatMap((stored) =>
      'record' in stored && stored.key === key ? (stored.record.room ?? []) : [],
    );
    return roomChanges(then, this.#room);
  }

  /**
   * Writes the environment file, and what becomes the record once the release is proven.
   * @param placed what was asked for, on the port that the container gets.
   * @throws UserError `cannot-write`
   */
  async prepare(
    placed: DeployRequest,
    { digest, imageId }: { digest: string; imageId: string },
  ): Promise<void> {
    const { request, ports } = this.#work;
    const settings = settingsOf(placed, digest);
    const key = keyOf(releaseOf(request), settings);
    const facts = { settings, digest, imageId, mechanism: this.mechanism, at: new Date(), room: this.#room };
    const record = { ...recordOf(request, facts), ...this.#adoptedAs(releaseOf(request)) };
    const before = await this.#recordOfCurrent(facts.at);
    const previous = this.#current === undefined ? this.#releases.current : keyOfContainer(this.#current);
    const audit = this.#audit;
    const environment = renderEnvironment(request.env);
    const current = this.#current;
    const isElsewhere = current !== undefined && isForeign(current) && current.name !== request.container;
    const old = isElsewhere ? current.id : undefined;
    const prepared = { key, environment, record, before, previous, old, audit };
    await prepareRelease(shelfOf(this.#work), prepared, ports.signal);
    this.#prepared = { key, record, before, previous };
  }

  /** A release that was taken over stays one, also when Tenantry has made its container anew. */
  #adoptedAs(release: string): Pick<ReleaseRecord, 'adopted'> {
    const [adopted] = this.#releases.records.flatMap((stored) =>
      'record' in stored && stored.record.release === release ? (stored.record.adopted ?? []) : [],
    );
    return adopted === undefined ? {} : { adopted };
  }

  /** A container without a record gets one: it is what a rollback would go back to. */
  async #recordOfCurrent(at: Date): Promise<Prepared['before']> {
    const current = this.#current;
    if (current === undefined) return undefined;
    const key = keyOfContainer(current);
    if (this.#releases.records.some((stored) => stored.key === key)) return undefined;
    const { request, ports } = this.#work;
    const { signal } = ports;
    const captured = await captureEnvironment(shelfOf(this.#work), { id: current.id, key, signal });
    const broken = captured.isBroken ? ['variables whose value has line breaks'] : [];
    const image = await this.#work.docker.image(current.imageId);
    const notKept = [...notCarried(current, image), ...broken];
    return { key, record: recordOfContainer(current, request, { ...captured, notKept, at }) };
  }

  /** As `endRecords`. */
  async finish(result: HostOutcome['result'], serving: Container | undefined): Promise<void> {
    await endRecords(this.#work, {
      result,
      releases: this.#releases,
      prepared: this.#prepared,
      serving: serving && keyOfContainer(serving),
      audit: this.#audit,
      adopted: (after) => this.#adopted(after),
    });
  }

  /** What was taken over is kept as long as it is the one to go back to. */
  #adopted({ records, current, previous }: Releases): { name: string; keep: string[] } {
    const keep = records.flatMap((stored) =>
      'record' in stored && (stored.key === current || stored.key === previous)
        ? (stored.record.adopted?.id ?? [])
        : [],
    );
    return { name: workingNames(this.#work.request.container).adopted, keep };
  }

  get #audit(): Audit {
    const { request } = this.#work;
    return {
      run: request.run,
      mode: request.mode ?? 'deploy',
      from: this.#current && releaseNameOf(this.#current),
      to: releaseOf(request),
      mechanism: this.mechanism,
    };
  }
}

export interface Prepared {
  readonly key: string;
  readonly record: ReleaseRecord;
  readonly before: { readonly key: string; readonly record: ReleaseRecord } | undefined;
  readonly previous: string | undefined;
}

export function afterwards(releases: Releases, { key, record, before, previous }: Prepared): Releases {
  const added = [{ key, record }, ...(before === undefined ? [] : [before])];
  const others = releases.records.filter((stored) => added.every((each) => each.key !== stored.key));
  return {
    records: [...added.map((each) => ({ ...each, hasEnvironment: true })), ...others],
    current: key,
    previous: previous === undefined || previous === key ? releases.previous : previous,
  };
}

/** What a deployment knows of its records when it has come to its end. */
interface Ending {
  readonly result: HostOutcome['result'];
  /** As they were before it. */
  readonly releases: Releases;
  /** Undefined when it did not get that far. */
  readonly prepared: Prepared | undefined;
  /** The record of what served before it. */
  readonly serving: string | undefined;
  readonly audit: Audit;
  /** What to keep of a container that was taken over. */
  readonly adopted?: (after: Releases) => { name: string; keep: string[] };
}

/** Ends the records of a deployment; removes what is too old. What cannot be done is a warning. */
export async function endRecords(
  work: Work,
  { result, releases, prepared: before, serving, audit, adopted }: Ending,
): Promise<void> {
  const { host, request, ports } = work;
  const prepared = result === 'deployed' ? before : undefined;
  const after = prepared === undefined ? releases : afterwards(releases, prepared);
  const prune = prepared === undefined ? [] : recordsToPrune(after, request.keepReleases ?? keptByDefault);
  const warnings = await finishReleases(shelfOf(work), {
    result,
    serving: prepared?.key ?? serving,
    // Of what was prepared, the line lies there: whoever ends it writes it.
    audit: before === undefined ? audit : undefined,
    prune,
    adopted: prepared === undefined ? undefined : adopted?.(after),
  });
  for (const warning of warnings) ports.log.warning(`${host}: records of ${request.container}: ${warning}`);
  if (prune.length > 0) ports.log.info(`removed: ${prune.map(({ release }) => release).join(', ')}`);
}

export function shelfOf({ machine, request }: Work): Shelf {
  return { machine, container: request.container };
}

/**
 * Ends the records of a run that was killed: which release serves says whether its own was proven.
 * @param serving the key of its record.
 * @returns the warnings.
 */
export function settleRecords(
  work: Work,
  { pending, serving }: { pending: string | undefined; serving: string | undefined },
): Promise<string[]> {
  return finishReleases(shelfOf(work), {
    result: pending !== undefined && pending === serving ? 'deployed' : 'rolled-back',
    serving,
    audit: undefined,
    prune: [],
    adopted: undefined,
  });
}

/** Whether what is left on the server is the next run's to bring to its end, with its records. */
export function isUnsettled(failure: unknown): boolean {
  return failure instanceof UserError && failure.code === 'deployment-unsettled';
}
