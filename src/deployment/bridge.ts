/** Replaces a container without a gap: a copy of the new version has the traffic while the old one makes room. */

import { randomBytes } from 'node:crypto';
import type { ContainerSpec } from '../docker/container-spec.ts';
import { dockerOn } from '../docker/docker.ts';
import type { Container } from '../docker/inspect.ts';
import { UserError } from '../ground/errors.ts';
import { bridgeSpec, publicPorts } from './bridge-ports.ts';
import { evidenceLines } from './gate.ts';
import type { SwitchResult } from './journal.ts';
import type { Lease } from './lease.ts';
import { describeSwitch, isTail } from './leftovers.ts';
import { prove } from './proof.ts';
import { namesFor, releaseNameOf, releaseOf, releaseOfContainer, workingNames } from './release.ts';
import type { Found } from './repair.ts';
import type { Survey } from './survey.ts';
import { Course, type Followed, followed } from './switch-course.ts';
import { switchFailure } from './switch-failure.ts';
import { switchProgram } from './switch-program.ts';
import { follow, launch, type SwitchRun, takeEvidence, tidyFolder } from './switch-run.ts';
import { whyItStopped } from './why.ts';
import type { Work } from './work.ts';

/** Milliseconds for removing what was made for nothing. */
const removeTimeout = 30_000;

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

/**
 * Moves the traffic by way of a bridge. Here is decided only what can be decided before anything is touched; the rest
 * is done by the program on the server.
 * @throws UserError when the old version serves still, or again; the outcome says what serves.
 */
export async function crossOver(work: Work, crossing: Crossing): Promise<void> {
  const { host, request, machine, docker, ports } = work;
  const { release, current, spec, survey, folder, lease } = crossing;
  const { log, signal } = ports;
  const { bridge, next } = workingNames(request.container);
  const run: SwitchRun = { machine, folder, log };
  try {
    // Both are made before anything is touched: what Docker refuses, it refuses here.
    await together([
      docker.create(spec),
      docker.create(bridgeSpec(spec, bridge, survey)).then(() => docker.start(bridge)),
    ]);
    const redirected = await publicPorts(machine, { bridge, ports: request.ports, survey, signal });
    const program = switchProgram({ request, host, survey, ports: redirected, current, release });
    await launch(run, 'deploy', { signal, program });
  } catch (error) {
    const cause = await whyItEnded(work, release, bridge).catch(() => undefined);
    // Nothing has been touched yet. What a lost connection leaves, the next run removes.
    const last = dockerOn(machine, { signal: AbortSignal.timeout(removeTimeout), log });
    for (const name of [bridge, next]) await last.remove(name).catch(() => {});
    throw cause ?? error;
  }
  const course = new Course(work, { release, old: releaseNameOf(current), lease });
  const ended = await followed(work, run, course);
  await conclude(work, crossing, { run, course, ended });
}

/** Waits for all, also when one fails: what is under way could not be undone. */
async function together(works: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(works);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** A container that ends at once has no port to look at any more: its own end is what is to be told. */
export async function whyItEnded(
  { request, docker }: Work,
  release: string,
  name: string,
): Promise<UserError | undefined> {
  const container = await docker.container(name);
  if (container?.state.status !== 'exited') return undefined;
  return whyItStopped(`${request.container} (${release})`, container, await docker.logs(name, evidenceLines));
}

/** What became of it, from the program's own words and a proof. */
export async function conclude(
  work: Work,
  { release, current }: Crossing,
  { run, course, ended }: { run: SwitchRun; course: Course; ended: Followed },
): Promise<void> {
  const { host, request, machine, docker, ports, learn } = work;
  const { log, signal } = ports;
  const called = `${request.container} (${release})`;
  if (ended.result === undefined)
    log.warning(`${host}: the switch was ended from outside; it is brought to its end`);
  const result = ended.result ?? (await recovered(work, run));
  switch (result?.result) {
    case 'finished':
    case 'deployed':
      learn({ result: 'deployed', downtime: 0, standing: `${release} serves on ${host}` });
      await Promise.all([
        tidyFolder(run),
        prove(work, docker, namesFor(request.container, { release, current }).final, signal),
      ]);
      return;
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

/**
 * Brings an earlier switch to its end that was killed on its way; the program itself knows how.
 * @returns what became of it.
 * @throws UserError `deployment-unsettled`
 */
export async function settleSwitch(
  work: Work,
  { found, survey, folder }: { found: Found; survey: Survey; folder: string },
): Promise<string | undefined> {
  const { host, request, machine, ports } = work;
  const { log } = ports;
  if (found.bridge === undefined && !survey.isRedirected) return undefined;
  log.step('Repair', describeSwitch(found, survey));
  const run: SwitchRun = { machine, folder, log };
  const current = found.current ?? found.previous;
  const made = found.bridge ?? found.next;
  const release = (made && releaseOfContainer(made)) ?? releaseOf(request);
  const result = await recovered(
    work,
    run,
    survey.hasProgram ? undefined : switchProgram({ request, host, survey, ports: [], current, release }),
  );
  if (result === undefined || result.result === 'stuck') {
    throw unsettled(work, result?.failed ?? 'its program was killed');
  }
  if (isTail(found, survey)) return undefined;
  const said = howItEnded(result);
  log.info(said);
  return said;
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
