import type { CommandProject } from '../command/project.ts';
import type { Tenants } from '../command/tenant-query.ts';
import type { Structure, StructureGroup } from '../database/structure.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import { shellLine } from '../machine/quoting.ts';
import type { Before, Fleet } from './application.ts';
import { driftOf } from './drift.ts';
import type { MigrationPlan, PlannedSchema } from './plan.ts';
import { driftedIn, invalidIn, invalidIndexesOf, type Proof } from './verify.ts';

/** What is known of tenants whose application has no ledger that anybody here can read. Pure. */

/** The shared schema of an application that says nothing of it. */
export const sharedSchema = 'public';

/** Of all its tenants nobody knows more than that the command is to be run, once the query names them. */
export function planCommands(
  { tenants, unread }: Tenants,
  { sharedCommand, tenantCommand }: Pick<CommandProject, 'sharedCommand' | 'tenantCommand'>,
  structures: readonly StructureGroup[],
): MigrationPlan {
  const there = new Set(structures.flatMap(({ schemas }) => schemas));
  const planned = (schema: string, pending: readonly string[]): PlannedSchema => ({
    schema,
    pending,
    runs: pending,
    bookkeeping: [],
    unrecorded: undefined,
    needsSignal: false,
  });
  const command = shellLine(tenantCommand);
  return {
    shared: planned(sharedSchema, sharedCommand === undefined ? [] : [shellLine(sharedCommand)]),
    sharedTrouble: undefined,
    tenants: tenants
      .filter(({ schema }) => there.has(schema))
      .map(({ schema, pending }) => ({
        ...planned(schema, pending === false ? [] : [command]),
        tenantType: undefined,
        domain: undefined,
      })),
    troubled: tenants
      .filter(({ schema }) => !there.has(schema))
      .map(({ schema }) => ({
        schema,
        tenantType: undefined,
        code: 'tenant-without-schema',
        reason: 'is named by tenant-query, and there is no such schema',
        next: 'create it, or leave it out of tenant-query',
      })),
    tenantsUnknown: unread,
    tenantCommand: command,
    templates: [],
    migrations: [],
    orphans: orphansAmong(tenants, structures),
    conflicts: [],
    hidden: [],
    ghosts: [],
    partialSquashes: [],
    duplicates: [],
    lacking: [],
    particulars: nothingParticular,
    appsWithoutMigrations: [],
  };
}

const nothingParticular: MigrationPlan['particulars'] = {
  extraSearchPaths: [],
  baseMigrateCommand: null,
  executorFunction: null,
  extraSetTenantMethod: null,
  limitSetCalls: false,
};

/** Schemas that are exactly like a tenant's, and that the query does not name. */
function orphansAmong(
  tenants: Tenants['tenants'],
  structures: readonly StructureGroup[],
): MigrationPlan['orphans'] {
  const named = new Set(tenants.map(({ schema }) => schema));
  return structures
    .filter(({ schemas, structure }) => structure.tables.size > 0 && schemas.some((name) => named.has(name)))
    .flatMap(({ schemas }) => schemas.filter((name) => !named.has(name) && name !== sharedSchema))
    .map((schema) => ({ schema, lastApplied: null }));
}

/**
 * The tenants in two groups: those that are at head as far as anybody can tell, and those that need the command.
 * @param migrated where the query does not say who needs it: those for whom it has run. Undefined: nothing has run
 */
export function fleetOf({ tenants }: Tenants, migrated?: ReadonlySet<string>): Fleet {
  const isAtHead = ({ schema, pending }: Tenants['tenants'][number]) =>
    pending === undefined ? (migrated?.has(schema) ?? true) : !pending;
  const group = (id: string, isIn: boolean) => ({
    id,
    ledger: true,
    schemas: tenants.filter((tenant) => isAtHead(tenant) === isIn).map(({ schema }) => schema),
    pending: isIn ? [] : ['the tenant command'],
    bookkeeping: [],
    inconsistent: null,
  });
  return {
    publicSchema: sharedSchema,
    tenants: tenants.map(({ schema }) => ({ schema, tenantType: null })),
    kinds: [],
    groups: [group('head', true), group('behind', false)],
  };
}

/**
 * The verdict on what the catalogue says. What tenants must have nobody has written down: they are measured by each
 * other, and by what they had before.
 */
export function judgeCommands(asked: Tenants, structures: readonly StructureGroup[], before?: Before): Proof {
  const { tenants, unread } = asked;
  const fleet = fleetOf(asked, before?.migrated);
  const drift = driftOf(fleet, structures, before);
  const found = new Map(structures.flatMap((group) => group.schemas.map((name) => [name, group.structure])));
  const norm = normOf(found.get(drift[0]?.equal[0] ?? ''));
  const empty = tenants.filter(({ schema }) => (found.get(schema)?.tables.size ?? 0) === 0);
  const concerned = new Map([
    [sharedSchema, true],
    ...tenants.map(({ schema }): [string, true] => [schema, true]),
  ]);
  const invalidIndexes = invalidIndexesOf(concerned, structures);
  return {
    schemas: concerned.size,
    tables: [norm.tables],
    columns: [norm.columns],
    measure: 'each-other',
    incomplete: empty.map(({ schema }) => ({ schema, missing: ['any table'], missingColumns: [] })),
    invalidIndexes,
    drift,
    compared: before !== undefined,
    failure:
      (unread === undefined ? undefined : unreadable()) ??
      behindIn(asked, before) ??
      emptyIn(empty.map(({ schema }) => schema)) ??
      invalidIn(invalidIndexes) ??
      driftedIn(drift),
  };
}

function normOf(structure: Structure | undefined): { tables: number; columns: number } {
  const tables = [...(structure?.tables.values() ?? [])];
  return { tables: tables.length, columns: tables.reduce((sum, { columns }) => sum + columns.length, 0) };
}

function unreadable(): UserError {
  return new UserError(
    'The tenants cannot be read — a table that tenant-query names does not exist',
    'run shared-command first, or correct the query',
    { code: 'tenants-unreadable' },
  );
}

/** Only a query with the column `pending` can say so. */
function behindIn({ tenants }: Tenants, before: Before | undefined): UserError | undefined {
  const behind = tenants.filter(({ pending }) => pending === true).map(({ schema }) => schema);
  if (behind.length === 0) return undefined;
  const [one, ran] = [behind.length === 1, behind.filter((schema) => before?.migrated.has(schema))];
  return new UserError(
    `${counted(behind.length, 'tenant')} ${one ? 'is' : 'are'} behind the code — tenant-query says so of ${listed(behind, 3)}`,
    ran.length === 0
      ? 'run migrate-schemas'
      : `tenant-command has run in ${listed(ran, 3)} and ended well: it did not do its work, or the query asks for something else`,
    { code: 'migrations-left-pending' },
  );
}

function emptyIn(empty: readonly string[]): UserError | undefined {
  if (empty.length === 0) return undefined;
  return new UserError(
    `${counted(empty.length, 'tenant')} ${empty.length === 1 ? 'has' : 'have'} no table at all — ${listed(empty, 5)}`,
    'the tenant command has not made them there: look whether it works in the schema that it is given',
    { code: 'tenant-tables-missing' },
  );
}
