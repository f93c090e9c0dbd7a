import { UserError } from '../ground/errors.ts';
import type { MigrateOptions } from './options.ts';
import type { Progress } from './progress.ts';

/** A moment in which a run may end: nothing is half done. @throws why it must not go on, with how things stand */
export async function safePoint(
  phase: string,
  progress: Progress,
  { signal, atSafePoint }: Pick<MigrateOptions, 'signal' | 'atSafePoint'>,
): Promise<void> {
  signal.throwIfAborted();
  try {
    await atSafePoint?.(phase);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.message, [error.hint, ...progress.standing].join('; '), {
      code: error.code,
      ...(error.evidence === undefined ? {} : { evidence: error.evidence }),
      cause: error.cause,
    });
  }
}
