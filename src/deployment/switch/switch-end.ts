/** How a switch ends: by the words of its program, by a proof, and by a program that is let finish or undo. */
import { randomBytes } from 'node:crypto';

import { whyNotServing } from '../../diagnosis/why.ts';
import type { ContainerSpec } from '../../docker/container-spec.ts';
import type { Container } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import { prove } from '../gate/proof.ts';
import { namesFor, releaseNameOf, workingNames } from '../releases/release.ts';
import type { Work } from '../request/work.ts';
import type { Lease } from '../server/lease.ts';
import type { Survey } from '../server/survey.ts';
import type { SwitchResult } from './journal.ts';
import type { Course, Followed } from './switch-course.ts';
import { switchFailure } from './switch-failure.ts';
import { follow, launch, type SwitchRun, takeEvidence, tidyFolder } from './switch-run.ts';

/** From one version to the next, on one server. */
export interface Crossing {
  readonly release: string;
  readonly current: Container;
  /** The final container, with the name `names.next`. */
  readonly spec: ContainerSpec;
  readonly survey: Survey;
  /** On the server, for the program. */
  readonly folder: string;
  readonly lease: Lease;
}

/** A container that ends at once has no port to look at any more: its own end is what is to be told. */
export async function whyItEnded(
  { request, docker }: Work,
  release: string,
  name: string,
): Promise<UserError | undefined> {
  const container = await docker.container(name);
  if (container?.state.status !== 'exited') return undefined;
  return whyNotServing(`${request.container} (${release})`, await docker.evidence(name));
}

/**
 * What became of it, from the program's own words and a proof.
 * @returns the container that serves, as it was proven.
 */
export async function conclude(
  work: Work,
  { release, current }: Crossing,
  { run, course, ended }: { run: SwitchRun; course: Course; ended: Followed },
): Promise<Container> {
  const { host, request, machine, docker, ports, learn } = work;
  const { log, signal } = ports;
  const called = `${request.container} (${release})`;
  if (ended.result === undefined)
    log.warning(`${host}: the switch was ended from outside; it is brought to its end`);
  const result = ended.result ?? (await recovered(work, run));
  switch (result?.result) {
    case 'finished':
    case 'deployed': {
      learn({ result: 'deployed', downtime: 0, standing: `${release} serves on ${host}` });
      const { final } = namesFor(request.container, { release, current });
      const [proven] = await Promise.all([prove(work, docker, final, signal), tidyFolder(run)]);
      return proven;
    }
    case 'undone': {
      course.undone();
      const evidence = await takeEvidence(run, randomBytes(8).toString('hex'));
      await tidyFolder(run);
      const { healthTimeout } = request;
      const { outside } = ended;
      throw switchFailure({ called, server: machine.name, result, evidence, healthTimeout, outside });
    }
    default:
      learn({ result: 'failed', standing: await stuckStanding(work, release, current) });
      throw unsettled(work, result?.failed ?? 'its program was killed');
  }
}

/** What became of a switch that was brought to its end. */
export function howItEnded({ result }: SwitchResult): string {
  return result === 'undone'
    ? 'it was undone: the version of before serves'
    : 'it was finished: the new version of that deployment serves';
}

/** Lets the program on the server read the world, and finish or undo. */
export async function recovered(
  { request, ports: { signal } }: Work,
  run: SwitchRun,
  program?: string,
): Promise<Followed['result']> {
  await launch(run, 'recover', { signal, ...(program === undefined ? {} : { program }) });
  const { healthTimeout, drainTimeout } = request;
  const timeout = 3 * healthTimeout + 2 * drainTimeout + 180_000;
  return follow(run, { timeout, signal, onEntry: ({ step }) => run.log.debug(`recovery: ${step}`) });
}

async function stuckStanding(
  { docker, host, request }: Work,
  release: string,
  current: Container,
): Promise<string> {
  const names = workingNames(request.container);
  const bridge = await docker.container(names.bridge).catch(() => undefined);
  return bridge?.state.status === 'running'
    ? `${release} serves on ${host} from a temporary container: run again, which puts it right`
    : `${releaseNameOf(current)} may be down on ${host}: run again, which puts it right, or "docker start ${current.name}" there`;
}

export function unsettled({ request, host }: Work, observed: string): UserError {
  return new UserError(
    `A switch of ${request.container} on ${host} did not come to its end — ${observed}`,
    `look there: docker ps -a, and ~/.tenantry/${request.container}/switch/journal; then run again`,
    { code: 'deployment-unsettled' },
  );
}
