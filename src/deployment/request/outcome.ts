import type { UserError } from '../../ground/errors.ts';

/** How it went on one server. */
export interface HostOutcome {
  readonly host: string;
  /** `rolled-back`: the old version had lost the traffic, and is proven to serve again. `failed`: see `standing`. */
  readonly result:
    | 'deployed'
    | 'unchanged'
    | 'recovered'
    | 'planned'
    | 'rolled-back'
    | 'failed'
    | 'not-tried';
  readonly release: string;
  /** Of the image that was asked for; undefined when that was never known. */
  readonly digest: string | undefined;
  readonly previousRelease: string | undefined;
  readonly previousDigest: string | undefined;
  /** What was to be done; undefined when nobody got that far. */
  readonly plan?: Plan | undefined;
  /** What was different before, a line each. */
  readonly differences: readonly string[];
  /** What has changed since the release before, of what was asked for and of the server. */
  readonly changes?: readonly string[] | undefined;
  /** From stopping the old version to the moment something served again. 0 when nothing was stopped. */
  readonly downtime: number;
  readonly duration: number;
  /** What took how long, in the order in which it ended. */
  readonly phases?: readonly Phase[] | undefined;
  /** What is true of the server now, for the end of a sentence. */
  readonly standing: string;
  readonly failure: UserError | undefined;
  /** For a look: with which words a deployment would be refused now, because another run deploys. */
  readonly held?: UserError | undefined;
  /** The new version serves, although the deployment failed. */
  readonly servesNew?: boolean | undefined;
  /** Set where the server was well, and was to go back because another one failed: whether that worked. */
  readonly wentBack?: 'yes' | { readonly failure: UserError } | undefined;
}

/** What a deployment will do on one server, and why. */
export interface Plan {
  readonly kind: 'first' | 'unchanged' | 'replace';
  /** One sentence. */
  readonly summary: string;
  /** What runs there now: version, digest, since when, how it is. */
  readonly now: string;
  /** How the traffic will move, and why in this way; undefined when it will not. */
  readonly mechanism: string | undefined;
  readonly why: string | undefined;
  /** What is different, and what has to be said of it, a line each. Names of variables, never values. */
  readonly differences: readonly string[];
  /** Of these, what differs from what runs. */
  readonly changes: readonly string[];
  /** How long the old one will be there to go back to. */
  readonly kept: string | undefined;
}

/** A part of a deployment to one server, in milliseconds since its beginning. */
export interface Phase {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly failed?: boolean;
}
