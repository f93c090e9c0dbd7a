/** The project that has a migration of every kind, and tenants that stand where each kind of trouble begins. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { type DjangoProject, manage } from '../../../src/django/project.ts';
import { type CommandResult, succeeded } from '../../../src/machine/machine.ts';
import { folders, project } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';

/** What each tenant has, and therefore needs. */
export const tenants = {
  first: 'has yesterday’s release: needs everything',
  duplicates: 'has a row twice: an atomic migration fails in the middle of the plan',
  halted: 'has a row twice: a migration without a transaction fails half-way, and leaves an invalid index',
  second: 'is like the first, and comes after the ones that failed',
  waiting: 'has today’s migrations that cannot be in a transaction, but not the one that waits for its end',
  together: 'has those too: what it needs fits into one transaction',
  fresh: 'has an empty schema',
  bookkeeping: 'needs only the row of a squashed migration',
  untold: 'has every migration, but a content type and a permission are gone',
} as const;
export type Tenant = keyof typeof tenants;
export const tenantNames = Object.keys(tenants) as Tenant[];
export const failing: readonly Tenant[] = ['duplicates', 'halted'];

/**
 * `quiet`: nobody but Django listens to its signals. `strange`: a migration that nobody can look into. `backend`: a
 * schema editor that uses no transactions.
 */
export type Apps = 'all' | 'quiet' | 'strange' | 'backend';

export function zoo(
  python: string,
  database: Pick<ScratchDatabase, 'env'>,
  apps: Apps = 'all',
): DjangoProject {
  return project(folders.zoo, python, database, { ZOO_APPS: apps });
}

/** Runs a command of the project that has to succeed. */
async function run(django: DjangoProject, ...args: string[]): Promise<void> {
  const result = await manage(django, args, { timeout: 120_000 });
  if (!succeeded(result)) throw new Error(`manage.py ${args.join(' ')}\n${result.stderr.slice(-3000)}`);
}

/** What Django itself makes of a schema. */
export function migrateByDjango(django: DjangoProject, schema: string): Promise<CommandResult> {
  return manage(django, ['migrate_schemas', `--schema=${schema}`], { timeout: 120_000 });
}

/**
 * A database in which all tenants wait for today's release, whose shared schema is already there. Nobody is connected
 * to it, so that it can be copied.
 */
export async function waitingZoo(python: string): Promise<ScratchDatabase> {
  const database = await scratchDatabase();
  const yesterday = await yesterdaysRelease();
  try {
    const old = project(yesterday, python, database, { ZOO_RELEASE: 'yesterday' });
    await run(old, 'migrate_schemas', '--shared');
    const early = tenantNames.filter((name) => name !== 'fresh');
    await database.sql(rowsAndSchemas(early));
    await run(old, 'migrate_schemas', '--tenant');
  } finally {
    await rm(yesterday, { recursive: true });
  }
  const today = zoo(python, database);
  await run(today, 'migrate_schemas', '--shared');
  await run(today, 'migrate_schemas', 'unatomic', '0005', '--schema=waiting');
  await run(today, 'migrate_schemas', 'unatomic', '--schema=together');
  for (const schema of ['bookkeeping', 'untold']) await run(today, 'migrate_schemas', `--schema=${schema}`);
  await database.sql(rowsAndSchemas(['fresh']));
  await database.sql(`
    DELETE FROM bookkeeping.django_migrations WHERE name LIKE '%squashed%';
    DELETE FROM untold.auth_permission WHERE codename = 'feed_beast';
    DELETE FROM untold.auth_permission WHERE codename LIKE '%sticker' OR codename LIKE '%badge';
    DELETE FROM untold.django_content_type WHERE model IN ('sticker', 'badge');
    INSERT INTO duplicates.constraints_booking (stall, during, code, price, cancelled)
      SELECT 2, during, code, 6, cancelled FROM duplicates.constraints_booking;
    INSERT INTO halted.unatomic_herd (name, size) VALUES ('yaks', 11);
    -- Numbers of content types that differ from one tenant to the next.
    SELECT setval('second.django_content_type_id_seq', 700);`);
  await database.database.close();
  return database;
}

/** A copy of the project as it was before its newest migrations. */
async function yesterdaysRelease(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'tenantry-zoo-'));
  const stays = (path: string) =>
    !path.includes('__pycache__') &&
    (basename(dirname(path)) !== 'migrations' || /(__init__|_before)\.py$/.test(path));
  await cp(folders.zoo, copy, { recursive: true, filter: stays });
  return copy;
}

function rowsAndSchemas(names: readonly Tenant[]): string {
  return names
    .map((name) => `INSERT INTO estate_park (schema_name) VALUES ('${name}'); CREATE SCHEMA ${name};`)
    .join('\n');
}
