import type { ProvenBackup } from '../backup/back-up.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import type { Phase } from '../report/mermaid.ts';
import { driftSentence } from './drift.ts';
import type { FailedTenant, MigrationOutcome, SchemaResult, SuperTenantResult } from './outcome.ts';
import { type MigrationPlan, needsMigration, notices, type Trouble } from './plan.ts';
import type { SmokeResult } from './smoke.ts';
import type { Proof } from './verify.ts';
import type { Ran } from './work.ts';

/** How far a run has come: a result for each schema, kept true at every moment. */
export class Progress {
  readonly #started = performance.now();
  readonly #results = new Map<string, SchemaResult>();
  /** What each schema lacked when it was first looked at. */
  readonly #lacked = new Map<string, readonly string[]>();
  #plan: MigrationPlan | undefined;
  /** The plan of the last look: what is still to be said. */
  #latest: MigrationPlan | undefined;
  #proof: Proof | undefined;
  #superTenant: SuperTenantResult | undefined;
  readonly #phases: Phase[] = [];
  readonly #failures = new Map<string, UserError>();
  #engineNotes: readonly string[] = [];
  readonly #backups: ProvenBackup[] = [];
  #recordedOnly: readonly string[] = [];

  /** Takes over a plan: the first one, or one made again when there may be more tenants. */
  planned(plan: MigrationPlan): void {
    this.#plan = plan;
    this.#latest = plan;
    for (const planned of [plan.shared, ...plan.tenants]) {
      const { schema, pending } = planned;
      if (this.#results.has(schema)) continue;
      this.#lacked.set(schema, pending);
      this.#results.set(schema, untouched(schema, needsMigration(planned) ? 'not-tried' : 'skipped'));
    }
    for (const trouble of plan.troubled) {
      const { schema, reason } = trouble;
      this.#results.set(schema, { ...untouched(schema, 'failed'), failure: reason });
      this.#failures.set(schema, troubleOf(trouble));
    }
  }

  /** From here on the outcome is unknown until `ended` is called. */
  begun(schema: string, group: string): void {
    this.#results.set(schema, { ...untouched(schema, 'unknown'), group });
  }

  ended(schema: string, { milliseconds, failure, engine }: Ran): void {
    const known = this.#results.get(schema) ?? untouched(schema, 'unknown');
    const outcome = failure === undefined ? 'migrated' : 'failed';
    this.#results.set(schema, { ...known, outcome, milliseconds, engine, failure: failure?.message });
    if (failure === undefined) this.#failures.delete(schema);
    else this.#failures.set(schema, failure);
  }

  /** It did not work this time, and will be tried again. */
  putBack(schema: string): void {
    this.#results.set(schema, untouched(schema, 'not-tried'));
  }

  /** Migrations of the shared schema whose tables were there already. */
  recordedOnly(migrations: readonly string[]): void {
    this.#recordedOnly = migrations;
  }

  /** A part of the run that is over. @param since milliseconds of `performance.now()` */
  phase(name: string, since: number): void {
    this.#phases.push({ name, from: since - this.#started, to: performance.now() - this.#started });
  }

  /** A tenant that was migrated, and does not pass what is tried afterwards. */
  failedAfterwards(schema: string, failure: UserError): void {
    const known = this.#results.get(schema) ?? untouched(schema, 'failed');
    this.#results.set(schema, { ...known, outcome: 'failed', failure: failure.message });
    this.#failures.set(schema, failure);
  }

  /** Rows of the tables that were asked for. */
  counted(results: readonly SmokeResult[]): void {
    for (const { schema, counts } of results) {
      const known = this.#results.get(schema);
      if (known !== undefined) this.#results.set(schema, { ...known, rows: counts });
    }
  }

  backedUp(backup: ProvenBackup): void {
    this.#backups.push(backup);
  }

  /** Taken by this run, before it changed what is in them. */
  get backups(): readonly ProvenBackup[] {
    return this.#backups;
  }

  /** Schemas that the run has begun to change and not brought to a good end. */
  get hit(): readonly string[] {
    const { shared, tenants } = this.outcome();
    return [...(shared === undefined ? [] : [shared]), ...tenants]
      .filter(
        ({ schema, outcome }) => outcome === 'unknown' || (outcome === 'failed' && this.#lacked.has(schema)),
      )
      .map(({ schema }) => schema);
  }

  engineNotes(notes: readonly string[]): void {
    this.#engineNotes = [...notes];
  }

  superTenantEnded(command: string, { milliseconds, failure }: Ran): void {
    this.#superTenant = { command, outcome: failure === undefined ? 'done' : 'failed', milliseconds };
  }

  /** Takes what was applied from a later look at the ledgers, not from what commands printed. */
  seen(later: MigrationPlan): void {
    this.#latest = later;
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
    for (const { schema, missing, missingColumns } of proof.incomplete) {
      const lacking = [...missing, ...missingColumns.map((column) => `the column ${column}`)];
      this.#disproven(schema, `lacks ${listed(lacking, 5)}`, missing);
    }
    for (const { schema, index } of proof.invalidIndexes) {
      this.#disproven(schema, `the index ${index} is invalid`);
    }
    for (const { byThisRun, differences } of proof.drift.flatMap(({ others }) => others)) {
      for (const schema of byThisRun) {
        this.#disproven(schema, `came out of this run otherwise than the others: ${listed(differences, 3)}`);
      }
    }
  }

  #disproven(schema: string, failure: string, missingTables: readonly string[] = []): void {
    const known = this.#results.get(schema) ?? untouched(schema, 'failed');
    // Whoever was not brought to its end lacks something for that reason.
    const isNews = known.outcome !== 'not-tried' && known.outcome !== 'unknown';
    this.#results.set(schema, {
      ...known,
      outcome: isNews ? 'failed' : known.outcome,
      missingTables,
      failure: known.failure ?? failure,
    });
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

  /** Each tenant that failed, with its own sentence; in the order of the plan's tenants. */
  get failed(): readonly FailedTenant[] {
    return [...this.#failures].map(([schema, failure]) => ({ schema, failure }));
  }

  get migratedTenants(): readonly string[] {
    return this.outcome()
      .tenants.filter(({ outcome }) => outcome === 'migrated')
      .map(({ schema }) => schema);
  }

  /** How long each tenant of a group took. */
  measuredIn(group: string): readonly SchemaResult[] {
    return this.outcome().tenants.filter((one) => one.group === group && one.outcome === 'migrated');
  }

  /** Milliseconds since the run began. */
  get spent(): number {
    return performance.now() - this.#started;
  }

  /** Whether the run has changed a tenant, or may have. */
  get touchedTenants(): boolean {
    return this.outcome().tenants.some(
      ({ schema, outcome }) =>
        outcome === 'migrated' || outcome === 'unknown' || (outcome === 'failed' && this.#lacked.has(schema)),
    );
  }

  get plan(): MigrationPlan | undefined {
    return this.#plan;
  }

  get sharedWasMigrated(): boolean {
    return this.outcome().shared?.outcome === 'migrated';
  }

  #notices(): string[] {
    const drift =
      this.#proof && driftSentence(this.#proof.drift, this.#proof.compared ? ' (since before this run)' : '');
    return [
      ...(this.#latest === undefined ? [] : notices(this.#latest)),
      ...this.#engineNotes,
      ...(this.#recordedOnly.length === 0
        ? []
        : [
            `recorded in the shared schema without running, its tables are exactly theirs: ${listed(this.#recordedOnly, 5)}`,
          ]),
      ...(drift === undefined ? [] : [drift]),
    ];
  }

  outcome(failure?: UserError): MigrationOutcome {
    const sharedSchema = this.#plan?.shared.schema;
    return {
      plan: this.#plan,
      shared: sharedSchema === undefined ? undefined : this.#results.get(sharedSchema),
      superTenant: this.#superTenant,
      tenants: [...this.#results.values()].filter(({ schema }) => schema !== sharedSchema),
      proof: this.#proof,
      notices: this.#notices(),
      backups: this.#backups,
      phases: this.#phases,
      milliseconds: performance.now() - this.#started,
      failure,
    };
  }
}

/** The sentence of a tenant that could not even be begun. */
function troubleOf({ schema, code, reason, next }: Trouble): UserError {
  return new UserError(`Tenant ${schema} is not migrated — ${reason}`, next, { code });
}

function untouched(schema: string, outcome: SchemaResult['outcome']): SchemaResult {
  return { schema, outcome, milliseconds: 0, migrations: [], missingTables: [] };
}
