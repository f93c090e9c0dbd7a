import type { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import type { Ran } from './commands.ts';
import type { MigrationOutcome, SchemaResult, SuperTenantResult } from './outcome.ts';
import { type MigrationPlan, needsMigration, notices } from './plan.ts';
import type { Proof } from './verify.ts';

/** How far a run has come: a result for each schema, kept true at every moment. */
export class Progress {
  readonly #started = performance.now();
  readonly #results = new Map<string, SchemaResult>();
  /** What each schema lacked when it was first looked at. */
  readonly #lacked = new Map<string, readonly string[]>();
  #plan: MigrationPlan | undefined;
  #proof: Proof | undefined;
  #superTenant: SuperTenantResult | undefined;

  /** Takes over a plan: the first one, or one made again when there may be more tenants. */
  planned(plan: MigrationPlan): void {
    this.#plan = plan;
    for (const { schema, pending } of [plan.shared, ...plan.tenants]) {
      if (this.#results.has(schema)) continue;
      this.#lacked.set(schema, pending);
      this.#results.set(schema, untouched(schema, pending.length === 0 ? 'skipped' : 'not-tried'));
    }
    for (const schema of plan.withoutSchema) this.#refused(schema, 'has a row but no schema');
    for (const { schema, reason } of [...plan.unreadable, ...plan.inconsistent, ...plan.unknownType]) {
      this.#refused(schema, reason);
    }
  }

  #refused(schema: string, failure: string): void {
    this.#results.set(schema, { ...untouched(schema, 'failed'), failure });
  }

  /** From here on the outcome is unknown until `ended` is called. */
  begun(schema: string): void {
    this.#results.set(schema, untouched(schema, 'unknown'));
  }

  ended(schema: string, { milliseconds, failure }: Ran): void {
    const outcome = failure === undefined ? 'migrated' : 'failed';
    this.#results.set(schema, { ...untouched(schema, outcome), milliseconds, failure: failure?.message });
  }

  superTenantEnded(command: string, { milliseconds, failure }: Ran): void {
    this.#superTenant = { command, outcome: failure === undefined ? 'done' : 'failed', milliseconds };
  }

  /** Takes what was applied from a later look at the ledgers, not from what commands printed. */
  seen(later: MigrationPlan): void {
    for (const { schema, pending } of [later.shared, ...later.tenants]) {
      const known = this.#results.get(schema);
      if (known === undefined || known.outcome === 'skipped' || known.outcome === 'not-tried') continue;
      const still = new Set(pending);
      const migrations = (this.#lacked.get(schema) ?? []).filter((migration) => !still.has(migration));
      this.#results.set(schema, { ...known, migrations });
    }
  }

  proven(proof: Proof): void {
    this.#proof = proof;
    for (const { schema, missing } of proof.incomplete) {
      const known = this.#results.get(schema) ?? untouched(schema, 'failed');
      this.#results.set(schema, {
        ...known,
        outcome: 'failed',
        missingTables: missing,
        failure: known.failure ?? `lacks ${counted(missing.length, 'table')}: ${listed(missing, 5)}`,
      });
    }
  }

  /** The state of the tenants, for the end of a sentence: what is done, what was not tried. */
  get standing(): readonly string[] {
    const tenants = this.outcome().tenants;
    const count = (wanted: SchemaResult['outcome']) =>
      tenants.filter(({ outcome }) => outcome === wanted).length;
    const [migrated, notTried] = [count('migrated'), count('not-tried')];
    const done = migrated === 1 ? 'is done and stays done' : 'are done and stay done';
    return [
      ...(migrated === 0 ? [] : [`${counted(migrated, 'tenant')} ${done}`]),
      ...(notTried === 0
        ? []
        : [`${counted(notTried, 'tenant')} ${notTried === 1 ? 'was' : 'were'} not tried`]),
    ];
  }

  get plan(): MigrationPlan | undefined {
    return this.#plan;
  }

  get sharedWasMigrated(): boolean {
    return this.outcome().shared?.outcome === 'migrated';
  }

  outcome(failure?: UserError): MigrationOutcome {
    const sharedSchema = this.#plan?.shared.schema;
    return {
      plan: this.#plan,
      shared: sharedSchema === undefined ? undefined : this.#results.get(sharedSchema),
      superTenant: this.#superTenant,
      tenants: [...this.#results.values()].filter(({ schema }) => schema !== sharedSchema),
      proof: this.#proof,
      notices: this.#plan === undefined ? [] : notices(this.#plan),
      milliseconds: performance.now() - this.#started,
      failure,
    };
  }
}

function untouched(schema: string, outcome: SchemaResult['outcome']): SchemaResult {
  return { schema, outcome, milliseconds: 0, migrations: [], missingTables: [] };
}

/** The tenants that a run has to migrate, in the project's order. */
export function tenantsToMigrate(plan: MigrationPlan): readonly string[] {
  return plan.tenants.filter(needsMigration).map(({ schema }) => schema);
}
