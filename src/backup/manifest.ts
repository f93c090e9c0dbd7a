import { randomBytes } from 'node:crypto';
import * as z from 'zod';

import { UserError } from '../ground/errors.ts';

/** What a backup says about itself: `manifest.json`, which is written when everything else is proven, never before. */

export const manifestFile = 'manifest.json';

const count = z.number().int().nonnegative();

const schemaShape = z.object({
  name: z.string(),
  /** Its number in the catalogue: the list of an archive names it without ambiguity. */
  oid: z.number(),
  /** Equal for equal structures, in every run and database. */
  fingerprint: z.string(),
  /** The file that it is in. */
  archive: z.string(),
  tables: count,
  /** Of each table with rows of its own: as the archive has them. */
  rows: z.record(z.string(), count),
  /** Whether the database counted the same in the same snapshot; false: its time for counting was over. */
  rowsCompared: z.boolean(),
});

const shape = z.object({
  schema: z.literal('tenantry-backup/1'),
  id: z.string(),
  run: z.string(),
  actor: z.string(),
  commit: z.string(),
  /** What comes after it: `migration`, `deprovisioning of acme`. */
  before: z.string(),
  /** The moment that all archives show, ISO 8601. */
  taken: z.string(),
  database: z.object({
    name: z.string(),
    /** For people: `shop on db.internal:5432`. */
    label: z.string(),
    /** The cluster's own number; null where the role may not ask for it. */
    system: z.string().nullable(),
    oid: z.string(),
    server: z.string(),
  }),
  /** The version of pg_dump. */
  tool: z.string(),
  encryption: z.enum(['age']).nullable(),
  shared: z.string(),
  extensions: z.array(z.object({ name: z.string(), schema: z.string(), version: z.string() })),
  schemas: z.array(schemaShape),
  archives: z.array(
    z.object({
      file: z.string(),
      /** As it lies there: encrypted, if that was wanted. */
      bytes: count,
      sha256: z.string(),
      milliseconds: z.number(),
    }),
  ),
  /** What belongs to the application and is in no schema's archive, a sentence each. */
  leftOut: z.array(z.string()),
});

export type Manifest = z.infer<typeof shape>;
export type BackedUpSchema = Manifest['schemas'][number];

/** Sorts by time, and no two runs have the same: `20261122T004512Z-9f31c2aa`. */
export function backupId(now: Date): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}`;
}

export const idPattern = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;

/** The moment in an id, milliseconds since 1970. */
export function timeOfId(id: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(id) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** @throws UserError `backup-unreadable` @param where for the sentence */
export function readManifest(text: string, where: string): Manifest {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    throw unreadable(where, 'it is not JSON');
  }
  const read = shape.safeParse(written);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw unreadable(where, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is another file'}`);
}

function unreadable(where: string, observed: string): UserError {
  return new UserError(
    `The backup in ${where} cannot be read — its ${manifestFile} is not as Tenantry wrote it: ${observed}`,
    'take another backup, or the version of Tenantry that made this one; nothing was changed',
    { code: 'backup-unreadable' },
  );
}

export function writeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
