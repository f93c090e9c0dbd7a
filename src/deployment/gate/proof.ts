import type { Docker } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import type { StatusRanges } from '../../health/probe.ts';
import { releaseOf } from '../releases/release.ts';
import { outsideProbe } from '../request/health-probe.ts';
import type { Work } from '../request/work.ts';
import { waitUntilServing } from './gate.ts';

/** Milliseconds that the old version has to serve again. */
const oldTimeout = 60_000;
const good: StatusRanges = [[200, 299]];
/** The old version may not know the health address: any answer shows that it serves. */
const anyAnswer: StatusRanges = [[100, 499]];

/** Whether what runs already serves; says so when it does not. */
export async function serves(work: Work, name: string): Promise<boolean> {
  try {
    await prove(work, work.docker, name, work.ports.signal);
    return true;
  } catch (error) {
    if (!(error instanceof UserError) || work.ports.signal.aborted) throw error;
    work.ports.log.info(`it runs, but does not serve: ${error.message}`);
    return false;
  }
}

export function prove(
  { host, request, ports }: Work,
  docker: Docker,
  name: string,
  signal: AbortSignal,
): Promise<Container> {
  const gate = { probe: outsideProbe(request, host), status: good, timeout: request.healthTimeout };
  return waitUntilServing(name, `${request.container} (${releaseOf(request)})`, gate, {
    ...ports,
    docker,
    signal,
  });
}

export function proveOld(
  { host, request, ports }: Work,
  docker: Docker,
  name: string,
  signal: AbortSignal,
): Promise<Container> {
  const gate = { probe: outsideProbe(request, host), status: anyAnswer, timeout: oldTimeout };
  return waitUntilServing(name, `the old ${request.container}`, gate, { ...ports, docker, signal });
}
