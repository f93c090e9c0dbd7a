import { failureLine } from '../django/command-output.ts';
import { commandWords } from '../django/command-words.ts';
import { type DjangoProject, manage } from '../django/project.ts';
import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { nearest } from '../ground/words.ts';
import { ending, lastWords, succeeded } from '../machine/machine.ts';
import { shellLine } from '../machine/quoting.ts';

/** The project's own commands for a tenant that has just been made. */

/** The words after manage.py; `{schema}` and `{domain}` in them stand for the tenant's. */
export type AfterCommand = readonly string[];

/**
 * One line of `after-commands`.
 * @throws RangeError with the rest of a sentence
 */
export function parseAfterCommand(line: string): AfterCommand {
  const words = commandWords(line.trim());
  if (/[{}]/.test(words[0] ?? '')) {
    throw new RangeError(`"${line.trim()}" does not begin with a command of manage.py`);
  }
  const strange = words.join(' ').match(/\{(?!schema\}|domain\})[^}]*\}/)?.[0];
  if (strange !== undefined) {
    throw new RangeError(`"${line.trim()}" has ${strange} — only {schema} and {domain} stand for something`);
  }
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

interface AfterOptions {
  readonly project: DjangoProject;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds for one command. */
  readonly timeout: number;
}

/**
 * Runs a command for one tenant.
 * @throws UserError `after-command-failed`
 */
export async function runAfterCommand(
  command: AfterCommand,
  { schema, domain }: { readonly schema: string; readonly domain: string },
  { project, log, signal, timeout }: AfterOptions,
): Promise<void> {
  const words = command.map((word) => word.replaceAll('{schema}', schema).replaceAll('{domain}', domain));
  const failed = (observed: string, evidence?: string) =>
    new UserError(
      `A command for the new tenant ${schema} failed — ${words.join(' ')}: ${observed}`,
      `mend it, then run again; by hand it is: manage.py ${shellLine(words)}`,
      { code: 'after-command-failed', ...(evidence === undefined ? {} : { evidence }) },
    );
  try {
    const result = await manage(project, words, {
      timeout,
      signal,
      onLine: (line) => log.debug(line),
      applicationName: schema,
    });
    if (!succeeded(result)) throw failed(failureLine(result) || ending(result), lastWords(result, 40));
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'command-timed-out') throw error;
    throw failed(`it did not end within ${showDuration(timeout)}`);
  }
}
