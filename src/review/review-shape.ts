import * as z from 'zod';

/**
 * What a review came to. It is a part of the report, and what a comment is written from: also in another workflow,
 * which believes nothing of it, since somebody else's code may have written it.
 */

const finding = z.object({
  /** Of the situation. */
  row: z.number(),
  name: z.string(),
  level: z.enum(['error', 'warning']),
  migration: z.string(),
  /** Relative to the project's folder; null for a migration of an installed package. */
  file: z.string().nullable(),
  line: z.number(),
  /** What was observed. */
  said: z.string(),
  /** What to do. */
  next: z.string(),
  /** Why it is accepted. */
  acknowledged: z.string().nullable(),
});

const size = z.object({
  /** Schemas that have the table. */
  schemas: z.number(),
  bytes: z.number(),
  rows: z.number(),
  /** Where it is largest. */
  largest: z.object({ schema: z.string(), bytes: z.number(), rows: z.number() }),
  /** Schemas in which it is big. */
  big: z.array(z.string()).readonly(),
});

/** A lock on a table that others use. */
const touch = z.object({
  /** With its schema where that is the shared one, seen from a tenant. */
  table: z.string(),
  lock: z.enum([
    'none',
    'ROW EXCLUSIVE',
    'SHARE UPDATE EXCLUSIVE',
    'SHARE',
    'SHARE ROW EXCLUSIVE',
    'ACCESS EXCLUSIVE',
  ]),
  /** What PostgreSQL does while it is held. */
  cost: z.enum(['instant', 'type', 'unknown', 'rows', 'scan', 'index', 'rewrite']),
  size: size.nullable(),
});

const migration = z.object({
  migration: z.string(),
  atomic: z.boolean(),
  reversible: z.boolean(),
  statements: z.array(z.string()),
  /** Operations whose SQL nobody knows before they run, with why. */
  unknown: z.array(z.string()),
  touches: z.array(touch),
  /** What must be there, or allowed. */
  needs: z.array(z.string()),
});

/** Schemas in which the same is pending. */
const group = z.object({
  kind: z.enum(['shared', 'tenant']),
  tenantType: z.string().nullable(),
  schemas: z.array(z.string()),
  migrations: z.array(migration),
});

export const reviewShape = z.object({
  groups: z.array(group),
  /** Errors that nobody has acknowledged first. */
  findings: z.array(finding),
});

/** A review with what is known of the whole run. */
export const previewShape = z.object({
  /** `1,000 tenants: 988 up to date, 12 need 2 migrations`. */
  plan: z.string(),
  /** Of what: a database, or only the code. */
  basis: z.string(),
  /** What it means for going back; null where nothing is pending. */
  goingBack: z.string().nullable(),
  review: reviewShape,
});

export type Finding = z.infer<typeof finding>;
export type Touch = z.infer<typeof touch>;
export type ReviewedMigration = z.infer<typeof migration>;
export type ReviewedGroup = z.infer<typeof group>;
export type Review = z.infer<typeof reviewShape>;
export type Preview = z.infer<typeof previewShape>;
