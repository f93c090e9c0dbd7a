/** What servers tell about the health of their containers. */
import { setTimeout as sleep } from 'node:timers/promises';

import { failureOf } from '../deployment/fleet/fleet-failure.ts';
import { withoutSecrets } from '../diagnosis/redact.ts';
import { causeOf, showEvidence, thatStopped, whyNotServing } from '../diagnosis/why.ts';
import { type Docker, dockerOn } from '../docker/docker.ts';
import type { Container } from '../docker/inspect.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { retry } from '../ground/retry.ts';
import { counted } from '../ground/words.ts';
import type { Finding } from '../health/check.ts';
import { type Machine, succeeded } from '../machine/machine.ts';
import { connectSsh } from '../machine/ssh.ts';
import { serverOf } from './server.ts';
import type { ServerInputs } from './server-way.ts';

interface ContainerInputs extends ServerInputs {
  readonly url?: readonly URL[] | undefined;
  readonly container?: string | undefined;
  readonly expectRelease?: string | undefined;
  readonly attempts: number;
  readonly interval: number;
}

interface Ports {
  readonly inputs: ContainerInputs;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * On every host: the container is there, runs, is healthy, and is of the release that is expected.
 * @throws UserError `container-…`, `health-other-release`, `ssh-…`, and why it is so
 */
export async function checkContainers(ports: Ports): Promise<void> {
  const { container: name, host = [] } = ports.inputs;
  if (name === undefined) return;
  const looked = await Promise.all(
    host.map(async (each) => {
      try {
        await checkContainer(ports, name, each);
        return { host: each, failure: undefined };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { host: each, failure: error };
      }
    }),
  );
  const failure = failureOf(looked);
  if (failure !== undefined) throw failure;
}

async function checkContainer({ inputs, log, signal }: Ports, name: string, host: string): Promise<void> {
  const { expectRelease, attempts, interval } = inputs;
  const isAsked = (inputs.url ?? []).length > 0;
  await onServer({ inputs, log, signal }, host, async (docker, machine) => {
    const service = await releaseOfService(machine, name, signal);
    if (service !== undefined) {
      refuseOther(`${name} on ${host}`, service, expectRelease);
      log.step('Container', `${name} is a service of a swarm${service === '' ? '' : `: ${service}`}`);
      return;
    }
    // A container that is on its way gets the time that an address gets.
    const container = await retry(
      () => steadyContainer(docker, name, { server: machine.name, isAsked, signal }),
      {
        attempts,
        interval,
        signal,
        worthAnotherTry: (error) => error instanceof NotYet,
      },
    ).catch(async (error) => {
      if (!(error instanceof NotYet)) throw error;
      const seen = await docker.evidence(error.container);
      throw whyNotServing(`${name} on ${host}`, error.runs ? seen : thatStopped(seen), {
        ...(error.runs ? { happened: `is not healthy after ${counted(attempts, 'try', 'tries')}` } : {}),
      });
    });
    const release = container.labels['tenantry.release'];
    refuseOther(`${name} on ${host}`, release ?? '', expectRelease);
    const health = container.state.health === undefined ? '' : ', healthy';
    log.step(
      'Container',
      `${name} on ${host}: ${container.state.status}${health}${release === undefined ? '' : `, ${release}`}`,
    );
  });
}

/** It may come about with time. */
class NotYet extends Error {
  readonly container: string;
  readonly runs: boolean;
  constructor(container: string, runs: boolean) {
    super('not yet');
    this.container = container;
    this.runs = runs;
  }
}

/** Milliseconds that a container must stay up where nothing else says how it is. */
const stayUp = 3_000;

/** One look that finds it running proves nothing: it may be started again and again. */
async function steadyContainer(
  docker: Docker,
  name: string,
  { server, isAsked, signal }: { server: string; isAsked: boolean; signal: AbortSignal },
): Promise<Container> {
  const container = await healthyContainer(docker, name, server);
  if (isAsked || container.state.health !== undefined) return container;
  await sleep(stayUp, undefined, { signal }).catch(() => signal.throwIfAborted());
  const again = await healthyContainer(docker, name, server);
  if (again.state.startedAt.getTime() === container.state.startedAt.getTime()) return again;
  throw new NotYet(again.name, false);
}

/** Undefined where it is none: a manager knows; empty where it has no label. */
async function releaseOfService(
  machine: Machine,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const format = '{{with .Spec.TaskTemplate.ContainerSpec}}{{index .Labels "tenantry.release"}}{{end}}';
  const argv = ['docker', 'service', 'inspect', '--format', format, name];
  const result = await machine.run(argv, { timeout: 30_000, signal });
  return succeeded(result) ? result.stdout.trim() : undefined;
}

/** @throws UserError `health-other-release` */
function refuseOther(called: string, release: string, expected: string | undefined): void {
  if (expected === undefined || release === expected) return;
  throw new UserError(
    `${called} is not ${expected} — ${release === '' ? 'it has no label tenantry.release' : `it is ${release}`}`,
    'look which deployment was the last one (docker inspect, or the table of deploy-container)',
    { code: 'health-other-release' },
  );
}

async function healthyContainer(docker: Docker, name: string, server: string): Promise<Container> {
  const container = await found(docker, name);
  if (container === undefined) {
    throw new UserError(
      `There is no container ${name} on ${server} — nobody made it, or it has been removed`,
      'look at "docker ps -a" there, or correct container',
      { code: 'container-gone' },
    );
  }
  const { status, health } = container.state;
  if (status !== 'running') throw new NotYet(container.name, false);
  if (health === undefined || health.status === 'healthy') return container;
  // Docker asks for the first time when the interval of the check has passed.
  if (health.status === 'starting' && (await docker.passesOwnCheck(container.name))) return container;
  throw new NotYet(container.name, true);
}

/** By its name, or by that of the application: its containers are called after their releases. One that runs first. */
async function found(docker: Docker, name: string): Promise<Container | undefined> {
  const byName = await docker.container(name);
  if (byName !== undefined) return byName;
  const all = await docker.labelled(`tenantry.app=${name}`);
  return all.find(({ state }) => state.status === 'running') ?? all[0];
}

/** An address that is not healthy, with what the server of the container shows; the failure as it is without one. */
export async function whatServerShows(
  { inputs, log, signal }: Ports,
  failure: UserError,
  findings: readonly Finding[],
): Promise<UserError> {
  const bad = findings.find(({ complaint }) => complaint !== undefined);
  const { container: name } = inputs;
  const host = serverBehind(inputs.host ?? [], bad);
  if (name === undefined || host === undefined) return failure;
  const [called = '', ...seen] = failure.message.split(' — ');
  const answer = bad?.complaint ?? { code: failure.code, observed: seen.join(' — '), hint: failure.hint };
  try {
    const evidence = await onServer({ inputs, log, signal }, host, async (docker) => {
      const container = await found(docker, name);
      return docker.evidence(container?.name ?? name);
    });
    const why = causeOf({ ...evidence, answer });
    const more = why.observed.startsWith(answer.observed)
      ? why.observed.slice(answer.observed.length)
      : `: ${why.observed}`;
    const parts = [failure.evidence ?? '', showEvidence(evidence, why.line)].filter((part) => part !== '');
    return new UserError(withoutSecrets(`${called} — ${seen.join(' — ')}${more}`), why.next, {
      code: why.code === answer.code ? failure.code : why.code,
      evidence: parts.join('\n\n'),
    });
  } catch (error) {
    signal.throwIfAborted();
    log.warning(`What ${host} shows could not be looked at: ${messageOf(error)}`);
    return failure;
  }
}

/** The one that asked, or whose address was asked; otherwise the first. */
function serverBehind(hosts: readonly string[], bad: Finding | undefined): string | undefined {
  const asked = bad?.probe.url.hostname;
  return bad?.probe.from ?? hosts.find((host) => host === asked) ?? hosts[0];
}

async function onServer<T>(
  { inputs, log, signal }: Ports,
  host: string,
  work: (docker: Docker, machine: Machine) => Promise<T>,
): Promise<T> {
  const machine = await connectSsh(serverOf({ ...inputs, sshUser: inputs.sshUser ?? '' }, host), {
    signal,
    log,
  });
  try {
    return await work(dockerOn(machine, { signal, log }), machine);
  } finally {
    await machine.close();
  }
}
