import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';

import { quotedName } from '../database/quoted-name.ts';
import type { Database } from '../database/session.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { LostConnection, messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import type { Machine } from '../machine/machine.ts';
import type { ChosenBackup } from './chosen-backup.ts';
import { differencesFrom, notTheSame } from './compare.ts';
import type { BackedUpSchema, Manifest } from './manifest.ts';
import { type Pointer, readPointers, refuseFastPointers } from './points-into.ts';
import type { Reach } from './program-environment.ts';
import { findPrograms, majorOf, type Programs } from './programs.ts';
import { nameWith } from './restore-names.ts';
import { extensionsMissing, mayNotCreate, nameTaken, otherDatabase } from './restore-refusals.ts';
import { type RestoreWork, restoreSchema } from './restore-schema.ts';
import { isSameDatabase } from './retention.ts';
import { workshop } from './runner-shelf.ts';
import { swapSchemas } from './swap.ts';

export interface RestoreRequest {
  /** The same database that `database` is. */
  readonly databaseUrl: DatabaseUrl;
  readonly through?: Reach['through'];
  readonly backup: ChosenBackup;
  /** Those of the backup that are restored. */
  readonly schemas: readonly BackedUpSchema[];
  /** `beside`: under another name, and nothing else is touched. */
  readonly to: 'beside' | 'in-place';
  /** What this database is. */
  readonly identity: Manifest['database'];
  readonly dryRun: boolean;
  /** Milliseconds that a statement waits for a lock. */
  readonly lockTimeout: number;
  readonly sessions: string;
}

export interface RestorePorts {
  readonly database: Database;
  readonly machine: Machine;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called before each change; what it throws ends the restore there. */
  readonly atSafePoint: (phase: string) => Promise<void>;
  /** Told of each schema that is restored. */
  readonly onRestored: (restored: RestoredSchema) => void;
}

export interface RestoredSchema {
  readonly schema: string;
  /** The name that it has now. */
  readonly as: string;
  /** The name that the one has which it replaced. */
  readonly replaced?: string | undefined;
  readonly milliseconds: number;
  readonly tables: number;
  readonly rows: number;
}

/** What would be done with one schema, and what points into it. */
export interface PlannedRestore {
  readonly schema: BackedUpSchema;
  readonly exists: boolean;
  readonly as: string;
  readonly replaced: string | undefined;
  readonly pointers: readonly Pointer[];
}

/** Milliseconds for one schema. */
const restoreTimeout = 6 * 60 * 60_000;

/**
 * Looks what a restore would do, and refuses what must not be begun. Changes nothing.
 * @throws UserError `restore-pointed-into`, `restore-name-taken`, `backup-other-database`, `extension-missing`,
 *   `database-permission-denied`
 */
export async function planRestore(
  { schemas, to, backup, identity }: RestoreRequest,
  { database }: Pick<RestorePorts, 'database'>,
): Promise<PlannedRestore[]> {
  await requireRoom(database, backup.manifest);
  const stamp = new Date()
    .toISOString()
    .replace(/[-:]|\.\d+/g, '')
    .toLowerCase();
  const names = new Set(
    (await database.query<{ name: string }>('select nspname::text as name from pg_catalog.pg_namespace')).map(
      ({ name }) => name,
    ),
  );
  const planned: PlannedRestore[] = [];
  for (const schema of schemas) {
    const exists = names.has(schema.name);
    const pointers = exists ? await readPointers(database, schema.name) : [];
    if (to === 'beside') {
      const as = nameWith(schema.name, '_restored');
      if (names.has(as)) throw nameTaken(schema.name, as);
      refuseFastPointers(
        schema.name,
        pointers.filter(({ what }) => what.startsWith('extension ')),
      );
      planned.push({ schema, exists, as, replaced: undefined, pointers });
      continue;
    }
    if (exists && !isSameDatabase(backup.manifest.database, identity))
      throw otherDatabase(schema.name, backup.manifest, identity);
    refuseFastPointers(schema.name, pointers);
    const replaced = exists ? nameWith(schema.name, `_replaced_${stamp}`) : undefined;
    planned.push({ schema, exists, as: schema.name, replaced, pointers });
  }
  return planned;
}

/** The plan, a line a schema. Pure. */
export function restoreLines(planned: readonly PlannedRestore[]): string[] {
  return planned.flatMap(({ schema, as, replaced, pointers }) => [
    replaced === undefined
      ? `${schema.name} → ${as} (${counted(schema.tables, 'table')}, ${counted(rowsOf(schema), 'row')})`
      : `${schema.name} is replaced (${counted(schema.tables, 'table')}, ${counted(rowsOf(schema), 'row')}); the one of now stays as ${replaced}`,
    ...pointers.map(({ what }) => `  points into it: ${what}`),
  ]);
}

/** Restores each schema in a transaction of its own, proves it, and only then puts it into place. */
export async function restore(
  planned: readonly PlannedRestore[],
  request: RestoreRequest,
  ports: RestorePorts,
): Promise<void> {
  const { backup, databaseUrl, through, lockTimeout, sessions } = request;
  const { database, machine, signal } = ports;
  const programs = await programsFor(backup.manifest, database.serverVersion, { machine, signal });
  const folder = await workshop();
  try {
    for (const one of planned) {
      signal.throwIfAborted();
      await ports.atSafePoint(`restoring ${one.schema.name}`);
      const started = performance.now();
      await restoreOne(one, {
        request,
        ports,
        work: {
          machine,
          programs,
          databaseUrl,
          through,
          applicationName: `${sessions}/restore`,
          lockTimeout,
          workshop: folder,
          timeout: restoreTimeout,
          signal,
        },
      });
      const milliseconds = Math.round(performance.now() - started);
      const { schema, as, replaced } = one;
      const restored = {
        schema: schema.name,
        as,
        replaced,
        milliseconds,
        tables: schema.tables,
        rows: rowsOf(schema),
      };
      ports.log.step('Restored', restoredSentence(restored, backup.manifest), milliseconds);
      ports.onRestored(restored);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The programs for an archive and a server: older than neither. */
export function programsFor(
  { tool }: Manifest,
  server: string,
  ports: Pick<RestorePorts, 'machine' | 'signal'>,
): Promise<Programs> {
  return findPrograms(majorOf(tool) > majorOf(server) ? tool : server, ports);
}

interface One {
  readonly request: RestoreRequest;
  readonly ports: RestorePorts;
  readonly work: RestoreWork;
}

async function restoreOne(planned: PlannedRestore, { request, ports, work }: One): Promise<void> {
  const { schema, exists, as, replaced, pointers } = planned;
  const { backup, lockTimeout } = request;
  const archive = await backup.archive(schema.archive);
  const all = backup.manifest.schemas.map(({ name }) => name);
  const first =
    replaced === undefined ? as : nameWith(schema.name, `_restoring_${randomBytes(4).toString('hex')}`);
  try {
    await restoreSchema({ schema, all, archive, as: first, exists }, work);
  } catch (error) {
    // Nobody has heard whether it was committed: the catalogue knows.
    if (!(error instanceof LostConnection) || !(await isThere(first, ports))) throw error;
  }
  try {
    const different = await differencesFrom(ports.database, [{ schema, as: first }]);
    if (different.length > 0)
      throw notTheSame(different, 'it was removed again; take an older backup, or see what is different');
    if (replaced === undefined) return;
    await swapSchemas(ports.database, {
      schema: schema.name,
      restored: first,
      replaced,
      pointers,
      lockTimeout,
    });
  } catch (error) {
    await removeAgain(first, ports);
    throw error;
  }
}

async function isThere(name: string, { database }: RestorePorts): Promise<boolean> {
  const found = await database.query('select from pg_catalog.pg_namespace where nspname = $1', [name]);
  return found.length > 0;
}

/** What was restored and is not wanted. Foreign keys into other schemas lock their tables for this moment. */
async function removeAgain(name: string, { database, log }: RestorePorts): Promise<void> {
  try {
    await database.query(`set lock_timeout = '5s'; drop schema ${quotedName(name)} cascade`);
  } catch (error) {
    log.warning(
      `${name} could not be removed (${messageOf(error)}): DROP SCHEMA ${quotedName(name)} CASCADE`,
    );
  }
}

function rowsOf({ rows }: BackedUpSchema): number {
  return Object.values(rows).reduce((sum, one) => sum + one, 0);
}

function restoredSentence(
  { schema, as, replaced, tables, rows }: RestoredSchema,
  { taken }: Manifest,
): string {
  const what = `${counted(tables, 'table')}, ${counted(rows, 'row')}, proven`;
  if (replaced !== undefined)
    return `${schema} is as of ${taken} (${what}); what was written since is in ${replaced}`;
  return as === schema
    ? `${schema} is there again, as of ${taken} (${what})`
    : `${schema} of ${taken} is in ${as} (${what})`;
}

/** Extensions that the backup needs, and the right to make a schema. */
async function requireRoom(database: Database, { extensions }: Manifest): Promise<void> {
  const [rights] = await database.query<{ may: boolean; role: string; name: string }>(
    `select has_database_privilege(current_database(), 'CREATE') as may, current_user::text as role, current_database()::text as name`,
  );
  if (rights?.may === false) throw mayNotCreate(database.label, rights);
  const found = await database.query<{ name: string }>(
    'select extname::text as name from pg_catalog.pg_extension',
  );
  const there = new Set(found.map(({ name }) => name));
  const missing = extensions.filter(({ name }) => !there.has(name));
  if (missing.length > 0) throw extensionsMissing(database.label, missing);
}

/** Which schemas of a backup are meant. Default: every tenant. @throws UserError `schemas-unknown` */
export function chosenSchemas(
  manifest: Manifest,
  written: readonly string[] | undefined,
  fits: (pattern: string, name: string) => boolean,
): BackedUpSchema[] {
  if (written === undefined) return manifest.schemas.filter(({ name }) => name !== manifest.shared);
  const fitless = written.filter((pattern) => !manifest.schemas.some(({ name }) => fits(pattern, name)));
  if (fitless.length > 0) {
    throw new UserError(
      `The input schemas names what the backup does not have — no schema fits ${listed(fitless, 5)}`,
      `it has ${grouped(manifest.schemas.length)}: ${listed(
        manifest.schemas.map(({ name }) => name),
        8,
      )}; nothing was changed`,
      { code: 'schemas-unknown' },
    );
  }
  return manifest.schemas.filter(({ name }) => written.some((pattern) => fits(pattern, name)));
}
