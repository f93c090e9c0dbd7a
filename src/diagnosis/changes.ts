import { UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';

interface Since {
  /** The release that worked. */
  readonly release: string;
  /** What is different now, a line each: names of variables, never values. */
  readonly changes: readonly string[];
}

/**
 * A failure of a release whose forerunner worked: what changed is the first that is shown. What the sentence misses, and
 * the release before had, is said in it.
 */
export function changedSince(failure: UserError, { release, changes }: Since): UserError {
  if (changes.length === 0) return failure;
  const gone = changes
    .flatMap((line) => /^variables: − (.+)$/.exec(line)?.[1]?.split(/, | and /) ?? [])
    .filter((name) => new RegExp(`\\b${name}\\b`).test(failure.message));
  const lines = [`Changed since ${release}, which worked:`, ...changes];
  const evidence = [lines.join('\n'), failure.evidence ?? ''].filter((part) => part !== '').join('\n\n');
  const had = gone.length === 0 ? '' : `; ${release} had ${listed(gone)}`;
  return new UserError(`${failure.message}${had}`, failure.hint, {
    code: failure.code,
    cause: failure.cause,
    evidence,
    ...(failure.place === undefined ? {} : { place: failure.place }),
  });
}
