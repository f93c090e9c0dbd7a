import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import { counted } from '../ground/words.ts';

/** How long the rest of a fleet would take, judged by those that are done. */

/** A tenant that was migrated. */
export interface Measured {
  /** Tenants of one kind are migrated by the same statements. */
  readonly kind: string;
  /** From its first statement to its last. */
  readonly milliseconds: number;
}

export interface FleetLeft {
  /** The kind of each tenant that is left. */
  readonly kinds: readonly string[];
  /** How many at once. */
  readonly parallel: number;
  /** Milliseconds that are waited between the groups that are left. */
  readonly pauses?: number | undefined;
}

export interface Estimate {
  /** Tenants by which it was judged, and how long one of them took on average, in milliseconds. */
  readonly measured: number;
  readonly each: number;
  readonly left: number;
  /** How many at once: never more than there are. */
  readonly parallel: number;
  /** For all that are left. */
  readonly milliseconds: number;
}

/**
 * What the rest takes when each tenant takes as long as those of its kind did; a kind that was not seen yet, as long
 * as all did on average. It is a guess: what depends on rows takes longer in larger tenants, and the smallest come
 * first. Undefined when nothing was measured, or nothing is left.
 */
export function estimateRest(
  measured: readonly Measured[],
  { kinds, parallel, pauses = 0 }: FleetLeft,
): Estimate | undefined {
  if (measured.length === 0 || kinds.length === 0) return undefined;
  const each = mean(measured);
  const seen = new Map(
    [...Map.groupBy(measured, ({ kind }) => kind)].map(([kind, ofKind]) => [kind, mean(ofKind)]),
  );
  const work = kinds.reduce((sum, kind) => sum + (seen.get(kind) ?? each), 0);
  const lanes = Math.min(parallel, kinds.length);
  const rounds = Math.ceil(kinds.length / lanes);
  return {
    measured: measured.length,
    each,
    left: kinds.length,
    parallel: lanes,
    milliseconds: rounds * (work / kinds.length) + pauses,
  };
}

function mean(measured: readonly Measured[]): number {
  return measured.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / measured.length;
}

/**
 * `Canary 42 s: the other 800 tenants would take about 2 h 20 min with 4 at once`.
 * @param by the tenants that were measured: `Canary`, `So far`
 */
export function estimateSentence(
  by: string,
  { measured, each, left, parallel, milliseconds }: Estimate,
): string {
  const took =
    measured === 1 ? showDuration(each) : `${showDuration(each)} each (${counted(measured, 'tenant')})`;
  const others = left === 1 ? 'the other tenant' : `the other ${counted(left, 'tenant')}`;
  const how = left === 1 ? '' : parallel === 1 ? ', one after the other' : ` with ${parallel} at once`;
  return `${by} ${took}: ${others} would take about ${roughly(milliseconds)}${how}`;
}

/** No more exactly than a guess is: `2 h 20 min`, not `2 h 17 min`. */
export function roughly(milliseconds: number): string {
  const [, step] = steps.find(([below]) => milliseconds < below) ?? [0, 3_600_000];
  return showDuration(Math.max(step, Math.round(milliseconds / step) * step));
}

/** Below so many milliseconds, rounded to so many. */
const steps: readonly (readonly [number, number])[] = [
  [1_000, 100],
  [59_500, 1_000],
  [600_000, 10_000],
  [3_570_000, 60_000],
  [36_000_000, 600_000],
];

export interface PaceLimits {
  /** Milliseconds since the migration began. */
  readonly spent: number;
  /** Milliseconds until nothing may be begun any more, because the action's timeout would cut it. */
  readonly timeLeft: number;
  /** `expect-max-duration`, in milliseconds. */
  readonly expected?: number | undefined;
}

export interface PaceVerdict {
  /** For the log, whatever the verdict. */
  readonly sentence: string;
  /** It takes longer than was expected; the run goes on. */
  readonly warning: string | undefined;
  /** It cannot be done in time; the rest must not be begun. */
  readonly refusal: UserError | undefined;
}

/** Whether the rest may be begun, after the canary. What is refused is not warned of as well. */
export function judgePace(by: string, estimate: Estimate, limits: PaceLimits): PaceVerdict {
  const refusal = timeRefusal(by, estimate, limits);
  return {
    sentence: estimateSentence(by, estimate),
    warning: refusal === undefined ? durationWarning(by, estimate, limits) : undefined,
    refusal,
  };
}

/** What is said when a run takes, or would take, longer than expected; undefined when it does not. */
export function durationWarning(
  by: string,
  estimate: Estimate | undefined,
  { spent, expected }: Pick<PaceLimits, 'spent' | 'expected'>,
): string | undefined {
  if (expected === undefined) return undefined;
  const limit = `expect-max-duration (${showDuration(expected)})`;
  if (spent > expected) {
    const rest =
      estimate === undefined
        ? 'nothing is left but the proof'
        : `${counted(estimate.left, 'tenant')} ${estimate.left === 1 ? 'is' : 'are'} left, about ${roughly(estimate.milliseconds)}`;
    return `The migration has taken ${showDuration(spent)}, longer than ${limit} — ${rest}`;
  }
  if (estimate === undefined || spent + estimate.milliseconds <= expected) return undefined;
  return `${estimateSentence(by, estimate)} — with the ${showDuration(spent)} until now that is longer than ${limit}; raise parallel where the server has room, or migrate at a quieter time; the run goes on`;
}

/** Why the rest must not be begun: the action's timeout would come first. */
export function timeRefusal(
  by: string,
  estimate: Estimate,
  { timeLeft }: Pick<PaceLimits, 'timeLeft'>,
): UserError | undefined {
  const lacking = estimate.milliseconds - timeLeft;
  if (lacking <= 0) return undefined;
  const left =
    timeLeft <= 0
      ? 'the time that timeout gives is over'
      : `timeout leaves ${showDuration(Math.floor(timeLeft))}`;
  return new UserError(
    `${estimateSentence(by, estimate)} — ${left}`,
    `raise timeout (by ${roughly(lacking)} or more; the job’s timeout-minutes, too), or parallel where the server has room, then run again: what is done stays done; the other tenants were not touched`,
    { code: 'time-limit-near' },
  );
}
