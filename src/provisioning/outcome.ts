import type { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import type { Decision, ProvisionState } from './decision.ts';

export interface ProvisionOutcome {
  readonly schema: string;
  /** What it came to, or in a dry run what it would come to; undefined when it failed before that was known. */
  readonly state?: ProvisionState | undefined;
  /** What was made (in a dry run: would be made): `row`, `domain acme.example`, `schema`, `tables`. */
  readonly steps: readonly string[];
  /** How many tables the tenant was found to have, all that it must have. */
  readonly tables?: number | undefined;
  readonly notices: readonly string[];
  readonly milliseconds: number;
  /** Whoever called throws it, after reporting. */
  readonly failure?: UserError | undefined;
}

/** `acme needs row, domain acme.example, schema and all migrations`. */
export function planSentence(
  schema: string,
  { steps, parts }: Decision,
  pending: readonly string[] | undefined,
): string {
  const work = [...steps, ...migrationsToRun(parts.makeRow || parts.makeSchema, pending)];
  return work.length === 0 ? `${schema} is there: nothing to make` : `${schema} needs ${listed(work)}`;
}

function migrationsToRun(isNew: boolean, pending: readonly string[] | undefined): string[] {
  if (isNew) return ['all migrations'];
  return pending === undefined || pending.length === 0 ? [] : [counted(pending.length, 'migration')];
}

/** What a run that finds the tenant says about values that it was given and that the row does not have. */
export function differences(names: readonly string[]): string[] {
  return names.length === 0
    ? []
    : [`The tenant exists with other values, which stay as they are: ${listed(names)}`];
}
