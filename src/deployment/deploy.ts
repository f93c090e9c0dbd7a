import type { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { ask } from '../health/http.ts';
import type { Answer, Probe } from '../health/probe.ts';
import type { Machine } from '../machine/machine.ts';
import { deployToHost, notTried } from './deploy-host.ts';
import { checkEnvironment, environmentWarnings } from './environment.ts';
import type { DeployRequest, HostOutcome } from './request.ts';

export interface DeployPorts {
  /** A new connection to a server; closed by whoever asked for it. */
  connect(host: string, signal: AbortSignal): Promise<Machine>;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told, whenever it changes, what would be true of all servers if the step ended now. */
  standing?(sentence: string): void;
  /** One HTTP answer from here. Default: a real request. */
  ask?(probe: Probe, timeout: number, signal: AbortSignal): Promise<Answer>;
}

/**
 * Brings one container to one server after the other; the first failure leaves the servers after it as they are.
 * @returns an outcome a server, in their order, with its failure, if there is one.
 * @throws UserError `env-invalid`, `env-missing` before anything is touched.
 */
export async function deployContainer(request: DeployRequest, ports: DeployPorts): Promise<HostOutcome[]> {
  checkEnvironment(request.env, request.requiredEnv);
  for (const warning of environmentWarnings(request.env)) ports.log.warning(warning);
  const standings = new Map<string, string>();
  const outcomes: HostOutcome[] = [];
  for (const host of request.hosts) {
    if (outcomes.some(({ failure }) => failure !== undefined)) {
      outcomes.push(notTried(host, request));
      continue;
    }
    const outcome = await deployToHost(host, request, {
      connect: ports.connect,
      ask: ports.ask ?? ask,
      log: ports.log,
      signal: ports.signal,
      standing(sentence) {
        standings.set(host, sentence);
        ports.standing?.([...standings.values()].join('; '));
      },
    });
    outcomes.push(outcome);
  }
  return outcomes;
}

/** The failure of the whole, if one server has one. */
export function failureOf(outcomes: readonly HostOutcome[]): UserError | undefined {
  return outcomes.find(({ failure }) => failure !== undefined)?.failure;
}
