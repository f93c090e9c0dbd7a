import type { Database } from '../database/session.ts';
import type { Discovery } from '../django/discovery.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import { type CommandOptions, migrateTenant } from '../migrations/commands.ts';
import { planMigrations } from '../migrations/plan.ts';
import { readStanding } from '../migrations/standing.ts';
import { proveSchema } from '../migrations/verify.ts';
import type { Ran } from '../migrations/work.ts';
import { type Decision, decide, type ProvisionState, wrongFields } from './decision.ts';
import { type NewTenant, rowFields } from './fields.ts';
import { domainProblem, schemaNameProblem } from './names.ts';
import { differences, type ProvisionOutcome, planSentence } from './outcome.ts';
import { announce, lookFor, type Made, makeParts } from './parts.ts';
import { undo } from './undo.ts';

export type { ProvisionOutcome };

export interface ProvisionOptions {
  readonly project: DjangoProject;
  /** The same database that the project's environment names. */
  readonly database: Database;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly tenant: NewTenant;
  /** Takes over a schema that exists without a row. */
  readonly adopt: boolean;
  /** Looks, decides, prints; makes nothing. */
  readonly dryRun: boolean;
  /** Milliseconds for one command of the project. Default: an hour. */
  readonly commandTimeout?: number | undefined;
  /** Called before each change with what it is; what it throws ends the run there. */
  readonly atSafePoint?: ((phase: string) => Promise<void>) | undefined;
  /** How a schema gets its tables. Default: the project's own migrate_schemas. */
  readonly makeTables?: ((schema: string, options: CommandOptions) => Promise<Ran>) | undefined;
}

interface Progress {
  state?: ProvisionState;
  steps: readonly string[];
  tables?: number;
  notices: readonly string[];
}

const anHour = 60 * 60_000;

/**
 * Gets or creates a tenant: row, domains, schema, tables, proven. What this run has made is removed again when
 * it fails. Running it again changes nothing. A failure that a user can mend is in the outcome.
 */
export async function provisionTenant(options: ProvisionOptions): Promise<ProvisionOutcome> {
  const started = performance.now();
  const progress: Progress = { steps: [], notices: [] };
  const told = (failure?: UserError): ProvisionOutcome => ({
    schema: options.tenant.schemaName,
    ...progress,
    milliseconds: performance.now() - started,
    failure,
  });
  try {
    await carryOut(progress, options);
    return told();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return told(error);
  }
}

async function carryOut(progress: Progress, options: ProvisionOptions): Promise<void> {
  const { tenant, log } = options;
  requireNames(tenant);
  const discovery = await readStanding(options);
  requireShared(discovery);
  const isNew = !discovery.tenants.some(({ schema }) => schema === tenant.schemaName);
  const { values, problems } = rowFields(tenant, discovery, { isNew });
  const name = schemaNameProblem(tenant.schemaName, discovery.publicSchema);
  if (name !== undefined) problems.unshift(`schema-name: ${name}`);
  if (problems.length > 0) throw wrongFields(problems);

  const wanted = { schema: tenant.schemaName, fields: values, domains: [...new Set(tenant.domains)] };
  const found = await lookFor(wanted, options);
  const decision = decide(wanted, found, options);
  const pending = planMigrations(discovery).tenants.find(({ schema }) => schema === wanted.schema)?.pending;
  progress.notices = differences(found.row?.differences ?? []);
  for (const notice of progress.notices) log.info(notice);
  progress.steps = decision.steps;
  progress.state = decision.state;
  if (decision.state === 'unchanged' && (pending?.length ?? 0) > 0) progress.state = 'completed';
  log.step('Plan', planSentence(wanted.schema, decision, pending));
  if (options.dryRun) return;

  const made = await makeAll(decision, options);
  try {
    await bringTables(progress, decision, pending ?? [], options);
  } catch (error) {
    throw await undone(error, made, progress, options);
  }
}

function requireNames({ schemaName, domains }: NewTenant): void {
  const schemaProblem = schemaNameProblem(schemaName);
  const problems = [
    ...(schemaProblem === undefined ? [] : [`schema-name: ${schemaProblem}`]),
    ...domains.flatMap((domain) => {
      const problem = domainProblem(domain);
      return problem === undefined ? [] : [`domain ${JSON.stringify(domain)}: ${problem}`];
    }),
  ];
  if (problems.length > 0) throw wrongFields(problems);
}

/** The row goes into a shared table: it must be as the code knows it. */
function requireShared(discovery: Discovery): void {
  const { shared, tenantsUnknown } = planMigrations(discovery);
  if (tenantsUnknown === undefined && shared.pending.length === 0) return;
  throw new UserError(
    `The shared schema ${shared.schema} is behind the code — it lacks ${listed(shared.pending, 3)}`,
    'run migrate-schemas first; nothing was made',
    { code: 'shared-schema-behind' },
  );
}

async function makeAll({ parts, steps }: Decision, options: ProvisionOptions): Promise<Made> {
  const nothing: Made = { row: null, domains: [], schema: null };
  if (steps.length === 0) return nothing;
  const since = performance.now();
  await options.atSafePoint?.(`making tenant ${parts.schema}`);
  const { made, refused } = await makeParts(parts, options);
  if (made === null) {
    throw new UserError(
      `The tenant ${parts.schema} could not be made — ${refused}`,
      'if another run was making it at the same time, run again; nothing was made',
      { code: 'tenant-not-made' },
    );
  }
  options.log.step('Made', listed(steps), performance.now() - since);
  return made;
}

async function bringTables(
  progress: Progress,
  { parts }: Decision,
  pending: readonly string[],
  options: ProvisionOptions,
): Promise<void> {
  const { schema } = parts;
  const isNew = parts.makeRow || parts.makeSchema;
  if (isNew || pending.length > 0) {
    await options.atSafePoint?.(`the tables of tenant ${schema}`);
    const makeTables = options.makeTables ?? migrateTenant;
    const ran = await makeTables(schema, {
      project: options.project,
      database: options.database,
      signal: options.signal,
      log: options.log,
      timeout: options.commandTimeout ?? anHour,
    });
    if (ran.failure !== undefined) throw ran.failure;
    options.log.step('Tables', `migrated ${schema}`, ran.milliseconds);
    progress.steps = [...progress.steps, 'tables'];
  }
  const discovery = await readStanding(options);
  const proof = await proveSchema(schema, discovery, options.database);
  if (proof.failure !== undefined) throw proof.failure;
  progress.tables = proof.tables;
  options.log.step('Proof', `${schema} has all ${proof.tables} tables`);
  if (parts.makeSchema) {
    const { refused } = await announce(schema, options);
    if (refused !== null) {
      throw new UserError(
        `A receiver of post_schema_sync failed for ${schema} — ${refused}`,
        'mend the receiver, then run again',
        { code: 'tenant-signal-failed' },
      );
    }
  }
}

/** The failure, with what became of the things that this run had made. */
async function undone(
  error: unknown,
  made: Made,
  progress: Progress,
  options: ProvisionOptions,
): Promise<unknown> {
  const left = await undo(made, options);
  if (!(error instanceof UserError)) {
    options.log.warning(left);
    return error;
  }
  delete progress.state;
  progress.steps = [];
  return new UserError(error.message, `${error.hint}; ${left}`, {
    code: error.code,
    ...(error.evidence === undefined ? {} : { evidence: error.evidence }),
    cause: error.cause,
  });
}
