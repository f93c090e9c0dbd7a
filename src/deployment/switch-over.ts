import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ContainerSpec } from '../docker/container-spec.ts';
import { type Docker, dockerOn } from '../docker/docker.ts';
import type { Container } from '../docker/inspect.ts';
import { LostConnection, messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import type { Machine } from '../machine/machine.ts';
import { findContainers, putBack } from './put-back.ts';
import { type ContainerNames, labels, releaseNameOf } from './release.ts';
import type { HostOutcome } from './request.ts';
import type { Standing, Switch } from './switch.ts';

/** Milliseconds for bringing things to their end: when the step was cancelled the runner waits 7.5 s, no longer. */
const lastTime = { cancelled: 6_000, otherwise: 180_000 } as const;
/** How often, and after how many milliseconds, a lost connection is made anew to see what became of the work. */
const reconnecting = { attempts: 5, pause: 2_000 } as const;

export interface SwitchOver {
  readonly host: string;
  readonly machine: Machine;
  readonly names: ContainerNames;
  readonly spec: ContainerSpec;
  readonly restart: string;
  readonly release: string;
  readonly current: Container | undefined;
  readonly stopTimeout: number;
  readonly mechanism: Switch;
  /** Proves the next container, as strictly as was asked for. */
  prove(docker: Docker, name: string, signal: AbortSignal): Promise<void>;
  /** Proves that the one that was there before serves as it did. */
  proveOld(docker: Docker, name: string, signal: AbortSignal): Promise<void>;
  reconnect(signal: AbortSignal): Promise<Machine>;
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
  const old = current === undefined ? 'no version' : `the old version (${releaseNameOf(current)})`;
  switch (standing) {
    case 'untouched':
      return current === undefined ? `nothing runs on ${host} yet` : `${old} serves on ${host}`;
    case 'stopped':
      return `${old} is stopped on ${host}: run again, which puts it right`;
    case 'committing':
      return `${release} serves on ${host}; the next run tidies up`;
    case 'done':
      return `${release} serves on ${host}`;
  }
}

/** After a failure: looks what is there, and lets the old one serve; or the new one, when it was proven already. */
async function bringToRest(
  work: SwitchOver,
  error: unknown,
  standing: Standing,
): Promise<Pick<HostOutcome, 'result' | 'standing'>> {
  const { host, names, log, spec, current: old } = work;
  const isCancelled = work.signal.aborted;
  const limit = AbortSignal.timeout(isCancelled ? lastTime.cancelled : lastTime.otherwise);
  const isLost = error instanceof LostConnection;
  const machine = isLost ? await reconnected(work, limit) : work.machine;
  if (machine === undefined) {
    return {
      result: 'failed',
      standing: `nobody knows what serves on ${host}: run again, which puts it right`,
    };
  }
  try {
    const docker = dockerOn(machine, { signal: limit, log });
    const current = await putBack(
      await findContainers(docker, names),
      { docker, names, log, prove: (name) => work.prove(docker, name, limit) },
      // A lost connection is no verdict about the next one, nor is a failure after its proof.
      { giveUpNext: !isLost && standing !== 'committing', isStopping: standing === 'stopped' },
    );
    if (current === undefined) return { result: 'failed', standing: `no version runs on ${host}` };
    if (current.labels[labels.settings] === spec.labels[labels.settings] && current.id !== old?.id) {
      return { result: 'deployed', standing: `${work.release} serves on ${host}` };
    }
    return await oldServes(work, docker, current, { isCancelled, standing, limit });
  } catch (failure) {
    log.warning(`${host}: what was there before could not be put back: ${messageOf(failure)}`);
    const name = old === undefined ? 'the new version' : `the old version (${releaseNameOf(old)})`;
    return {
      result: 'failed',
      standing: `${name} may be down on ${host}: run again, which puts it right, or "docker start ${names.current}" there`,
    };
  } finally {
    if (machine !== work.machine) await machine.close();
  }
}

async function oldServes(
  { host, proveOld, log }: SwitchOver,
  docker: Docker,
  current: Container,
  { isCancelled, standing, limit }: { isCancelled: boolean; standing: Standing; limit: AbortSignal },
): Promise<Pick<HostOutcome, 'result' | 'standing'>> {
  const name = `the old version (${releaseNameOf(current)})`;
  if (standing === 'untouched') return { result: 'failed', standing: `${name} serves on ${host}, untouched` };
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

async function reconnected({ reconnect, log }: SwitchOver, limit: AbortSignal): Promise<Machine | undefined> {
  for (let attempt = 1; attempt <= reconnecting.attempts && !limit.aborted; attempt += 1) {
    try {
      return await reconnect(limit);
    } catch (error) {
      log.debug(`connecting again: ${messageOf(error)}`);
      await sleep(reconnecting.pause, undefined, { signal: limit }).catch(() => {});
    }
  }
  return undefined;
}
