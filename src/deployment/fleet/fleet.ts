import { listed } from '../../ground/words.ts';
import { deployToHost, notTried } from '../host/deploy-host.ts';
import type { RollBackHost } from '../host/roll-back-host.ts';
import type { HostOutcome } from '../request/outcome.ts';
import type { DeployRequest } from '../request/request.ts';
import type { HostPorts } from '../request/work.ts';
import { hostLog } from './host-log.ts';
import { standingsTogether } from './standings.ts';
import { Timeline } from './timeline.ts';

export interface FleetPorts extends Omit<HostPorts, 'standing'> {
  /** Told what would be true of all servers if the step ended now. */
  standing?(sentence: string): void;
  readonly rollBackHost: RollBackHost;
}

/** Servers that are looked at together: a login takes memory here, and a slot of sshd there. */
const looksAtATime = 8;

/** What is known of all servers of a deployment, at every moment. */
export class Fleet {
  readonly #request: DeployRequest;
  readonly #ports: FleetPorts;
  readonly #outcomes: Map<string, HostOutcome>;
  readonly #hostPorts: Map<string, HostPorts>;
  readonly #standings: Map<string, string>;
  /** All servers get the same bytes, also when the tag moves meanwhile. */
  #digest: string | undefined;

  constructor(request: DeployRequest, ports: FleetPorts) {
    this.#request = request;
    this.#ports = ports;
    const { hosts } = request;
    this.#outcomes = new Map(hosts.map((host) => [host, notTried(host, request)]));
    this.#standings = new Map([...this.#outcomes].map(([host, { standing }]) => [host, standing]));
    const log = (host: string) => (hosts.length === 1 ? ports.log : hostLog(ports.log, host));
    const standing = (host: string) => (sentence: string) => {
      this.#standings.set(host, sentence);
      ports.standing?.(standingsTogether(this.#standings));
    };
    this.#hostPorts = new Map(
      hosts.map((host) => [host, { ...ports, log: log(host), standing: standing(host) }]),
    );
  }

  /** In the order of the request. */
  get outcomes(): HostOutcome[] {
    return [...this.#outcomes.values()];
  }

  get hasFailed(): boolean {
    return this.outcomes.some(({ failure }) => failure !== undefined);
  }

  /** Plans for all of them, so that whatever can be known before is known before the first one is touched. */
  async look(): Promise<void> {
    const { hosts } = this.#request;
    for (let first = 0; first < hosts.length; first += looksAtATime) {
      await this.#each(hosts.slice(first, first + looksAtATime), async (host, ports) => {
        const seen = await deployToHost(host, { ...this.#request, dryRun: true }, ports);
        if (this.#request.dryRun || seen.failure !== undefined) return seen;
        if (seen.held !== undefined) return { ...seen, result: 'failed', failure: seen.held };
        // What only a look has found out is not what became of it.
        return { ...seen, result: 'not-tried' };
      });
    }
  }

  /** Deploys to some of them at the same time, each to its own end. */
  async deploy(hosts: readonly string[]): Promise<void> {
    const { image, mode = 'deploy', transfer } = this.#request;
    // Each server has its own release to go back to; and an image that is sent is the runner's own.
    const isTag = mode === 'deploy' && transfer !== 'ssh' && image.digest === undefined;
    const request = isTag ? { ...this.#request, image: { ...image, digest: this.#digest } } : this.#request;
    await this.#each(hosts, async (host, ports) => {
      const timeline = new Timeline();
      const outcome = await deployToHost(host, request, { ...ports, log: timeline.of(ports.log) });
      return { ...outcome, phases: timeline.phases(outcome.failure?.code) };
    });
    this.#digest ??= this.outcomes.find(
      ({ result }) => result === 'deployed' || result === 'unchanged',
    )?.digest;
  }

  /** Of these servers, brings those back that this run has switched. */
  async rollBack(hosts: readonly string[]): Promise<void> {
    const failed = listed(
      this.outcomes.flatMap(({ host, failure }) => (failure === undefined ? [] : [host])),
    );
    await this.#each(hosts, async (host, ports) => {
      const before = this.#outcomes.get(host) ?? notTried(host, this.#request);
      if (before.result !== 'deployed' && before.servesNew !== true) return before;
      const { previousRelease = 'what it had' } = before;
      ports.log.step('Going back', `${host} to ${previousRelease}, because ${failed} failed`);
      return goneBack(before, await this.#ports.rollBackHost(host, this.#request, before, ports));
    });
  }

  async #each(
    hosts: readonly string[],
    work: (host: string, ports: HostPorts) => Promise<HostOutcome>,
  ): Promise<void> {
    await together(
      hosts.map(async (host) => {
        const ports = this.#hostPorts.get(host);
        if (ports === undefined) return;
        const outcome = await work(host, ports);
        this.#outcomes.set(host, outcome);
        this.#standings.set(host, outcome.standing);
      }),
    );
  }
}

/** Waits for all, also when one has a defect: what is under way on the others must come to its end. */
async function together(works: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(works);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** The outcome of a server that was well, and was to go back. */
function goneBack(before: HostOutcome, back: HostOutcome): HostOutcome {
  const times = { downtime: before.downtime + back.downtime, duration: before.duration + back.duration };
  if (back.failure === undefined) {
    const standing = `${before.previousRelease} serves again on ${before.host}`;
    return { ...before, ...times, result: 'rolled-back', standing, wentBack: 'yes' };
  }
  const { failure } = back;
  return { ...before, ...times, result: 'failed', standing: back.standing, wentBack: { failure } };
}
