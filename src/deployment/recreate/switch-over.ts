import { performance } from 'node:perf_hooks';

import type { ContainerSpec } from '../../docker/container-spec.ts';
import { type Docker, dockerOn } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import { LostConnection, messageOf } from '../../ground/errors.ts';
import type { Log } from '../../ground/log.ts';
import type { RenewableMachine } from '../../machine/renewable.ts';
import { findContainers } from '../releases/find-containers.ts';
import { type ContainerNames, labels, releaseNameOf } from '../releases/release.ts';
import type { HostOutcome } from '../request/outcome.ts';
import { reconnected } from '../server/reconnect.ts';
import { putBack } from './put-back.ts';
import type { Standing, Switch } from './switch.ts';

/** Milliseconds for bringing things to their end: when the step was cancelled the runner waits 7.5 s, no longer. */
const lastTime = { cancelled: 6_000, otherwise: 180_000 } as const;

export interface SwitchOver {
  readonly host: string;
  readonly machine: RenewableMachine;
  readonly container: string;
  readonly names: ContainerNames;
  readonly spec: ContainerSpec;
  readonly restart: string;
  readonly release: string;
  readonly current: Container | undefined;
  readonly stopTimeout: number;
  readonly mechanism: Switch;
  /** Proves the next container, as strictly as was asked for. */
  prove(docker: Docker, name: string, signal: AbortSignal): Promise<unknown>;
  /** Proves that the one that was there before serves as it did. */
  proveOld(docker: Docker, name: string, signal: AbortSignal): Promise<unknown>;
  learn(facts: Partial<HostOutcome>): void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Replaces the current container; when that fails for whatever reason, puts back what was there. */
export async function switchOver(work: SwitchOver): Promise<void> {
  const { host, machine, learn, log, signal, release, current } = work;
  const docker = dockerOn(machine, { signal, log });
  // Each of its commands has a limit of its own.
  const dockerToTheEnd = dockerOn(machine, { signal: new AbortController().signal, log });
  let standing: Standing = 'untouched';
  let stoppedAt: number | undefined;
  try {
    const downtime = await work.mechanism.replace({
      ...work,
      docker,
      dockerToTheEnd,
      prove: (name) => work.prove(docker, name, signal),
      standing(now) {
        standing = now;
        if (now === 'stopped') stoppedAt = performance.now();
        learn({ standing: sentenceFor(now, { host, release, current }) });
      },
    });
    learn({ result: 'deployed', downtime });
  } catch (error) {
    const back = await bringToRest(work, error, standing);
    learn({ ...back, downtime: stoppedAt === undefined ? 0 : performance.now() - stoppedAt });
    if (back.result === 'deployed')
      log.warning(`${host}: ${messageOf(error)}; the new version serves all the same`);
    else throw error;
  }
}

interface Names {
  readonly host: string;
  readonly release: string;
  readonly current: Container | undefined;
}

/** What is true if the step ended in this moment. */
function sentenceFor(standing: Standing, { host, release, current }: Names): string {
  switch (standing) {
    case 'untouched':
      return untouched(current, host);
    case 'stopped':
      return `${nameOf(current)} is stopped on ${host}: run again, which puts it right`;
    case 'committing':
      return `${release} serves on ${host}; the next run tidies up`;
    case 'done':
      return `${release} serves on ${host}`;
  }
}

/** What is true of a server on which nothing has been changed. */
export function untouched(current: Container | undefined, host: string): string {
  if (current === undefined) return `nothing runs on ${host} yet`;
  return `${nameOf(current)} is ${current.state.status} on ${host}, as before`;
}

function nameOf(current: Container | undefined): string {
  return current === undefined ? 'the new version' : `the old version (${releaseNameOf(current)})`;
}

/** After a failure: looks what is there, and lets the old one serve; or the new one, when it was proven already. */
async function bringToRest(
  work: SwitchOver,
  error: unknown,
  standing: Standing,
): Promise<Pick<HostOutcome, 'result' | 'standing'>> {
  const { host, container, names, log, spec, current: old } = work;
  const isCancelled = work.signal.aborted;
  const limit = AbortSignal.timeout(isCancelled ? lastTime.cancelled : lastTime.otherwise);
  const isLost = error instanceof LostConnection;
  if (isLost && !(await reconnected(work.machine, { log, limit }))) {
    return {
      result: 'failed',
      standing: `nobody knows what serves on ${host}: run again, which puts it right`,
    };
  }
  try {
    const docker = dockerOn(work.machine, { signal: limit, log });
    const current = await putBack(
      await findContainers(docker, container, old?.id),
      { docker, names, log, prove: (name) => work.prove(docker, name, limit) },
      // A lost connection is no verdict about the next one, nor is a failure after its proof.
      {
        giveUpNext: !isLost && standing !== 'committing',
        isStopping: standing === 'stopped',
        mayStart: standing !== 'untouched',
      },
    );
    if (current === undefined) return { result: 'failed', standing: `no version runs on ${host}` };
    if (current.labels[labels.settings] === spec.labels[labels.settings] && current.id !== old?.id) {
      return { result: 'deployed', standing: `${work.release} serves on ${host}` };
    }
    return await oldServes(work, docker, current, { isCancelled, standing, limit });
  } catch (failure) {
    log.warning(`${host}: what was there before could not be put back: ${messageOf(failure)}`);
    return {
      result: 'failed',
      standing: `${nameOf(old)} may be down on ${host}: run again, which puts it right, or "docker start ${names.old}" there`,
    };
  }
}

async function oldServes(
  { host, proveOld, log }: SwitchOver,
  docker: Docker,
  current: Container,
  { isCancelled, standing, limit }: { isCancelled: boolean; standing: Standing; limit: AbortSignal },
): Promise<Pick<HostOutcome, 'result' | 'standing'>> {
  const name = nameOf(current);
  if (standing === 'untouched') return { result: 'failed', standing: untouched(current, host) };
  if (isCancelled) {
    const again = await docker.container(current.name);
    const runs = again?.state.status === 'running';
    return {
      result: runs ? 'rolled-back' : 'failed',
      standing: `${name} ${runs ? 'runs again' : 'does not run'} on ${host}`,
    };
  }
  try {
    await proveOld(docker, current.name, limit);
    return { result: 'rolled-back', standing: `${name} serves again on ${host}` };
  } catch (error) {
    log.warning(`${host}: ${messageOf(error)}`);
    return { result: 'failed', standing: `${name} was started again on ${host}, but does not serve` };
  }
}
