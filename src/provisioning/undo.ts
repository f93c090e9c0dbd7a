import type { DjangoProject } from '../django/project.ts';
import { messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import { type Made, type Removal, removeParts } from './parts.ts';

/** Undoing goes on when the step was cancelled, and has its own time, in milliseconds. */
const patience = 60_000;

/** Removes what a run has made and says what became of it. Never throws: it is told beside another failure. */
export async function undo(
  made: Made,
  { project, log }: { readonly project: DjangoProject; readonly log: Log },
): Promise<string> {
  const parts = partsOf(made);
  if (parts.length === 0) return 'this run made nothing else';
  try {
    const removal = await removeParts(made, { project, signal: AbortSignal.timeout(patience) });
    log.step('Undone', removal.removed.length === 0 ? 'nothing' : listed(removal.removed));
    return undoSentence(made, removal);
  } catch (error) {
    return `what this run made could not be removed (${messageOf(error)}): ${listed(parts)} ${parts.length === 1 ? 'is' : 'are'} left; running again completes the tenant`;
  }
}

/** What is left and how it goes away. Pure. */
export function undoSentence(made: Made, { removed, stuck }: Removal): string {
  if (stuck === null) return 'everything that this run made is removed again';
  const gone = new Set<string>(removed);
  const left = partsOf(made).filter((part) => !gone.has(part));
  const command =
    stuck.part === 'schema' && made.schema !== null ? `DROP SCHEMA "${made.schema}" CASCADE` : '';
  return [
    `undoing stopped at the ${stuck.part} (${stuck.reason}): ${listed(left)} ${left.length === 1 ? 'is' : 'are'} left`,
    `run again to complete the tenant${command === '' ? '' : `, or remove it with ${command} and delete its row`}`,
  ].join('; ');
}

function partsOf({ row, domains, schema }: Made): string[] {
  return [
    ...(schema === null ? [] : ['schema']),
    ...(row === null ? [] : ['row']),
    ...(domains.length === 0 ? [] : ['domains']),
  ];
}
