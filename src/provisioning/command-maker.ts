import { type RegisteringProject, requirePrograms } from '../command/project.ts';
import { askTenants, type NamedTenant, tenantNameProblem } from '../command/tenant-query.ts';
import type { Database } from '../database/session.ts';
import { UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import { sharedSchema } from '../migrations/command-standing.ts';
import { type CommandWork, forget, stepsByCommands } from './command-work.ts';
import { decide, wrongFields } from './decision.ts';
import type { NewTenant } from './fields.ts';
import { findSchema, journalIn, newJournal } from './journal.ts';
import type { Maker } from './maker.ts';
import { schemaNameProblem } from './names.ts';
import { type ProvisionOptions, usualCommandTimeout } from './options.ts';
import { nothingMade } from './parts.ts';
import { planEach, requireNames, tellPlan } from './plan-list.ts';
import { undo, undoPatience } from './undo.ts';

/**
 * Tenants of an application that is known by its commands: this makes the schema, the tenant command its tables, and
 * last of all the register command tells the application of it. `tenantQuery` and the catalogue are the witnesses.
 */
export function commandMaker(options: ProvisionOptions<RegisteringProject>): Maker<CommandWork> {
  const { project, database, log, signal, commandTimeout: timeout = usualCommandTimeout } = options;
  /** Tenants that new ones are compared with. */
  let references: string[] = [];

  return {
    loading: 0,

    async plan() {
      requireNames(options.tenants);
      await requirePrograms(project, [
        ['tenant-command', project.tenantCommand],
        ['register-command', project.registerCommand],
        ['unregister-command', project.unregisterCommand],
        ...(options.afterCommands ?? []).map((words) => ['after-commands', words] as const),
      ]);
      const { tenants: named, unread } = await askTenants(database, project.tenantQuery, sharedSchema);
      if (unread !== undefined) throw sharedIsMissing();
      const wanted = new Set(options.tenants.map(({ schemaName }) => schemaName));
      references = referencesAmong(named.filter(({ schema }) => !wanted.has(schema)));
      const works = await planEach(options.tenants, (tenant) => planOne(tenant, named, options));
      tellPlan(works, log, ({ needsTables }) => (needsTables ? ['the tenant command'] : []));
      return works;
    },

    async hand() {
      const tools = { ...options, references, timeout };
      return {
        stepsOf: (work) => stepsByCommands(work, tools),
        undo: (work) =>
          undo(work, {
            log,
            remove: () => onAnother((another) => forget(work, { ...tools, database: another })),
          }),
        end: async () => {},
      };
    },

    end: async () => {},
  };

  /** Undoing has a session of its own: that of the run may be lost, or have ended with the step. */
  async function onAnother<T>(use: (database: Database) => Promise<T>): Promise<T> {
    const patience = AbortSignal.timeout(undoPatience);
    const another = await options.another(signal.aborted ? patience : AbortSignal.any([signal, patience]));
    try {
      return await use(another);
    } finally {
      await another.close();
    }
  }
}

/** So many tenants are compared with. */
const compared = 3;

/** Those that the query says are at head; where it does not say, the last that it names. */
function referencesAmong(named: readonly NamedTenant[]): string[] {
  return named
    .filter(({ pending }) => pending !== true)
    .slice(-compared)
    .map(({ schema }) => schema);
}

async function planOne(
  tenant: NewTenant,
  named: readonly NamedTenant[],
  { database, adopt, run }: ProvisionOptions<RegisteringProject>,
): Promise<CommandWork> {
  const { schemaName: schema, domains } = tenant;
  const problems = [...nameProblems(schema), ...djangoOnly(tenant)];
  if (problems.length > 0) throw wrongFields(problems);
  const found = await findSchema(schema, database);
  const name = named.find((one) => one.schema === schema);
  const journal = journalIn(found.comment) ?? null;
  const decision = decide(
    { schema, fields: {}, domains: [], tenantType: null, person: undefined },
    {
      row: name === undefined ? null : { pk: schema, hidden: false, differences: [] },
      domains: [],
      problems: [],
      schema: { ...found, journal },
      person: null,
    },
    // The row comes last: a schema without one is nobody's only where no run has begun it.
    { adopt: adopt || journal !== null },
  );
  const isBehind = name?.pending === true;
  const isCompleted = journal !== null || (isBehind && decision.state === 'unchanged');
  const needsTables = isBehind || (decision.isNew && !decision.resumes?.done.includes('tables'));
  return {
    schema,
    domain: domains[0] ?? '',
    found,
    decision: isCompleted ? { ...decision, state: 'completed' } : decision,
    needsTables,
    journal: newJournal(run),
    notices: [],
    made: nothingMade,
    steps: [],
    tables: undefined,
  };
}

function nameProblems(schema: string): string[] {
  const problem = schemaNameProblem(schema, '') ?? tenantNameProblem(schema, sharedSchema);
  return problem === undefined ? [] : [`schema-name: ${problem}`];
}

/** What a list may say of a tenant, and only a model of Django can take. */
function djangoOnly({ tenantName, tenantType, fields, superuser }: NewTenant): string[] {
  const given = {
    'tenant-name': tenantName,
    'tenant-type': tenantType,
    fields: Object.keys(fields).length > 0 ? fields : undefined,
    'superuser-email': superuser,
  };
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return names.length === 0
    ? []
    : [`${listed(names)}: ${names.length === 1 ? 'is' : 'are'} for Django only, and preset is command`];
}

function sharedIsMissing(): UserError {
  return new UserError(
    'The tenants cannot be read — a table that tenant-query names does not exist',
    'run migrate-schemas first, or correct the query; nothing was made',
    { code: 'tenants-unreadable' },
  );
}
