import { UserError } from '../ground/errors.ts';
import { applicationOf } from './application-of.ts';
import type { Look } from './look.ts';
import { type MigrateOptions, workOf } from './options.ts';
import { needsMigration, notRecorded, type PlannedTenant } from './plan.ts';
import type { Progress } from './progress.ts';
import { safePoint } from './safe-point.ts';

/**
 * A run that was killed between a migration's last statement and its row leaves a tenant that has everything but
 * the row. The row is written only where the whole structure is that of a tenant at head, and nothing else is
 * pending; otherwise the tenant has failed, and the sentence says how to look. @returns whether any row was written
 */
export async function recordProven(
  look: Look,
  progress: Progress,
  options: MigrateOptions,
): Promise<boolean> {
  const { plan, structures } = look;
  const { record } = applicationOf(options.project);
  if (record === undefined) return false;
  const waiting = plan.tenants.filter(({ unrecorded }) => unrecorded !== undefined);
  const typesOf = new Map(plan.tenants.map(({ schema, tenantType }) => [schema, tenantType]));
  const atHead = new Set(
    plan.tenants.filter((tenant) => !needsMigration(tenant)).map(({ schema }) => schema),
  );
  const isLikeHead = ({ schema, tenantType }: PlannedTenant) =>
    structures
      .find(({ schemas }) => schemas.includes(schema))
      ?.schemas.some((other) => atHead.has(other) && typesOf.get(other) === tenantType) === true;

  let recorded = false;
  for (const tenant of waiting) {
    const { schema, tenantType, pending, unrecorded = '' } = tenant;
    if (pending.length > 1 || !isLikeHead(tenant)) {
      const { code, reason, next } = notRecorded(schema, tenantType, unrecorded);
      progress.ended(schema, {
        milliseconds: 0,
        failure: new UserError(`Tenant ${schema} is not migrated — ${reason}`, next, { code }),
      });
      continue;
    }
    await safePoint(`tenant ${schema} (recording ${unrecorded})`, progress, options);
    progress.begun(schema, 'Recorded');
    const ran = await record(schema, unrecorded, workOf(options));
    progress.ended(schema, ran);
    recorded = true;
    if (ran.failure === undefined) {
      options.log.info(`${schema}: ${unrecorded} was there already, exactly as in other tenants: recorded`);
    }
  }
  return recorded;
}
