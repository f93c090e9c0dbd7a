/** What an earlier deployment left that was killed on its way, in the words of a plan. */

import { describeSwitch } from '../bridge/bridge-leftovers.ts';
import { isBetweenSlots } from '../proxies/front-choice.ts';
import { describeRepair, type Found } from '../releases/repair.ts';
import type { Survey } from '../server/survey.ts';

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
