import type { StructureGroup } from '../database/structure.ts';
import type { Discovery, UndoneFacts } from '../django/discovery.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import { compare, disagreements } from './disagreements.ts';
import { type MigrationPlan, type PlannedSchema, planMigrations, runningIn } from './plan.ts';
import { notRecorded, type Trouble, undoneButRecorded } from './trouble.ts';
import { kindBySchema } from './verify.ts';

/** Which schemas go back: all with the shared one, or some tenants. */
export type Reach = 'everything' | 'tenants';

/** The plan of a way back: what is pending is to be undone, in Django's order. Pure. */
export function planUndo(
  discovery: Discovery,
  structures: readonly StructureGroup[],
  reach: Reach,
): MigrationPlan {
  const plan = planMigrations(discovery, structures);
  const { targets = [], migrations = [] } = discovery.back ?? {};
  const running = runningIn(migrations);
  const groups = new Map(discovery.groups.flatMap((group) => group.schemas.map((name) => [name, group])));
  const back = <Planned extends PlannedSchema>(schema: Planned, kind: Parameters<typeof running>[1]) => {
    const isAsked = reach === 'everything' || kind.kind === 'tenant';
    const undo = isAsked ? (groups.get(schema.schema)?.back?.steps ?? []) : [];
    const pending = undo.flatMap((step) => step.migrations);
    const runs = pending.filter((migration) => running(migration, kind));
    return { ...schema, pending, runs, undo, bookkeeping: [], unrecorded: undefined, needsSignal: false };
  };
  const tenants = plan.tenants.map((tenant) => ({
    ...back(tenant, { kind: 'tenant', tenantType: tenant.tenantType ?? null }),
    unsure: tenant.unrecorded,
  }));
  // Whoever has more than its ledger says would keep it.
  const unsure = tenants.filter((tenant) => tenant.unsure !== undefined && tenant.pending.length > 0);
  const going = tenants.filter((tenant) => !unsure.includes(tenant));
  const shared = back(plan.shared, { kind: 'shared', tenantType: null });
  const concerned = [shared, ...going].filter(({ pending }) => pending.length > 0);
  const takes = disagreements(
    discovery,
    structures,
    concerned.map(({ schema }) => schema),
  );
  const templates = plan.templates.map((template) => ({
    ...template,
    pending: (template.undo ?? []).flatMap(({ migrations: undone }) => undone),
  }));
  const ahead = reach === 'everything' ? [] : templates.filter(({ pending }) => pending.length > 0);
  const judge = undoneJudge(discovery, structures);
  return {
    ...plan,
    sharedTrouble: plan.sharedTrouble && judge(plan.sharedTrouble),
    shared,
    tenants: going.map(({ unsure: _, ...tenant }) => tenant),
    troubled: [
      ...plan.troubled.map(judge),
      ...unsure.map(({ schema, tenantType, unsure: migration = '' }) =>
        notRecorded(schema, tenantType, migration),
      ),
    ],
    templates: reach === 'everything' ? templates : [],
    migrations,
    lacking: [],
    back: {
      targets,
      takesAway: [...new Set([...takes].flatMap(([, { left }]) => left))],
      templatesAhead: ahead.map(({ schema }) => schema),
    },
  };
}

/** Knows the troubles that an earlier way back has left. */
function undoneJudge(
  discovery: Discovery,
  structures: readonly StructureGroup[],
): (trouble: Trouble) => Trouble {
  const kinds = kindBySchema(discovery);
  return (trouble) => {
    const has = ({ schemas }: { readonly schemas: readonly string[] }) => schemas.includes(trouble.schema);
    const first = discovery.groups.find(has)?.back?.first;
    const kind = kinds.get(trouble.schema);
    const found = structures.find(has);
    if (trouble.code !== 'tenant-tables-missing' || !first || kind === undefined || found === undefined) {
      return trouble;
    }
    const { tables, columns, left } = compare(first, kind, found.structure);
    return tables.length + columns.length + left.length === 0 ? undoneButRecorded(trouble, first) : trouble;
  };
}

/** Why there is no way back, before anything is touched; undefined when there is one. Pure. */
export function undoRefusal(
  { shared, tenants }: MigrationPlan,
  facts: readonly UndoneFacts[],
  reach: Reach,
): UserError | undefined {
  const concerned = [shared, ...tenants];
  const having = (migration: string) =>
    concerned.filter(({ pending }) => pending.includes(migration)).map(({ schema }) => schema);
  const undone = facts.filter(({ migration }) => having(migration).length > 0);
  const oneWay = undone.find(({ irreversible }) => irreversible !== null);
  if (oneWay !== undefined) {
    const schemas = having(oneWay.migration);
    const needed = `mode: restore with backup-path: (the output of the run that applied it), restore-to: in-place and schemas: ${listed(schemas, 3)}`;
    return impossible(
      `${oneWay.migration} cannot be undone — Django knows no way back for “${oneWay.irreversible}”, and it is applied in ${counted(schemas.length, 'schema')}`,
      `choose a target after it, or go back to a backup from before it: ${needed}`,
    );
  }
  const sharedOnly = undone.find(({ runsIn }) => runsIn.length > 0 && runsIn.every(isShared));
  if (reach === 'everything' || sharedOnly === undefined) return undefined;
  return impossible(
    `${sharedOnly.migration} cannot be undone for some tenants — it runs in the shared schema, which all of them use`,
    'leave schemas out, or choose a target of an app that only tenants have',
  );
}

const isShared = ({ kind }: { readonly kind: string }) => kind === 'shared';

function impossible(message: string, hint: string): UserError {
  return new UserError(message, `${hint}; nothing was changed`, { code: 'rollback-impossible' });
}
