import { performance } from 'node:perf_hooks';

import { changedSince } from '../../diagnosis/changes.ts';
import { dockerOn } from '../../docker/docker.ts';
import { LostConnection, UserError } from '../../ground/errors.ts';
import { type RenewableMachine, renewableMachine } from '../../machine/renewable.ts';
import { showPlan } from '../plan/show-plan.ts';
import { containerAtRest, tellRecovered, tellWhatIsLeft } from '../plan/tell-recovery.ts';
import { refuseImpossible } from '../preflight/impossible.ts';
import { releaseOf } from '../releases/release.ts';
import type { HostOutcome } from '../request/outcome.ts';
import type { DeployRequest } from '../request/request.ts';
import type { HostPorts, Work } from '../request/work.ts';
import { type LeaseRequest, takeLease, whoHoldsLease } from '../server/lease.ts';
import { deployService } from '../swarm/swarm.ts';
import { isForSwarm } from '../swarm/swarm-look.ts';
import { lookedAt, lookedAtRest } from './look-at-host.ts';
import { replace } from './replace.ts';
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
    const servesNew = outcome.result === 'deployed';
    const result = outcome.result === 'rolled-back' ? 'rolled-back' : 'failed';
    learn({ result, failure: since(error, outcome), servesNew });
  } finally {
    await machine?.close();
  }
  return { ...outcome, duration: performance.now() - started };
}

/** What a lost connection leaves unknown is no matter of what changed. */
function since(failure: UserError, { previousRelease, changes = [] }: HostOutcome): UserError {
  if (previousRelease === undefined || failure instanceof LostConnection) return failure;
  return changedSince(failure, { release: previousRelease, changes });
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
  const { host, request, machine, ports, learn } = work;
  const folder = `.tenantry/${request.container}/switch`;
  const leaseRequest = leaseFor(work, folder);
  if (request.dryRun) {
    const held = await whoHoldsLease(leaseRequest);
    if (held !== undefined) {
      learn({ held });
      ports.log.info(held.message);
    }
    const looked = await lookedAt(work);
    if (request.mode === 'recover') return tellWhatIsLeft(work, looked);
    if (isForSwarm(looked.work.request, looked.survey, machine.name)) {
      return await deployService(looked.work, looked);
    }
    await refuseImpossible(looked.work, looked.found, looked.survey);
    return await showPlan(looked.work, looked);
  }
  const lease = await takeLease(leaseRequest);
  try {
    const looked = await lookedAtRest(work, folder);
    if (isForSwarm(looked.work.request, looked.survey, machine.name)) {
      return await deployService(looked.work, looked);
    }
    const site = { survey: looked.survey, folder: `${looked.survey.home}/${folder}`, lease };
    const { current, said } = await settled(looked.work, looked.found, site);
    if (request.mode === 'recover') return tellRecovered(work, containerAtRest(current, host), said);
    // The records, and whom a proxy hands requests to, may be others now.
    const now = said === undefined ? looked : await lookedAt(work);
    await refuseImpossible(now.work, now.found, now.survey);
    await replace(now, { current, site: { ...site, survey: now.survey } });
  } finally {
    await lease.release();
  }
}

function leaseFor({ host, request, machine, ports }: Work, folder: string): LeaseRequest {
  const { container, mode, run } = request;
  const release = mode === 'recover' ? '*' : releaseOf(request);
  return { machine, folder, container, release, host, run, log: ports.log, signal: ports.signal };
}
