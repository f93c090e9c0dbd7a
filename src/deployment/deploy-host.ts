import { performance } from 'node:perf_hooks';

import type { ContainerSpec } from '../docker/container-spec.ts';
import { dockerOn } from '../docker/docker.ts';
import { shortDigest } from '../docker/image.ts';
import type { Container, Image } from '../docker/inspect.ts';
import { UserError } from '../ground/errors.ts';
import { type RenewableMachine, renewableMachine } from '../machine/renewable.ts';
import { crossOver, settleSwitch } from './bridge.ts';
import { renderEnvironment } from './environment.ts';
import { checkOwner, findContainers, refuseStranger } from './find-containers.ts';
import { inServingSlot } from './front-choice.ts';
import { type Lease, takeLease } from './lease.ts';
import { type Choice, chooseMechanism } from './mechanism.ts';
import { runPreDeploy } from './pre-deploy.ts';
import { fetchedImage, refuseTakenPorts } from './preflight.ts';
import { prove, proveOld, serves } from './proof.ts';
import { describeRepair, putBack } from './put-back.ts';
import { recreate } from './recreate.ts';
import {
  digestOf,
  envFileOf,
  envFileOfContainer,
  namesFor,
  releaseNameOf,
  releaseOf,
  settingsOf,
  specFor,
  workingNames,
} from './release.ts';
import type { Found } from './repair.ts';
import type { DeployRequest, HostOutcome } from './request.ts';
import { askedOf, planOf, showPlan, tellPlan } from './show-plan.ts';
import { changeSlot, isBetweenSlots, settleSlots } from './slot-switch.ts';
import { inSlot } from './slots.ts';
import { type Survey, surveyOf } from './survey.ts';
import { deployService } from './swarm.ts';
import { isForSwarm } from './swarm-look.ts';
import { switchOver, untouched } from './switch-over.ts';
import { awaitEnd, tidyFolder } from './switch-run.ts';
import type { HostPorts, Work } from './work.ts';

/** Milliseconds for a question to the shell. */
const askTimeout = 30_000;

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
    release: releaseOf(request),
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
    const { found, survey, platform } = await lookedAt(work);
    if (isForSwarm(request, survey, machine.name)) return await deployService(work, survey, platform);
    return await showPlan(work, found, survey);
  }
  const folder = `.tenantry/${container}/switch`;
  const lease = await takeLease({
    machine,
    folder,
    container,
    release: releaseOf(request),
    host,
    run,
    log,
    signal,
  });
  try {
    const { found, survey, platform } = await lookedAtRest(work, folder);
    if (isForSwarm(request, survey, machine.name)) return await deployService(work, survey, platform);
    await replace(work, { found, platform, site: { survey, folder: `${survey.home}/${folder}`, lease } });
  } finally {
    await lease.release();
  }
}

async function lookedAt({ machine, docker, request, ports: { signal } }: Work) {
  const { container, environment, networks, ports: published } = request;
  const [platform, [found, survey]] = await Promise.all([
    docker.platform(),
    findContainers(docker, container).then(async (seen) => {
      checkOwner(seen, container, environment);
      const serving = seen.current?.name;
      return [
        seen,
        await surveyOf(machine, { container, serving, ports: published, networks, signal }),
      ] as const;
    }),
  ]);
  return { platform, found, survey };
}

/** The same, when the deployment before this one has let go of its last connections. */
async function lookedAtRest(work: Work, folder: string) {
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

/** What is known of a server, and what is held there. */
interface SiteOfWork {
  readonly survey: Survey;
  readonly folder: string;
  readonly lease: Lease;
}

async function replace(
  work: Work,
  { found, platform, site }: { found: Found; platform: string; site: SiteOfWork },
): Promise<void> {
  const { request, ports, learn } = work;
  const { log } = ports;
  const release = releaseOf(request);
  const { current, survey } = await settled(work, found, site);
  learn({
    previousRelease: current && releaseNameOf(current),
    previousDigest: current && digestOf(current),
    standing: untouched(current, work.host),
  });
  const { digest, image } = await fetchedImage(work, { platform, disk: site.survey.disk, current });
  learn({ digest });
  const serving = { ...work, request: inServingSlot(request, survey) };
  const choice = chooseMechanism(askedOf(request), survey, current);
  const plan = await planOf(serving, { current, digest, choice, survey });
  tellPlan(plan, work);
  if (plan.kind === 'unchanged' && current !== undefined && (await serves(work, current.name))) {
    learn({ result: 'unchanged', standing: `${release} serves on ${work.host}` });
    log.step(
      'Unchanged',
      `${request.container} on ${work.host} is ${release} (${shortDigest(digest)}) already`,
    );
    return;
  }
  await refuseTakenName(work, release, current);
  await refuseTakenPorts(work, current);
  const { move } = choice;
  const placed = move === undefined ? serving : { ...work, request: inSlot(request, move.slots.free) };
  await switchTo(placed, { digest, release, current, site: { ...site, survey }, choice });
  await checkWhatServes(work, {
    name: namesFor(request.container, { release, current }).final,
    image,
    digest,
  });
}

/** Brings an earlier deployment to its end that was killed on its way. */
async function settled(
  work: Work,
  seen: Found,
  { survey, folder }: SiteOfWork,
): Promise<{ current: Container | undefined; survey: Survey }> {
  const { host, request, machine, docker, ports } = work;
  const { log, signal } = ports;
  const names = workingNames(request.container);
  const isBetween = isBetweenSlots(seen, survey);
  const isSwitch = isBetween || seen.bridge !== undefined || survey.isRedirected;
  if (isBetween) await settleSlots(work, { found: seen, survey, folder });
  else if (isSwitch) await settleSwitch(work, { found: seen, survey, folder });
  const found = isSwitch ? await findContainers(docker, request.container) : seen;
  const repair = describeRepair(found);
  let current = found.current;
  if (repair !== undefined) {
    log.step('Repair', repair);
    current = await putBack(
      found,
      { docker, names, log, prove: (name) => prove(work, docker, name, signal) },
      { giveUpNext: false, isStopping: false, mayStart: true },
    );
    log.info(
      current === undefined ? `nothing runs on ${host} now` : `${releaseNameOf(current)} runs on ${host} now`,
    );
  }
  if (isSwitch || repair !== undefined || survey.hasProgram) {
    // The run that was killed could not remove its own.
    await tidyFolder({ machine, folder, log });
    await keepOneEnvironment(work, survey.home, current && envFileOfContainer(survey.home, current));
  }
  // The proxy may hand requests to the other port now.
  return { current, survey: isBetween ? (await lookedAt(work)).survey : survey };
}

async function switchTo(work: Work, { digest, release, current, site, choice }: Replacement): Promise<void> {
  const { host, request, machine, ports } = work;
  const started = performance.now();
  const { home } = site.survey;
  const envFile = envFileOf(home, request.container, release, settingsOf(request, digest));
  const oldEnvFile = current && envFileOfContainer(home, current);
  await machine.writeFile(envFile, renderEnvironment(request.env), { mode: 0o600 });
  let isDeployed = false;
  const learn = (facts: Partial<HostOutcome>) => {
    if (facts.result !== undefined) isDeployed = facts.result === 'deployed';
    work.learn(facts);
  };
  const spec = specFor(request, digest, { name: workingNames(request.container).next, envFile });
  try {
    if (request.preDeploy !== undefined || site.survey.hasPreDeploy) {
      site.lease.phase('pre-deploy');
      await runPreDeploy(work, spec);
    }
    if (choice.move !== undefined && current !== undefined) {
      await changeSlot({ ...work, learn }, { release, current, spec, ...site, move: choice.move });
    } else if (choice.mechanism === 'bridge' && current !== undefined) {
      await crossOver({ ...work, learn }, { release, current, spec, ...site });
    } else await recreated({ ...work, learn }, { spec, release, current });
  } finally {
    await keepOneEnvironment(work, home, isDeployed ? envFile : oldEnvFile);
  }
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

/** Removes the environment files of versions that do not run. One that is left is a warning: all is decided already. */
async function keepOneEnvironment(
  { machine, request, ports }: Work,
  home: string,
  kept: string | undefined,
): Promise<void> {
  const folder = `${home}/.tenantry/${request.container}`;
  const script = 'cd "$1" || exit; for file in ./*.env; do [ "$file" = "./$2" ] || rm -f -- "$file"; done';
  try {
    await machine.run(['sh', '-c', script, 'tidy', folder, kept?.slice(folder.length + 1) ?? ''], {
      timeout: askTimeout,
    });
  } catch {
    ports.log.warning(
      `environment files in ${folder} on ${machine.name} could not be removed; they are of versions that do not run`,
    );
  }
}
