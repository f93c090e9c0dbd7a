import { performance } from 'node:perf_hooks';

import { type Docker, dockerOn } from '../docker/docker.ts';
import { pinnedImage, shortDigest, showImage } from '../docker/image.ts';
import type { Container, Image } from '../docker/inspect.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import type { Answer, Probe, StatusRanges } from '../health/probe.ts';
import { lastWords, type Machine, succeeded } from '../machine/machine.ts';
import { renderEnvironment } from './environment.ts';
import { waitUntilServing } from './gate.ts';
import { type Plan, planFor } from './plan.ts';
import { checkOwner, describeRepair, findContainers, putBack } from './put-back.ts';
import { recreate } from './recreate.ts';
import {
  digestOf,
  envFileOf,
  envFileOfContainer,
  namesOf,
  releaseNameOf,
  releaseOf,
  settingsOf,
  specFor,
} from './release.ts';
import type { Found } from './repair.ts';
import type { DeployRequest, HostOutcome } from './request.ts';
import { switchOver } from './switch-over.ts';

export interface HostPorts {
  /** A new connection to a server. */
  connect(host: string, signal: AbortSignal): Promise<Machine>;
  ask(probe: Probe, timeout: number, signal: AbortSignal): Promise<Answer>;
  /** Told what would be true of the server if the step ended now. */
  standing(sentence: string): void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What belongs to one deployment to one server. */
interface Work {
  readonly host: string;
  readonly request: DeployRequest;
  readonly machine: Machine;
  readonly docker: Docker;
  readonly ports: HostPorts;
  /** Adds to what is known of the outcome. */
  learn(facts: Partial<HostOutcome>): void;
}

/** Milliseconds: for a question to the shell, and for the old version to serve again. */
const limits = { ask: 30_000, old: 60_000 } as const;
const good: StatusRanges = [[200, 299]];
/** The old version may not know the health address: any answer shows that it serves. */
const anyAnswer: StatusRanges = [[100, 499]];

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
  let machine: Machine | undefined;
  try {
    machine = await ports.connect(host, ports.signal);
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
  const { request, docker, ports, learn } = work;
  const { log } = ports;
  const release = releaseOf(request);
  const platform = await docker.platform();
  const found = await findContainers(docker, namesOf(request.container));
  checkOwner(found, request.container, request.environment);
  if (request.dryRun) return await showPlan(work, found);

  const current = await settled(work, found);
  learn({
    previousRelease: current && releaseNameOf(current),
    previousDigest: current && digestOf(current),
    ...(current === undefined ? {} : { standing: `${releaseNameOf(current)} serves on ${work.host}` }),
  });
  const { digest, image } = await fetchedImage(work, platform);
  learn({ digest });
  const plan = await planOf(work, current, digest);
  tellPlan(plan, work);
  if (plan.kind === 'unchanged' && (await serves(work, request.container))) {
    learn({ result: 'unchanged', standing: `${release} serves on ${work.host}` });
    log.step(
      'Unchanged',
      `${request.container} on ${work.host} is ${release} (${shortDigest(digest)}) already`,
    );
    return;
  }
  await refuseTakenPorts(work, current);
  await switchTo(work, { digest, release, current });
  await checkWhatServes(work, image, digest);
}

/** For `dry-run`: looks, tells, changes nothing; so the tag is resolved only when the server has the image. */
async function showPlan(work: Work, found: Found): Promise<void> {
  const { request, docker, learn } = work;
  const current = found.current ?? found.previous;
  const known = request.image.digest ?? (await digestOnServer(docker, request));
  const plan = await planOf(work, current, known);
  const repair = describeRepair(found);
  learn({
    result: 'planned',
    digest: known,
    previousRelease: current && releaseNameOf(current),
    previousDigest: current && digestOf(current),
  });
  if (repair !== undefined) work.ports.log.step('Repair', repair);
  tellPlan(plan, work);
}

async function digestOnServer(docker: Docker, { image }: DeployRequest): Promise<string | undefined> {
  const found = await docker.image(showImage(image));
  const digests = (found?.repoDigests ?? []).filter((name) => name.startsWith(`${image.name}@`));
  return digests.length === 1 ? digests[0]?.split('@')[1] : undefined;
}

async function planOf(work: Work, current: Container | undefined, digest: string | undefined): Promise<Plan> {
  const { request, docker } = work;
  // A digest that is not known yet differs from every other one.
  const spec = specFor(request, digest ?? 'unknown', { name: request.container, envFile: '' });
  const currentImage = current === undefined ? undefined : await docker.image(current.imageId);
  const wanted = {
    spec,
    digest,
    release: releaseOf(request),
    restart: request.restart,
    environmentKeys: Object.keys(request.env),
  };
  return planFor(wanted, current, currentImage?.environmentKeys ?? []);
}

function tellPlan(plan: Plan, { host, request, ports, learn }: Work): void {
  ports.log.step('Plan', `${request.container} on ${host}: ${plan.summary}`);
  for (const difference of plan.differences) ports.log.info(difference);
  learn({ differences: plan.differences });
}

/** Brings an earlier deployment to its end that was killed on its way. */
async function settled(work: Work, found: Found): Promise<Container | undefined> {
  const { host, request, docker, ports } = work;
  const { log, signal } = ports;
  const repair = describeRepair(found);
  if (repair === undefined) return found.current;
  log.step('Repair', repair);
  const names = namesOf(request.container);
  const current = await putBack(
    found,
    { docker, names, log, prove: (name) => prove(work, docker, name, signal) },
    { giveUpNext: false, isStopping: false },
  );
  log.info(
    current === undefined ? `nothing runs on ${host} now` : `${releaseNameOf(current)} runs on ${host} now`,
  );
  return current;
}

/** The image on the server, by its digest; refused when it cannot run there. */
async function fetchedImage(
  { request, docker, machine, ports }: Work,
  platform: string,
): Promise<{ digest: string; image: Image }> {
  const started = performance.now();
  const written = showImage(request.image);
  const isThere = request.image.digest !== undefined && (await docker.image(written)) !== undefined;
  const digest = isThere
    ? (request.image.digest ?? '')
    : await docker.pull(request.image, request.registryLogin);
  const image = await docker.image(pinnedImage(request.image, digest));
  if (image === undefined) {
    throw new UserError(
      `${written} is not on ${machine.name} — it was pulled as ${digest}, and is gone`,
      'something removes images there while others are deployed (docker image prune in a cron job?)',
      { code: 'image-not-found' },
    );
  }
  const built = `${image.os}/${image.architecture}`;
  if (built !== platform) {
    throw new UserError(
      `${written} cannot run on ${machine.name} — the image is ${built}, the server ${platform}`,
      `build it for the server: platforms: ${platform} in the build step`,
      { code: 'image-wrong-architecture' },
    );
  }
  ports.log.step(
    'Image',
    `${written} is ${shortDigest(digest)}${isThere ? ' (already there)' : ''}`,
    performance.now() - started,
  );
  return { digest, image };
}

/** A port of somebody else would be noticed only after the old version is stopped. */
async function refuseTakenPorts(
  { request, docker, machine }: Work,
  current: Container | undefined,
): Promise<void> {
  for (const { hostPort } of request.ports) {
    const others = (await docker.publishersOf(hostPort)).filter((name) => name !== current?.name);
    if (others.length === 0) continue;
    throw new UserError(
      `${request.container} cannot have port ${hostPort} of ${machine.name} — it belongs to the container ${listed(others)}`,
      'stop that one, or choose another port',
      { code: 'port-taken' },
    );
  }
}

async function switchTo(
  work: Work,
  { digest, release, current }: { digest: string; release: string; current: Container | undefined },
): Promise<void> {
  const { host, request, machine, ports, learn } = work;
  const { log, signal } = ports;
  const started = performance.now();
  const names = namesOf(request.container);
  const home = await homeOf(machine, signal);
  const envFile = envFileOf(home, request.container, release, settingsOf(request, digest));
  const oldEnvFile = current && envFileOfContainer(home, current);
  await machine.writeFile(envFile, renderEnvironment(request.env), { mode: 0o600 });
  let isDeployed = false;
  try {
    await switchOver({
      host,
      machine,
      names,
      spec: specFor(request, digest, { name: names.next, envFile }),
      restart: request.restart,
      release,
      current,
      stopTimeout: request.stopTimeout,
      mechanism: recreate,
      prove: (docker, name, limit) => prove(work, docker, name, limit),
      proveOld: (docker, name, limit) => proveOld(work, docker, name, limit),
      reconnect: (limit) => ports.connect(host, limit),
      log,
      signal,
      learn: (facts) => {
        isDeployed = facts.result === 'deployed';
        learn(facts);
      },
    });
  } finally {
    const outdated = isDeployed ? oldEnvFile : envFile;
    const kept = isDeployed ? envFile : oldEnvFile;
    if (outdated !== undefined && outdated !== kept) await removeFile(work, outdated);
  }
  log.step('Deployed', `${release} serves on ${host}`, performance.now() - started);
}

/** The verdict comes from the server: the image that was asked for is the one that runs. */
async function checkWhatServes(
  { host, request, docker, learn }: Work,
  image: Image,
  digest: string,
): Promise<void> {
  const running = await docker.container(request.container);
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

async function serves(work: Work, name: string): Promise<boolean> {
  try {
    await prove(work, work.docker, name, work.ports.signal);
    return true;
  } catch (error) {
    if (!(error instanceof UserError) || work.ports.signal.aborted) throw error;
    work.ports.log.info(`it runs, but does not serve: ${error.message}`);
    return false;
  }
}

function prove(
  { host, request, ports }: Work,
  docker: Docker,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const gate = { probe: probeFor(host, request), status: good, timeout: request.healthTimeout };
  return waitUntilServing(name, `${request.container} (${releaseOf(request)})`, gate, {
    ...ports,
    docker,
    signal,
  });
}

function proveOld(
  { host, request, ports }: Work,
  docker: Docker,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const gate = { probe: probeFor(host, request), status: anyAnswer, timeout: limits.old };
  return waitUntilServing(name, `the old ${request.container}`, gate, { ...ports, docker, signal });
}

function probeFor(host: string, { healthUrl, healthHost }: DeployRequest): Probe | undefined {
  if (healthUrl === undefined) return undefined;
  const address = host.includes(':') ? `[${host}]` : host;
  return { url: new URL(healthUrl.replaceAll('{host}', address)), host: healthHost, headers: {} };
}

async function homeOf(machine: Machine, signal: AbortSignal): Promise<string> {
  const result = await machine.run(['sh', '-c', 'cd && pwd'], { timeout: limits.ask, signal });
  if (succeeded(result) && result.stdout.startsWith('/')) return result.stdout.trim();
  throw new UserError(
    `The account has no home folder on ${machine.name} — ${lastWords(result, 1)}`,
    'create it: the environment file is kept there, readable for this account only',
    { code: 'cannot-write' },
  );
}

/** A file that is left is a warning; the deployment is decided already. */
async function removeFile({ machine, ports }: Work, path: string): Promise<void> {
  try {
    await machine.run(['rm', '-f', '--', path], { timeout: limits.ask });
  } catch {
    ports.log.warning(
      `${path} on ${machine.name} could not be removed; it has the environment of a version that does not run`,
    );
  }
}
