/** The way back to the version of before. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Service } from '../../docker/service.ts';
import { swarmOn } from '../../docker/swarm.ts';
import { messageOf } from '../../ground/errors.ts';
import { labels } from '../releases/release.ts';
import type { Work } from '../request/work.ts';
import { courseOf, isOf } from './service-course.ts';
import { releaseOfService } from './swarm-look.ts';
import { aimOf, runsAll } from './swarm-plan.ts';
import { pause, type Sight, type SwarmWatch, serviceAnswers } from './swarm-watch.ts';

/** Milliseconds: for going back when the step is cancelled; that the old version has to answer. */
const lastTimeout = 30_000;
const oldTimeout = 60_000;

/** Sees to it that the version of before is what runs, whatever is under way; and says what became of it. */
export async function undone(
  work: Work,
  { before, sight, aim }: { before: Service | undefined; sight: Sight | undefined; aim: SwarmWatch['aim'] },
): Promise<void> {
  const { host, request, machine, ports, learn } = work;
  // A cancelled step goes back, too; but not for ever.
  const limit = ports.signal.aborted
    ? AbortSignal.timeout(lastTimeout)
    : AbortSignal.timeout(request.healthTimeout + oldTimeout);
  const swarm = swarmOn(machine, { signal: limit, log: ports.log });
  const name = before && releaseOfService(before);
  try {
    if (sight === undefined) {
      // It was refused, or not told: if the service is what it was, nothing has happened.
      const now = await swarm.service(request.container);
      if (now?.version === before?.version) return learn({ standing: unchangedStanding(work, name) });
    }
    if (before === undefined) {
      await swarm.remove(request.container);
      return learn({ result: 'failed', standing: `nothing runs on ${host}, as before` });
    }
    await goneBack(work, { swarm, aim, limit });
    const complaint = await serviceAnswers(work, { isOld: true, timeout: oldTimeout, signal: limit });
    if (complaint === undefined) {
      return learn({ result: 'rolled-back', standing: `the old version (${name}) serves on ${host}` });
    }
    learn({ result: 'failed', standing: `${name} runs on ${host} again, but ${complaint.observed}` });
  } catch (error) {
    ports.log.warning(`going back was not seen to its end: ${messageOf(error)}`);
    learn({
      result: 'failed',
      standing: `the swarm of ${host} may still be on its way back to ${name ?? 'nothing'}: docker service ps ${request.container} there, or run again`,
    });
  }
}

/** Asks Swarm to put the old version back, unless it does so by itself, and waits until it has. */
async function goneBack(
  { request, ports: { log } }: Work,
  { swarm, aim, limit }: { swarm: ReturnType<typeof swarmOn>; aim: SwarmWatch['aim']; limit: AbortSignal },
): Promise<void> {
  const isOurs = (service: Service) => {
    const { digest, settings, forced } = aimOf(service);
    return digest === aim.digest && settings === aim.settings && forced === aim.forced;
  };
  const nodes = await swarm.nodes();
  for (;;) {
    const [service, tasks] = await Promise.all([
      swarm.service(request.container),
      swarm.tasks(request.container),
    ]);
    if (service === undefined) throw new Error('the service is gone');
    if (isOurs(service)) {
      log.debug('asking Swarm to go back');
      // Somebody (Swarm itself) may be quicker: then the next look says so.
      await swarm.goBack(service).catch((error) => log.debug(messageOf(error)));
    } else {
      const old = aimOf(service);
      const course = courseOf(service, tasks, { nodes, isNew: (task) => isOf(old, task, labels.settings) });
      if (course.now !== 'going back' && runsAll(service, tasks)) return;
      if (course.now === 'stuck') throw new Error(course.message);
    }
    await sleep(pause, undefined, { signal: limit });
  }
}
export function unchangedStanding({ host }: Work, name: string | undefined): string {
  return name === undefined ? `nothing was changed on ${host}` : `${name} serves on ${host}, untouched`;
}
