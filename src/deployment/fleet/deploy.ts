import { imageSender } from '../../docker/transfer.ts';
import type { Log } from '../../ground/log.ts';
import { ask } from '../../health/http.ts';
import type { Answer, Probe } from '../../health/probe.ts';
import { localMachine } from '../../machine/local.ts';
import type { Machine } from '../../machine/machine.ts';
import { type RollBackHost, rollBackHost } from '../host/roll-back-host.ts';
import { checkEnvironment, environmentWarnings } from '../request/environment.ts';
import type { HostOutcome } from '../request/outcome.ts';
import type { DeployRequest } from '../request/request.ts';
import { planWaves, type Rollout, showWaves, type Wave } from '../request/waves.ts';
import { Fleet } from './fleet.ts';

export interface DeployPorts {
  /** A new connection to a server; closed by whoever asked for it. */
  connect(host: string, signal: AbortSignal): Promise<Machine>;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told, whenever it changes, what would be true of all servers if the step ended now. */
  standing?(sentence: string): void;
  /** Told values that must not be seen in any log: of a record, where they were no inputs. */
  secrets?(values: readonly string[]): void;
  /** One HTTP answer from here. Default: a real request. */
  ask?(probe: Probe, timeout: number, signal: AbortSignal): Promise<Answer>;
  /** Where an image is sent from. Default: this machine. */
  readonly runner?: Machine;
  /** Default: a real one. */
  readonly rollBackHost?: RollBackHost;
}

const oneAfterTheOther: Rollout = { canaryHosts: 1, maxParallel: 1, onFailure: 'rollback-all' };

/**
 * Brings one container to its servers: looks at all of them first, then canaries, then groups. The first failure
 * leaves the servers after it as they are, and, with `rollback-all`, brings those before it back.
 * @returns an outcome a server, in their order, with its failure, if there is one.
 * @throws UserError `env-invalid`, `env-missing` before anything is touched.
 */
export async function deployContainer(request: DeployRequest, ports: DeployPorts): Promise<HostOutcome[]> {
  checkEnvironment(request.env, request.requiredEnv);
  for (const warning of environmentWarnings(request.env)) ports.log.warning(warning);
  const rollout = request.rollout ?? oneAfterTheOther;
  const waves = planWaves(request.hosts, rollout);
  const sender = imageSender(request.image, { from: ports.runner ?? localMachine, ...ports });
  const fleet = new Fleet(request, { ask, rollBackHost, sender, ...ports });
  if (request.hosts.length > 1) {
    await fleet.look();
    ports.log.step('Order', orderOf(waves, rollout));
    if (request.dryRun || fleet.hasFailed) return fleet.outcomes;
  }
  for (const { hosts } of waves) {
    if (fleet.hasFailed) break;
    await fleet.deploy(hosts);
  }
  // A single server has gone back by itself, or serves the new version.
  const areSeveral = request.hosts.length > 1;
  if (areSeveral && fleet.hasFailed && rollout.onFailure === 'rollback-all' && !ports.signal.aborted) {
    for (const { hosts } of waves.toReversed()) await fleet.rollBack(hosts);
  }
  return fleet.outcomes;
}

function orderOf(waves: readonly Wave[], { onFailure }: Rollout): string {
  const otherwise =
    onFailure === 'halt'
      ? 'the others stay as they are then'
      : 'those that are switched by then go back to what they had';
  return `${showWaves(waves)}; the first failure ends it, and ${otherwise}`;
}
