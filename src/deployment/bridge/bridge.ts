/** Replaces a container without a gap: a copy of the new version has the traffic while the old one makes room. */

import { dockerOn } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import { together } from '../../ground/together.ts';
import { releaseNameOf, releaseOf, releaseOfContainer, workingNames } from '../releases/release.ts';
import type { Found } from '../releases/repair.ts';
import type { Work } from '../request/work.ts';
import type { Survey } from '../server/survey.ts';
import { Course, followed } from '../switch/switch-course.ts';
import {
  type Crossing,
  conclude,
  howItEnded,
  recovered,
  unsettled,
  whyItEnded,
} from '../switch/switch-end.ts';
import { launch, type SwitchRun } from '../switch/switch-run.ts';
import { describeSwitch, isTail } from './bridge-leftovers.ts';
import { bridgeSpec, publicPorts } from './bridge-ports.ts';
import { switchProgram } from './switch-program.ts';

/** Milliseconds for removing what was made for nothing. */
const removeTimeout = 30_000;

/**
 * Moves the traffic by way of a bridge. Here is decided only what can be decided before anything is touched; the rest
 * is done by the program on the server.
 * @returns the container that serves now, as it was proven.
 * @throws UserError when the old version serves still, or again; the outcome says what serves.
 */
export async function crossOver(work: Work, crossing: Crossing): Promise<Container> {
  const { host, request, machine, docker, ports } = work;
  const { release, current, spec, survey, folder, lease } = crossing;
  const { log, signal } = ports;
  const { bridge, next } = workingNames(request.container);
  const run: SwitchRun = { machine, folder, log };
  try {
    // Both are made before anything is touched: what Docker refuses, it refuses here. The one boots meanwhile.
    await docker.create(bridgeSpec(spec, bridge, survey));
    const [redirected] = await together(
      docker.start(bridge).then(() => publicPorts(machine, { bridge, ports: request.ports, survey, signal })),
      docker.create(spec),
    );
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
  return conclude(work, crossing, { run, course, ended });
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
