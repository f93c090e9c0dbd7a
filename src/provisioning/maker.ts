import type { Decision } from './decision.ts';
import type { Journal, Made } from './parts.ts';

/**
 * Who makes tenants, whatever the application is written in: the part of a run that differs between a Django project
 * (`django-maker.ts`) and one that is known by its commands (`command-maker.ts`). Order, lanes, `on-error`, undoing and
 * what is told are the same for both, and know this alone.
 */
export interface Maker<Work extends TenantWork = TenantWork> {
  /** Milliseconds of its start that were work on the project's migrations already. */
  readonly loading: number;
  /** Looks at everything and decides about each tenant. Changes nothing. @throws UserError with everything that stands against any of them */
  plan(): Promise<readonly Work[]>;
  /** Gets ready to work on one tenant at a time. The first hand is free: it has been planning. */
  hand(index: number): Promise<Hand<Work>>;
  end(): Promise<void>;
}

export interface Hand<Work extends TenantWork = TenantWork> {
  /** What has to be done for one tenant, in order; `end` is what makes it final. */
  stepsOf(work: Work): { readonly steps: readonly Step[]; readonly end: Step };
  /** Removes what this run has made of it and says what became of it. Never throws. */
  undo(work: Work): Promise<string>;
  end(): Promise<void>;
}

/** One tenant on its way: what was decided, and what this run has made of it so far. */
export interface TenantWork {
  readonly schema: string;
  readonly decision: Decision;
  readonly journal: Pick<Journal, 'id' | 'run' | 'since'>;
  readonly notices: readonly string[];
  made: Made;
  /** What was made, for people. */
  steps: string[];
  /** How many tables the tenant was found to have. */
  tables: number | undefined;
}

/** One thing that is done, and can be interrupted before and after. */
export interface Step {
  /** `the tables of acme`. */
  readonly about: string;
  run(): Promise<void>;
}
