/** What an earlier run that was killed has left in a swarm. */
import { UserError } from '../../ground/errors.ts';
import { settleRecords } from '../releases/ledger.ts';
import type { Work } from '../request/work.ts';
import type { Survey } from '../server/survey.ts';
import { lookAtSwarm, releaseOfService, type SwarmSite } from './swarm-look.ts';
import { aimOf } from './swarm-plan.ts';
import { keyOfService } from './swarm-records.ts';
import { SwarmWatch } from './swarm-watch.ts';

/** What was found, and what an earlier run that was killed had left to be done. */
interface Settled {
  readonly site: SwarmSite;
  readonly said: string | undefined;
}

/** Waits for an update that somebody else has begun, and puts the records of a killed run in order. */
export async function settled(work: Work, found: SwarmSite, survey: Survey): Promise<Settled> {
  const { site, said } = await updateEnded(work, found);
  const pending = survey.pendingRelease;
  if (pending === undefined || work.request.dryRun) return { site, said };
  const serving = site.service && keyOfService(site.service);
  for (const warning of await settleRecords(work, { pending, serving })) work.ports.log.warning(warning);
  return { site, said: said ?? 'the records of a run that was killed are in order' };
}

/** Swarm goes on with an update although nobody looks. */
async function updateEnded(work: Work, site: SwarmSite): Promise<Settled> {
  const { request, host, ports } = work;
  const { log, signal } = ports;
  const { service, swarm, nodes } = site;
  const state = service?.update?.state;
  const nothing = { site, said: undefined };
  if (service === undefined || state === undefined || /completed$/.test(state)) return nothing;
  const name = releaseOfService(service);
  if (state === 'paused' || state === 'rollback_paused') {
    log.step('Repair', `an earlier update to ${name} was given up by Swarm: ${service.update?.message}`);
    return nothing;
  }
  const what = state === 'updating' ? `an update to ${name}` : `a way back to ${name}`;
  log.step('Repair', `${what} is under way in the swarm of ${host}: it comes to its end first`);
  if (request.dryRun) return nothing;
  const watch = new SwarmWatch(work, { swarm, nodes, aim: aimOf(service) });
  const failure = await watch.toTheEnd().catch((error: unknown) => error);
  if (failure !== undefined && !(failure instanceof UserError)) throw failure;
  signal.throwIfAborted();
  const now = await lookAtSwarm(work);
  const runs = now.service && releaseOfService(now.service);
  const said =
    failure === undefined
      ? `it was completed: ${runs} serves`
      : `it did not get there, and ${runs} is what the swarm shall run now: ${failure.message}`;
  log.info(said);
  return { site: now, said };
}
