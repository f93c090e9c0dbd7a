/** The way of a service: a manager of the swarm is told what shall run, and Swarm makes it so, node by node. */

import { setTimeout as sleep } from 'node:timers/promises';
import { shortDigest, showImage } from '../../docker/image.ts';
import type { Service, Task } from '../../docker/service.ts';
import { swarmOn } from '../../docker/swarm.ts';
import { LostConnection, messageOf, UserError } from '../../ground/errors.ts';
import { tellPlan } from '../plan/show-plan.ts';
import { runPreDeploy } from '../preflight/pre-deploy.ts';
import { shelfOf } from '../releases/ledger.ts';
import type { Releases } from '../releases/record.ts';
import { envFileOf, labels, releaseOf, settingsOf, specFor } from '../releases/release.ts';
import { listReleases } from '../releases/releases.ts';
import type { HostOutcome } from '../request/outcome.ts';
import type { Work } from '../request/work.ts';
import { reconnected } from '../server/reconnect.ts';
import type { Survey } from '../server/survey.ts';
import { courseOf, isOf } from './service-course.ts';
import { serviceSpec } from './service-spec.ts';
import {
  digestOfService,
  lookAtSwarm,
  releaseOfService,
  type SwarmSite,
  type SwarmWay,
  swarmWay,
} from './swarm-look.ts';
import { aimOf, planForService, runsAll } from './swarm-plan.ts';
import { ServiceLedger, settleServiceRecords } from './swarm-records.ts';
import { type Sight, SwarmWatch, serviceAnswers } from './swarm-watch.ts';

/** Milliseconds: between two looks; for going back when the step is cancelled; that the old version has to answer. */
const pause = 500;
const lastTimeout = 30_000;
const oldTimeout = 60_000;

/** What is known of the manager. */
export interface Manager {
  readonly survey: Survey;
  readonly platform: string;
  readonly releases: Releases;
}

/**
 * Deploys to the swarm that a server manages.
 * @throws UserError when the version of before serves still, or again; the outcome says what serves.
 */
export async function deployService(asked: Work, manager: Manager): Promise<void> {
  const { request, ports } = asked;
  const { site, said } = await settled(asked, await lookAtSwarm(asked), manager.survey);
  if (request.mode === 'recover') return tellRecovered(asked, site, said);
  let result: HostOutcome['result'] = 'failed';
  const work: Work = {
    ...asked,
    learn(facts) {
      result = facts.result ?? result;
      asked.learn(facts);
    },
  };
  const { releases } = said === undefined ? manager : await listReleases(shelfOf(work), ports.signal);
  const ledger = new ServiceLedger(work, releases, site.service);
  try {
    await exchange(work, { site, manager, ledger });
  } catch (error) {
    // What nobody knows the end of is the next run's, with its records.
    if (!(error instanceof LostConnection) && !request.dryRun) await ledger.finish(result);
    throw error;
  }
  if (!request.dryRun) await ledger.finish(result);
}

interface Exchange {
  readonly site: SwarmSite;
  readonly manager: Manager;
  readonly ledger: ServiceLedger;
}

async function exchange(work: Work, { site, manager, ledger }: Exchange): Promise<void> {
  const { host, request, ports, learn } = work;
  const { log } = ports;
  const release = releaseOf(request);
  const { service } = site;
  const before = service && releaseOfService(service);
  learn({
    previousRelease: before,
    previousDigest: service && digestOfService(service),
    standing: unchangedStanding(work, before),
  });
  const way = await swarmWay(work, site, manager);
  const { digest } = way;
  learn({ digest });
  log.step('Image', `${showImage(request.image)} is ${shortDigest(digest)}`);
  const tasks = service === undefined ? [] : await site.swarm.tasks(request.container);
  const plan = planForService(site, way, tasks);
  tellPlan(plan, work);
  if (request.dryRun) return learn({ result: 'planned' });
  if (plan.kind === 'unchanged' && (await answers(work))) {
    learn({ result: 'unchanged', standing: `${release} serves on ${host}` });
    log.step('Unchanged', `${request.container} on ${host} is ${release} (${shortDigest(digest)}) already`);
    return;
  }
  const key = await ledger.prepare(request, digest, way.imageHere);
  await preDeploy(work, way, envFileOf(manager.survey.home, request.container, key));
  await change(work, site, way, tasks);
}

/** On the manager, in the new image, before the swarm is told anything. */
async function preDeploy(work: Work, { digest, imageHere }: SwarmWay, envFile: string): Promise<void> {
  const { request, machine } = work;
  if (request.preDeploy === undefined) return;
  if (imageHere === undefined) {
    throw new UserError(
      `Commands before the deployment of ${request.container} cannot run on ${machine.name} — the image is not built for it`,
      'build it for this manager, too, or give another manager as host',
      { code: 'image-wrong-architecture' },
    );
  }
  await runPreDeploy(work, specFor(request, digest, { name: request.container, envFile }));
}

/** For `mode: recover`: what is there now. */
function tellRecovered(
  { host, request, ports, learn }: Work,
  { service }: SwarmSite,
  said: string | undefined,
): void {
  const release = service && releaseOfService(service);
  learn({
    result: said === undefined ? 'unchanged' : 'recovered',
    release: release ?? '',
    digest: service && digestOfService(service),
    standing:
      release === undefined ? `nothing runs on ${host}` : `${release} is what the swarm of ${host} runs`,
  });
  const outcome = said ?? `nothing to recover: ${release ?? 'nothing'} is there, and no update is under way`;
  ports.log.step(said === undefined ? 'At rest' : 'Recovered', `${request.container} on ${host}: ${outcome}`);
}

async function answers(work: Work): Promise<boolean> {
  const complaint = await serviceAnswers(work);
  if (complaint !== undefined) work.ports.log.info(`it runs, but does not serve: ${complaint.observed}`);
  return complaint === undefined;
}

/** What was found, and what an earlier run that was killed had left to be done. */
interface Settled {
  readonly site: SwarmSite;
  readonly said: string | undefined;
}

/** Waits for an update that somebody else has begun, and puts the records of a killed run in order. */
async function settled(work: Work, found: SwarmSite, survey: Survey): Promise<Settled> {
  const { site, said } = await updateEnded(work, found);
  const pending = survey.pendingRelease;
  if (pending === undefined || work.request.dryRun) return { site, said };
  await settleServiceRecords(work, pending, site.service);
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
  const watch = new SwarmWatch(work, { swarm, nodes, aim: aimOf(service), pause });
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

async function change(work: Work, site: SwarmSite, way: SwarmWay, tasks: readonly Task[]): Promise<void> {
  const { host, request, ports, learn } = work;
  const { service, nodes } = site;
  const { log, signal } = ports;
  const release = releaseOf(request);
  // Nothing is different, and it does not run: tasks are made anew.
  const isForced =
    service !== undefined &&
    service.containerLabels[labels.settings] === settingsOf(request, way.digest) &&
    !runsAll(service, tasks);
  const spec = serviceSpec({ ...way, isForced }, service);
  const aim = {
    digest: way.digest,
    settings: settingsOf(request, way.digest),
    forced: (service?.forced ?? 0) + (isForced ? 1 : 0),
  };
  const started = performance.now();
  const watch = new SwarmWatch(work, {
    swarm: site.swarm,
    nodes,
    aim,
    pause,
    known: tasks,
    hasHealthCheck: way.hasHealthCheck,
    isFirst: service === undefined,
  });
  learn({ standing: standingOnTheWay(work, service) });
  try {
    await told(work, site, spec);
    await watch.toTheEnd();
  } catch (error) {
    learn({ downtime: watch.downtime });
    if (error instanceof LostConnection && !signal.aborted) throw error;
    await undone(work, { before: service, sight: watch.last, aim });
    throw error;
  }
  learn({ result: 'deployed', downtime: watch.downtime, standing: `${release} serves on ${host}` });
  log.step('Deployed', `${release} serves on ${host}: ${watch.where}`, performance.now() - started);
}

function standingOnTheWay({ host, request }: Work, before: Service | undefined): string {
  return before === undefined
    ? `the swarm of ${host} starts ${releaseOf(request)}: docker service ps ${request.container}`
    : `the swarm of ${host} exchanges ${releaseOfService(before)} for ${releaseOf(request)}, or puts it back: docker service ps ${request.container}`;
}

/** Tells the swarm. When the connection is lost meanwhile, the service says whether it was heard. */
async function told(work: Work, { swarm, service }: SwarmSite, spec: ReturnType<typeof serviceSpec>) {
  const { request, machine, ports } = work;
  try {
    if (service === undefined) await swarm.create(spec, request.registryLogin);
    else await swarm.change(service, spec, request.registryLogin);
  } catch (error) {
    if (!(error instanceof LostConnection) || ports.signal.aborted) throw error;
    ports.log.warning(error.message);
    if (!(await reconnected(machine, { log: ports.log, limit: ports.signal }))) throw error;
    const now = await swarm.service(request.container);
    if (now === undefined || now.version === service?.version) throw error;
    ports.log.info('the swarm was told all the same: it goes on');
  }
}

/** Sees to it that the version of before is what runs, whatever is under way; and says what became of it. */
async function undone(
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

function unchangedStanding({ host }: Work, name: string | undefined): string {
  return name === undefined ? `nothing was changed on ${host}` : `${name} serves on ${host}, untouched`;
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
