import * as z from 'zod';

import type { Database } from '../database/session.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import { migrateTenant } from '../migrations/commands.ts';
import { requireRightDatabase } from '../migrations/standing.ts';
import { unknown } from './deprovision.ts';
import { proveByProject, readStandingOf } from './parts.ts';
import { proveTenant } from './proof.ts';
import { type Provisioner, startProvisioner } from './provisioner.ts';

const damage = z.object({
  /** That the ledger promises, and that are not there. */
  tables: z.array(z.string()),
  /** `table.column` of tables that are there. */
  columns: z.array(z.string()),
  /** `table.column`: the sequence would give a key that exists. */
  sequences: z.array(z.string()),
  /** `app.name`. */
  pending: z.array(z.string()),
  /** What cannot be mended without somebody's decision. */
  stuck: z.array(z.string()),
});
type Damage = z.infer<typeof damage>;

export interface RepairOptions {
  readonly project: DjangoProject;
  readonly database: Database;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly schema: string;
  /** Shows what would be done; does nothing. */
  readonly dryRun: boolean;
  /** Milliseconds for one command of the project. */
  readonly commandTimeout: number;
  /** Called before each change with what it is; what it throws ends the run there. */
  readonly atSafePoint?: ((phase: string) => Promise<void>) | undefined;
}

export interface Repaired {
  readonly schema: string;
  /** What was done, or would be, in the order of doing. Empty: nothing is wrong. */
  readonly steps: readonly string[];
  /** Tables that the tenant has; undefined in a dry run. */
  readonly tables: number | undefined;
  readonly milliseconds: number;
}

/**
 * Brings a tenant to the head of the migrations whose ledger promises more than there is. Tables and columns that are
 * recorded but absent are made from the state of the models that the ledger stands for; rows that data migrations put
 * there once are not.
 * @throws UserError `tenant-unknown`, `tenant-without-schema`, `tenant-not-repairable`, `tenant-not-proven`
 */
export async function repairTenant(options: RepairOptions): Promise<Repaired> {
  const started = performance.now();
  const { schema, log } = options;
  const provisioner = await startProvisioner(options);
  try {
    const { discovery } = await readStandingOf([schema], provisioner);
    await requireRightDatabase(discovery, options);
    const tenant = discovery.tenants.find((one) => one.schema === schema);
    const kind = discovery.kinds.find(
      (one) => one.kind === 'tenant' && one.tenantType === tenant?.tenantType,
    );
    if (tenant === undefined || kind === undefined || schema === discovery.publicSchema)
      throw unknown(schema);
    const group = discovery.groups.find(({ schemas }) => schemas.includes(schema));
    if (group === undefined || !group.ledger) throw nothingThere(schema);

    const about = { schema, tenantType: tenant.tenantType };
    const found = await mend({ ...about, apply: false }, provisioner);
    if (found.stuck.length > 0) throw notRepairable(schema, found.stuck);
    const told = await proveByProject(about, provisioner);
    const lacksRows = told.contentTypes.length + told.permissions.length > 0;
    const steps = stepsOf(found, [...told.contentTypes, ...told.permissions]);
    log.step('Plan', steps.length === 0 ? `${schema} lacks nothing` : `${schema}: ${listed(steps, 5)}`);
    if (found.tables.length > 0) {
      log.info(
        'Rows that data migrations have put into these tables are not made again: look at them afterwards.',
      );
    }
    const done = (tables: number | undefined): Repaired => ({
      schema,
      steps,
      tables,
      milliseconds: performance.now() - started,
    });
    if (options.dryRun) return done(undefined);

    if (found.tables.length + found.columns.length + found.sequences.length > 0) {
      await options.atSafePoint?.(`mending ${schema}`);
      await mend({ ...about, apply: true }, provisioner);
    }
    if (found.pending.length > 0 || lacksRows) {
      await options.atSafePoint?.(`migrating ${schema}`);
      const ran = await migrateTenant(schema, { ...options, timeout: options.commandTimeout });
      if (ran.failure !== undefined) throw ran.failure;
    }
    const proof = await proveTenant(schema, kind, { ...options, provisioner });
    log.step('Proof', `${schema} has all ${proof.tables} tables, and its ${proof.models} models answer`);
    return done(proof.tables);
  } finally {
    await provisioner.end();
  }
}

async function mend(
  asked: { readonly schema: string; readonly tenantType: string | null; readonly apply: boolean },
  provisioner: Provisioner,
): Promise<Damage> {
  const answer = z.union([z.object({ refused: z.string() }), damage]);
  const told = await provisioner.ask({ do: 'mend', ...asked }, answer, `mending ${asked.schema}`);
  if ('refused' in told) throw notRepairable(asked.schema, [told.refused]);
  return told;
}

/** Pure. */
function stepsOf({ tables, columns, sequences, pending }: Damage, lacking: readonly string[]): string[] {
  return [
    ...tables.map((table) => `make table ${table}`),
    ...columns.map((column) => `add column ${column}`),
    ...sequences.map((column) => `move the sequence of ${column}`),
    ...pending.map((migration) => `run ${migration}`),
    ...(lacking.length === 0 ? [] : [`make content types and permissions (${listed(lacking, 2)})`]),
  ];
}

function nothingThere(schema: string): UserError {
  return new UserError(
    `The tenant ${schema} has no ledger — its row is there, its tables were never made`,
    'run provision-tenant for it without mode: it completes the tenant; nothing was changed',
    { code: 'tenant-without-schema' },
  );
}

function notRepairable(schema: string, stuck: readonly string[]): UserError {
  return new UserError(
    `The tenant ${schema} cannot be mended — ${listed(stuck, 3)}`,
    'decide that by hand, or restore the tenant from a backup; nothing was changed',
    { code: 'tenant-not-repairable', evidence: stuck.join('\n') },
  );
}
