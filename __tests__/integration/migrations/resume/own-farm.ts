import { fleetMaterials } from '../../../../lab/fleet/materials.ts';
import { fleetPython, smallShape } from '../../../../lab/fleet.ts';
import { type OwnPostgres, ownPostgres } from '../../database/own-postgres.ts';
import { trapTable } from './project.ts';
import type { Farm } from './scene.ts';

/** The same fleet on a server of its own, which may be stopped. */
export async function ownFarm(tenants = 5): Promise<Farm & { readonly server: OwnPostgres }> {
  const materials = await fleetMaterials(smallShape);
  const python = await fleetPython();
  const server = await ownPostgres({ rules: 'host all all all trust' });
  const schemas = Array.from({ length: tenants }, (_, index) => `t${String(index + 1).padStart(4, '0')}`);
  await server.sql('CREATE DATABASE farm');
  for (const part of [materials.publicSql, ...schemas.map(materials.tenantSql)])
    await server.sql(part, 'farm');
  const names = schemas.map((schema) => `('${schema}', '${schema}')`).join(', ');
  await server.sql(
    `INSERT INTO customers_customer (schema_name, name) VALUES ${names}; ${trapTable}`,
    'farm',
  );
  return {
    server,
    url: `postgresql://postgres@${server.host}:${server.port}/farm?sslmode=disable`,
    env: {
      DB_HOST: server.host,
      DB_PORT: String(server.port),
      DB_NAME: 'farm',
      DB_USER: 'postgres',
      DB_PASSWORD: 'not asked for',
    },
    python,
    schemas,
    async sql<Row>(text: string): Promise<Row[]> {
      // psql writes rows as text: one column, as JSON.
      const query = text.trim().replace(/;$/, '');
      const wanted = /^(SELECT|WITH)\b/i.test(query) ? `SELECT to_json(r) FROM (${query}) r` : query;
      const lines = (await server.sql(wanted, 'farm')).split('\n').filter((line) => line.startsWith('{'));
      return lines.map((line) => JSON.parse(line) as Row);
    },
    drop: () => server.remove(),
  };
}
