import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { thatStopped, whyNotServing } from '../../diagnosis/why.ts';
import type { Docker } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import type { Log } from '../../ground/log.ts';
import {
  type Answer,
  type Complaint,
  complaintAbout,
  type Probe,
  type StatusRanges,
} from '../../health/probe.ts';

/** What a container must show before it counts. */
export interface Gate {
  readonly probe: Probe | undefined;
  /** Which answers are good. */
  readonly status: StatusRanges;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface GatePorts {
  readonly docker: Docker;
  readonly ask: (probe: Probe, timeout: number, signal: AbortSignal) => Promise<Answer>;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Milliseconds: between two looks, for one HTTP answer, and that a container without any check must stay up. */
const pause = 250;
const answerTimeout = 5_000;
const stayUp = 3_000;
/** Milliseconds between two times that a container's own check is asked: it may be a program that takes its time. */
const checkPause = 1_000;
/** What one look at a container says. */
type Look =
  | { readonly now: 'ready' | 'stopped' }
  /** Docker has not asked its health check yet, which may take half a minute. */
  | { readonly now: 'unchecked' }
  | { readonly now: 'not yet'; readonly observed: string; readonly complaint?: Complaint };

/**
 * Waits until a container runs and is healthy: by its own health check where there is one, by an HTTP answer where an
 * address is given; without either it must stay up for three seconds. A check that Docker has not asked yet is asked.
 * @param called what it is called in sentences.
 * @returns the container as it was then.
 * @throws UserError `container-…` or `health-…`, with its last lines as evidence.
 */
export async function waitUntilServing(
  name: string,
  called: string,
  { probe, status, timeout }: Gate,
  { docker, ask, signal, log }: GatePorts,
): Promise<Container> {
  const started = performance.now();
  let told = '';
  let bornAt: number | undefined;
  let checkedAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const container = await docker.container(name);
    if (container === undefined) {
      throw new UserError(
        `${called} is gone — somebody removed its container`,
        'find out who, then deploy again',
        {
          code: 'container-gone',
        },
      );
    }
    const waited = performance.now() - started;
    bornAt ??= container.state.startedAt.getTime();
    // One look that finds it running proves nothing: it may have ended and been restarted in between.
    const isReborn = bornAt !== container.state.startedAt.getTime();
    let look: Look = isReborn ? { now: 'stopped' } : lookAt(container, waited, probe !== undefined);
    if (look.now === 'stopped') throw whyNotServing(called, thatStopped(await docker.evidence(name)));
    if ((look.now === 'ready' || look.now === 'unchecked') && probe !== undefined) {
      const complaint = complaintAbout(await ask(probe, answerTimeout, signal), { status, headers: {} });
      if (complaint !== undefined) look = { now: 'not yet', observed: complaint.observed, complaint };
    }
    if (look.now === 'unchecked') {
      const isDue = performance.now() - checkedAt > checkPause;
      if (isDue && (await docker.passesOwnCheck(name))) return container;
      if (isDue) checkedAt = performance.now();
      look = { now: 'not yet', observed: 'its health check has not passed yet' };
    }
    if (look.now === 'ready') return container;
    if (look.now === 'not yet') {
      if (waited > timeout) {
        const answer = look.complaint;
        throw whyNotServing(called, { ...(await docker.evidence(name)), answer }, { waited: timeout });
      }
      if (look.observed !== told) log.debug(`${called}: ${look.observed}`);
      told = look.observed;
    }
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** `waited`: milliseconds since the first look. */
export function lookAt({ state }: Container, waited: number, hasProbe: boolean): Look {
  if (state.status !== 'running') return { now: 'stopped' };
  if (state.health?.status === 'unhealthy') {
    const said = state.health.output.split('\n').at(-1) || 'nothing';
    return { now: 'not yet', observed: `its health check says: ${said}` };
  }
  if (state.health?.status === 'starting') return { now: 'unchecked' };
  if (state.health === undefined && !hasProbe && waited < stayUp) {
    return { now: 'not yet', observed: 'it has just started' };
  }
  return { now: 'ready' };
}
