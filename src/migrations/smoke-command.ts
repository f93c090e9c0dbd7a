import { failureLine } from '../django/command-output.ts';
import { commandWords } from '../django/command-words.ts';
import type { Discovery } from '../django/discovery.ts';
import { type DjangoProject, manage } from '../django/project.ts';
import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { nearest } from '../ground/words.ts';
import { ending, lastWords, succeeded } from '../machine/machine.ts';
import { shellLine } from '../machine/quoting.ts';

/** The project's own checks of a tenant. */

/** The words after manage.py; `{schema}` in them stands for the tenant's schema. */
export type SmokeCommand = readonly string[];

/** What stands for the tenant's schema. */
const place = '{schema}';

/**
 * One line of `smoke-command`: words, kept together by quotes as in a shell.
 * @throws RangeError with the rest of a sentence
 */
export function parseSmokeCommand(line: string): SmokeCommand {
  const words = commandWords(line.trim());
  const [name = ''] = words;
  if (!words.some((word) => word.includes(place))) {
    throw new RangeError(
      `"${line.trim()}" has no ${place} — it is run for each tenant and must say for which, like: tenant_command ${name === '' ? 'check_orders' : name} --schema=${place}`,
    );
  }
  if (name.includes(place))
    throw new RangeError(`"${line.trim()}" does not begin with a command of manage.py`);
  return words;
}

/** @throws UserError `command-missing` when the project has no such command */
export function requireSmokeCommands(
  commands: readonly SmokeCommand[],
  { commands: known }: Pick<Discovery, 'commands'>,
): void {
  for (const words of commands) {
    const name = words.slice(words[0] === 'tenant_command' ? 1 : 0).find((word) => !word.startsWith('-'));
    if (name === undefined || known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new UserError(
      `The project has no command ${name} — smoke-command names it`,
      meant === undefined
        ? 'correct smoke-command, or leave it out; nothing was changed'
        : `did you mean ${meant}? nothing was changed`,
      { code: 'command-missing' },
    );
  }
}

export interface SmokeCommandOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Milliseconds for one command. */
  readonly timeout: number;
}

/**
 * Runs one of the project's checks in one tenant.
 * @returns why it failed, or undefined
 * @throws LostConnection, and what cancels the step
 */
export async function smokeCommand(
  project: DjangoProject,
  command: SmokeCommand,
  schema: string,
  { signal, log, timeout }: SmokeCommandOptions,
): Promise<UserError | undefined> {
  const words = command.map((word) => word.replaceAll(place, schema));
  const failed = (observed: string, evidence?: string) =>
    new UserError(
      `The smoke test failed in tenant ${schema} — ${words.join(' ')}: ${observed}`,
      `look at that tenant, or run it yourself: manage.py ${shellLine(words)}`,
      { code: 'smoke-test-failed', ...(evidence === undefined ? {} : { evidence }) },
    );
  try {
    const result = await manage(project, words, {
      timeout,
      signal,
      onLine: (line) => log.debug(line),
      applicationName: schema,
    });
    if (succeeded(result)) return undefined;
    return failed(failureLine(result) || ending(result), lastWords(result, 40));
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'command-timed-out') throw error;
    return failed(`it did not end within ${showDuration(timeout)}`);
  }
}
