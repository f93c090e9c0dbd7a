import { manifestOf } from './actions/manifests.ts';
import type { ActionName } from './actions/names.ts';
import type { Action } from './step/action.ts';
import { githubHost } from './step/github.ts';
import { runStep } from './step/run.ts';

/** The suite by name. Each action is loaded when it is run, so that a step starts no slower than it must. */
export const actions: Readonly<Record<ActionName, () => Promise<Action>>> = {
  'parse-db-url': async () => widened((await import('./actions/parse-db-url.ts')).parseDbUrl),
  'migrate-schemas': async () => widened((await import('./actions/migrate-schemas.ts')).migrateSchemas),
  'provision-tenant': async () => widened((await import('./actions/provision-tenant.ts')).provisionTenant),
  'deploy-container': async () => widened((await import('./actions/deploy-container.ts')).deployContainer),
  'health-check': async () => widened((await import('./actions/health-check.ts')).healthCheck),
  'report-line': async () => widened((await import('./actions/report-line.ts')).reportLine),
  tenantry: async () => widened((await import('./actions/tenantry.ts')).tenantry),
};

/** Runs an action as a step of a GitHub workflow, and ends the process. */
export async function run(name: ActionName): Promise<never> {
  const done = await runStep(name, await actions[name](), manifestOf(name), githubHost(process.env));
  // A socket that something left open must not keep a finished step running.
  process.exit(done ? 0 : 1);
}

/** The registry forgets which inputs belong to which action; `runStep` pairs an action only with its own. */
function widened(action: unknown): Action {
  return action as Action;
}
