import type { FailureCode } from '../ground/failure-codes.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import { troubles } from './obstacles.ts';
import { locksOnShared, type MigrationPlan, needsMigration, notices, type PlannedSchema } from './plan.ts';

/** `1,000 tenants: 988 up to date, 11 need 2 migrations, 1 has no schema`. */
export function planSentence(plan: MigrationPlan): string {
  const { tenants, tenantsUnknown, troubled } = plan;
  if (tenantsUnknown !== undefined) {
    return tenantsUnknown === 'no-table'
      ? 'no tenants yet: the shared schema comes first'
      : 'the tenants are known once the shared schema is migrated';
  }
  const total = tenants.length + troubled.length;
  if (total === 0) return 'no tenants';
  if (plan.back !== undefined) return backSentence(plan);
  const upToDate = tenants.filter((tenant) => !needsMigration(tenant)).length;
  const codes = Map.groupBy(troubled, ({ code }) => code);
  const parts = [
    ...(upToDate === 0 ? [] : [`${grouped(upToDate)} up to date`]),
    ...(plan.tenantCommand === undefined
      ? byAmount(tenants.filter(needsMigration))
      : runningFor(tenants.filter(needsMigration).length)),
    ...[...codes].map(([code, { length }]) => `${grouped(length)} ${inTrouble(code, length)}`),
  ];
  return `${counted(total, 'tenant')}: ${parts.join(', ')}`;
}

/** `back to orders 0001_initial: 11 of 1,000 tenants undo 2 migrations`. */
function backSentence({ shared, tenants, troubled, back }: MigrationPlan): string {
  const going = tenants.filter(needsMigration);
  const amount = new Set(going.flatMap(({ pending }) => pending)).size;
  const where = `back to ${listed(back?.targets ?? [])}`;
  if (going.length === 0) {
    const left = needsMigration(shared) ? ', the shared schema has' : '';
    return `${where}: no tenant has anything to undo${left}`;
  }
  return `${where}: ${grouped(going.length)} of ${counted(tenants.length + troubled.length, 'tenant')} ${going.length === 1 ? 'undoes' : 'undo'} ${counted(amount, 'migration')}`;
}

/** Where nobody knows what a tenant lacks. */
function runningFor(tenants: number): string[] {
  return tenants === 0 ? [] : [`the tenant command for ${grouped(tenants)}`];
}

/** Few or many migrations first; those that only write rows last. */
function byAmount(tenants: readonly PlannedSchema[]): string[] {
  const running = tenants.filter(({ runs }) => runs.length > 0);
  const amounts = Map.groupBy(running, ({ pending }) => pending.length);
  const rowsOnly = Map.groupBy(
    tenants.filter(({ runs }) => runs.length === 0),
    rowsOf,
  );
  return [
    ...[...amounts]
      .sort(([a], [b]) => a - b)
      .map(([amount, { length }]) => `${grouped(length)} ${need(length)} ${counted(amount, 'migration')}`),
    ...[...rowsOnly].map(([rows, { length }]) => `${grouped(length)} ${need(length)} ${rows}`),
  ];
}

const need = (count: number) => (count === 1 ? 'needs' : 'need');

/** What a schema needs in which nothing runs. */
function rowsOf({ pending, bookkeeping }: PlannedSchema): string {
  if (pending.length > bookkeeping.length) {
    return `only ${pending.length === 1 ? 'a row' : 'rows'} in the ledger`;
  }
  return bookkeeping.length === 1 ? 'only the squash row' : 'only squash rows';
}

function inTrouble(code: FailureCode, count: number): string {
  const has = count === 1 ? 'has' : 'have';
  switch (code) {
    case 'tenant-without-schema':
      return `${has} no schema`;
    case 'schema-unreadable':
      return 'cannot be read';
    case 'migration-history-inconsistent':
      return 'with an inconsistent history';
    case 'tenant-type-unknown':
      return 'of an unknown type';
    case 'tenant-tables-missing':
      return `${count === 1 ? 'lacks' : 'lack'} tables`;
    case 'migration-would-alter-shared':
      return 'would change the shared schema';
    case 'migration-half-applied':
      return 'migrated half-way';
    case 'ledger-missing':
      return `${has} no ledger`;
    case 'squash-partly-applied':
      return 'partly squashed';
    default:
      return 'cannot be migrated';
  }
}

/** The whole plan, a line for each group of tenants that need the same: what `dry-run` prints. */
export function planLines(plan: MigrationPlan): string[] {
  const { shared, tenants, tenantsUnknown, templates, migrations } = plan;
  const groups = Map.groupBy(tenants.filter(needsMigration), workOf);
  const pending = new Set([shared, ...tenants].flatMap((schema) => schema.runs));
  const running = migrations.filter(({ migration }) => pending.has(migration));
  return [
    `${shared.schema} (shared): ${workOf(shared) || 'nothing to do'}`,
    ...templates
      .filter((template) => template.pending.length > 0)
      .map((template) => `${template.schema} (template): ${template.pending.join(', ')}`),
    ...[...groups].map(
      ([work, of]) =>
        `${counted(of.length, 'tenant')} (${listed(
          of.map(({ schema }) => schema),
          5,
        )}): ${work}`,
    ),
    ...unrecordedLines(tenants),
    ...[...locksOnShared(plan)].map(
      ([table, by]) => `locks ${shared.schema}.${table} for writes: one worker (${listed(by, 3)})`,
    ),
    ...factLine('takes away, with what is in it', plan.back?.takesAway ?? []),
    ...factLine(
      'cannot be rolled back',
      running.filter(({ reversible }) => !reversible).map(({ migration }) => migration),
    ),
    ...factLine(
      'not in a transaction, so that half of it may stay when it fails',
      running.filter(({ atomic }) => !atomic).map(({ migration }) => migration),
    ),
    ...factLine(
      'the old code does not go on working after it',
      running
        .filter(({ keepsOldCode }) => keepsOldCode === 'no' && plan.back === undefined)
        .map(({ migration, oldCodeReason }) => `${migration} (${oldCodeReason})`),
    ),
    ...(tenantsUnknown === undefined ? [] : [`tenants: ${planSentence(plan)}`]),
    ...troubles(plan, '').map(({ message }) => message),
    ...notices(plan),
  ];
}

/** What is to be done in a schema, as a list; equal for schemas that need the same. */
function workOf({ pending, runs, bookkeeping }: PlannedSchema): string {
  if (pending.length > 0 && pending.length === bookkeeping.length) {
    return `only the squash row${pending.length === 1 ? '' : 's'} ${pending.join(', ')}`;
  }
  const running = new Set(runs);
  const worded = pending.map((migration) => {
    if (running.has(migration)) return migration;
    return `${migration} (${bookkeeping.includes(migration) ? 'squash row' : 'row only'})`;
  });
  return worded.join(', ');
}

function unrecordedLines(tenants: readonly PlannedSchema[]): string[] {
  const groups = Map.groupBy(
    tenants.filter(({ unrecorded }) => unrecorded !== undefined),
    ({ unrecorded }) => unrecorded ?? '',
  );
  return [...groups].map(
    ([migration, of]) =>
      `${migration} seems to be there already in ${counted(of.length, 'tenant')} (${listed(
        of.map(({ schema }) => schema),
        3,
      )}): it is recorded when their structure proves it`,
  );
}

function factLine(what: string, migrations: readonly string[]): string[] {
  return migrations.length === 0 ? [] : [`${what}: ${listed(migrations, 5)}`];
}
