import { complaintIn } from '../command/output.ts';
import { type RegisteringProject, runCommand } from '../command/project.ts';
import { askTenants } from '../command/tenant-query.ts';
import { forTenant } from '../command/words.ts';
import { endSession } from '../database/own-sessions.ts';
import type { Database } from '../database/session.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted } from '../ground/words.ts';
import { type CommandResult, ending, lastWords, succeeded } from '../machine/machine.ts';
import { sessionName } from '../machine/project.ts';
import type { Words } from '../machine/words.ts';
import { commandEngine } from '../migrations/command-application.ts';
import { sharedSchema } from '../migrations/command-standing.ts';
import { type AfterCommand, runAfterCommand } from './after-command.ts';
import { proveLikeness } from './command-proof.ts';
import { beginSchema, closeJournalOf, dropOwnSchema, type FoundSchema, noteInJournal } from './journal.ts';
import type { Step, TenantWork } from './maker.ts';
import type { CheckHealth } from './options.ts';
import type { Removal } from './parts.ts';
import { undoPatience } from './undo.ts';

/** A tenant that commands make. Its row is the application's: it is there when the tenant query names the tenant. */
export interface CommandWork extends TenantWork {
  /** The primary one, for `{domain}`. */
  readonly domain: string;
  readonly found: FoundSchema;
  readonly needsTables: boolean;
}

interface CommandTools {
  readonly project: RegisteringProject;
  readonly database: Database;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds for one command. */
  readonly timeout: number;
  readonly afterCommands?: readonly AfterCommand[] | undefined;
  readonly checkHealth?: CheckHealth | undefined;
  /** Tenants to compare a new one with; where there are none, the first one made is for the others. */
  readonly references: string[];
}

/** What has to be done, in order. The application learns of a tenant when its tables are proven. */
export function stepsByCommands(
  work: CommandWork,
  tools: CommandTools,
): { readonly steps: Step[]; readonly end: Step } {
  const { schema, domain, decision, needsTables } = work;
  const { isNew, resumes, makeRow } = decision;
  const { database, afterCommands = [], checkHealth } = tools;
  const steps: Step[] = [];
  const step = (about: string, run: () => Promise<void>) =>
    void steps.push({ about: `${about} of ${schema}`, run });

  if (isNew && resumes === null) step('the schema', () => begin(work, tools));
  if (needsTables) step('the tables', () => tables(work, tools));
  step('the proof', () => prove(work, tools));
  if (makeRow) step('the row', () => register(work, tools));
  for (const [index, command] of afterCommands.entries()) {
    const name = `command ${index + 1}`;
    if (isNew && !resumes?.done.includes(name)) step(`the ${name}`, () => after(name, command, work, tools));
  }
  if (checkHealth !== undefined) step('the health', () => checkHealth(schema, domain));
  const end = {
    about: `the end of ${schema}`,
    run: async () => void (isNew && (await closeJournalOf(schema, database))),
  };
  return { steps, end };
}

async function begin(work: CommandWork, { database, log }: CommandTools): Promise<void> {
  const { schema, decision, found, journal } = work;
  const { makeSchema } = decision;
  const since = performance.now();
  // Whoever loses the connection here cannot know: the journal tells later whether the schema is this run's.
  work.made = { ...work.made, schema: makeSchema };
  try {
    await beginSchema(schema, journal, { ...found, makeSchema }, database);
  } catch (error) {
    if (error instanceof UserError) throw error;
    work.made = { ...work.made, schema: false };
    throw new UserError(
      `The tenant ${schema} could not be made — ${messageOf(error)}`,
      'if another run was making it at the same time, run again',
      { code: 'tenant-not-made', cause: error },
    );
  }
  if (!makeSchema) return;
  work.steps.push('schema');
  log.step('Made', `${schema}: schema`, performance.now() - since);
}

async function tables(work: CommandWork, tools: CommandTools): Promise<void> {
  const { schema } = work;
  const ran = await commandEngine(tools.project, tools).migrate({ schema });
  if (ran.failure !== undefined) throw ran.failure;
  await noteInJournal(schema, 'tables', tools.database);
  tools.log.step('Tables', `the tenant command has run for ${schema}`, ran.milliseconds);
  work.steps.push('tables');
}

async function prove(work: CommandWork, { database, references, log }: CommandTools): Promise<void> {
  const { schema, decision, needsTables } = work;
  const since = performance.now();
  // What was there before may be behind, as the others may be: that is for migrate-schemas to say.
  const wasMade = decision.isNew || needsTables;
  const { tables, like } = await proveLikeness(schema, wasMade ? references : [], database);
  if (references.length === 0) references.push(schema);
  work.tables = tables;
  const beside =
    like !== undefined
      ? `, as ${like} has them`
      : wasMade
        ? '; there is no other tenant to compare it with'
        : '';
  log.step('Proof', `${schema} has ${counted(tables, 'table')}${beside}`, performance.now() - since);
}

async function register(work: CommandWork, tools: CommandTools): Promise<void> {
  const { schema } = work;
  const { project, database, log } = tools;
  const since = performance.now();
  work.made = { ...work.made, row: schema }; // whether it is there is asked when it has to go again
  const result = await run(project.registerCommand, work, tools);
  if (!succeeded(result))
    throw notRegistered(schema, complaintIn(result) || ending(result), lastWords(result, 40));
  if (!(await isNamed(schema, project, database))) {
    throw notRegistered(schema, 'register-command has ended well, and tenant-query does not name the tenant');
  }
  work.steps.push('row');
  log.step('Registered', `tenant-query names ${schema}`, performance.now() - since);
}

async function after(
  name: string,
  command: AfterCommand,
  work: CommandWork,
  tools: CommandTools,
): Promise<void> {
  const since = performance.now();
  await runAfterCommand(command, work, tools.timeout, {
    run: (words) => run(words, work, tools),
    complaintIn,
    before: '',
  });
  await noteInJournal(work.schema, name, tools.database);
  work.steps.push(name);
  tools.log.step('After', `${work.schema}: ${command[0]}`, performance.now() - since);
}

function run(
  words: Words,
  work: Pick<CommandWork, 'schema' | 'domain'>,
  { project, signal, timeout, log }: Pick<CommandTools, 'project' | 'signal' | 'timeout' | 'log'>,
): Promise<CommandResult> {
  const onLine = (line: string) => log.debug(line);
  return runCommand(project, forTenant(words, work), { timeout, signal, onLine, about: work.schema });
}

async function isNamed(schema: string, project: RegisteringProject, database: Database): Promise<boolean> {
  const { tenants } = await askTenants(database, project.tenantQuery, sharedSchema);
  return tenants.some((tenant) => tenant.schema === schema);
}

/** Removes what this run has made, newest first; the schema stays as long as the application knows of the tenant. */
export async function forget(work: CommandWork, tools: CommandTools): Promise<Removal> {
  const { schema, made, journal, decision } = work;
  const { project, database } = tools;
  const removed: string[] = [];
  await endSession(database, sessionName(project, schema)); // what a cancelled command has left at work
  if (made.row !== null && (await isNamed(schema, project, database))) {
    const stuck = await unregister(work, { ...tools, signal: AbortSignal.timeout(undoPatience) });
    if (stuck !== undefined) return { removed, stuck };
    removed.push('row');
  }
  work.made = { ...made, row: null };
  if (made.schema) {
    const dropped = await dropOwnSchema(schema, journal.id, database);
    return { ...dropped, removed: [...removed, ...dropped.removed] };
  }
  if (decision.resumes === null) await closeJournalOf(schema, database);
  return { removed };
}

/** @returns why the application still knows of the tenant */
async function unregister(work: CommandWork, tools: CommandTools): Promise<string | undefined> {
  const { unregisterCommand } = tools.project;
  if (unregisterCommand === undefined)
    return 'tenant-query names it by now, and there is no unregister-command';
  const result = await run(unregisterCommand, work, tools);
  if (!succeeded(result)) return `unregister-command failed: ${complaintIn(result) || ending(result)}`;
  return (await isNamed(work.schema, tools.project, tools.database))
    ? 'unregister-command has ended well, and tenant-query still names it'
    : undefined;
}

function notRegistered(schema: string, observed: string, evidence?: string): UserError {
  return new UserError(
    `The application could not be told of the tenant ${schema} — ${observed}`,
    'mend register-command, or tenant-query, then run again',
    { code: 'tenant-not-made', ...(evidence === undefined ? {} : { evidence }) },
  );
}
