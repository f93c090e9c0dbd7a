/** What an earlier deployment left that was killed on its way, in the words of a plan. */

import { isServing } from './front-choice.ts';
import { describeRepair } from './put-back.ts';
import { releaseNameOf } from './release.ts';
import type { Found } from './repair.ts';
import { slotPort } from './slots.ts';
import type { Survey } from './survey.ts';

/** What an earlier deployment left, and what will be done about it, for a plan; undefined when all is at rest. */
export function describeLeftovers(found: Found, survey: Survey): string | undefined {
  if (isBetweenSlots(found, survey)) {
    return 'an earlier deployment ended while its ports took turns: it will be finished, or undone';
  }
  if (found.bridge !== undefined || survey.isRedirected) return describeSwitch(found, survey);
  const repair = describeRepair(found);
  if (repair !== undefined || survey.pendingRelease === undefined) return repair;
  return 'an earlier deployment left its records open: they will be put in order';
}

/** Whether an earlier run left a change of slots that did not come to its end. */
export function isBetweenSlots({ next }: Found, { hasSlotProgram, front }: Survey): boolean {
  if (hasSlotProgram || front.nginx?.isTaking === true) return true;
  // Its program is gone, and the proxy hands requests to it.
  const port = slotPort(next?.ports ?? []);
  return port !== undefined && isServing(port, front);
}

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
