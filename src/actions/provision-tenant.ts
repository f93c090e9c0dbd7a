import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

import { sessionsName } from '../database/own-sessions.ts';
import { showDuration } from '../ground/duration.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import { parseAfterCommand } from '../provisioning/after-command.ts';
import type { NewTenant } from '../provisioning/fields.ts';
import { type ProvisionOutcome, type ProvisionRun, provisionTenants } from '../provisioning/provision.ts';
import { type ActionContext, defineAction, type Inputs } from '../step/action.ts';
import { boolean, choice, duration, lines, linesOf, secret, text } from '../step/fields.ts';
import { yamlMap } from '../step/yaml-field.ts';
import { commonFields, databaseFields, environment, lockFields, parallel, projectFields } from './fields.ts';
import { projectOf, withDatabase, withLock } from './project.ts';
import { healthOfNewTenant } from './tenant-health.ts';

/** One tenant; the root action has these inputs, too. */
export const tenantFields = {
  schemaName: text.optional(),
  tenantName: text.optional(),
  domain: lines.optional(),
  tenantType: text.optional(),
  fields: yamlMap.optional(),
  superuserEmail: text.optional(),
  superuserUsername: text.optional(),
  superuserPassword: secret(text.optional()),
  afterCommands: linesOf(parseAfterCommand).optional(),
  adopt: boolean,
};

const inputs = {
  ...databaseFields,
  ...lockFields,
  ...projectFields,
  env: environment.optional(),
  ...tenantFields,
  tenantsFile: text.optional(),
  onError: choice('stop', 'continue', 'undo-all'),
  parallel,
  tenantUrl: text.optional(),
  tenantUrlTimeout: duration,
  dryRun: boolean,
  ...commonFields,
};

type Given = Partial<Inputs<typeof inputs>>;

const outputs = ['state', 'schema', 'domains', 'tenants', 'superuser-created'] as const;

type Context = ActionContext<typeof inputs, (typeof outputs)[number]>;

/** Tenants, complete or not at all: row, schema, tables, superuser, domains, proven. */
export const provisionTenant = defineAction({
  inputs,
  outputs,
  results: ['created', 'completed', 'adopted', 'unchanged', 'planned'],
  rules: [oneOrMany, superuserIsComplete],

  async run(context) {
    const { inputs, log, report, tell } = context;
    const tenants = await tenantsOf(inputs);
    const [first] = tenants;
    if (tenants.length === 1) tell({ schema: first?.schemaName, domains: JSON.stringify(first?.domains) });

    const sessions = sessionsName(context.origin);
    const run = await withDatabase(inputs, context, (database) =>
      withLock(inputs, { ...context, sessions }, (atSafePoint) =>
        provisionTenants({
          ...context,
          ...inputs,
          project: projectOf(inputs, inputs.env ?? {}, { sessions }),
          database,
          tenants,
          run: context.origin.run,
          parallel: inputs.parallel ?? Math.min(availableParallelism(), 4),
          checkHealth: healthOfNewTenant(inputs, context),
          commandTimeout: inputs.timeout,
          atSafePoint,
        }),
      ),
    );

    tellTenants(run, context);
    if (run.failure !== undefined) throw run.failure;
    const verdict = verdictOf(run, inputs.dryRun);
    log.step('Done', verdict, run.milliseconds);
    report.verdict(`${verdict}, in ${showDuration(run.milliseconds)}.`);
    const state = stateOf(run.tenants);
    return { result: inputs.dryRun ? 'planned' : state, state };
  },
});

function oneOrMany({ schemaName, domain, tenantsFile, ...more }: Given): string | undefined {
  if (tenantsFile === undefined) {
    const missing = [
      ...(schemaName === undefined ? ['schema-name'] : []),
      ...(domain === undefined ? ['domain'] : []),
    ];
    return missing.length === 0 ? undefined : `${listed(missing)}: is required, or give tenants-file`;
  }
  const given = { schemaName, domain, tenantName: more.tenantName, tenantType: more.tenantType };
  const own = [...Object.values(given), more.fields, more.superuserEmail];
  return own.every((value) => value === undefined)
    ? undefined
    : 'tenants-file: what is said of one tenant stands in the file, not in inputs beside it';
}

export function superuserIsComplete(
  given: Partial<
    Inputs<Pick<typeof tenantFields, 'superuserEmail' | 'superuserUsername' | 'superuserPassword'>>
  >,
): string | undefined {
  const { superuserEmail, superuserUsername, superuserPassword } = given;
  return superuserEmail === undefined && (superuserUsername ?? superuserPassword) !== undefined
    ? 'superuser-email: is required for a superuser'
    : undefined;
}

async function tenantsOf(given: Inputs<typeof inputs>): Promise<NewTenant[]> {
  const { schemaName = '', tenantName, domain = [], tenantType, fields = {}, tenantsFile } = given;
  if (tenantsFile !== undefined) {
    const { parseTenantsFile } = await import('../provisioning/tenants-file.ts'); // only who has a list loads it
    return parseTenantsFile(await readList(tenantsFile), tenantsFile);
  }
  const { superuserEmail: email, superuserUsername: username, superuserPassword: password } = given;
  const superuser = email === undefined ? undefined : { email, username, password };
  return [{ schemaName, tenantName, domains: domain, tenantType, fields, superuser }];
}

async function readList(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `The list of tenants cannot be read — ${messageOf(error)}`,
      'check tenants-file: it is looked for in the workspace, so check out the repository first; nothing was made',
      { code: 'cannot-read', cause: error },
    );
  }
}

/** The report's table shows so many tenants; the JSON report has them all. */
const shownRows = 50;

function tellTenants({ tenants }: ProvisionRun, { report, tell }: Context): void {
  report.data(
    'tenants',
    tenants.map(({ failure, ...told }) => ({ ...told, failure: failure?.sentence })),
  );
  for (const notice of tenants.flatMap(({ notices }) => notices).slice(0, shownRows)) report.lookAt(notice);
  if (tenants.length > 1) {
    const rows = [...tenants].sort(
      (a, b) => Number(b.failure !== undefined) - Number(a.failure !== undefined),
    );
    report.table(
      'Tenants',
      ['tenant', 'result', 'tables', 'time'],
      rows
        .slice(0, shownRows)
        .map(({ schema, failure, state, tables, milliseconds }) => [
          schema,
          failure === undefined ? (state ?? 'not begun') : `**${failure.message}**`,
          tables === undefined ? '' : String(tables),
          showDuration(milliseconds),
        ]),
    );
  }
  tell({
    tenants: JSON.stringify(
      tenants.map(({ schema, state, failure }) => ({ schema, state, failed: failure?.code })),
    ),
    'superuser-created': tenants.some(({ superuserCreated }) => superuserCreated),
  });
}

const strongestFirst = ['created', 'adopted', 'completed'] as const;

function stateOf(tenants: readonly ProvisionOutcome[]) {
  return strongestFirst.find((state) => tenants.some((tenant) => tenant.state === state)) ?? 'unchanged';
}

function verdictOf({ tenants }: ProvisionRun, dryRun: boolean): string {
  const [first] = tenants;
  if (tenants.length !== 1 || first === undefined) {
    const states = [...Map.groupBy(tenants, ({ state }) => state)];
    const told = listed(states.map(([state, same]) => `${same.length} ${dryRun ? 'would be ' : ''}${state}`));
    return `${counted(tenants.length, 'tenant')}: ${told}`;
  }
  const { schema, state, steps, tables } = first;
  if (dryRun)
    return state === 'unchanged' ? `${schema} is there` : `${schema} would be ${state}: ${listed(steps)}`;
  const proof = tables === undefined ? '' : `, with all its ${tables} tables`;
  return `${schema} is ${state}${proof}`;
}
