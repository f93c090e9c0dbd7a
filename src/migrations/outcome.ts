import type { ProvenBackup } from '../backup/back-up.ts';
import type { UserError } from '../ground/errors.ts';
import type { Phase } from '../report/mermaid.ts';
import type { MigrationPlan } from './plan.ts';
import type { SmokeResult } from './smoke.ts';
import type { Proof } from './verify.ts';
import type { EngineName } from './work.ts';

/** What became of one schema. `unknown`: the connection was lost or the step cancelled while it was migrated. */
export interface SchemaResult {
  readonly schema: string;
  readonly outcome: 'migrated' | 'skipped' | 'failed' | 'unknown' | 'not-tried';
  readonly milliseconds: number;
  /** `app.name` of what this run applied, as the ledger shows it. */
  readonly migrations: readonly string[];
  readonly missingTables: readonly string[];
  /** What failed and what was observed. */
  readonly failure?: string | undefined;
  /** What migrated it. */
  readonly engine?: EngineName | undefined;
  /** The group of the rollout in which it was migrated. */
  readonly group?: string | undefined;
  /** Rows of the tables in `smoke-tables`. */
  readonly rows?: SmokeResult['counts'] | undefined;
}

/** A tenant with the sentence of what is wrong with it. */
export interface FailedTenant {
  readonly schema: string;
  readonly failure: UserError;
}

export interface SuperTenantResult {
  readonly command: string;
  readonly outcome: 'done' | 'failed';
  readonly milliseconds: number;
}

/** Everything that a run knows in the end; also when it failed, and then as far as it came. */
export interface MigrationOutcome {
  /** The plan by which it went on; the tenants of a fresh database are in it once their rows exist. */
  readonly plan?: MigrationPlan | undefined;
  readonly shared?: SchemaResult | undefined;
  /** undefined: the project has no such command, or it was not reached. */
  readonly superTenant?: SuperTenantResult | undefined;
  readonly tenants: readonly SchemaResult[];
  /** undefined: it did not come to that, or it was a dry run. */
  readonly proof?: Proof | undefined;
  /** Taken before anything was changed; a second one has the tenants that became known only then. */
  readonly backups: readonly ProvenBackup[];
  readonly notices: readonly string[];
  readonly phases: readonly Phase[];
  readonly milliseconds: number;
  /** Whoever called throws it, after reporting. */
  readonly failure?: UserError | undefined;
}

export interface TenantTotals {
  readonly total: number;
  readonly migrated: number;
  readonly skipped: number;
  readonly failed: number;
}

/** The numbers for the outputs: every tenant is in one of them, but those that were not tried. */
export function totalsOf({ tenants }: MigrationOutcome): TenantTotals {
  const count = (...outcomes: SchemaResult['outcome'][]) =>
    tenants.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return {
    total: tenants.length,
    migrated: count('migrated'),
    skipped: count('skipped'),
    failed: count('failed', 'unknown'),
  };
}
