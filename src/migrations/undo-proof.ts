import type { StructureGroup } from '../database/structure.ts';
import type { Discovery } from '../django/discovery.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import type { Before } from './application.ts';
import type { Disagreement } from './condition.ts';
import { disagreements } from './disagreements.ts';
import { driftOf } from './drift.ts';
import { refusals, troubles } from './plan.ts';
import { planUndo, type Reach } from './undo-plan.ts';
import { driftedIn, invalidIn, invalidIndexesOf, kindBySchema, type Proof } from './verify.ts';

/** The verdict on schemas that have gone back. Pure; what is not known counts as a failure. */
export function judgeUndone(
  discovery: Discovery,
  structures: readonly StructureGroup[],
  { reach, before }: { readonly reach: Reach; readonly before?: Before | undefined },
): Proof {
  const kinds = kindBySchema(discovery);
  if (reach === 'tenants') kinds.delete(discovery.publicSchema);
  const found = [...disagreements(discovery, structures, kinds.keys())];
  const incomplete = found
    .filter(([, { tables, columns }]) => tables.length + columns.length > 0)
    .map(([schema, { tables, columns }]) => ({ schema, missing: tables, missingColumns: columns }));
  const left = found.filter(([, disagreement]) => disagreement.left.length > 0);
  const invalidIndexes = invalidIndexesOf(kinds, structures);
  const drift = driftOf(atTarget(discovery), structures, before);
  return {
    schemas: kinds.size + (reach === 'tenants' ? 1 : 0),
    tables: [],
    columns: [],
    measure: 'promises',
    incomplete,
    invalidIndexes,
    drift,
    compared: before !== undefined,
    targets: discovery.back?.targets ?? [],
    failure:
      notThere(discovery, structures, reach) ??
      missingIn(incomplete) ??
      leftIn(left) ??
      invalidIn(invalidIndexes) ??
      driftedIn(drift),
  };
}

/** The same fleet as if the targets were the newest migrations. */
export function atTarget(discovery: Discovery): Discovery {
  return {
    ...discovery,
    groups: discovery.groups.map((group) => ({
      ...group,
      pending: (group.back?.steps ?? []).flatMap(({ migrations }) => migrations),
      bookkeeping: [],
    })),
  };
}

/** What the ledgers say against it. */
function notThere(
  discovery: Discovery,
  structures: readonly StructureGroup[],
  reach: Reach,
): UserError | undefined {
  const plan = planUndo(discovery, structures, reach);
  const [refusal] = [...refusals(plan), ...troubles(plan)];
  if (refusal !== undefined) return refusal;
  const further = [plan.shared, ...plan.tenants, ...plan.templates].filter(
    ({ pending }) => pending.length > 0,
  );
  if (further.length === 0) return undefined;
  return notProven(
    `${counted(further.length, 'schema')} ${further.length === 1 ? 'is' : 'are'} not at ${listed(discovery.back?.targets ?? [])} — ${listed(
      further.map(({ schema, pending }) => `${schema} still has ${listed(pending, 2)}`),
      3,
    )}`,
    'run again; if it has just run, another deployment may have changed the ledger meanwhile',
  );
}

function missingIn(incomplete: Proof['incomplete']): UserError | undefined {
  if (incomplete.length === 0) return undefined;
  return notProven(
    `${counted(incomplete.length, 'schema')} ${incomplete.length === 1 ? 'lacks' : 'lack'} what the migrations up to the target make — ${listed(
      incomplete.map(
        ({ schema, missing, missingColumns }) =>
          `${schema} has no ${listed([...missing, ...missingColumns.map((name) => `column ${name}`)], 3)}`,
      ),
      3,
    )}`,
    'the way back of a migration does not bring back what the way there has taken: make it as another tenant has it, or restore these schemas from a backup',
  );
}

function leftIn(left: readonly (readonly [string, Disagreement])[]): UserError | undefined {
  if (left.length === 0) return undefined;
  return notProven(
    `${counted(left.length, 'schema')} still ${left.length === 1 ? 'has' : 'have'} what was undone — ${listed(
      left.map(([schema, disagreement]) => `${schema} has ${listed(disagreement.left, 3)}`),
      3,
    )}`,
    'the ledger says that it is undone, so the next migration would make it again and fail: remove it by hand',
  );
}

function notProven(message: string, hint: string): UserError {
  return new UserError(message, hint, { code: 'rollback-not-proven' });
}
