import type { Docker } from '../../docker/docker.ts';
import type { ImageSender } from '../../docker/transfer.ts';
import type { Log } from '../../ground/log.ts';
import type { Answer, Probe } from '../../health/probe.ts';
import type { Machine } from '../../machine/machine.ts';
import type { RenewableMachine } from '../../machine/renewable.ts';
import type { HostOutcome } from './outcome.ts';
import type { DeployRequest } from './request.ts';

export interface HostPorts {
  /** A new connection to a server. */
  connect(host: string, signal: AbortSignal): Promise<Machine>;
  /** For `transfer: ssh`. */
  readonly sender: ImageSender;
  ask(probe: Probe, timeout: number, signal: AbortSignal): Promise<Answer>;
  /** Told values that must not be seen in any log. */
  secrets?(values: readonly string[]): void;
  /** Told what would be true of the server if the step ended now. */
  standing(sentence: string): void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What belongs to one deployment to one server. */
export interface Work {
  readonly host: string;
  readonly request: DeployRequest;
  readonly machine: RenewableMachine;
  readonly docker: Docker;
  readonly ports: HostPorts;
  /** Adds to what is known of the outcome. */
  learn(facts: Partial<HostOutcome>): void;
}
