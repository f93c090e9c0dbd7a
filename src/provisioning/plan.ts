import type { Database } from '../database/session.ts';
import type { Structure } from '../database/structure.ts';
import { readStructures } from '../database/structures.ts';
import type { Discovery, SchemaKind } from '../django/discovery.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, listed } from '../ground/words.ts';
import { planMigrations } from '../migrations/plan.ts';
import { requireRightDatabase } from '../migrations/standing.ts';
import { missingOf } from '../migrations/verify.ts';
import { type AfterCommand, requireAfterCommands } from './after-command.ts';
import { decide, wrongFields } from './decision.ts';
import { type NewTenant, rowFields } from './fields.ts';
import { schemaNameProblem } from './names.ts';
import type { CopyWish } from './options.ts';
import { differences } from './outcome.ts';
import { type Journal, lookFor, nothingMade, readStandingOf } from './parts.ts';
import { planEach, requireNames, tellPlan } from './plan-list.ts';
import type { Provisioner } from './provisioner.ts';
import type { References } from './tables.ts';
import type { DjangoWork } from './work.ts';

/** What shall be done, all of it looked at before any of it is begun. */
export interface Plan {
  readonly discovery: Discovery;
  /** Tenants that were there before, to compare new ones with. */
  readonly references: readonly string[];
  readonly works: readonly DjangoWork[];
}

interface Planning {
  readonly project: DjangoProject;
  readonly database: Database;
  readonly log: Log;
  readonly tenants: readonly NewTenant[];
  readonly adopt: boolean;
  readonly afterCommands?: readonly AfterCommand[] | undefined;
  readonly copy?: CopyWish | undefined;
}

interface Tools {
  readonly provisioner: Provisioner;
  readonly journal: Pick<Journal, 'id' | 'run' | 'since'>;
}

/**
 * Looks at everything and decides about each tenant. Changes nothing.
 * @throws UserError with everything that stands against any of them
 */
export async function planTenants(planning: Planning, tools: Tools): Promise<Plan> {
  const { tenants, log } = planning;
  requireNames(tenants);
  const schemas = tenants.map(({ schemaName }) => schemaName);
  if (planning.copy !== undefined) schemas.push(planning.copy.source);
  const { discovery, references } = await readStandingOf(schemas, tools.provisioner);
  await requireRightDatabase(discovery, planning);
  requireShared(discovery);
  const { afterCommands = [], copy } = planning;
  requireAfterCommands(afterCommands, discovery.commands);
  if (copy !== undefined) requireSource(copy, discovery);

  const works = await planEach(tenants, (tenant) => planOne(tenant, discovery, planning, tools));
  tellPlan(works, log, ({ decision, pending }) =>
    decision.isNew ? ['all migrations'] : pending.length > 0 ? [counted(pending.length, 'migration')] : [],
  );
  return { discovery, references, works };
}

async function planOne(
  tenant: NewTenant,
  discovery: Discovery,
  { adopt }: Planning,
  { provisioner, journal }: Tools,
): Promise<DjangoWork> {
  const { schemaName, domains, superuser } = tenant;
  const isRoot = schemaName === discovery.publicSchema;
  const isNew = !discovery.tenants.some(({ schema }) => schema === schemaName);
  const { values, problems } = rowFields(tenant, discovery, { isNew });
  const name = schemaNameProblem(schemaName, discovery.publicSchema);
  if (name !== undefined) problems.unshift(`schema-name: ${name}`);
  if (problems.length > 0) throw wrongFields(problems);

  const kind = kindOf(schemaName, values, discovery);
  const { tenantType } = kind;
  const uniqueDomains = [...new Set(domains)];
  const wanted = {
    schema: schemaName,
    fields: values,
    domains: uniqueDomains,
    tenantType,
    person: superuser,
  };
  const found = await lookFor(wanted, provisioner);
  const decision = decide(wanted, found, { adopt, isRoot });
  const pending = isRoot
    ? []
    : (planMigrations(discovery).tenants.find(({ schema }) => schema === schemaName)?.pending ?? []);
  const behind = decision.state === 'unchanged' && pending.length > 0;
  return {
    schema: schemaName,
    wanted,
    found,
    decision: behind ? { ...decision, state: 'completed' } : decision,
    kind,
    isRoot,
    pending,
    journal,
    notices: [...differences(found.row?.differences ?? []), ...otherPrimary(uniqueDomains, found.domains)],
    made: nothingMade,
    steps: [],
    tables: undefined,
  };
}

function otherPrimary(
  [first]: readonly string[],
  found: readonly { readonly domain: string; readonly primary: boolean }[],
): string[] {
  const existing = found.find(({ domain }) => domain === first);
  if (existing === undefined || existing.primary) return [];
  return [`The domain ${existing.domain} exists and is not the primary one, which stays as it is`];
}

/** The kind of schema that a tenant has; the type of one that exists stands in its row. */
function kindOf(
  schema: string,
  values: Readonly<Record<string, unknown>>,
  { kinds, publicSchema, multiType, tenants }: Discovery,
): SchemaKind {
  const own = tenants.find((tenant) => tenant.schema === schema)?.tenantType;
  const type = multiType === null ? null : (own ?? String(values[multiType.field]));
  const found =
    schema === publicSchema
      ? kinds.find(({ kind }) => kind === 'shared')
      : kinds.find(({ kind, tenantType }) => kind === 'tenant' && tenantType === type);
  if (found !== undefined) return found;
  throw wrongFields([`tenant-type: the tenant’s row has the type ${type}, which the project does not know`]);
}

function requireSource({ source, anonymiseCommand }: CopyWish, discovery: Discovery): void {
  if (anonymiseCommand !== undefined) requireAfterCommands([anonymiseCommand], discovery.commands);
  const isTenant = discovery.tenants.some(({ schema }) => schema === source);
  if (isTenant && source !== discovery.publicSchema) return;
  throw new UserError(
    `There is no tenant ${source} to copy — no row has that schema`,
    'correct source-schema; nothing was made',
    { code: 'tenant-unknown' },
  );
}

/** The row goes into a shared table: it must be as the code knows it. */
function requireShared(discovery: Discovery): void {
  const { shared, tenantsUnknown } = planMigrations(discovery);
  if (tenantsUnknown === undefined && shared.pending.length === 0) return;
  throw new UserError(
    `The shared schema ${shared.schema} is behind the code — it lacks ${listed(shared.pending, 3)}`,
    'run migrate-schemas first; nothing was made',
    { code: 'shared-schema-behind' },
  );
}

/** What tenants look like that are at head and complete, for each type that is wanted. */
export async function referencesOf(
  { discovery, references, works }: Plan,
  database: Database,
): Promise<References> {
  const wanted = new Set(works.map(({ kind }) => kind.tenantType));
  const isAtHead = new Set(
    discovery.groups
      .filter(({ pending, inconsistent, ledger }) => ledger && pending.length === 0 && inconsistent === null)
      .flatMap(({ schemas }) => schemas),
  );
  const candidates = references.filter((schema) => isAtHead.has(schema));
  const groups = await readStructures(database, candidates);
  const structures = new Map(
    groups.flatMap(({ schemas, structure }) => schemas.map((one) => [one, structure])),
  );
  const found = new Map<string | null, Structure>();
  for (const kind of discovery.kinds) {
    if (kind.kind !== 'tenant' || !wanted.has(kind.tenantType)) continue;
    for (const schema of candidates) {
      const tenant = discovery.tenants.find((one) => one.schema === schema);
      const structure = structures.get(schema);
      if (tenant?.tenantType !== kind.tenantType || structure === undefined) continue;
      const { missing, missingColumns } = missingOf(kind, structure);
      if (missing.length + missingColumns.length === 0 && !found.has(kind.tenantType)) {
        found.set(kind.tenantType, structure);
      }
    }
  }
  return found;
}
