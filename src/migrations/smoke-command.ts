import { forSchema, requirePlace, schemaPlace } from '../command/words.ts';
import { failureLine } from '../django/command-output.ts';
import type { Discovery } from '../django/discovery.ts';
import { type DjangoProject, manage } from '../django/project.ts';
import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { nearest } from '../ground/words.ts';
import { type CommandResult, ending, lastWords, succeeded } from '../machine/machine.ts';
import { shellLine } from '../machine/quoting.ts';
import { parseWords, type Words } from '../machine/words.ts';

/** The project's own checks of a tenant. */

/** In a Django project the words after manage.py; `{schema}` in them stands for the tenant's schema. */
export type SmokeCommand = Words;

/** One line of `smoke-command`. @throws RangeError with the rest of a sentence */
export function parseSmokeCommand(line: string): SmokeCommand {
  const words = parseWords(line);
  const [name = 'check_orders'] = words;
  requirePlace(words, line, `tenant_command ${name} --schema=${schemaPlace}`);
  if (words[0]?.includes(schemaPlace)) throw new RangeError(`"${line.trim()}" does not begin with a command`);
  return words;
}

/** Why these are no commands of manage.py, as the sentence of a rule. @param input that has them */
export function notOfManagePy(commands: readonly Words[], input = 'smoke-command'): string | undefined {
  const wrong = commands.find(([name = '']) => /(^|\/)(manage\.py|python[\d.]*)$/.test(name));
  return wrong && `${input}: "${shellLine(wrong)}" begins with ${wrong[0]} — write what follows manage.py`;
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

/** How a smoke command is run, and how a person would. */
interface Runner {
  readonly run: (words: Words) => Promise<CommandResult>;
  /** What went wrong in the command's own words. */
  readonly complaintIn: (result: CommandResult) => string;
  /** What stands before the words at a terminal: `manage.py `. */
  readonly before: string;
}

/** Runs one of the application's own checks for one tenant. @returns why it failed, or undefined @throws LostConnection, and what cancels the step */
export async function smokeTest(
  command: SmokeCommand,
  schema: string,
  timeout: number,
  { run, complaintIn, before }: Runner,
): Promise<UserError | undefined> {
  const words = forSchema(command, schema);
  const failed = (observed: string, evidence?: string) =>
    new UserError(
      `The smoke test failed in tenant ${schema} — ${words.join(' ')}: ${observed}`,
      `look at that tenant, or run it yourself: ${before}${shellLine(words)}`,
      { code: 'smoke-test-failed', ...(evidence === undefined ? {} : { evidence }) },
    );
  try {
    const result = await run(words);
    if (succeeded(result)) return undefined;
    return failed(complaintIn(result) || ending(result), lastWords(result, 40));
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'command-timed-out') throw error;
    return failed(`it did not end within ${showDuration(timeout)}`);
  }
}

/** The same with a command of manage.py. */
export function smokeCommand(
  project: DjangoProject,
  command: SmokeCommand,
  schema: string,
  { signal, log, timeout }: SmokeCommandOptions,
): Promise<UserError | undefined> {
  const options = { timeout, signal, onLine: (line: string) => log.debug(line), applicationName: schema };
  return smokeTest(command, schema, timeout, {
    run: (words) => manage(project, words, options),
    complaintIn: failureLine,
    before: 'manage.py ',
  });
}
