import { UserError } from '../ground/errors.ts';
import { failureCountSentence, sameFailure } from './budget.ts';
import type { FleetEnd } from './fleet.ts';
import type { FailedTenant } from './outcome.ts';
import { type MigrationPlan, troubles } from './plan.ts';

/** The one sentence for everything that went wrong with tenants. */

/** What is wrong with tenants before any is touched, when that alone reaches the budget; else undefined. */
export function failedBeforehand(plan: MigrationPlan, limit: number, soFar?: string): UserError | undefined {
  if (plan.troubled.length < limit) return undefined;
  const [first, ...others] = troubles(plan, soFar);
  if (first === undefined || others.length === 0) return first;
  return new UserError(first.message, first.hint, {
    code: first.code,
    evidence: [first, ...others].map(({ message }) => message).join('\n'),
  });
}

interface Circumstances {
  readonly end: FleetEnd;
  /** How the world is now, for the end of the sentence. */
  readonly standing: readonly string[];
  /** So many failed tenants end the run. */
  readonly limit: number;
}

/** What failed on the way, or that the time was up; undefined when neither. */
export function fleetFailure(
  failed: readonly FailedTenant[],
  { end, standing, limit }: Circumstances,
): UserError | undefined {
  const [first] = failed;
  if (first === undefined) return end === 'time' ? timeIsUp(standing) : undefined;
  const { failure } = first;
  const stopped = whyStopped(end, failed.length, limit);
  const hint = [failure.hint, ...stopped, ...standing].join('; ');
  if (failed.length === 1) {
    const { code, evidence } = failure;
    return new UserError(failure.message, hint, {
      code,
      cause: failure,
      ...(evidence === undefined ? {} : { evidence }),
    });
  }
  const kinds = failed.map(({ schema, failure }) => sameFailure(failure.message, schema));
  const isOneCode = failed.every((one) => one.failure.code === failure.code);
  return new UserError(`${failureCountSentence(kinds)} — ${failure.message}`, hint, {
    code: isOneCode ? failure.code : 'tenants-failed',
    cause: failure,
    evidence: failed.map((one) => one.failure.message).join('\n'),
  });
}

/** Where one failure is enough (in a canary, or with max-failures: 1) there is nothing to explain. */
function whyStopped(end: FleetEnd, failed: number, limit: number): string[] {
  if (end === 'time') return ['stopped, because the time limit is near'];
  return end === 'failures' && limit > 1 && failed >= limit ? [`stopped at max-failures (${limit})`] : [];
}

function timeIsUp(standing: readonly string[]): UserError {
  return new UserError(
    'The time limit is near — the next tenant could not be finished before it',
    ['run again to continue, or raise timeout', ...standing].join('; '),
    { code: 'time-limit-near' },
  );
}
