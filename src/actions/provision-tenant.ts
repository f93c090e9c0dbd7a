import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

import { sessionsName } from '../database/own-sessions.ts';
import { showDuration } from '../ground/duration.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import { keepYoungMemorySmall } from '../ground/young-memory.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import type { NewTenant } from '../provisioning/fields.ts';
import { type ProvisionOutcome, type ProvisionRun, provisionTenants } from '../provisioning/provision.ts';
import { defineAction, type Inputs } from '../step/action.ts';
import { environmentOf } from './container-environment.ts';
import { hostKeyIsPinnedOnce, registryIsComplete } from './fields.ts';
import { type Place, placeIsComplete, withPlace } from './place.ts';
import { presetRules, registeringProject } from './preset.ts';
import { projectOf, withDatabase, withLock } from './project.ts';
import {
  commandsAreOfManagePy,
  modeHasItsInputs,
  oneOrMany,
  type ProvisionContext,
  provisionInputs,
  provisionOutputs,
  registeringIsComplete,
  superuserIsComplete,
} from './provision-inputs.ts';
import { changeTenant } from './tenant-change.ts';
import { healthOfNewTenant } from './tenant-health.ts';
import { withWay } from './way.ts';

/** Tenants, complete or not at all: row, schema, tables, superuser, domains, proven; or mended, copied, removed. */
export const provisionTenant = defineAction({
  inputs: provisionInputs,
  outputs: provisionOutputs,
  results: ['created', 'completed', 'adopted', 'unchanged', 'repaired', 'deprovisioned', 'planned'],
  rules: [
    oneOrMany,
    modeHasItsInputs,
    ...presetRules,
    registeringIsComplete,
    commandsAreOfManagePy,
    superuserIsComplete,
    placeIsComplete,
    registryIsComplete,
    hostKeyIsPinnedOnce,
  ],

  run: (context) =>
    withWay(context.inputs, context, (through) =>
      withPlace(context.inputs, context, (place) => run(context, { through, place })),
    ),
});

interface Whence {
  readonly through: Tunnel | undefined;
  readonly place: Place;
}

async function run(context: ProvisionContext, { through, place }: Whence): Promise<{ result: string }> {
  keepYoungMemorySmall();
  const env = await environmentOf(context.inputs, context.mask);
  const inputs = { ...context.inputs, env, through };
  if (inputs.mode === 'repair' || inputs.mode === 'deprovision') {
    return changeTenant({ ...context, inputs }, place);
  }
  const { log, report, tell } = context;
  const tenants = await tenantsOf(inputs);
  const [first] = tenants;
  if (tenants.length === 1) tell({ schema: first?.schemaName, domains: JSON.stringify(first?.domains) });

  const sessions = sessionsName(context.origin);
  const { sourceSchema: source, anonymiseCommand } = inputs;
  const project = registeringProject(
    { ...inputs, through: place.isHere ? through : undefined },
    projectOf(inputs, env, { place, sessions }),
  );
  // Nobody knows whether the commands of another application bear company.
  const usual = inputs.preset === 'command' ? 1 : Math.min(availableParallelism(), 4);
  const outcome = await withDatabase(inputs, context, (database, another) =>
    withLock(inputs, { ...context, sessions, settle: place.settle }, (atSafePoint) =>
      provisionTenants({
        ...context,
        ...inputs,
        project,
        database,
        another,
        tenants,
        run: context.origin.run,
        copy: source === undefined ? undefined : { source, anonymiseCommand },
        parallel: inputs.parallel ?? usual,
        checkHealth: healthOfNewTenant(inputs, context),
        commandTimeout: inputs.timeout,
        atSafePoint,
      }),
    ),
  );

  tellTenants(outcome, context);
  if (outcome.failure !== undefined) throw outcome.failure;
  const verdict = verdictOf(outcome, inputs.dryRun);
  log.step('Done', verdict, outcome.milliseconds);
  report.verdict(`${verdict}, in ${showDuration(outcome.milliseconds)}.`);
  const state = stateOf(outcome.tenants);
  tell({ state });
  return { result: inputs.dryRun ? 'planned' : state };
}

async function tenantsOf(given: Inputs<typeof provisionInputs>): Promise<NewTenant[]> {
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

function tellTenants(run: ProvisionRun, { report, tell }: ProvisionContext): void {
  const { tenants, milliseconds, startMilliseconds } = run;
  report.data('timing', { milliseconds, startMilliseconds });
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
