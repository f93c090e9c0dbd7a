import { posix } from 'node:path';

import { UserError } from '../ground/errors.ts';
import { counted } from '../ground/words.ts';
import { acceptingLine } from './acknowledged.ts';
import { unacknowledged } from './review.ts';
import type { Finding, Review } from './review-shape.ts';

/**
 * Why pending migrations must not run as they are; undefined: they may.
 * @param folder of the project in the checkout, for the line that is shown
 * @param labels why no label could accept it, where that is so
 */
export function reviewRefusal(review: Review, folder: string, labels = ''): UserError | undefined {
  const [first, ...others] = unacknowledged(review.findings);
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : ` (and ${counted(others.length, 'more danger')})`;
  const { migration, said, next, name } = first;
  const place = placeOf(first, folder);
  return new UserError(
    `${migration} is dangerous — ${said}${more}`,
    `${next}; or accept it with a comment in the migration: ${acceptingLine(name)} the reason${labels === '' ? '' : ` (${labels})`}`,
    {
      code: 'migration-dangerous',
      ...(place === undefined ? {} : { place }),
      evidence: [first, ...others].map((one) => `${one.migration}: ${one.said} — ${one.next}`).join('\n'),
    },
  );
}

/** The line of the migration's file in the checkout. */
export function placeOf({ file, line }: Pick<Finding, 'file' | 'line'>, folder: string) {
  return file === null ? undefined : { file: posix.join(folder, file), line };
}
