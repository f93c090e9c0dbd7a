import * as z from 'zod';

import type { Database } from '../database/session.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, listed } from '../ground/words.ts';
import { requireRightDatabase } from '../migrations/standing.ts';
import { readStandingOf, removeParts } from './parts.ts';
import { type Provisioner, startProvisioner } from './provisioner.ts';
import { type Dependents, referenceShape } from './references.ts';
import { readDependents, wayBack } from './way-back.ts';

const inventory = z.object({
  /** The table that has the schema's name, and that column. */
  row: z.object({ pk: z.string(), table: z.string(), name: z.string() }).nullable(),
  /** The primary one first. */
  domains: z.array(z.object({ pk: z.string(), domain: z.string() })),
  /** Null: there is no schema. */
  tables: z.number().nullable(),
  /** How rows of shared tables depend on the row and on each other. */
  references: z.array(referenceShape),
});
/** Everything that there is of a tenant. */
type Inventory = z.infer<typeof inventory>;

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
  readonly found: Pick<Inventory, 'row' | 'domains' | 'tables'> & Dependents;
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
    const { publicSchema } = discovery;
    const dependents = await readDependents(schema, publicSchema, found, options.database);
    for (const { model, rows } of dependents.goes) log.info(`with the row goes: ${model}: ${rows}`);
    for (const { model, column, rows } of dependents.changes) {
      log.warning(
        `${model}: ${counted(rows, 'row')} would get another ${column}, and the way back does not change that`,
      );
    }
    const { row, domains, tables } = found;
    const done = async (backup: string | undefined): Promise<Deprovisioned> => ({
      schema,
      found: { row, domains, tables, ...dependents },
      backup,
      wayBack:
        backup === undefined
          ? []
          : await wayBack(
              { schema, shared: publicSchema, backup },
              { ...found, ...dependents },
              options.database,
            ),
      milliseconds: performance.now() - started,
    });
    if (options.dryRun) return done(undefined);

    let backup: string | undefined;
    if (tables !== null) {
      await options.atSafePoint?.(`the backup of ${schema}`);
      backup = await options.takeBackup(schema, publicSchema);
      if (backup === undefined && tables > 0) {
        throw new Error(`no backup of ${schema}, which has ${tables} tables`);
      }
    }
    await options.atSafePoint?.(`the removal of ${schema}`);
    // The way back is worked out while all of it is there.
    const told = await done(backup);
    await remove(schema, found, dependents, { provisioner, backup });
    return { ...told, milliseconds: performance.now() - started };
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
  { goes }: Dependents,
  { provisioner, backup }: { readonly provisioner: Provisioner; readonly backup: string | undefined },
): Promise<void> {
  const made = {
    row: row?.pk ?? null,
    domains: domains.map(({ pk }) => pk),
    schema: tables !== null,
    person: null,
  };
  const { stuck } = await removeParts(schema, made, null, provisioner, goes);
  const kept = backup === undefined ? '' : `; the backup stays at ${backup}`;
  if (stuck !== undefined) {
    throw new UserError(
      `The tenant ${schema} could not be removed — ${stuck}`,
      stuck.endsWith('not come back')
        ? `all of it is still there; remove those rows first, if nobody needs them, and run again${kept}`
        : `all of it is still there; run again when nobody uses it${kept}`,
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
