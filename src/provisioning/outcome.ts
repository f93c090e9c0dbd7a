import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import type { ProvisionState } from './decision.ts';

/** What became of one tenant. */
export interface ProvisionOutcome {
  readonly schema: string;
  /**
   * What it came to, or in a dry run what it would come to; undefined when it failed before that was known, and for one
   * that was not begun.
   */
  readonly state?: ProvisionState | undefined;
  /** What was made (in a dry run: would be made): `row`, `domain acme.example`, `schema`, `tables`. */
  readonly steps: readonly string[];
  /** How many tables the tenant was found to have, all that it must have. */
  readonly tables?: number | undefined;
  readonly superuserCreated: boolean;
  readonly notices: readonly string[];
  readonly milliseconds: number;
  readonly failure?: UserError | undefined;
}

/** A run over one tenant or many. */
export interface ProvisionRun {
  readonly tenants: readonly ProvisionOutcome[];
  readonly milliseconds: number;
  /** Of these, until the project was up; its migrations were not read yet. */
  readonly startMilliseconds: number;
  /** Whoever called throws it, after reporting. */
  readonly failure?: UserError | undefined;
}

/** `acme needs row, schema, domain acme.example and all migrations`. */
export function planSentence(schema: string, work: readonly string[]): string {
  return work.length === 0 ? `${schema} is there: nothing to make` : `${schema} needs ${listed(work)}`;
}

/** What a run that finds the tenant says about values that it was given and that the row does not have. */
export function differences(names: readonly string[]): string[] {
  return names.length === 0
    ? []
    : [`The tenant exists with other values, which stay as they are: ${listed(names)}`];
}

/** The failure of a run: that of its only tenant, or one sentence for all. */
export function failureOf(tenants: readonly ProvisionOutcome[]): UserError | undefined {
  const failed = tenants.flatMap(({ schema, failure }) => (failure === undefined ? [] : { schema, failure }));
  const [first] = failed;
  if (first === undefined) return undefined;
  if (tenants.length === 1) return first.failure;
  const whole = tenants.filter(({ state, failure }) => state !== undefined && failure === undefined).length;
  const waiting = tenants.length - whole - failed.length;
  const others = [
    `${counted(whole, 'tenant')} ${whole === 1 ? 'is' : 'are'} complete`,
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? 'was' : 'were'} not begun or removed again`]),
  ];
  return new UserError(
    `${failed.length} of ${counted(tenants.length, 'tenant')} failed — ${first.schema}: ${first.failure.message}`,
    `${first.failure.hint}; ${listed(others)}; run again with the same list to go on`,
    {
      code: 'tenants-not-provisioned',
      evidence: failed.map(({ schema, failure }) => `${schema}: ${failure.sentence}`).join('\n'),
    },
  );
}
