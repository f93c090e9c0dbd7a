import { rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describeBlockers, watchingBlockers } from '../database/blockers.ts';
import { readWithin } from '../database/locked-tables.ts';
import type { Database } from '../database/session.ts';
import type { StructureGroup } from '../database/structure.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { codeOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { showSize } from '../ground/size.ts';
import { counted, listed } from '../ground/words.ts';
import type { Machine } from '../machine/machine.ts';
import { type Batch, batchesOf, batchesSentence } from './batches.ts';
import { sha256Of } from './checksum.ts';
import { dump } from './dump.ts';
import { encryptFile } from './encryption.ts';
import {
  readExtents,
  readLockTable,
  readSurroundings,
  type SchemaExtent,
  type Surroundings,
} from './extent.ts';
import { fingerprintsIn, readFingerprints } from './fingerprint.ts';
import { backupId, type Manifest, manifestFile, writeManifest } from './manifest.ts';
import type { Reach } from './program-environment.ts';
import { findPrograms } from './programs.ts';
import { notProven, proveArchive, type Rows, rowDifferences } from './prove.ts';
import { removeOutdated } from './retention.ts';
import type { Shelf, Unfinished } from './shelf.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';

/** What is to be backed up, where it goes, and for how long. */
export interface BackupRequest {
  /** The same database that `database` is. */
  readonly databaseUrl: DatabaseUrl;
  readonly through?: Reach['through'];
  /** Those that will change. */
  readonly schemas: readonly string[];
  /** The schema that belongs to all of them. */
  readonly shared: string;
  readonly shelf: Shelf;
  /** Public keys of age; none: it is not encrypted. */
  readonly recipients?: readonly string[] | undefined;
  /** Milliseconds; older backups of this database are removed when this one is proven. */
  readonly keep: number;
  /** What comes after it, for the manifest: `migration`. */
  readonly before: string;
  readonly origin: { readonly run: string; readonly actor: string; readonly commit: string };
  /** The structures of these schemas, where they are known already. Default: they are read. */
  readonly structures?: readonly StructureGroup[] | undefined;
  /** Milliseconds that pg_dump waits for a table that somebody changes. */
  readonly lockTimeout: number;
  /** The beginning of the names of this run's sessions. */
  readonly sessions: string;
}

export interface BackupPorts {
  readonly database: Database;
  /** Opens one more session of it. */
  readonly another: () => Promise<Database>;
  /** Where pg_dump runs: this machine. */
  readonly machine: Machine;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A backup of which every archive has been read to its end. */
export interface ProvenBackup {
  readonly id: string;
  /** Its folder. */
  readonly path: string;
  /** Where that is, for people: `this machine`, `deploy@web-1`. */
  readonly place: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

/** Milliseconds for one batch: as long as a job may take on GitHub. */
const dumpTimeout = 6 * 60 * 60_000;

/**
 * Backs up these schemas and the shared one, as they are at one moment, and proves that all of it can be read.
 * @returns undefined when none of them has anything in it
 * @throws UserError `schema-unreadable`, `backup-program-missing`, `backup-failed`, `backup-not-proven`, `disk-full`, `migration-blocked`,
 *   `schema-vanished`, `lock-table-too-small`, `cannot-write` …; LostConnection. Then nothing is left of it.
 */
export async function backUp(request: BackupRequest, ports: BackupPorts): Promise<ProvenBackup | undefined> {
  const { database, log, signal } = ports;
  const started = performance.now();
  const names = [...new Set([request.shared, ...request.schemas])];
  const extents = await readExtents(database, names);
  const gone = request.schemas.filter((name) => !extents.some((extent) => extent.name === name));
  if (gone.length > 0) throw vanished(gone);
  if (extents.every(({ locks }) => locks === 0)) return undefined;
  const programs = await findPrograms(database.serverVersion, ports);
  const lockTable = await readLockTable(database);
  const batches = batchesOf(extents, lockTable);
  const sentence = batchesSentence(batches, lockTable);
  if (sentence !== undefined) log.info(sentence);
  const around = await readSurroundings(database);
  const fingerprints =
    request.structures === undefined
      ? await readWithin(database, request.lockTimeout, () => readFingerprints(database, names))
      : fingerprintsIn(request.structures);

  const id = backupId(new Date());
  const unfinished = await request.shelf.begin(id);
  let snapshot: Snapshot | undefined;
  try {
    snapshot = await takeSnapshot(await ports.another());
    const counting = snapshot.count(extents);
    counting.catch(() => {}); // told below
    const work = { request, ports, programs, unfinished, snapshot };
    const archives = await dumpAll(batches, work);
    const inDatabase = await counting;
    compareRows(archives, inDatabase);
    const manifest = manifestOf({
      id,
      request,
      ports,
      around,
      fingerprints,
      archives,
      inDatabase,
      snapshot,
      tool: programs.version,
    });
    await writeFile(join(unfinished.workshop, manifestFile), writeManifest(manifest), { mode: 0o600 });
    await unfinished.take(manifestFile);
    signal.throwIfAborted();
    const path = await unfinished.finish();
    const bytes = archives.reduce((sum, { bytes }) => sum + bytes, 0);
    const size = `${counted(extents.length, 'schema')}, ${showSize(bytes)}${manifest.encryption === null ? '' : ', encrypted'}`;
    log.step('Backup', `${size}, proven: ${path} on ${request.shelf.place}`, performance.now() - started);
    for (const left of manifest.leftOut) log.warning(`Not in the backup: ${left}`);
    await removeOutdated(request.shelf, { database: manifest.database, keep: request.keep, log }).catch(
      (error: unknown) => {
        log.warning(
          `Old backups could not be removed: ${error instanceof Error ? error.message : String(error)}`,
        );
      },
    );
    return { id, path, place: request.shelf.place, bytes, manifest };
  } catch (error) {
    const isFull = await ranOutOfRoom(error, unfinished.workshop);
    await unfinished.giveUp();
    signal.throwIfAborted();
    throw isFull ? diskFull(request.shelf.folder, error) : error;
  } finally {
    await snapshot?.end();
  }
}

/** Less than this is none: a MiB. */
const noRoom = 2 ** 20;

/** pg_dump does not always notice that the end of an archive did not get to the disk: reading it again does. */
async function ranOutOfRoom(error: unknown, folder: string): Promise<boolean> {
  if (codeOf(error) === 'ENOSPC') return true;
  if (codeOf(error) !== 'backup-not-proven') return false;
  const room = await statfs(folder).catch(() => undefined);
  return room !== undefined && room.bavail * room.bsize < noRoom;
}

function diskFull(folder: string, error: unknown): UserError {
  return new UserError(
    `The backup failed — the disk of ${folder} is full`,
    'free space there, or choose another folder (backup-folder), then run again; what was written of it is removed; nothing was changed',
    { code: 'disk-full', cause: error },
  );
}

interface Work {
  readonly request: BackupRequest;
  readonly ports: BackupPorts;
  readonly programs: Awaited<ReturnType<typeof findPrograms>>;
  readonly unfinished: Unfinished;
  readonly snapshot: Snapshot;
}

interface Archive {
  readonly file: string;
  readonly batch: Batch;
  readonly rows: Rows;
  readonly bytes: number;
  readonly sha256: string;
  readonly milliseconds: number;
}

/** One pg_dump after the other, each proven while the next one is made: two of them would ask the same catalogue twice at once. */
async function dumpAll(batches: readonly Batch[], work: Work): Promise<Archive[]> {
  const archives: Archive[] = [];
  let proving: Promise<Archive> | undefined;
  for (const [index, batch] of batches.entries()) {
    const name = `archive-${index + 1}.dump`;
    const started = performance.now();
    await dumpOne(batch, join(work.unfinished.workshop, name), work);
    if (proving !== undefined) archives.push(await proving);
    proving = prove(name, batch, started, work);
    proving.catch(() => {}); // told when it is waited for
  }
  if (proving !== undefined) archives.push(await proving);
  return archives;
}

async function dumpOne(
  batch: Batch,
  file: string,
  { request, ports, programs, snapshot }: Work,
): Promise<void> {
  const { database, machine, signal, log } = ports;
  const applicationName = `${request.sessions}/backup`;
  await writeFile(file, '', { mode: 0o600 }); // pg_dump keeps the mode of a file that is there
  let inTheWay: string | undefined;
  await watchingBlockers(
    () =>
      dump(batch, file, {
        machine,
        programs,
        databaseUrl: request.databaseUrl,
        through: request.through,
        applicationName,
        snapshot: snapshot.id,
        lockTimeout: request.lockTimeout,
        timeout: dumpTimeout,
        signal,
        blockers: () => inTheWay,
      }),
    {
      database,
      applicationName,
      interval: 500,
      onBlocked: (blockers) => {
        inTheWay = describeBlockers(blockers);
        log.info(`the backup waits for ${inTheWay}`);
      },
    },
  );
}

async function prove(name: string, batch: Batch, started: number, work: Work): Promise<Archive> {
  const { request, ports, programs, unfinished } = work;
  const { machine, signal } = ports;
  const plain = join(unfinished.workshop, name);
  const rows = await proveArchive(plain, batch, { machine, programs, signal });
  const file = await encrypted(name, unfinished.workshop, request.recipients ?? []);
  const path = join(unfinished.workshop, file);
  const [{ size: bytes }, sha256] = [await stat(path), await sha256Of(path)];
  await unfinished.take(file);
  return { file, batch, rows, bytes, sha256, milliseconds: Math.round(performance.now() - started) };
}

async function encrypted(name: string, folder: string, recipients: readonly string[]): Promise<string> {
  if (recipients.length === 0) return name;
  const file = `${name}.age`;
  try {
    await encryptFile(join(folder, name), join(folder, file), recipients);
  } finally {
    await rm(join(folder, name), { force: true });
  }
  return file;
}

/** What the archives have is what the database had, at the same moment. @throws UserError `backup-not-proven` */
function compareRows(archives: readonly Archive[], inDatabase: Rows): void {
  const different = archives.flatMap(({ batch, rows }) =>
    batch.schemas.flatMap(({ name }) => {
      const known = inDatabase.get(name);
      return known === undefined ? [] : rowDifferences(name, rows.get(name) ?? new Map(), known);
    }),
  );
  if (different.length > 0) throw notProven(listed(different, 3), different.join('\n'));
}

interface Facts {
  readonly id: string;
  readonly request: BackupRequest;
  readonly ports: BackupPorts;
  readonly around: Surroundings;
  readonly fingerprints: ReadonlyMap<string, string>;
  readonly archives: readonly Archive[];
  readonly inDatabase: Rows;
  readonly snapshot: Snapshot;
  readonly tool: string;
}

function manifestOf({
  id,
  request,
  ports,
  around,
  fingerprints,
  archives,
  inDatabase,
  snapshot,
  tool,
}: Facts): Manifest {
  const { origin, before, shared, recipients = [] } = request;
  return {
    schema: 'tenantry-backup/1',
    id,
    run: origin.run,
    actor: origin.actor,
    commit: origin.commit,
    before,
    taken: snapshot.taken,
    database: {
      name: around.database,
      label: ports.database.label,
      system: around.system,
      oid: around.oid,
      server: ports.database.serverVersion,
    },
    tool,
    encryption: recipients.length === 0 ? null : 'age',
    shared,
    extensions: [...around.extensions],
    schemas: archives.flatMap(({ file, batch, rows }) =>
      batch.schemas.map((extent: SchemaExtent) => ({
        name: extent.name,
        oid: extent.oid,
        fingerprint: fingerprints.get(extent.name) ?? '',
        archive: file,
        tables: extent.tables.length,
        rows: Object.fromEntries(rows.get(extent.name) ?? []),
        rowsCompared: inDatabase.has(extent.name),
      })),
    ),
    archives: archives.map(({ file, bytes, sha256, milliseconds }) => ({
      file,
      bytes,
      sha256,
      milliseconds,
    })),
    leftOut:
      around.largeObjects === 0
        ? []
        : [
            `${counted(around.largeObjects, 'large object')}, which belong to no schema: back them up with the whole database`,
          ],
  };
}

function vanished(gone: readonly string[]): UserError {
  return new UserError(
    `The backup failed — ${listed(gone, 3)} ${gone.length === 1 ? 'is' : 'are'} not there`,
    'somebody has removed it meanwhile: run again; nothing was changed',
    { code: 'schema-vanished' },
  );
}
