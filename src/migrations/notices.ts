import type { Discovery } from '../django/discovery.ts';
import { counted, listed } from '../ground/words.ts';
import type { GhostInPlan } from './obstacles.ts';

/** The part of a plan that deserves a look but stops nothing. */
interface Noticeable {
  readonly orphans: Discovery['orphans'];
  readonly hidden: readonly string[];
  readonly ghosts: readonly GhostInPlan[];
  readonly appsWithoutMigrations: readonly string[];
  readonly templates: Discovery['templates'];
  readonly duplicates: Discovery['duplicates'];
  readonly partialSquashes: readonly {
    readonly squash: string;
    readonly applied: number;
    readonly of: number;
    readonly schemas: readonly string[];
  }[];
  readonly lacking: Discovery['postMigrate']['lacking'];
  readonly particulars: Discovery['particulars'];
  readonly back?: { readonly templatesAhead: readonly string[] } | undefined;
}

/** What deserves a look but stops nothing, a line each. */
export function notices(plan: Noticeable): string[] {
  const { orphans, hidden, ghosts, appsWithoutMigrations } = plan;
  return [
    ...(orphans.length === 0
      ? []
      : [
          `${counted(orphans.length, 'schema')} of no tenant, not migrated: ${listed(
            orphans.map(
              ({ schema, lastApplied }) =>
                `${schema}${lastApplied === null ? '' : ` (last migrated ${lastApplied} UTC)`}`,
            ),
            5,
          )}`,
        ]),
    ...(hidden.length === 0
      ? []
      : [
          `${counted(hidden.length, 'tenant')} hidden by the default manager, not migrated: ${listed(hidden, 5)}`,
        ]),
    ...(ghosts.length === 0
      ? []
      : [
          `recorded, but not in this code: ${listed(
            ghosts.map(({ migration, schemas }) => `${migration} (${counted(schemas, 'schema')})`),
            5,
          )}`,
        ]),
    ...(appsWithoutMigrations.length === 0
      ? []
      : [`apps with models but without migrations, which get no tables: ${listed(appsWithoutMigrations)}`]),
    ...(plan.back === undefined ? templateNotices(plan.templates) : templatesGoingBack(plan)),
    ...plan.partialSquashes.map(
      ({ squash, applied, of, schemas }) =>
        `${counted(schemas.length, 'schema')} with ${applied} of the ${counted(of, 'migration')} that ${squash} replaces (${listed(schemas, 3)}): keep the old files until ${schemas.length === 1 ? 'it has' : 'they have'} all`,
    ),
    ...(plan.duplicates.length === 0
      ? []
      : [
          `migrations recorded twice, as two runs at once do: ${listed(
            plan.duplicates.map(({ schema, migrations }) => `${schema} (${listed(migrations, 2)})`),
            3,
          )}`,
        ]),
    ...lackingNotices(plan.lacking),
    ...particularNotices(plan.particulars),
  ];
}

function templateNotices(templates: Discovery['templates']): string[] {
  return templates.flatMap(({ schema, exists, pending, unknown }) => {
    if (!exists) return [`the template ${schema}, which new tenants are copied from, does not exist`];
    if (unknown !== null) return [`the template ${schema} cannot be judged: ${unknown}`];
    if (pending.length === 0) return [];
    return [
      `the template ${schema} is ${counted(pending.length, 'migration')} behind: a tenant copied from it would have them recorded and not made`,
    ];
  });
}

function templatesGoingBack({ templates, back }: Noticeable): string[] {
  return [
    ...templates
      .filter(({ exists, pending }) => exists && pending.length > 0)
      .map(({ schema }) => `the template ${schema}, which new tenants are copied from, goes back, too`),
    ...(back?.templatesAhead ?? []).map(
      (schema) =>
        `the template ${schema} stays where it is: a tenant that is copied from it will have what these go back from`,
    ),
  ];
}

function lackingNotices(lacking: Noticeable['lacking']): string[] {
  if (lacking.length === 0) return [];
  const schemas = lacking.flatMap((group) => group.schemas);
  const things = [...new Set(lacking.flatMap((group) => [...group.contentTypes, ...group.permissions]))];
  return [
    `${counted(schemas.length, 'schema')} without content types or permissions of the code (${listed(schemas, 3)}): ${listed(things, 3)}`,
  ];
}

function particularNotices(particulars: Discovery['particulars']): string[] {
  const { baseMigrateCommand, executorFunction, extraSetTenantMethod, extraSearchPaths } = particulars;
  const own = [
    ...(baseMigrateCommand === null ? [] : [`TENANT_BASE_MIGRATE_COMMAND is ${baseMigrateCommand}`]),
    ...(executorFunction === null ? [] : [`GET_EXECUTOR_FUNCTION is ${executorFunction}`]),
    ...(extraSetTenantMethod === null ? [] : [`EXTRA_SET_TENANT_METHOD_PATH is ${extraSetTenantMethod}`]),
    ...(extraSearchPaths.length === 0 ? [] : [`PG_EXTRA_SEARCH_PATHS has ${listed(extraSearchPaths)}`]),
  ];
  return own.length === 0 ? [] : [`the project changes how django-tenants works: ${own.join('; ')}`];
}
