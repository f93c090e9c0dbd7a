/** What a deployment to a swarm leaves in the records of the manager that it went through. */
import type { Service } from '../../docker/service.ts';
import { swarmOn } from '../../docker/swarm.ts';
import { UserError } from '../../ground/errors.ts';
import { endRecords, type Prepared, shelfOf } from '../releases/ledger.ts';
import { keyOf, type Releases, recordOf } from '../releases/record.ts';
import { labels, releaseOf, settingsOf } from '../releases/release.ts';
import { type Audit, prepareRelease } from '../releases/releases.ts';
import { renderEnvironment } from '../request/environment.ts';
import type { HostOutcome } from '../request/outcome.ts';
import type { DeployRequest } from '../request/request.ts';
import type { Work } from '../request/work.ts';
import { releaseOfService } from './swarm-look.ts';

/** By which its record is found; undefined for a service that others made. */
export function keyOfService({ containerLabels }: Service): string | undefined {
  const { [labels.release]: release, [labels.settings]: settings } = containerLabels;
  return release === undefined || settings === undefined ? undefined : keyOf(release, settings);
}

/** The key of the service that runs, for a rollback; undefined where there is no swarm, or no such service. */
export async function keyInSwarm({ machine, request, ports }: Work): Promise<string | undefined> {
  try {
    const service = await swarmOn(machine, ports).service(request.container);
    return service && keyOfService(service);
  } catch (error) {
    if (error instanceof UserError && error.code === 'swarm-not-manager') return undefined;
    throw error;
  }
}

export class ServiceLedger {
  readonly #work: Work;
  readonly #releases: Releases;
  readonly #service: Service | undefined;
  #prepared: Prepared | undefined;

  constructor(work: Work, releases: Releases, service: Service | undefined) {
    this.#work = work;
    this.#releases = releases;
    this.#service = service;
  }

  /**
   * Writes the environment file, and what becomes the record once the release is proven.
   * @param imageId on this manager; undefined where it has not got the image.
   * @returns the key of the record.
   * @throws UserError `cannot-write`
   */
  async prepare(request: DeployRequest, digest: string, imageId: string | undefined): Promise<string> {
    const settings = settingsOf(request, digest);
    const key = keyOf(releaseOf(request), settings);
    const facts = { settings, digest, imageId: imageId ?? digest, mechanism: 'swarm', at: new Date() };
    const record = recordOf(request, facts);
    const previous = (this.#service && keyOfService(this.#service)) ?? this.#releases.current;
    const environment = renderEnvironment(request.env);
    const unknown = { before: undefined, old: undefined };
    const prepared = { key, environment, record, previous, audit: this.#audit, ...unknown };
    await prepareRelease(shelfOf(this.#work), prepared, this.#work.ports.signal);
    this.#prepared = { key, record, before: undefined, previous };
    return key;
  }

  /** As `endRecords`. */
  async finish(result: HostOutcome['result']): Promise<void> {
    await endRecords(this.#work, {
      result,
      releases: this.#releases,
      prepared: this.#prepared,
      serving: this.#service && keyOfService(this.#service),
      audit: this.#audit,
    });
  }

  get #audit(): Audit {
    const { request } = this.#work;
    return {
      run: request.run,
      mode: request.mode ?? 'deploy',
      from: this.#service && releaseOfService(this.#service),
      to: releaseOf(request),
      mechanism: 'swarm',
    };
  }
}
