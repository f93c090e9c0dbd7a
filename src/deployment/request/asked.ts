import type { Mount, PortMapping } from '../../docker/container-spec.ts';
import type { DeployRequest, Strategy } from './request.ts';

/** What of the request decides the mechanism. */
export interface Asked {
  readonly strategy: Strategy;
  readonly sharedVolumes: boolean;
  readonly ports: readonly PortMapping[];
  readonly mounts: readonly Mount[];
  readonly networks: readonly string[];
  readonly container: string;
  /** Whether an HTTP answer is asked for. */
  readonly hasProbe: boolean;
}

export function askedOf(request: DeployRequest): Asked {
  return { ...request, hasProbe: request.healthUrl !== undefined };
}

/** What is in the way, and what would take it out. */
export interface Obstacle {
  readonly observed: string;
  readonly hint: string;
}
