/** What `mode: recover` tells of a server. */
import type { Container } from '../../docker/inspect.ts';
import { untouched } from '../recreate/switch-over.ts';
import { digestOf, releaseNameOf } from '../releases/release.ts';
import type { Found } from '../releases/repair.ts';
import type { Work } from '../request/work.ts';
import type { Survey } from '../server/survey.ts';
import { describeLeftovers } from './leftovers.ts';

/** For `dry-run`: what a recovery would do. */
export function tellWhatIsLeft(
  { host, request, ports, learn }: Work,
  { found, survey }: { found: Found; survey: Survey },
): void {
  const repair = describeLeftovers(found, survey);
  const { current } = found;
  learn({
    result: repair === undefined ? 'unchanged' : 'planned',
    release: (current && releaseNameOf(current)) ?? '',
    digest: current && digestOf(current),
    differences: repair === undefined ? [] : [repair],
    standing: untouched(current, host),
  });
  ports.log.step('Plan', `${request.container} on ${host}: ${repair ?? 'nothing to recover'}`);
}

/** What serves now. */
export interface AtRest {
  readonly release: string | undefined;
  readonly digest: string | undefined;
  readonly standing: string;
  /** How deployments that are not at their end are called there: `no deployment is open`. */
  readonly noneOpen: string;
}

/** @param said what became of the deployment that was killed; undefined when there was none. */
export function tellRecovered(
  { host, request, ports, learn }: Work,
  { release, digest, standing, noneOpen }: AtRest,
  said: string | undefined,
): void {
  learn({
    result: said === undefined ? 'unchanged' : 'recovered',
    release: release ?? '',
    digest,
    standing: release === undefined ? `nothing runs on ${host}` : standing,
  });
  const outcome = said ?? `nothing to recover: ${release ?? 'nothing'} is there, and ${noneOpen}`;
  ports.log.step(said === undefined ? 'At rest' : 'Recovered', `${request.container} on ${host}: ${outcome}`);
}

/** A container that serves, or is at least there. */
export function containerAtRest(current: Container | undefined, host: string): AtRest {
  const release = current && releaseNameOf(current);
  return {
    release,
    digest: current && digestOf(current),
    standing: `${release} is ${current?.state.status} on ${host}`,
    noneOpen: 'no deployment is open',
  };
}
