/** What an earlier deployment by a bridge left that was killed on its way. */
import { releaseNameOf } from '../releases/release.ts';
import type { Found } from '../releases/repair.ts';
import type { Survey } from '../server/survey.ts';

/** The deployment had come to its end but for the last connections of its temporary container. */
export function isTail({ current, next, bridge }: Found, { isRedirected, hasProgram }: Survey): boolean {
  const isInPlace = current?.state.status === 'running' && next === undefined;
  return bridge !== undefined && isInPlace && !isRedirected && !hasProgram;
}

/** What will be done about a switch that did not come to its end. */
export function describeSwitch(found: Found, survey: Survey): string {
  const { current, bridge } = found;
  if (isTail(found, survey)) {
    return survey.isWorking
      ? 'the last deployment still has connections that it lets come to their end'
      : 'the last deployment could not remove its temporary container: it will be removed';
  }
  const of = bridge === undefined ? '' : ` to ${releaseNameOf(bridge)}`;
  const state = current?.state.status === 'running' ? 'it will be undone' : 'it will be finished, or undone';
  return `an earlier deployment${of} ended in the middle of its switch: ${state}`;
}
