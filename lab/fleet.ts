/**
 * A fleet: a database of many tenants of one django-tenants project, all at the head of its migrations, on the lab's
 * PostgreSQL 15. Finished databases are kept as templates on the server and copied.
 */
import { join } from 'node:path';
import { type FleetShape, usualShape } from './fleet/apps.ts';
import { type FleetMaterials, fleetMaterials, fleetProject, fleetPython } from './fleet/materials.ts';
import { asSuperuser, type Client, projectEnvironment } from './fleet/server.ts';
import { labFolders } from './folders.ts';
import { withLock } from './lock.ts';
import type { Progress } from './progress.ts';

export { type FleetShape, releaseColumn, smallShape, usualShape } from './fleet/apps.ts';
export { fleetProject, fleetPython } from './fleet/materials.ts';

export interface Fleet {
  /** The database. */
  readonly name: string;
  readonly url: string;
  /** What the project reads to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder with manage.py. Shared by everybody: copy it before changing it. */
  readonly project: string;
  /** The Python that has what the project needs. */
  readonly python: string;
  /** `t0001`, `t0002`, …: as many as there are tenants. */
  readonly schemas: readonly string[];
  /** One or more statements, as the owner of everything; rows of the last one. */
  sql<Row = Record<string, unknown>>(text: string): Promise<Row[]>;
  drop(): Promise<void>;
}

export interface FleetWish {
  readonly tenants: number;
  /** How large the project is; default: the usual one, with 62 tables and 201 recorded migrations a tenant. */
  readonly shape?: FleetShape;
  readonly progress?: Progress;
}

/**
 * A new database of tenants. The first of its size takes 0.2 s a tenant of the usual shape; later ones are copies: 340
 * files and 3.6 MB a tenant, 80 to 120 s for 1,000 of them, a fifth of that in the small shape.
 */
export async function fleetDatabase({
  tenants,
  shape = usualShape,
  progress = () => {},
}: FleetWish): Promise<Fleet> {
  const work = { materials: await fleetMaterials(shape), progress };
  const kept = Math.min(tenants, largestKept);
  const template = await ensureTemplate(kept, work);
  const name = `fleet_${process.pid}_${Date.now().toString(36)}_${++made}`;
  progress('fleet', `copying ${template}`);
  await copyDatabase(template, name);
  if (tenants > kept) await addTenants(name, schemaNames(tenants).slice(kept), work);
  const env = projectEnvironment(name);
  return {
    name,
    url: `postgresql://${env.DB_USER}:${env.DB_PASSWORD}@${env.DB_HOST}:${env.DB_PORT}/${name}`,
    env,
    project: await fleetProject(0, shape),
    python: await fleetPython(),
    schemas: schemaNames(tenants),
    sql: (text) =>
      asSuperuser(name, async (client) => {
        const result: unknown = await client.query(text);
        const last = Array.isArray(result) ? result.at(-1) : result;
        return last.rows;
      }),
    drop: () => dropDatabase(name),
  };
}

let made = 0;

/** Larger ones begin as a copy of this one: copying takes half as long as making, and twice the room. */
const largestKept = 1_000;

const schemaNames = (tenants: number) =>
  Array.from({ length: tenants }, (_, index) => `t${String(index + 1).padStart(4, '0')}`);

interface Work {
  readonly materials: FleetMaterials;
  readonly progress: Progress;
}

/** The name of a finished database of this size, which is made first where there is none. */
async function ensureTemplate(tenants: number, work: Work): Promise<string> {
  const { materials, progress } = work;
  const nameOf = (size: number) => `fleet_template_${materials.fingerprint}_${size}`;
  const template = nameOf(tenants);
  await withLock(join(labFolders().run, 'fleet.lock'), async () => {
    const sizes = await templateSizes(nameOf);
    if (sizes.includes(tenants)) return;
    const smaller = Math.max(0, ...sizes.filter((size) => size < tenants));
    const unfinished = `${template}_unfinished`;
    await dropDatabase(unfinished);
    if (smaller === 0) {
      await asSuperuser('postgres', (client) => client.query(`CREATE DATABASE ${unfinished}`));
      await asSuperuser(unfinished, (client) => client.query(materials.publicSql));
    } else {
      progress('fleet', `copying ${nameOf(smaller)}`);
      await copyDatabase(nameOf(smaller), unfinished);
    }
    await addTenants(unfinished, schemaNames(tenants).slice(smaller), work);
    await asSuperuser('postgres', async (client) => {
      await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
      await client.query(`ALTER DATABASE ${template} ALLOW_CONNECTIONS false`);
    });
  });
  return template;
}

async function templateSizes(nameOf: (size: number) => string): Promise<number[]> {
  const prefix = nameOf(0).slice(0, -1);
  const { rows } = await asSuperuser('postgres', (client) =>
    client.query<{ datname: string }>(`SELECT datname FROM pg_database WHERE starts_with(datname, $1)`, [
      prefix,
    ]),
  );
  return rows.map(({ datname }) => Number(datname.slice(prefix.length))).filter(Number.isInteger);
}

/** Two sessions saturate the server; a third one does not help. */
const sessions = 2;

async function addTenants(
  database: string,
  schemas: readonly string[],
  { materials, progress }: Work,
): Promise<void> {
  const waiting = [...schemas];
  let done = 0;
  const replay = () =>
    asSuperuser(database, async (client) => {
      for (let schema = waiting.shift(); schema !== undefined; schema = waiting.shift()) {
        await client.query(materials.tenantSql(schema)); // one message, one transaction
        done += 1;
        if (done % 100 === 0) progress('fleet', `${done} of ${schemas.length} tenants`);
      }
    });
  await Promise.all(Array.from({ length: sessions }, replay));
  await asSuperuser(database, async (client) => {
    await client.query(
      `WITH added AS (
         INSERT INTO customers_customer (schema_name, name) SELECT s, s FROM unnest($1::text[]) AS s ORDER BY s
         RETURNING id, schema_name
       )
       INSERT INTO customers_domain (domain, is_primary, tenant_id)
       SELECT schema_name || '.fleet.test', true, id FROM added`,
      [schemas],
    );
    await tidyCatalogue(client);
  });
}

/** As autovacuum leaves it after a while, so that it does not do so in the middle of a measurement. */
async function tidyCatalogue(client: Client): Promise<void> {
  const { rows } = await client.query<{ table: string }>(
    `SELECT relname AS table FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'`,
  );
  for (const { table } of rows) await client.query(`VACUUM (ANALYZE) pg_catalog.${table}`);
}

async function copyDatabase(template: string, name: string): Promise<void> {
  await asSuperuser('postgres', (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`),
  );
}

async function dropDatabase(name: string): Promise<void> {
  await asSuperuser('postgres', (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
}
