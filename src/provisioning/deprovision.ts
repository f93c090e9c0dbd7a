import * as z from 'zod';

import { nameWith } from '../backup/restore-names.ts';
import { quotedName } from '../database/quoted-name.ts';
import type { Database } from '../database/session.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, listed } from '../ground/words.ts';
import { requireRightDatabase } from '../migrations/standing.ts';
import { readStandingOf, removeParts } from './parts.ts';
import { type Provisioner, startProvisioner } from './provisioner.ts';

const inventory = z.object({
  /** `table`, and its columns with the primary key and the schema's name. */
  row: z.object({ pk: z.string(), table: z.string(), key: z.string(), name: z.string() }).nullable(),
  /** The primary one first. */
  domains: z.array(z.object({ pk: z.string(), domain: z.string() })),
  /** Null: there is no schema. */
  tables: z.number().nullable(),
  /** Rows of other shared tables that have a reference to the tenant's row, the domains among them: they go with it. */
  pointing: z.array(z.object({ model: z.string(), table: z.string(), column: z.string(), rows: z.number() })),
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
    for (const { model, rows } of found.pointing) log.info(`with the row: ${model}: ${rows}`);
    const done = (backup: string | undefined): Deprovisioned => ({
      schema,
      found,
      backup,
      wayBack: wayBack(schema, discovery.publicSchema, found, backup),
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

/** The rows come from the shared schema as the backup has it, with their own keys; then the schema takes its place. */
function wayBack(
  schema: string,
  shared: string,
  { row, pointing }: Inventory,
  backup: string | undefined,
): string[] {
  if (backup === undefined) return [];
  const restore = (name: string, to: string) =>
    `migrate-schemas with mode: restore, backup-path: ${backup}, schemas: ${name}, restore-to: ${to}`;
  const copy = nameWith(shared, '_restored');
  return [
    ...(row === null ? [] : [restore(shared, 'beside'), rowsBack(schema, { shared, copy, row, pointing })]),
    restore(schema, 'in-place'),
    ...(row === null ? [] : [`SQL, when all of it is there: DROP SCHEMA ${quotedName(copy)} CASCADE`]),
  ];
}

function rowsBack(
  schema: string,
  {
    shared,
    copy,
    row: { table, key, name },
    pointing,
  }: Pick<Inventory, 'pointing'> & {
    readonly shared: string;
    readonly copy: string;
    readonly row: NonNullable<Inventory['row']>;
  },
): string {
  const tenant = `${quotedName(name)} = '${schema.replaceAll("'", "''")}'`;
  const owner = `(SELECT ${quotedName(key)} FROM ${quotedName(shared)}.${quotedName(table)} WHERE ${tenant})`;
  const insert = (from: string, which: string) =>
    `INSERT INTO ${quotedName(shared)}.${quotedName(from)} OVERRIDING SYSTEM VALUE SELECT * FROM ${quotedName(copy)}.${quotedName(from)} WHERE ${which}`;
  const statements = [
    insert(table, tenant),
    ...pointing.map((one) => insert(one.table, `${quotedName(one.column)} = ${owner}`)),
  ];
  return `SQL, in one transaction: ${statements.join('; ')}`;
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
