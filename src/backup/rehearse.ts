import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { quotedName } from '../database/quoted-name.ts';
import type { Database } from '../database/session.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { showDuration } from '../ground/duration.ts';
import { codeOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, listed } from '../ground/words.ts';
import { type Machine, succeeded } from '../machine/machine.ts';
import { readArchiveList } from './archive-list.ts';
import type { ChosenBackup } from './chosen-backup.ts';
import { differencesFrom, notTheSame } from './compare.ts';
import type { Manifest } from './manifest.ts';
import { programEnvironment, type Reach } from './program-environment.ts';
import type { Programs } from './programs.ts';
import { listArchive } from './prove.ts';
import { programsFor } from './restore.ts';
import { restoreFailure } from './restore-schema.ts';
import { workshop } from './runner-shelf.ts';

export interface RehearsalRequest {
  readonly databaseUrl: DatabaseUrl;
  readonly through?: Reach['through'];
  readonly backup: ChosenBackup;
  readonly sessions: string;
}

export interface RehearsalPorts {
  readonly database: Database;
  /** Opens a session of another database of the same server. */
  readonly connectTo: (name: string) => Promise<Database>;
  readonly machine: Machine;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface Rehearsal {
  readonly schemas: number;
  readonly rows: number;
  /** Milliseconds to restore all of it; a real restore takes as long. */
  readonly restoring: number;
}

const restoreTimeout = 6 * 60 * 60_000;
const prefix = 'tenantry_rehearsal_';

/**
 * Restores a backup into a database that is made for it and goes with it, and compares every schema with what the
 * manifest says of the original.
 * @throws UserError `restore-failed`, `restore-not-proven`, `extension-missing`, `database-permission-denied` …
 */
export async function rehearse(
  { databaseUrl, through, backup, sessions }: RehearsalRequest,
  ports: RehearsalPorts,
): Promise<Rehearsal> {
  const { database, machine, signal, log } = ports;
  const { manifest } = backup;
  const programs = await programsFor(manifest, database.serverVersion, { machine, signal });
  await tellLeftOver(ports);
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  await makeDatabase(database, name);
  const folder = await workshop();
  let scratch: Database | undefined;
  try {
    scratch = await ports.connectTo(name);
    const made = await makeExtensions(scratch, manifest);
    const started = performance.now();
    const [sharedArchive] = manifest.schemas.flatMap(({ name: one, archive }) =>
      one === manifest.shared ? [archive] : [],
    );
    // Tenants point into the shared schema.
    const files = [
      ...new Set([
        ...(sharedArchive === undefined ? [] : [sharedArchive]),
        ...manifest.archives.map(({ file }) => file),
      ]),
    ];
    const environment = programEnvironment({
      databaseUrl,
      through,
      applicationName: `${sessions}/rehearsal`,
      database: name,
    });
    for (const file of files) {
      signal.throwIfAborted();
      const archive = await backup.archive(file);
      await restoreArchive(archive, { programs, environment, made, folder, machine, signal });
    }
    const restoring = performance.now() - started;
    const different = await differencesFrom(
      scratch,
      manifest.schemas.map((schema) => ({ schema, as: schema.name })),
    );
    if (different.length > 0) {
      throw notTheSame(
        different,
        'do not rely on this backup: take another one now (any run of migrate-schemas with something pending does), then rehearse again',
      );
    }
    const rows = manifest.schemas
      .flatMap((schema) => Object.values(schema.rows))
      .reduce((sum, one) => sum + one, 0);
    log.step(
      'Rehearsal',
      rehearsalSentence(manifest, { schemas: manifest.schemas.length, rows, restoring }),
      restoring,
    );
    return { schemas: manifest.schemas.length, rows, restoring: Math.round(restoring) };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await scratch?.close();
    await database.query(`drop database if exists ${quotedName(name)} with (force)`).catch(() => {
      log.warning(`The database of the rehearsal is left: DROP DATABASE ${quotedName(name)}`);
    });
  }
}

/** `12 schemas of 2026-11-22T01:00:54Z restored and equal to the manifest …; a real restore takes about 41 s` */
export function rehearsalSentence({ taken }: Manifest, { schemas, rows, restoring }: Rehearsal): string {
  const all = `${counted(schemas, 'schema')} of ${taken} restored: structures and ${counted(rows, 'row')} are what the manifest says`;
  const one = schemas < 2 ? '' : `, one tenant about ${showDuration(restoring / schemas)}`;
  return `${all}; restoring all of it takes about ${showDuration(restoring)}${one}`;
}

interface ArchiveWork {
  readonly programs: Programs;
  readonly environment: Readonly<Record<string, string>>;
  /** Numbers of schemas that are there already. */
  readonly made: ReadonlySet<number>;
  readonly folder: string;
  readonly machine: Machine;
  readonly signal: AbortSignal;
}

/** Statement by statement: one transaction for many schemas would not fit the server's lock table. */
async function restoreArchive(
  archive: string,
  { programs, environment, made, folder, machine, signal }: ArchiveWork,
): Promise<void> {
  const entries = readArchiveList(await listArchive(archive, { machine, programs, signal }));
  const list = join(folder, 'list');
  const wanted = entries.filter(({ catalogue, oid }) => !(catalogue === 2615 && made.has(oid)));
  await writeFile(list, wanted.map(({ line }) => `${line}\n`).join(''));
  const result = await machine.run(
    [
      programs.restore,
      '--exit-on-error',
      '--no-password',
      '--no-owner',
      '--no-privileges',
      `--use-list=${list}`,
      `--dbname=${environment.PGDATABASE}`,
      archive,
    ],
    { timeout: restoreTimeout, signal, env: environment },
  );
  if (!succeeded(result)) throw restoreFailure('The rehearsal', result, 'pg_restore');
}

/** Schemas that hold extensions come first, and are not made twice. @returns the numbers they had */
async function makeExtensions(scratch: Database, { extensions, schemas }: Manifest): Promise<Set<number>> {
  try {
    for (const { name, schema } of extensions) {
      await scratch.query(`create schema if not exists ${quotedName(schema)}`);
      await scratch.query(
        `create extension if not exists ${quotedName(name)} with schema ${quotedName(schema)}`,
      );
    }
  } catch (error) {
    throw new UserError(
      `The rehearsal cannot make the backup’s extensions — ${error instanceof Error ? error.message : String(error)}`,
      `rehearse as a role that may (${listed(
        extensions.map(({ name }) => `CREATE EXTENSION ${name}`),
        3,
      )}), or on a server that has them`,
      { code: 'extension-missing', cause: error },
    );
  }
  const there = await scratch.query<{ name: string }>(
    'select nspname::text as name from pg_catalog.pg_namespace',
  );
  const names = new Set(there.map(({ name }) => name));
  return new Set(schemas.filter(({ name }) => names.has(name)).map(({ oid }) => oid));
}

/** With the order of characters that the original has: indexes and conditions depend on it. */
async function makeDatabase(database: Database, name: string): Promise<void> {
  const [own] = await database.query<{
    encoding: string;
    collate: string;
    ctype: string;
    provider: string;
    locale: string | null;
  }>(`
    select pg_encoding_to_char(encoding) as encoding, datcollate::text as collate, datctype::text as ctype, datlocprovider::text as provider,
           coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') as locale
      from pg_catalog.pg_database d where datname = current_database()`);
  if (own === undefined) throw new Error('pg_database does not have this database');
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const provider =
    own.provider === 'i'
      ? ` locale_provider icu icu_locale ${text(own.locale ?? 'und')}`
      : own.provider === 'b'
        ? ` locale_provider builtin builtin_locale ${text(own.locale ?? 'C')}`
        : '';
  try {
    await database.query(
      `create database ${quotedName(name)} template template0 encoding ${text(own.encoding)} lc_collate ${text(own.collate)} lc_ctype ${text(own.ctype)}${provider}`,
    );
  } catch (error) {
    if (codeOf(error) !== 'database-permission-denied' && codeOf(error) !== '42501') throw error;
    throw new UserError(
      `The rehearsal cannot make its database on ${database.label} — the role may not create one`,
      'let a superuser run: ALTER ROLE … CREATEDB, or rehearse on another server with its own database-url; nothing was changed',
      { code: 'database-permission-denied', cause: error },
    );
  }
}

async function tellLeftOver({ database, log }: RehearsalPorts): Promise<void> {
  const left = await database.query<{ name: string }>(
    'select datname::text as name from pg_catalog.pg_database where starts_with(datname, $1)',
    [prefix],
  );
  for (const { name } of left)
    log.warning(
      `A rehearsal that was killed, or still runs, has the database ${name}: if none runs, DROP DATABASE ${quotedName(name)}`,
    );
}
