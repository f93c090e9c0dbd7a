import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { labFolders } from '../../lab/folders.ts';
import { withLock } from '../../lab/lock.ts';
import { manage } from '../../src/django/project.ts';
import { succeeded } from '../../src/machine/machine.ts';
import { folders, project } from './projects.ts';
import { asSuperuser, databaseEnvironment } from './scratch-database.ts';
import { shopPython } from './venv.ts';

/**
 * The name of a database to copy: the shop's shared schema, its super tenant and the tenants acme, beta and zeta, all
 * at head. Django takes longer to make it than most tests to do their work: it is made once for a server, by whoever
 * comes first, and stays there as long as the server does.
 */
export async function shopTemplate(): Promise<string> {
  const name = `shop_template_${digestOfShop()}`;
  await withLock(join(labFolders().run, 'shop-template.lock'), async () => {
    const there = `SELECT FROM pg_database WHERE datname = '${name}'`;
    if ((await asSuperuser('postgres', (client) => client.query(there))).rowCount === 1) return;
    const unfinished = `${name}_unfinished`;
    await asSuperuser('postgres', async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${unfinished}`);
    });
    await make(unfinished);
    await asSuperuser('postgres', async (client) => {
      await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`); // they would be in the way of copying
    });
  });
  return name;
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

/** Another shop has another template. */
function digestOfShop(): string {
  const hash = createHash('sha256');
  for (const path of readdirSync(folders.shop, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.(py|txt)$/.test(path)) continue;
    hash.update(`${path}\0`).update(readFileSync(join(folders.shop, path)));
  }
  return hash.digest('hex').slice(0, 12);
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
