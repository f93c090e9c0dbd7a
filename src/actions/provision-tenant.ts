import { sessionsName } from '../database/own-sessions.ts';
import { showDuration } from '../ground/duration.ts';
import { listed } from '../ground/words.ts';
import { type ProvisionOutcome, provisionTenant as provision } from '../provisioning/provision.ts';
import { defineAction } from '../step/action.ts';
import { boolean, lines, text } from '../step/fields.ts';
import { yamlMap } from '../step/yaml-field.ts';
import { commonFields, databaseFields, environment, lockFields, projectFields } from './fields.ts';
import { projectOf, withDatabase, withLock } from './project.ts';

export const tenantFields = {
  schemaName: text,
  tenantName: text.optional(),
  domain: lines,
  tenantType: text.optional(),
  fields: yamlMap.optional(),
  adopt: boolean,
};

/** One tenant, complete or not at all: row, domains, schema, tables, proven. */
export const provisionTenant = defineAction({
  inputs: {
    ...databaseFields,
    ...lockFields,
    ...projectFields,
    env: environment.optional(),
    ...tenantFields,
    dryRun: boolean,
    ...commonFields,
  },
  outputs: ['state', 'schema', 'domains'],
  results: ['created', 'completed', 'adopted', 'unchanged', 'planned'],

  async run(context) {
    const { inputs, log, report, tell } = context;
    const { schemaName, tenantName, domain, tenantType, fields = {} } = inputs;
    tell({ schema: schemaName, domains: JSON.stringify(domain) });

    const sessions = sessionsName(context.origin);
    const outcome = await withDatabase(inputs, context, (database) =>
      withLock(inputs, { ...context, sessions }, (atSafePoint) =>
        provision({
          ...context,
          ...inputs,
          project: projectOf(inputs, inputs.env ?? {}, { sessions }),
          database,
          tenant: { schemaName, tenantName, domains: domain, tenantType, fields },
          commandTimeout: inputs.timeout,
          atSafePoint,
        }),
      ),
    );

    report.data('tenant', outcome);
    for (const notice of outcome.notices) report.lookAt(notice);
    if (outcome.failure !== undefined) throw outcome.failure;
    const verdict = verdictOf(outcome, inputs.dryRun);
    log.step('Done', verdict, outcome.milliseconds);
    report.verdict(`${verdict}, in ${showDuration(outcome.milliseconds)}.`);
    return { result: inputs.dryRun ? 'planned' : (outcome.state ?? 'unchanged'), state: outcome.state };
  },
});

function verdictOf({ schema, state, steps, tables }: ProvisionOutcome, dryRun: boolean): string {
  if (dryRun)
    return state === 'unchanged' ? `${schema} is there` : `${schema} would be ${state}: ${listed(steps)}`;
  const proof = tables === undefined ? '' : `, with all its ${tables} tables`;
  return `${schema} is ${state}${proof}`;
}
