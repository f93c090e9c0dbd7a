import * as z from 'zod';

import { type Discovery, discoveryShape } from '../django/discovery.ts';
import type { Provisioner } from './provisioner.ts';

/** What provision.py can be asked: each call is one question with one answer. */

const standing = z.object({ discovery: discoveryShape, references: z.array(z.string()) });

/** How the project, the shared schema and these schemas stand, and tenants that new ones can be compared with. */
export function readStandingOf(
  schemas: readonly string[],
  provisioner: Provisioner,
): Promise<{ readonly discovery: Discovery; readonly references: readonly string[] }> {
  return provisioner.ask({ do: 'stand', schemas }, standing, 'reading how the project stands');
}

const person = z.object({ where: z.enum(['tenant', 'shared']), pk: z.string() });

const made = z.object({
  row: z.string().nullable(),
  domains: z.array(z.string()),
  schema: z.boolean(),
  person: person.nullable(),
});
/** What a run has made of one tenant, by primary keys: the list by which it is undone. */
export type Made = z.infer<typeof made>;

export const nothingMade: Made = { row: null, domains: [], schema: false, person: null };

export const journalShape = z.object({
  /** Of the work on this tenant; a schema of the same name that came later has another one. */
  id: z.string(),
  /** Who began it: the address of the run. */
  run: z.string(),
  since: z.string(),
  made,
  /** Steps that are done and cannot be seen otherwise. */
  done: z.array(z.string()),
});
/** What an unfinished tenant says about itself (tenant_journal.py). */
export type Journal = z.infer<typeof journalShape>;

const found = z.object({
  row: z.object({ pk: z.string(), hidden: z.boolean(), differences: z.array(z.string()) }).nullable(),
  /** Of the domains that were asked for, those that exist, with the schema of their tenant. */
  domains: z.array(z.object({ domain: z.string(), schema: z.string(), primary: z.boolean() })),
  problems: z.array(z.object({ field: z.string(), message: z.string() })),
  schema: z.object({
    exists: z.boolean(),
    tables: z.number(),
    mayCreate: z.boolean(),
    role: z.string(),
    /** Null: the tenant is not in the making. Not readable: somebody else's comment. */
    journal: journalShape.nullable().catch(null),
  }),
  person: z
    .object({
      where: z.enum(['tenant', 'shared']).nullable(),
      exists: z.boolean(),
      problems: z.array(z.string()),
    })
    .nullable(),
});
export type Found = z.infer<typeof found>;

/** A superuser as a user asks for one. */
export interface Person {
  readonly email: string;
  /** Default: the e-mail address. */
  readonly username: string | undefined;
  /** Default: one that nobody knows. */
  readonly password: string | undefined;
}

export interface Wanted {
  readonly schema: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly domains: readonly string[];
  readonly tenantType: string | null;
  readonly person: Person | undefined;
}

export function lookFor(wanted: Wanted, provisioner: Provisioner): Promise<Found> {
  const asked = { do: 'look', ...wanted, person: personOf(wanted.person) };
  return provisioner.ask(asked, found, `looking for ${wanted.schema}`);
}

const personOf = (person: Person | undefined) =>
  person === undefined
    ? null
    : { email: person.email, username: person.username ?? null, password: person.password ?? null };

/** `refused`: the database or the project's own code said no, and nothing was made. */
const refusable = { refused: z.string().optional(), where: z.string().nullish() };
export interface Refused {
  readonly refused?: string | undefined;
  /** The project's own line, like `shop/models.py:14`. */
  readonly where?: string | null | undefined;
}

export interface Beginning {
  readonly schema: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly makeRow: boolean;
  readonly makeSchema: boolean;
  readonly journal: Pick<Journal, 'id' | 'run' | 'since'>;
}

const begun = z.object({ ...refusable, made: made.optional(), journaled: z.boolean().optional() });

/** Makes the row and the empty schema in one transaction. */
export function beginTenant(parts: Beginning, provisioner: Provisioner) {
  return provisioner.ask(
    { do: 'begin', ...parts },
    begun,
    `making the row and the schema of ${parts.schema}`,
  );
}

const proof = z.object({
  /** Migrations that are not in the ledger, or wait to be recorded. */
  pending: z.array(z.string()),
  inconsistent: z.string().nullable(),
  ghosts: z.array(z.string()),
  duplicates: z.array(z.string()),
  contentTypes: z.array(z.string()),
  permissions: z.array(z.string()),
  /** `table.column`: the sequence would give a key that exists. */
  sequences: z.array(z.string()),
  /** How many models were asked for a row. */
  asked: z.number(),
  unanswered: z.array(z.object({ model: z.string(), reason: z.string() })),
});
export type ProjectProof = z.infer<typeof proof>;

export function proveByProject(
  { schema, tenantType }: Pick<Wanted, 'schema' | 'tenantType'>,
  provisioner: Provisioner,
): Promise<ProjectProof> {
  return provisioner.ask({ do: 'prove', schema, tenantType }, proof, `the proof of ${schema}`);
}

/** Sends django-tenants' signal post_schema_sync. */
export function announce(schema: string, provisioner: Provisioner): Promise<Refused> {
  const answer = z.object(refusable);
  return provisioner.ask({ do: 'announce', schema }, answer, `the signal post_schema_sync for ${schema}`);
}

export function makePerson(
  schema: string,
  wanted: Person,
  where: 'tenant' | 'shared',
  provisioner: Provisioner,
) {
  const answer = z.object({ ...refusable, person: person.nullish() });
  const asked = { do: 'person', schema, where, person: personOf(wanted) };
  return provisioner.ask(asked, answer, `making the superuser of ${schema}`);
}

export function makeDomains(schema: string, domains: readonly string[], provisioner: Provisioner) {
  const answer = z.object({ ...refusable, domains: z.array(z.string()).optional() });
  return provisioner.ask({ do: 'domains', schema, domains }, answer, `making the domains of ${schema}`);
}

/** Writes into the journal that a step is done. */
export function noteDone(schema: string, step: string, provisioner: Provisioner) {
  return provisioner.ask({ do: 'note', schema, step }, z.object({}), `the journal of ${schema}`);
}

export function closeJournal(schema: string, provisioner: Provisioner) {
  return provisioner.ask({ do: 'close', schema }, z.object({}), `the journal of ${schema}`);
}

const removal = z.union([
  z.object({ removed: z.array(z.enum(['superuser', 'schema', 'domains', 'row'])) }),
  z.object({ refused: z.string() }).transform(({ refused }) => ({ removed: [], stuck: refused })),
]);
export interface Removal {
  readonly removed: readonly string[];
  /** Why nothing was removed. */
  readonly stuck?: string | undefined;
}

/**
 * Removes what was made, in one transaction.
 * @param id of the journal; null: whoever has made it
 * @param goes how many rows of which shared tables may go; when it were others, too, nothing goes
 */
export function removeParts(
  schema: string,
  made: Made,
  id: string | null,
  provisioner: Provisioner,
  goes?: readonly { readonly table: string; readonly rows: number }[],
): Promise<Removal> {
  const limits = goes === undefined ? null : Object.fromEntries(goes.map(({ table, rows }) => [table, rows]));
  const asked = { do: 'remove', schema, made, id, goes: limits, lockTimeout: '5s' };
  return provisioner.ask(asked, removal, `removing ${schema}`);
}
