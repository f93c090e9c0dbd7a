import { availableParallelism } from 'node:os';

import type { Log } from '../ground/log.ts';
import { applicationOf } from './application-of.ts';
import type { TakeBackup } from './backup.ts';
import type { FailureLimit } from './budget.ts';
import type { EngineChoice } from './engines.ts';
import type { InitialPolicy } from './fake-initial.ts';
import type { Look, LookOptions } from './look.ts';
import type { MigrationOutcome } from './outcome.ts';
import type { RolloutGroup } from './rollout.ts';
import type { SmokeCommand } from './smoke-command.ts';
import type { Work } from './work.ts';

export interface VerifyOptions extends LookOptions {
  readonly log: Log;
}

/** What a run of migrations is asked for. What is left out has the default of the action's input. */
export interface MigrateOptions extends VerifyOptions {
  /** Name and arguments of the project's command; default: `create_super_tenant` where the project has it. */
  readonly superTenantCommand?: string | undefined;
  /** Looks, plans, prints; changes nothing. */
  readonly dryRun: boolean;
  /** Ordered groups of tenants. Default: a canary, then everybody. */
  readonly rollout?: readonly RolloutGroup[] | undefined;
  /** The share of all tenants that goes first, as a part of one. */
  readonly canary?: number | undefined;
  /** So many failed tenants end the run. */
  readonly maxFailures?: FailureLimit | undefined;
  /** What migrates a tenant. */
  readonly engine?: EngineChoice | undefined;
  /** How many tenants at once. Default: what the machine and the number of tenants make sensible. */
  readonly parallel?: number | undefined;
  readonly fakeInitial?: InitialPolicy | undefined;
  /** Migrate although ledgers hold newer or renamed migrations that this code does not have. */
  readonly allowUnknownMigrations?: boolean | undefined;
  /** Tables that every migrated tenant must have, and that can be counted. */
  readonly smokeTables?: readonly string[] | undefined;
  /** Commands that must succeed for every migrated tenant. */
  readonly smokeCommands?: readonly SmokeCommand[] | undefined;
  /** Milliseconds; a warning follows when the tenants are expected to take longer. */
  readonly expectMaxDuration?: number | undefined;
  /** Milliseconds for one command of the project. Default: an hour. */
  readonly commandTimeout?: number | undefined;
  /** Milliseconds of `performance.now()` at which the step will be ended. Default: never. */
  readonly deadline?: number | undefined;
  /** Asks an address of the rollout. @returns what is wrong with its answer, or undefined */
  readonly check?: ((address: string) => Promise<string | undefined>) | undefined;
  /** Takes a proven backup of what will change; what it throws ends the run before anything is changed. Default: none. */
  readonly takeBackup?: TakeBackup | undefined;
  /** Looks at what is pending before anything is changed; what it throws ends the run there. */
  readonly review?: ((look: Look) => Promise<void>) | undefined;
  /** Called before each change with what it is; what it throws ends the run there. */
  readonly atSafePoint?: ((phase: string) => Promise<void>) | undefined;
  /** Told how far the run has come, whenever that changes: for a report when the step is cancelled. */
  readonly onStanding?: ((outcome: MigrationOutcome) => void) | undefined;
}

const anHour = 60 * 60_000;
const onePercent = 0.01;

export function workOf({ database, signal, log, commandTimeout = anHour }: MigrateOptions): Work {
  return { database, signal, log, timeout: commandTimeout };
}

export function canaryOf({ canary = onePercent }: MigrateOptions): number {
  return canary;
}

export function maxFailuresOf({ maxFailures = { share: onePercent } }: MigrateOptions): FailureLimit {
  return maxFailures;
}

export function deadlineOf({ deadline = Number.POSITIVE_INFINITY }: MigrateOptions): number {
  return deadline;
}

export function lanesFor({ parallel, project }: MigrateOptions, tenants: number): number {
  return parallel ?? Math.max(1, Math.min(availableParallelism(), applicationOf(project).lanes(tenants)));
}
