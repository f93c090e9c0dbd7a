/** The suite. `tenantry` is the root action: the whole line in one step. */
export const actionNames = [
  'parse-db-url',
  'migrate-schemas',
  'provision-tenant',
  'deploy-container',
  'health-check',
  'report-line',
  'tenantry',
] as const;

export type ActionName = (typeof actionNames)[number];
