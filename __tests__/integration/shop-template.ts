import { manage } from '../../src/django/project.ts';
import { succeeded } from '../../src/machine/machine.ts';
import { folders, project } from './projects.ts';
import { asSuperuser, databaseEnvironment } from './scratch-database.ts';
import { digestOfProject, templateDatabase } from './template-database.ts';
import { shopPython } from './venv.ts';

/**
 * The name of a database to copy: the shop's shared schema, its super tenant and the tenants acme, beta and zeta, all
 * at head.
 */
export function shopTemplate(): Promise<string> {
  return templateDatabase(`shop_template_${digestOfProject(folders.shop)}`, make);
}

async function make(database: string): Promise<void> {
  const shop = project(folders.shop, await shopPython(), { env: databaseEnvironment(database) });
  const run = async (...words: string[]) => {
    const result = await manage(shop, words, { timeout: 120_000 });
    if (!succeeded(result)) throw new Error(`${words.join(' ')}: ${result.stderr}`);
  };
  await run('migrate_schemas', '--shared');
  await run('create_super_tenant');
  await asSuperuser(database, (client) => client.query(tenantsNamed('acme', 'beta', 'zeta')));
  await run('migrate_schemas', '--tenant');
}

/** Rows with empty schemas: tenants that need all migrations. */
export function tenantsNamed(...names: readonly string[]): string {
  return names
    .map(
      (name) =>
        `INSERT INTO customers_customer (schema_name, name, plan, created) VALUES ('${name}', '${name}', 'free', now());
         CREATE SCHEMA ${name};`,
    )
    .join('\n');
}

/** Takes tenants of the template out of a copy of it. */
export function withoutTenants(...names: readonly string[]): string {
  return names
    .map(
      (name) => `DELETE FROM customers_customer WHERE schema_name = '${name}'; DROP SCHEMA ${name} CASCADE;`,
    )
    .join('\n');
}
