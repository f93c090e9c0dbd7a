/** The fleets that measurements and other tests stand on are what Django would have made. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { command } from '../../../lab/command.ts';
import { dumpSchema } from '../../../lab/fleet/materials.ts';
import { type Fleet, fleetDatabase, fleetProject, releaseColumn, smallShape } from '../../../lab/fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await fleetDatabase({ tenants: 3, shape: smallShape });
}, 180_000);

afterAll(() => fleet?.drop());

async function manage(words: readonly string[], cwd: string = fleet.project): Promise<string> {
  return command([fleet.python, 'manage.py', ...words], { cwd, env: { ...process.env, ...fleet.env } });
}

test('a replayed tenant is what Django makes, and has what it has written', async () => {
  const name = ['--schema_name', 'fresh', '--name', 'fresh'];
  await manage([
    'create_tenant',
    '--noinput',
    ...name,
    '--domain-domain',
    'fresh.fleet.test',
    '--domain-is_primary',
    '1',
  ]);
  const withoutTimes = (sql: string) => sql.replace(/'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^']*'/g, `'then'`);
  const made = withoutTimes(await dumpSchema(fleet.name, 'fresh')).replaceAll('fresh', 'schema');
  const replayed = withoutTimes(await dumpSchema(fleet.name, 't0003')).replaceAll('t0003', 'schema');
  expect(replayed).toContain('CREATE TABLE schema.app00_record1');
  expect(replayed).toBe(made);
});

test('every tenant has a row, a domain and nothing to migrate', async () => {
  const rows = await fleet.sql(
    `SELECT schema_name, domain FROM customers_customer c JOIN customers_domain d ON d.tenant_id = c.id
      WHERE schema_name <> 'fresh' ORDER BY schema_name`,
  );
  expect(rows).toEqual(
    fleet.schemas.map((schema) => ({ schema_name: schema, domain: `${schema}.fleet.test` })),
  );
  await manage(['migrate_schemas', '--check', '--verbosity', '0']); // it exits with 1 when anything is pending
});

test('its models and migrations agree, and a release leaves a column to add', async () => {
  const later = await fleetProject(1, smallShape);
  await manage(['makemigrations', '--check', '--dry-run']);
  await manage(['makemigrations', '--check', '--dry-run'], later);
  await expect(manage(['migrate_schemas', '--check', '--verbosity', '0'], later)).rejects.toThrow(
    'exit code 1',
  );
  await manage(['migrate_schemas', '--schema', 't0001', '--verbosity', '0'], later);
  const { table, column } = releaseColumn(1);
  const found = await fleet.sql(
    `SELECT table_schema AS schema FROM information_schema.columns
      WHERE table_name = '${table}' AND column_name = '${column}'`,
  );
  expect(found).toEqual([{ schema: 't0001' }]);
});
