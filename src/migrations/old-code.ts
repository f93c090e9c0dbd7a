import { listed } from '../ground/words.ts';
import type { MigrationPlan } from './plan.ts';

/** What a plan means for the code that is running now, and for going back. */
export interface CodeJudgement {
  /** Django can undo every pending migration. */
  readonly reversible: boolean;
  readonly irreversible: readonly string[];
  /** Whether the code from before goes on working when the plan was carried out. */
  readonly oldCode: 'yes' | 'no' | 'unknown';
  /** Why, where it is not `yes`: `orders.0012 removes a column`. */
  readonly reasons: readonly string[];
}

/** Judged by the operations of all pending migrations; undefined when nothing is pending. Pure. */
export function judgeCode({ migrations, shared, tenants, back }: MigrationPlan): CodeJudgement | undefined {
  if (back !== undefined) return undefined; // the code from before is not what this is about
  const pending = new Set([...shared.runs, ...tenants.flatMap(({ runs }) => runs)]);
  const concerned = migrations.filter(({ migration }) => pending.has(migration));
  if (concerned.length === 0) return undefined;
  const irreversible = concerned.filter(({ reversible }) => !reversible).map(({ migration }) => migration);
  const answers = concerned.map(({ keepsOldCode }) => keepsOldCode);
  const oldCode = answers.includes('no') ? 'no' : answers.includes('unknown') ? 'unknown' : 'yes';
  const reasons = concerned
    .filter(({ keepsOldCode }) => keepsOldCode === oldCode && oldCode !== 'yes')
    .map(({ migration, oldCodeReason }) => `${migration}: ${oldCodeReason}`);
  return { reversible: irreversible.length === 0, irreversible, oldCode, reasons };
}

/**
 * What the migration means for going back, when the new code does not work on the database that was migrated for it:
 * `the old code works with the migrated database, and Django can undo its migrations`.
 */
export function goingBackSentence({
  reversible,
  oldCode,
  irreversible = [],
  reasons = [],
}: Pick<CodeJudgement, 'reversible' | 'oldCode'> & Partial<CodeJudgement>): string {
  const why = reasons.length === 0 ? '' : ` (${listed(reasons, 2)})`;
  const code = {
    yes: 'the old code works with the migrated database',
    no: `the old code does not work with the migrated database${why}`,
    unknown: `whether the old code works with the migrated database is not known${why}`,
  }[oldCode];
  const undo = irreversible.length === 0 ? 'all of its migrations' : listed(irreversible, 3);
  return `${code}, and ${reversible ? 'Django can undo its migrations' : `Django cannot undo ${undo}`}`;
}
