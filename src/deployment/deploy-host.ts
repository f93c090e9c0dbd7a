import { performance } from 'node:perf_hooks';

import { dockerOn } from '../docker/docker.ts';
import { shortDigest } from '../docker/image.ts';
import type { Container, Image } from '../docker/inspect.ts';
import { UserError } from '../ground/errors.ts';
import { lastWords, type Machine, succeeded } from '../machine/machine.ts';
import { type RenewableMachine, renewableMachine } from '../machine/renewable.ts';
import { renderEnvironment } from './environment.ts';
import { fetchedImage, refuseTakenPorts } from './preflight.ts';
import { prove, proveOld, serves } from './proof.ts';
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
import { planOf, showPlan, tellPlan } from './show-plan.ts';
import { switchOver, untouched } from './switch-over.ts';
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
    standing: untouched(current, work.host),
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
    { giveUpNext: false, isStopping: false, mayStart: true },
  );
  log.info(
    current === undefined ? `nothing runs on ${host} now` : `${releaseNameOf(current)} runs on ${host} now`,
  );
  return current;
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

async function homeOf(machine: Machine, signal: AbortSignal): Promise<string> {
  const result = await machine.run(['sh', '-c', 'cd && pwd'], { timeout: askTimeout, signal });
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
    await machine.run(['rm', '-f', '--', path], { timeout: askTimeout });
  } catch {
    ports.log.warning(
      `${path} on ${machine.name} could not be removed; it has the environment of a version that does not run`,
    );
  }
}
