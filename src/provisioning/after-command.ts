import { forTenant, requireKnownPlaces } from '../command/words.ts';
import { failureLine } from '../django/command-output.ts';
import { type DjangoProject, manage } from '../django/project.ts';
import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { nearest } from '../ground/words.ts';
import { type CommandResult, ending, lastWords, succeeded } from '../machine/machine.ts';
import { shellLine } from '../machine/quoting.ts';
import { parseWords, type Words } from '../machine/words.ts';

/** The application's own commands for a tenant that has just been made. */

/** In a Django project the words after manage.py; `{schema}` and `{domain}` in them stand for the tenant's. */
export type AfterCommand = Words;

/**
 * One line of `after-commands`.
 * @throws RangeError with the rest of a sentence
 */
export function parseAfterCommand(line: string): AfterCommand {
  const words = parseWords(line);
  if (/[{}]/.test(words[0] ?? '')) throw new RangeError(`"${line.trim()}" does not begin with a command`);
  requireKnownPlaces(words, line);
  if (!words.some((word) => /\{(schema|domain)\}/.test(word))) {
    throw new RangeError(
      `"${line.trim()}" has neither {schema} nor {domain} — it is run for each new tenant and must say for which`,
    );
  }
  return words;
}

/** @throws UserError `command-missing` when the project has no such command */
export function requireAfterCommands(commands: readonly AfterCommand[], known: readonly string[]): void {
  for (const words of commands) {
    const name = words.slice(words[0] === 'tenant_command' ? 1 : 0).find((word) => !word.startsWith('-'));
    if (name === undefined || known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new UserError(
      `The project has no command ${name} — after-commands names it`,
      `${meant === undefined ? 'correct after-commands, or leave it out' : `did you mean ${meant}?`}; nothing was made`,
      { code: 'command-missing' },
    );
  }
}

/** How such a command is run, and how a person would. */
interface Runner {
  readonly run: (words: Words) => Promise<CommandResult>;
  /** What went wrong in the command's own words. */
  readonly complaintIn: (result: CommandResult) => string;
  /** What stands before the words at a terminal: `manage.py `. */
  readonly before: string;
}

/** Commands of manage.py. */
export function managing(
  project: DjangoProject,
  schema: string,
  { log, signal, timeout }: { readonly log: Log; readonly signal: AbortSignal; readonly timeout: number },
): Runner {
  const options = { timeout, signal, onLine: (line: string) => log.debug(line), applicationName: schema };
  return {
    run: (words) => manage(project, words, options),
    complaintIn: failureLine,
    before: 'manage.py ',
  };
}

/**
 * Runs a command for one tenant.
 * @param timeout milliseconds that the command has
 * @throws UserError `after-command-failed`
 */
export async function runAfterCommand(
  command: AfterCommand,
  tenant: { readonly schema: string; readonly domain: string },
  timeout: number,
  { run, complaintIn, before }: Runner,
): Promise<void> {
  const words = forTenant(command, tenant);
  const failed = (observed: string, evidence?: string) =>
    new UserError(
      `A command for the new tenant ${tenant.schema} failed — ${words.join(' ')}: ${observed}`,
      `mend it, then run again; by hand it is: ${before}${shellLine(words)}`,
      { code: 'after-command-failed', ...(evidence === undefined ? {} : { evidence }) },
    );
  try {
    const result = await run(words);
    if (!succeeded(result)) throw failed(complaintIn(result) || ending(result), lastWords(result, 40));
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'command-timed-out') throw error;
    throw failed(`it did not end within ${showDuration(timeout)}`);
  }
}
