import { LostConnection, messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import type { Made, Removal } from './parts.ts';

/** What one run has made of one tenant. */
export interface Undoable {
  readonly schema: string;
  readonly made: Made;
}

/** Undoing goes on when the step was cancelled, and has its own time, in milliseconds. */
export const undoPatience = 60_000;

export interface UndoTools {
  /** Newest first: all of it, or as much as the answer says. */
  readonly remove: () => Promise<Removal>;
  readonly log: Log;
}

/** Removes what a run has made and says what became of it. Never throws: it is told beside another failure. */
export async function undo(work: Undoable, { remove, log }: UndoTools): Promise<string> {
  const { schema, made } = work;
  const parts = partsOf(made);
  try {
    // A connection that was lost leaves it open whether it was done; what is gone already is not in the way.
    const removal = await remove().catch((error: unknown) => {
      if (error instanceof LostConnection) return remove();
      throw error;
    });
    if (removal.removed.length > 0) log.step('Undone', `${schema}: ${listed(removal.removed)}`);
    return undoSentence(work, removal);
  } catch (error) {
    return parts.length === 0
      ? `whether this run made something could not be looked up (${messageOf(error)}): run again to find out`
      : `what this run made could not be removed (${messageOf(error)}): ${left(parts)}; ${wayOut(work)}`;
  }
}

/** What is left and how it goes away. Pure. */
export function undoSentence(work: Undoable, { removed, stuck }: Removal): string {
  if (stuck !== undefined) {
    return `undoing was not possible (${stuck}): ${left(partsOf(work.made))}; ${wayOut(work)}`;
  }
  return removed.length === 0
    ? 'this run made nothing else'
    : 'everything that this run made is removed again';
}

function wayOut({ schema, made }: Undoable): string {
  const commands = [
    ...(made.schema ? [`DROP SCHEMA "${schema}" CASCADE`] : []),
    ...(made.domains.length > 0 ? [`delete its domains (${made.domains.join(', ')})`] : []),
    ...(made.row === null ? [] : [`delete its row (${made.row})`]),
    ...(made.person?.where === 'shared' ? [`delete the superuser (${made.person.pk})`] : []),
  ];
  return `run again to complete the tenant, or remove it: ${listed(commands)}`;
}

const left = (parts: readonly string[]): string =>
  `${listed(parts)} ${parts.length === 1 && parts[0] !== 'domains' ? 'is' : 'are'} left`;

/** Newest first. */
function partsOf({ row, domains, schema, person }: Made): string[] {
  return [
    ...(domains.length === 0 ? [] : ['domains']),
    ...(person !== null && (person.where === 'shared' || !schema) ? ['superuser'] : []),
    ...(schema ? ['schema'] : []),
    ...(row === null ? [] : ['row']),
  ];
}
