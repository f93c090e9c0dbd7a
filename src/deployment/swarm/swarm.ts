/** The way of a service: a manager of the swarm is told what shall run, and Swarm makes it so, node by node. */

import { shortDigest, showImage } from '../../docker/image.ts';
import type { Service, Task } from '../../docker/service.ts';
import { LostConnection, UserError } from '../../ground/errors.ts';
import { tellPlan } from '../plan/show-plan.ts';
import { type AtRest, tellRecovered } from '../plan/tell-recovery.ts';
import { runPreDeploy } from '../preflight/pre-deploy.ts';
import { shelfOf } from '../releases/ledger.ts';
import type { Releases } from '../releases/record.ts';
import { recording } from '../releases/recording.ts';
import { envFileOf, labels, releaseOf, settingsOf, specFor } from '../releases/release.ts';
import { listReleases } from '../releases/releases.ts';
import type { Work } from '../request/work.ts';
import { reconnected } from '../server/reconnect.ts';
import type { Survey } from '../server/survey.ts';
import { serviceSpec } from './service-spec.ts';
import { unchangedStanding, undone } from './swarm-back.ts';
import {
  digestOfService,
  lookAtSwarm,
  releaseOfService,
  type SwarmSite,
  type SwarmWay,
  swarmWay,
} from './swarm-look.ts';
import { planForService, runsAll } from './swarm-plan.ts';
import { ServiceLedger } from './swarm-records.ts';
import { settled } from './swarm-settle.ts';
import { SwarmWatch, serviceAnswers } from './swarm-watch.ts';

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
  if (request.mode === 'recover') return tellRecovered(asked, serviceAtRest(site, asked.host), said);
  const { work, recorded } = recording(asked);
  const { releases } = said === undefined ? manager : await listReleases(shelfOf(work), ports.signal);
  const ledger = new ServiceLedger(work, releases, site.service);
  await recorded(
    () => exchange(work, { site, manager, ledger }),
    async (result) => {
      if (!request.dryRun) await ledger.finish(result);
    },
  );
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
function serviceAtRest({ service }: SwarmSite, host: string): AtRest {
  const release = service && releaseOfService(service);
  return {
    release,
    digest: service && digestOfService(service),
    standing: `${release} is what the swarm of ${host} runs`,
    noneOpen: 'no update is under way',
  };
}

async function answers(work: Work): Promise<boolean> {
  const complaint = await serviceAnswers(work);
  if (complaint !== undefined) work.ports.log.info(`it runs, but does not serve: ${complaint.observed}`);
  return complaint === undefined;
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
