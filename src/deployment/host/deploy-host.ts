import { performance } from 'node:perf_hooks';
import type { ContainerSpec } from '../../docker/container-spec.ts';
import { dockerOn } from '../../docker/docker.ts';
import { shortDigest } from '../../docker/image.ts';
import type { Container, Image } from '../../docker/inspect.ts';
import { LostConnection, UserError } from '../../ground/errors.ts';
import { type RenewableMachine, renewableMachine } from '../../machine/renewable.ts';
import { crossOver } from '../bridge/bridge.ts';
import { prove, proveOld, serves } from '../gate/proof.ts';
import { describeLeftovers } from '../plan/leftovers.ts';
import { type Choice, chooseMechanism } from '../plan/mechanism.ts';
import { planOf, showPlan, tellPlan } from '../plan/show-plan.ts';
import { refuseImpossible } from '../preflight/impossible.ts';
import { runPreDeploy } from '../preflight/pre-deploy.ts';
import { fetchedImage, refuseTakenPorts } from '../preflight/preflight.ts';
import { inServingSlot } from '../proxies/front-choice.ts';
import { changeSlot } from '../proxies/slot-switch.ts';
import { recreate } from '../recreate/recreate.ts';
import { switchOver, untouched } from '../recreate/switch-over.ts';
import { refuseUnadoptable, servingOnPort } from '../releases/adoption.ts';
import { checkOwner, findContainers, refuseStranger } from '../releases/find-containers.ts';
import { isUnsettled, Ledger, shelfOf } from '../releases/ledger.ts';
import { keyOf, type Releases } from '../releases/record.ts';
import {
  digestOf,
  envFileOf,
  namesFor,
  releaseNameOf,
  releaseOf,
  settingsOf,
  specFor,
  workingNames,
} from '../releases/release.ts';
import { listReleases } from '../releases/releases.ts';
import type { Found } from '../releases/repair.ts';
import { askedOf } from '../request/asked.ts';
import type { HostOutcome } from '../request/outcome.ts';
import type { DeployRequest } from '../request/request.ts';
import type { HostPorts, Work } from '../request/work.ts';
import { type Lease, takeLease } from '../server/lease.ts';
import { inSlot } from '../server/slots.ts';
import { type Survey, surveyOf } from '../server/survey.ts';
import { deployService } from '../swarm/swarm.ts';
import { isForSwarm } from '../swarm/swarm-look.ts';
import { keyInSwarm } from '../swarm/swarm-records.ts';
import { awaitEnd } from '../switch/switch-run.ts';
import { checkNginx, reloadNginx } from './reload-nginx.ts';
import { meantRequest } from './rollback.ts';
import { settled } from './settle.ts';

/** One server: plan, image, switch, proof. The outcome has the failure, if there is one. */
export async function deployToHost(
  host: string,
  request: DeployRequest,
  ports: HostPorts,
): Promise<HostOutcome> {
  const started = performance.now();
  let outcome = notTried(host, request);
  const learn = (facts: Partial<HostOutcome>) => {
    outcome = { ...outcome, ...facts };
    if (facts.standing !== undefined) ports.standing(facts.standing);
  };
  let machine: RenewableMachine | undefined;
  try {
    machine = await renewableMachine((signal) => ports.connect(host, signal), ports.signal);
    const docker = dockerOn(machine, ports);
    await deploy({ host, request, machine, docker, ports, learn });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    learn({ result: outcome.result === 'rolled-back' ? 'rolled-back' : 'failed', failure: error });
  } finally {
    await machine?.close();
  }
  return { ...outcome, duration: performance.now() - started };
}

/** A server that nobody has looked at. */
export function notTried(host: string, request: DeployRequest): HostOutcome {
  return {
    host,
    result: 'not-tried',
    release: request.mode === 'rollback' ? (request.rollbackTo ?? 'previous') : releaseOf(request),
    digest: request.image.digest,
    previousRelease: undefined,
    previousDigest: undefined,
    differences: [],
    downtime: 0,
    duration: 0,
    standing: `nothing was changed on ${host}`,
    failure: undefined,
  };
}

async function deploy(work: Work): Promise<void> {
  const { host, request, machine, ports } = work;
  const { container, run } = request;
  const { log, signal } = ports;
  if (request.dryRun) {
    const looked = await lookedAt(work);
    if (request.mode === 'recover') return tellWhatIsLeft(work, looked);
    if (isForSwarm(looked.work.request, looked.survey, machine.name)) {
      return await deployService(looked.work, looked);
    }
    await refuseImpossible(looked.work, looked.found, looked.survey);
    return await showPlan(looked.work, looked.found, looked.survey);
  }
  const folder = `.tenantry/${container}/switch`;
  const lease = await takeLease({
    machine,
    folder,
    container,
    release: request.mode === 'recover' ? '*' : releaseOf(request),
    host,
    run,
    log,
    signal,
  });
  try {
    const looked = await lookedAtRest(work, folder);
    if (isForSwarm(looked.work.request, looked.survey, machine.name)) {
      return await deployService(looked.work, looked);
    }
    const site = { survey: looked.survey, folder: `${looked.survey.home}/${folder}`, lease };
    const { current, said } = await settled(looked.work, looked.found, site);
    if (request.mode === 'recover') return tellRecovered(work, current, said);
    // The records, and whom a proxy hands requests to, may be others now.
    const now = said === undefined ? looked : await lookedAt(work);
    await refuseImpossible(now.work, now.found, now.survey);
    await replace(now, { current, site: { ...site, survey: now.survey } });
  } finally {
    await lease.release();
  }
}

/** A server as it was found, and what is to be done there. */
interface Looked {
  /** For a rollback, with the request that the record asks for. */
  readonly work: Work;
  readonly found: Found;
  readonly survey: Survey;
  readonly platform: string;
  readonly releases: Releases;
}

async function lookedAt(work: Work): Promise<Looked> {
  const { machine, docker, request, ports } = work;
  const { signal } = ports;
  const { container, environment } = request;
  const [platform, seen, { releases, home, old }] = await Promise.all([
    docker.platform(),
    findContainers(docker, container),
    listReleases(shelfOf(work), signal),
  ]);
  const found = seen.current === undefined ? await foundElsewhere(work, seen, old) : seen;
  checkOwner(found, container, environment);
  refuseUnadoptable(found.current, work.host);
  const current = found.current ?? found.previous;
  const isBack = request.mode === 'rollback' && current === undefined;
  const inSwarm = isBack ? await keyInSwarm(work) : undefined;
  const facts = { releases, home, current, inSwarm };
  const meant = await meantRequest(work, facts);
  if (request.mode === 'rollback') work.learn({ release: releaseOf(meant), digest: meant.image.digest });
  const { networks, ports: published } = meant;
  const serving = found.current?.name;
  const survey = await surveyOf(machine, { container, serving, ports: published, networks, signal });
  const keyed = { ...meant, settingsKey: survey.settingsKey };
  return { work: { ...work, request: keyed }, found, survey, platform, releases };
}

/** One that serves under a name of its own: known from a run that was killed, or found by the port. */
async function foundElsewhere(
  { docker, request }: Work,
  seen: Found,
  known: string | undefined,
): Promise<Found> {
  const isAtRest = seen.next === undefined && seen.previous === undefined && seen.bridge === undefined;
  const old = known ?? (isAtRest ? await servingOnPort(docker, request) : undefined);
  return old === undefined ? seen : findContainers(docker, request.container, old);
}

/** The same, when the deployment before this one has let go of its last connections. */
async function lookedAtRest(work: Work, folder: string): Promise<Looked> {
  const { machine, ports } = work;
  const looked = await lookedAt(work);
  if (!looked.survey.isWorking) return looked;
  ports.log.step(
    'Wait',
    'the deployment before this one still has connections that it lets come to their end',
  );
  await awaitEnd(machine, folder, ports.signal);
  return lookedAt(work);
}

/** Keeps the result in mind, and ends the records with it. */
function recording(asked: Work) {
  let result: HostOutcome['result'] = 'failed';
  const work: Work = {
    ...asked,
    learn(facts) {
      result = facts.result ?? result;
      asked.learn(facts);
    },
  };
  const recorded = async (
    ledger: Ledger,
    current: Container | undefined,
    deploying: () => Promise<void>,
  ): Promise<void> => {
    try {
      await deploying();
    } catch (error) {
      // What nobody knows the end of is the next run's, with its records.
      if (!(error instanceof LostConnection) && !isUnsettled(error)) await ledger.finish(result, current);
      throw error;
    }
    await ledger.finish(result, current);
  };
  return { work, recorded };
}

/** What is known of a server, and what is held there. */
interface SiteOfWork {
  readonly survey: Survey;
  readonly folder: string;
  readonly lease: Lease;
}

/** For `dry-run`: what a recovery would do. */
function tellWhatIsLeft({ host, request, ports, learn }: Work, { found, survey }: Looked): void {
  const repair = describeLeftovers(found, survey);
  const { current } = found;
  learn({
    result: repair === undefined ? 'unchanged' : 'planned',
    release: (current && releaseNameOf(current)) ?? '',
    digest: current && digestOf(current),
    differences: repair === undefined ? [] : [repair],
    standing: untouched(current, host),
  });
  ports.log.step('Plan', `${request.container} on ${host}: ${repair ?? 'nothing to recover'}`);
}

function tellRecovered(
  { host, request, ports, learn }: Work,
  current: Container | undefined,
  said: string | undefined,
): void {
  const release = current && releaseNameOf(current);
  learn({
    result: said === undefined ? 'unchanged' : 'recovered',
    release: release ?? '',
    digest: current && digestOf(current),
    standing:
      current === undefined ? `nothing runs on ${host}` : `${release} is ${current.state.status} on ${host}`,
  });
  const outcome = said ?? `nothing to recover: ${release ?? 'nothing'} is there, and no deployment is open`;
  ports.log.step(said === undefined ? 'At rest' : 'Recovered', `${request.container} on ${host}: ${outcome}`);
}

async function replace(
  { work: asked, platform, releases }: Looked,
  { current, site }: { current: Container | undefined; site: SiteOfWork },
): Promise<void> {
  const { work, recorded } = recording(asked);
  const { request, ports, learn } = work;
  const { log } = ports;
  const release = releaseOf(request);
  learn({
    previousRelease: current && releaseNameOf(current),
    previousDigest: current && digestOf(current),
    standing: untouched(current, work.host),
  });
  const ledger = new Ledger(work, { releases, current, mechanism: 'none' });
  await recorded(ledger, current, async () => {
    const { digest, image } = await fetchedImage(work, { platform, disk: site.survey.disk, current });
    learn({ digest });
    const { survey } = site;
    const serving = { ...work, request: inServingSlot(request, survey) };
    const choice = chooseMechanism(askedOf(request), survey, current);
    ledger.mechanism = choice.mechanism;
    const plan = await planOf(serving, { current, digest, choice, survey });
    tellPlan(plan, work);
    if (plan.kind === 'unchanged' && current !== undefined && (await serves(work, current.name))) {
      learn({ result: 'unchanged', standing: `${release} serves on ${work.host}` });
      log.step(
        'Unchanged',
        `${request.container} on ${work.host} is ${release} (${shortDigest(digest)}) already`,
      );
    } else {
      await refuseTakenName(work, release, current);
      await refuseTakenPorts(work, current);
      if (request.reloadNginx === true) await checkNginx(work);
      const { move } = choice;
      const placed = move === undefined ? serving : { ...work, request: inSlot(request, move.slots.free) };
      await ledger.prepare(placed.request, { digest, imageId: image.id });
      await switchTo(placed, { digest, release, current, site, choice });
      const name = namesFor(request.container, { release, current }).final;
      await checkWhatServes(work, { name, image, digest });
      if (request.reloadNginx === true) await reloadNginx(work);
    }
  });
}

async function switchTo(work: Work, { digest, release, current, site, choice }: Replacement): Promise<void> {
  const { host, request, ports } = work;
  const started = performance.now();
  const key = keyOf(release, settingsOf(request, digest));
  const envFile = envFileOf(site.survey.home, request.container, key);
  const spec = specFor(request, digest, { name: workingNames(request.container).next, envFile });
  if (request.preDeploy !== undefined || site.survey.hasPreDeploy) {
    site.lease.phase('pre-deploy');
    await runPreDeploy(work, spec);
  }
  if (choice.move !== undefined && current !== undefined) {
    await changeSlot(work, { release, current, spec, ...site, move: choice.move });
  } else if (choice.mechanism === 'bridge' && current !== undefined) {
    await crossOver(work, { release, current, spec, ...site });
  } else await recreated(work, { spec, release, current });
  ports.log.step('Deployed', `${release} serves on ${host}`, performance.now() - started);
}

interface Replacement {
  readonly digest: string;
  readonly release: string;
  readonly current: Container | undefined;
  readonly site: SiteOfWork;
  readonly choice: Choice;
}

function recreated(
  work: Work,
  { spec, release, current }: { spec: ContainerSpec; release: string; current: Container | undefined },
): Promise<void> {
  const { host, request, machine, ports, learn } = work;
  return switchOver({
    host,
    machine,
    container: request.container,
    names: namesFor(request.container, { release, current }),
    spec,
    restart: request.restart,
    release,
    current,
    stopTimeout: request.stopTimeout,
    mechanism: recreate,
    prove: (docker, name, limit) => prove(work, docker, name, limit),
    proveOld: (docker, name, limit) => proveOld(work, docker, name, limit),
    log: ports.log,
    signal: ports.signal,
    learn,
  });
}

/** The name that the new one will have must be free, or the old one's own. */
async function refuseTakenName(
  { request, docker }: Work,
  release: string,
  current: Container | undefined,
): Promise<void> {
  const { final } = namesFor(request.container, { release, current });
  if (final === current?.name) return;
  const other = await docker.container(final);
  if (other === undefined) return;
  refuseStranger(other, request.container, request.environment);
  // One of ours that somebody renamed, or stopped and started another beside: it serves nobody.
  await docker.remove(final);
}

/** The verdict comes from the server: the image that was asked for is the one that runs. */
async function checkWhatServes(
  { host, request, docker, learn }: Work,
  { name, image, digest }: { name: string; image: Image; digest: string },
): Promise<void> {
  const running = await docker.container(name);
  if (running?.state.status === 'running' && running.imageId === image.id && digestOf(running) === digest)
    return;
  const observed =
    running === undefined
      ? 'there is no such container'
      : `it is ${running.state.status}, from ${running.image}`;
  learn({ result: 'failed', standing: `something else changes ${request.container} on ${host}` });
  throw new UserError(
    `${request.container} on ${host} is not what was deployed — ${observed}`,
    'look for another deployment that runs at the same time, and let only one run (concurrency: in the workflow)',
    { code: 'deployment-overtaken' },
  );
}
