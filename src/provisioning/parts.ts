import * as z from 'zod';

import { probe } from '../django/probe.ts';
import type { DjangoProject } from '../django/project.ts';

/** The calls to provision.py: look for a tenant's parts, make them, announce the tenant, remove the parts. */

const found = z.object({
  row: z.object({ pk: z.string(), hidden: z.boolean(), differences: z.array(z.string()) }).nullable(),
  /** Of the domains that were asked for, those that exist, with the schema of their tenant. */
  domains: z.array(z.object({ domain: z.string(), schema: z.string() })),
  problems: z.array(z.object({ field: z.string(), message: z.string() })),
  schema: z.object({ exists: z.boolean(), tables: z.number(), mayCreate: z.boolean(), role: z.string() }),
});
export type Found = z.infer<typeof found>;

const made = z.object({
  row: z.string().nullable(),
  domains: z.array(z.string()),
  schema: z.string().nullable(),
});
/** What this run has made, by primary keys and name: the list by which it is undone. */
export type Made = z.infer<typeof made>;

const removal = z.object({
  removed: z.array(z.enum(['schema', 'row', 'domains'])),
  stuck: z.object({ part: z.enum(['schema', 'row', 'domains']), reason: z.string() }).nullable(),
});
export type Removal = z.infer<typeof removal>;

interface Call {
  readonly project: DjangoProject;
  readonly signal: AbortSignal;
}

const patience = 5 * 60_000;

export interface Wanted {
  readonly schema: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly domains: readonly string[];
}

export async function lookFor(wanted: Wanted, call: Call): Promise<Found> {
  return ask(call, { action: 'look', ...wanted }, found);
}

export interface Parts {
  readonly schema: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly makeRow: boolean;
  readonly makeDomains: readonly string[];
  readonly makeSchema: boolean;
}

/** Makes the parts in one transaction. `refused`: the database or the model said no, and nothing was made. */
export async function makeParts(
  parts: Parts,
  call: Call,
): Promise<{ made: Made | null; refused: string | null }> {
  const answer = z.object({ made: made.nullable(), refused: z.string().nullable() });
  return ask(call, { action: 'make', ...parts }, answer);
}

/** Sends django-tenants' signal post_schema_sync. */
export async function announce(schema: string, call: Call): Promise<{ refused: string | null }> {
  return ask(call, { action: 'announce', schema }, z.object({ refused: z.string().nullable() }));
}

/** Removes what was made, newest first; `lockTimeout` as PostgreSQL writes it. */
export async function removeParts(parts: Made, call: Call): Promise<Removal> {
  return ask(call, { action: 'remove', made: parts, lockTimeout: '5s' }, removal);
}

interface Request extends Partial<Wanted & Parts> {
  readonly action: 'look' | 'make' | 'announce' | 'remove';
  readonly made?: Made;
  readonly lockTimeout?: string;
}

async function ask<T>({ project, signal }: Call, request: Request, answer: z.ZodType<T>): Promise<T> {
  return probe(
    project,
    'provision',
    { request, answer },
    { timeout: patience, signal, applicationName: `provision ${request.action}` },
  );
}
