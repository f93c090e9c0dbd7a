import { complaintIn } from '../command/output.ts';
import { type CommandProject, requirePrograms, runCommand } from '../command/project.ts';
import { askTenants, type Tenants } from '../command/tenant-query.ts';
import { forSchema } from '../command/words.ts';
import { keepingLimits, type Overrun } from '../database/kept-limits.ts';
import { endSession } from '../database/own-sessions.ts';
import { differences, type Structure } from '../database/structure.ts';
import { exactStructure } from '../database/structures.ts';
import { lostConnection, retryableState } from '../django/command-output.ts';
import { showDuration } from '../ground/duration.ts';
import { LostConnection, UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import { ending, lastWords, succeeded } from '../machine/machine.ts';
import { sessionName } from '../machine/project.ts';
import type { Words } from '../machine/words.ts';
import type { Application, Engine, Standing } from './application.ts';
import { fleetOf, judgeCommands, planCommands, sharedSchema } from './command-standing.ts';
import type { Place } from './failed-migration.ts';
import { wantedAmong } from './limit.ts';
import { smokeTest } from './smoke-command.ts';
import { type Ended, failureOf, placeOfShared, placeOfTenant, watched } from './watched-command.ts';
import type { Ran, Work } from './work.ts';

/** An application of any kind: a query names its tenants, commands migrate them, and the catalogue is the witness. */
export function commandApplication(project: CommandProject): Application {
  const migrateSchema = migratesBy(project);
  return {
    async ask({ database, schemas }) {
      const [asked, [who]] = await Promise.all([
        askTenants(database, project.tenantQuery, sharedSchema),
        database.query<{ role: string }>('select current_user::text as role'),
      ]);
      return standingOf(project, limitedTo(asked, schemas), who?.role ?? '');
    },
    // Nobody knows whether the command bears company: many take a lock of their own.
    lanes: () => 1,
    engine: (_, { work }) => commandEngine(project, work),
    migrateSchema,
    async lookWhatBecame({ schema }, error, { database, standing }) {
      await endSession(database, sessionName(project, schema));
      const { tenants } = await askTenants(database, project.tenantQuery, sharedSchema);
      if (tenants.find((tenant) => tenant.schema === schema)?.pending === false) return {};
      return { failure: unknownEnd(schema, error, standing) };
    },
    smoke: (command, schema, { timeout, signal, log }) =>
      smokeTest(command, schema, timeout, {
        run: (words) =>
          runCommand(project, words, { timeout, signal, onLine: (line) => log.debug(line), about: schema }),
        complaintIn,
        before: '',
      }),
  };
}

function limitedTo({ tenants, unread }: Tenants, written: readonly string[] | undefined): Tenants {
  if (written === undefined) return { tenants, unread };
  const names = tenants.map(({ schema }) => schema);
  const isWanted = wantedAmong(names, written, unread === undefined);
  return { tenants: tenants.filter(({ schema }) => isWanted(schema)), unread };
}

function standingOf(project: CommandProject, asked: Tenants, role: string): Standing {
  const { sharedCommand, tenantCommand, tenantQuery } = project;
  return {
    fleet: fleetOf(asked),
    role,
    plan: (structures) => planCommands(asked, project, structures),
    prove: (structures, before) => judgeCommands(asked, structures, before),
    async isOutdated(database, schemas) {
      const now = limitedTo(await askTenants(database, tenantQuery, sharedSchema), schemas);
      const known = new Set(asked.tenants.map(({ schema }) => schema));
      return now.tenants.some(({ schema }) => !known.has(schema));
    },
    async prepare(_, { smokeCommands = [] }) {
      const smoke = smokeCommands.map((words): [string, Words] => ['smoke-command', words]);
      const commands = { 'shared-command': sharedCommand, 'tenant-command': tenantCommand };
      await requirePrograms(project, [...Object.entries(commands), ...smoke]);
      return {
        shared: sharedCommand && {
          recordedOnly: [],
          migrate: (work) => migrate(project, sharedCommand, sharedSchema, placeOfShared(sharedSchema), work),
        },
        superTenant: undefined,
      };
    },
  };
}

const migratesBy = (project: CommandProject) => (schema: string, work: Work) =>
  migrate(project, forSchema(project.tenantCommand, schema), schema, placeOfTenant(schema), work);

/** What migrates one schema after the other by the tenant command. */
type CommandEngine = Omit<Engine, 'migrate'> & {
  migrate(tenant: { readonly schema: string }): Promise<Ran>;
};

/** Runs the command tenant by tenant, and looks each time whether it has stayed in the schema that it was given. */
export function commandEngine(project: CommandProject, work: Work): CommandEngine {
  const migrateSchema = migratesBy(project);
  let shared: Promise<Structure> | undefined;
  const readShared = () => exactStructure(work.database, sharedSchema);
  return {
    async migrate({ schema }) {
      shared ??= readShared();
      const before = await shared;
      const ran = await migrateSchema(schema, work);
      const changed = differences(before, await readShared());
      if (changed.length === 0) return ran;
      return { ...ran, retry: undefined, endsRun: true, failure: astray(schema, changed, ran) };
    },
    oneAtATime: false,
    notes: [],
    close: async () => {},
  };
}

async function migrate(
  project: CommandProject,
  words: Words,
  about: string,
  place: Place,
  work: Work,
): Promise<Ran> {
  const { database, signal, log, timeout } = work;
  const limits = project.timeouts;
  const onLine = (line: string) => log.debug(line);
  const kept = await keepingLimits(
    () =>
      watched(project, about, work, () =>
        runCommand(project, words, { timeout, signal, onLine, about, lasting: true }),
      ),
    { database, applicationName: sessionName(project, about), limits },
  );
  const { result, overrun } = kept;
  const ran = { milliseconds: result.milliseconds, engine: 'command' } as const;
  if (succeeded(result.result)) return ran;
  if (overrun !== undefined) return { ...ran, failure: notKept(overrun, result, project, place) };
  const lost = lossOf(result, words);
  if (lost !== undefined) {
    throw new LostConnection(place.trying, lost, { evidence: lastWords(result.result, 40) });
  }
  const state = retryableState(result.result);
  const observed = complaintIn(result.result);
  const circumstances = { observed, blocked: state === '55P03', lockTimeout: limits?.lock };
  return {
    ...ran,
    failure: failureOf(result, circumstances, place),
    retry: project.repeatable ? state : undefined,
  };
}

/** Why nobody knows what the database did last: somebody ended the command, or its connection. */
function lossOf({ result }: Ended, [program]: Words): string | undefined {
  if (result.signal !== null) return `${program} was ${ending(result)}`;
  return lostConnection(result) || /Connection terminated unexpectedly/.test(result.stderr)
    ? complaintIn(result)
    : undefined;
}

function notKept(
  overrun: Overrun,
  { result }: Ended,
  { timeouts }: CommandProject,
  { trying, standing }: Place,
): UserError {
  const limit = showDuration(timeouts?.[overrun] ?? 0);
  const why = overrun === 'lock' ? 'waited for a lock' : 'ran';
  return new UserError(
    `${trying} was stopped — a statement ${why} longer than ${overrun}-timeout (${limit}), which the command’s own connection does not keep, so this step cancelled it`,
    [
      'have the command read PGOPTIONS, as libpq and node-postgres do, or run it again when the way is free',
      ...(standing === undefined ? [] : [standing]),
    ].join('; '),
    { code: 'timeouts-not-honoured', evidence: lastWords(result, 40) },
  );
}

function unknownEnd(schema: string, error: UserError, standing: readonly string[]): UserError {
  const observed = error instanceof LostConnection ? error.observed : error.message.replaceAll(' — ', ', ');
  return new UserError(
    `What became of tenant ${schema} is not known — ${observed}; its command keeps no ledger that can be read`,
    ['look at that tenant, then run again: the command goes on where it is', ...standing].join('; '),
    { code: error.code, cause: error, ...(error.evidence === undefined ? {} : { evidence: error.evidence }) },
  );
}

/** What is said of two tenants, said of one schema at two times. */
function comparedWithBefore(difference: string): string {
  return difference
    .replace(/^(has|lacks) /, `it $1 `)
    .replace('that others do not have', 'that was not there');
}

function astray(schema: string, changed: readonly string[], { failure }: Ran): UserError {
  return new UserError(
    `The command for tenant ${schema} has changed the shared schema ${sharedSchema} — now ${listed(changed.map(comparedWithBefore), 3)}`,
    'no further tenant was begun: have it work in the schema that it is given, and mend the shared one by hand',
    {
      code: 'shared-schema-changed',
      evidence: [...changed, ...(failure ? [failure.message] : [])].join('\n'),
    },
  );
}
