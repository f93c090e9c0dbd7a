/** What a fleet is made of: a project, and the SQL of one tenant as Django migrated it. Kept in the lab's cache. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { readBox } from '../box.ts';
import { command } from '../command.ts';
import { labFolders } from '../folders.ts';
import { inBox } from '../in-box.ts';
import { venv } from '../python.ts';
import { installOnce } from '../tools/install-once.ts';
import { appFiles, type FleetShape, usualShape } from './apps.ts';
import { asSuperuser, type Client, projectEnvironment } from './server.ts';

/** What the project is installed from; the last one is a peer in benchmarks. */
const requirements = [
  'Django==5.2.19',
  'django-tenants==4.0.1',
  'psycopg[binary]==3.3.9',
  'django-tenants-smart-executor==0.3.1',
  '',
].join('\n');

const fixedPart = join(import.meta.dirname, 'project');
/** Raise it when materials are made in another way. */
const recipe = 1;

export interface FleetMaterials {
  /** Tells these materials from those of other versions of the project or its packages. */
  readonly fingerprint: string;
  readonly publicSql: string;
  /** The SQL of a tenant. */
  tenantSql(schema: string): string;
}

export function fleetPython(): Promise<string> {
  return venv(requirements);
}

/**
 * A folder with the project that has seen so many releases since its fleets were made: each adds a column to one
 * table of every tenant. Shared by everybody: copy it before changing it.
 */
export async function fleetProject(releases = 0, shape: FleetShape = usualShape): Promise<string> {
  const files = allFiles(shape, releases);
  return installOnce(labFolders(), `fleet-project-${digest(files)}`, async (folder) => {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  });
}

function allFiles(shape: FleetShape, releases: number): Map<string, string> {
  const paths = readdirSync(fixedPart, { recursive: true, encoding: 'utf8' });
  const fixed = paths
    .filter((path) => path.endsWith('.py'))
    .sort()
    .map((path) => [path, readFileSync(join(fixedPart, path), 'utf8')] as const);
  return new Map([...fixed, ...appFiles(shape, releases)]);
}

const digest = (what: unknown) =>
  createHash('sha256')
    .update(JSON.stringify(what instanceof Map ? [...what] : what))
    .digest('hex')
    .slice(0, 8);

/** Made by Django once: the shared schema, and a tenant whose schema has a name that occurs nowhere else. */
export async function fleetMaterials(shape: FleetShape): Promise<FleetMaterials> {
  const fingerprint = digest([recipe, requirements, digest(allFiles(shape, 0))]);
  const folder = await installOnce(labFolders(), `fleet-materials-${fingerprint}`, (unfinished) =>
    makeMaterials(unfinished, shape),
  );
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  const token = text('token');
  const parts = text('tenant.sql').split(token);
  return {
    fingerprint,
    publicSql: text('public.sql'),
    tenantSql: (schema) => parts.join(schema),
  };
}

async function makeMaterials(folder: string, shape: FleetShape): Promise<void> {
  const token = `t${randomBytes(12).toString('hex')}`;
  const database = `fleet_materials_${token}`;
  await asSuperuser('postgres', (client) => client.query(`CREATE DATABASE ${database}`));
  try {
    const manage = await manageOf(database, shape);
    await manage(['migrate_schemas', '--shared', '--verbosity', '0']);
    const publicSql = await dumpSchema(database, 'public');
    await manage(['create_tenant', '--noinput', '--schema_name', token, '--name', 'template', ...itsDomain]);
    await asSuperuser(database, (client) => refuseTokenInRows(client, token));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'public.sql'), publicSql);
    writeFileSync(join(folder, 'tenant.sql'), await dumpSchema(database, token));
    writeFileSync(join(folder, 'token'), token);
  } finally {
    await asSuperuser('postgres', (client) => client.query(`DROP DATABASE ${database} WITH (FORCE)`));
  }
}

const itsDomain = ['--domain-domain', 'template.fleet.test', '--domain-is_primary', 'True'];

async function manageOf(
  database: string,
  shape: FleetShape,
): Promise<(words: readonly string[]) => Promise<string>> {
  const python = await fleetPython();
  const cwd = await fleetProject(0, shape);
  const env = { ...process.env, ...projectEnvironment(database) };
  return (words) => command([python, 'manage.py', ...words], { cwd, env });
}

/** In the dump, the token may then be nothing but the schema's name. @throws Error naming the table */
async function refuseTokenInRows(client: Client, token: string): Promise<void> {
  const { rows } = await client.query<{ table: string }>(
    `SELECT tablename AS table FROM pg_tables WHERE schemaname = $1`,
    [token],
  );
  if (rows.length === 0) throw new Error(`the template tenant ${token} has no tables`);
  for (const { table } of rows) {
    const found = await client.query(
      `SELECT FROM ${token}."${table}" AS row WHERE strpos(row::text, '${token}') > 0 LIMIT 1`,
    );
    if (found.rowCount !== 0) throw new Error(`a row of ${table} holds the name of its schema`);
  }
}

/** One schema as SQL that one message to the server can carry. */
export async function dumpSchema(database: string, schema: string): Promise<string> {
  const box = readBox(labFolders(), 'postgres15');
  if (box === undefined) throw new Error('the lab’s postgres15 is not up — npm run lab -- up postgres15');
  const { DB_USER, DB_PASSWORD } = projectEnvironment(database);
  const sql = await inBox(
    box,
    [
      ...['/usr/lib/postgresql/15/bin/pg_dump', '--host=/run/postgresql', `--username=${DB_USER}`],
      ...[`--dbname=${database}`, `--schema=${schema}`],
      ...['--no-owner', '--no-comments', '--rows-per-insert=500'],
    ],
    { env: { PGPASSWORD: String(DB_PASSWORD) } },
  );
  return sql
    .split('\n')
    .filter((line) => !/^(--|\\(un)?restrict |CREATE SCHEMA public;|$)/.test(line)) // psql's own, and what is there
    .join('\n');
}
