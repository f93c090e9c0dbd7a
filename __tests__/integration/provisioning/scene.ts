import type { DjangoProject } from '../../../src/django/project.ts';
import { migrateSchemas } from '../../../src/migrations/migrate.ts';
import type { NewTenant } from '../../../src/provisioning/fields.ts';
import type { ProvisionOptions } from '../../../src/provisioning/options.ts';
import {
  type ProvisionOutcome,
  type ProvisionRun,
  provisionTenants,
} from '../../../src/provisioning/provision.ts';
import { changedCopy, folders, project, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { shopTemplate, withoutTenants } from '../shop-template.ts';
import { shopPython } from '../venv.ts';

/**
 * The shop with the public tenant and elder, which new ones are compared with: without one, Django's own command would
 * have to show what they look like.
 */

export const acme: NewTenant = {
  schemaName: 'acme',
  tenantName: 'Acme',
  domains: ['acme.example', 'www.acme.example'],
  fields: { plan: 'team' },
};

/** What is there when acme is whole, as `world` tells it. */
export const whole = [
  'acme Acme team',
  'acme.example* of acme',
  'schema acme: 14',
  'www.acme.example of acme',
];

/** `in` is the project, by default the shop as it is. */
export type Wish = Partial<ProvisionOptions> & { in?: DjangoProject };

export interface ShopScene {
  readonly python: string;
  /** A database with the shared schema at head; gone after the test. */
  fresh(more?: { readonly role?: string }): Promise<ScratchDatabase>;
  /** A database with nothing in it. */
  empty(): Promise<ScratchDatabase>;
  /** One tenant: its outcome, with the failure of the run. */
  provision(tenant?: NewTenant, wish?: Wish): Promise<ProvisionOutcome>;
  provisionAll(tenants: readonly NewTenant[], wish?: Wish): Promise<ProvisionRun>;
  /** The shop with some files changed, gone after the test. */
  changedShop(files: Readonly<Record<string, string>>): Promise<DjangoProject>;
  /** Rows, domains and schemas, as `acme Acme team`, `acme.example* of acme`, `schema acme: 14`; unfinished ones say so. */
  world(): Promise<string[]>;
  endTest(): Promise<void>;
  end(): Promise<void>;
}

export async function shopScene(): Promise<ShopScene> {
  const python = await shopPython();
  const template = await scratchDatabase({ template: await shopTemplate() });
  const cleanUps: (() => Promise<unknown>)[] = [];
  let scratch = template;
  await template.sql(`
    ${withoutTenants('beta', 'zeta')}
    ALTER SCHEMA acme RENAME TO elder;
    UPDATE customers_customer SET schema_name = 'elder', name = 'Elder' WHERE schema_name = 'acme'`);
  await template.database.close();

  async function provisionAll(
    tenants: readonly NewTenant[],
    { in: place = project(folders.shop, python, scratch), ...more }: Wish = {},
  ): Promise<ProvisionRun> {
    return provisionTenants({
      project: place,
      database: scratch.database,
      another: scratch.another,
      log: recordedLog(),
      signal: new AbortController().signal,
      tenants,
      run: 'a test',
      adopt: false,
      dryRun: false,
      ...more,
    });
  }

  async function use(database: Promise<ScratchDatabase>): Promise<ScratchDatabase> {
    scratch = await database;
    cleanUps.push(scratch.drop);
    return scratch;
  }

  return {
    python,
    fresh: (more = {}) => use(scratchDatabase({ template: template.name, ...more })),
    empty: () => use(scratchDatabase()),
    provisionAll,

    async provision(tenant = acme, wish = {}) {
      const { tenants, failure } = await provisionAll([tenant], wish);
      const nothing = {
        schema: tenant.schemaName,
        steps: [],
        notices: [],
        superuserCreated: false,
        milliseconds: 0,
      };
      return { ...nothing, ...tenants[0], failure };
    },

    async changedShop(files) {
      const copy = await changedCopy(folders.shop, files);
      cleanUps.push(copy.remove);
      return project(copy.folder, python, scratch);
    },

    async world() {
      const rows = await scratch.sql<{ line: string }>(`
        SELECT schema_name || ' ' || name || ' ' || plan AS line FROM customers_customer
         WHERE schema_name NOT IN ('public', 'elder')
        UNION ALL
        SELECT d.domain || CASE WHEN is_primary THEN '*' ELSE '' END || ' of ' || schema_name
          FROM customers_domain d JOIN customers_customer c ON c.id = tenant_id WHERE schema_name <> 'public'
        UNION ALL
        SELECT 'schema ' || n.nspname || ': ' || count(c.oid)
               || CASE WHEN obj_description(n.oid) LIKE 'tenantry %' THEN ' (unfinished)' ELSE '' END
          FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
         WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('public', 'information_schema', 'elder')
         GROUP BY n.oid, n.nspname`);
      return rows.map(({ line }) => line).sort();
    },

    async endTest() {
      for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    },

    end: () => template.drop(),
  };
}

/** Migrates everything of a project. */
export async function bring(place: DjangoProject, { database }: ScratchDatabase): Promise<void> {
  const { signal } = new AbortController();
  const log = recordedLog();
  const { failure } = await migrateSchemas({ project: place, database, log, signal, dryRun: false });
  if (failure !== undefined) throw failure;
}
