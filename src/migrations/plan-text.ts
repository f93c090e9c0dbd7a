import { counted, grouped, listed } from '../ground/words.ts';
import { type MigrationPlan, needsMigration, notices, type PlannedTenant } from './plan.ts';

/** `1,000 tenants: 988 up to date, 11 need 2 migrations, 1 has no schema`. */
export function planSentence(plan: MigrationPlan): string {
  const { tenants, tenantsUnknown, withoutSchema, unreadable, inconsistent, shared } = plan;
  if (tenantsUnknown !== undefined) {
    return tenantsUnknown === 'no-table'
      ? 'no tenants yet: the shared schema comes first'
      : 'the tenants are known once the shared schema is migrated';
  }
  const count = (schemas: readonly string[]) => schemas.filter((name) => name !== shared.schema).length;
  const without = count(withoutSchema);
  const closed = count(unreadable.map(({ schema }) => schema));
  const refused = count(inconsistent.map(({ schema }) => schema));
  const total = tenants.length + without + closed + refused;
  if (total === 0) return 'no tenants';
  const upToDate = tenants.filter((tenant) => !needsMigration(tenant)).length;
  const parts = [
    ...(upToDate === 0 ? [] : [`${grouped(upToDate)} up to date`]),
    ...byAmount(tenants.filter(needsMigration)),
    ...(without === 0 ? [] : [`${without} ${without === 1 ? 'has' : 'have'} no schema`]),
    ...(closed === 0 ? [] : [`${closed} cannot be read`]),
    ...(refused === 0 ? [] : [`${refused} with an inconsistent history`]),
  ];
  return `${counted(total, 'tenant')}: ${parts.join(', ')}`;
}

function byAmount(tenants: readonly PlannedTenant[]): string[] {
  const amounts = Map.groupBy(tenants, ({ pending }) => pending.length);
  return [...amounts]
    .sort(([a], [b]) => a - b)
    .map(
      ([amount, { length }]) =>
        `${grouped(length)} ${length === 1 ? 'needs' : 'need'} ${counted(amount, 'migration')}`,
    );
}

/** The whole plan, a line for each group of tenants that need the same: what `dry-run` prints. */
export function planLines(plan: MigrationPlan): string[] {
  const groups = Map.groupBy(plan.tenants.filter(needsMigration), ({ pending }) => pending.join(', '));
  return [
    `${plan.shared.schema} (shared): ${plan.shared.pending.join(', ') || 'nothing to do'}`,
    ...[...groups].map(
      ([pending, tenants]) =>
        `${counted(tenants.length, 'tenant')} (${listed(
          tenants.map(({ schema }) => schema),
          5,
        )}): ${pending}`,
    ),
    ...(plan.tenantsUnknown === undefined ? [] : [`tenants: ${planSentence(plan)}`]),
    ...notices(plan),
  ];
}
