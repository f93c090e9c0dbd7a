import * as z from 'zod';

import type { Database } from '../database/session.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, listed } from '../ground/words.ts';
import { requireRightDatabase } from '../migrations/standing.ts';
import { readStandingOf, removeParts } from './parts.ts';
import { type Provisioner, startProvisioner } from './provisioner.ts';

const inventory = z.object({
  row: z.object({ pk: z.string() }).nullable(),
  /** The primary one first. */
  domains: z.array(z.object({ pk: z.string(), domain: z.string() })),
  /** Null: there is no schema. */
  tables: z.number().nullable(),
  /** `app.Model: rows` of other shared tables that lead to the tenant. */
  withIt: z.array(z.string()),
});
/** Everything that there is of a tenant. */
export type Inventory = z.infer<typeof inventory>;

export interface DeprovisionOptions {
  readonly project: DjangoProject;
  readonly database: Database;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly schema: string;
  /** Looks and tells; removes nothing. */
  readonly dryRun: boolean;
  /** Takes a backup that is proven. @returns its folder; undefined when there was nothing to put into it */
  readonly takeBackup: (schema: string, shared: string) => Promise<string | undefined>;
  /** Called before each change with what it is; what it throws ends the run there. */
  readonly atSafePoint?: ((phase: string) => Promise<void>) | undefined;
}

export interface Deprovisioned {
  readonly schema: string;
  readonly found: Inventory;
  readonly backup: string | undefined;
  /** The way back, in order. */
  readonly wayBack: readonly string[];
  readonly milliseconds: number;
}

/**
 * Removes a tenant: schema, domains and row in one transaction, after a backup that was proven.
 * @throws UserError `tenant-unknown`, `tenant-not-removed`, and what the backup throws; nothing has been removed then
 */
export async function deprovisionTenant(options: DeprovisionOptions): Promise<Deprovisioned> {
  const started = performance.now();
  const { schema, log } = options;
  const provisioner = await startProvisioner(options);
  try {
    const { discovery } = await readStandingOf([schema], provisioner);
    await requireRightDatabase(discovery, options);
    refuseShared(schema, discovery.publicSchema);
    const found = await take(schema, provisioner);
    if (found.row === null && found.tables === null) throw unknown(schema);
    log.step('Plan', `${schema}: ${listed(partsOf(found))} would go`);
    for (const rows of found.withIt) log.info(`with the row: ${rows}`);
    const done = (backup: string | undefined): Deprovisioned => ({
      schema,
      found,
      backup,
      wayBack: wayBack(schema, found, backup),
      milliseconds: performance.now() - started,
    });
    if (options.dryRun) return done(undefined);

    let backup: string | undefined;
    if (found.tables !== null) {
      await options.atSafePoint?.(`the backup of ${schema}`);
      backup = await options.takeBackup(schema, discovery.publicSchema);
      if (backup === undefined && found.tables > 0) {
        throw new Error(`no backup of ${schema}, which has ${found.tables} tables`);
      }
    }
    await options.atSafePoint?.(`the removal of ${schema}`);
    await remove(schema, found, { provisioner, backup });
    return done(backup);
  } finally {
    await provisioner.end();
  }
}

function take(schema: string, provisioner: Provisioner): Promise<Inventory> {
  return provisioner.ask({ do: 'inventory', schema }, inventory, `looking for ${schema}`);
}

async function remove(
  schema: string,
  { row, domains, tables }: Inventory,
  { provisioner, backup }: { readonly provisioner: Provisioner; readonly backup: string | undefined },
): Promise<void> {
  const made = {
    row: row?.pk ?? null,
    domains: domains.map(({ pk }) => pk),
    schema: tables !== null,
    person: null,
  };
  const { stuck } = await removeParts(schema, made, null, provisioner);
  const kept = backup === undefined ? '' : `; the backup stays at ${backup}`;
  if (stuck !== undefined) {
    throw new UserError(
      `The tenant ${schema} could not be removed — ${stuck}`,
      `all of it is still there; run again when nobody uses it${kept}`,
      { code: 'tenant-not-removed' },
    );
  }
  const left = await take(schema, provisioner);
  if (left.row === null && left.tables === null) return;
  throw new UserError(
    `The tenant ${schema} is there again — ${listed(partsOf(left))} came back after the removal`,
    `find out who makes it, then run again${kept}`,
    { code: 'tenant-not-removed' },
  );
}

function partsOf({ row, domains, tables }: Inventory): string[] {
  return [
    ...(row === null ? [] : ['its row']),
    ...(domains.length === 0 ? [] : [`${counted(domains.length, 'domain')}`]),
    ...(tables === null ? [] : [`the schema with ${counted(tables, 'table')}`]),
  ];
}

function wayBack(schema: string, { row, domains }: Inventory, backup: string | undefined): string[] {
  return [
    ...(backup === undefined
      ? []
      : [
          `migrate-schemas with mode: restore, schemas: ${schema}, restore-to: in-place, backup-path: ${backup}`,
        ]),
    ...(row === null
      ? []
      : [
          `provision-tenant with schema-name: ${schema}, adopt: true, domain: ${listed(domains.map(({ domain }) => domain))} and its fields (the backup of the shared schema has its row)`,
        ]),
  ];
}

function refuseShared(schema: string, publicSchema: string): void {
  const name = schema.toLowerCase();
  if (
    schema !== publicSchema &&
    name !== 'public' &&
    name !== 'information_schema' &&
    !name.startsWith('pg_')
  ) {
    return;
  }
  throw new UserError(
    `The schema ${schema} is never removed — it is ${name.startsWith('pg_') || name === 'information_schema' ? 'PostgreSQL’s own' : 'shared by all tenants'}`,
    'name the schema of one tenant; nothing was changed',
    { code: 'tenant-not-removed' },
  );
}

export function unknown(schema: string): UserError {
  return new UserError(
    `There is no tenant ${schema} — neither a row nor a schema has that name`,
    'correct schema-name; nothing was changed',
    { code: 'tenant-unknown' },
  );
}
