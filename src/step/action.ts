import type * as z from 'zod';

import type { Log } from '../ground/log.ts';
import type { Report } from '../report/report.ts';

/** The schema of one input: from the text as it was written to the value that the action works with. */
export type Field = z.ZodType<unknown, string | undefined>;
export type Fields = Readonly<Record<string, Field>>;

/** What an action receives: its inputs, named in camelCase, each as its schema made it. */
export type Inputs<F extends Fields> = { readonly [Name in keyof F]: z.output<F[Name]> };

export type OutputValue = string | number | boolean | undefined;

/** Outputs that every action has, beside its own; all but `result` are written by the step. */
export const commonOutputs = [
  'result',
  'failure-code',
  'failure-reason',
  'report-path',
  'duration-ms',
] as const;

/** What an action returns: how it ended, in a word of its closed list, and its outputs. */
export type Outputs<O extends string> = { readonly result: string } & { readonly [Name in O]?: OutputValue };

/** What an action may use beside its inputs. It never touches the runner itself. */
export interface ActionContext<F extends Fields, O extends string> {
  readonly inputs: Inputs<F>;
  readonly log: Log;
  readonly report: Report;
  /** Aborted when the job is cancelled or `timeout` is over: unwind, clean up, leave a known state. */
  readonly signal: AbortSignal;
  /** Who runs this, for locks, labels and audit: a workflow run, or a person at a terminal. */
  readonly origin: Origin;
  /** Outputs as they become known: they are written even when the action fails afterwards. */
  tell(outputs: { readonly [Name in O]?: OutputValue } & { readonly result?: string }): void;
  /** What is true of the world if the action ended now; the end of every failure's sentence. */
  standing(sentence: string): void;
  /** Sets an environment variable for the steps that follow in the job. */
  exportVariable(name: string, value: string): void;
  /** Masks a secret that was not an input (one that was derived, or read from a file). */
  mask(secret: string): void;
  /** A text for somewhere else, without the secrets that are known. */
  clean(text: string): string;
}

export interface Origin {
  /** The run's address, or `user@machine` at a terminal. */
  readonly run: string;
  readonly actor: string;
  readonly commit: string;
  /** The repository whose workflow this is; undefined at a terminal. */
  readonly github?: GitHubOrigin | undefined;
}

export interface GitHubOrigin {
  readonly repository: string;
  readonly apiUrl: string;
  /** The pull request that the run is about. */
  readonly pullRequest?:
    | { readonly number: number; readonly labels: readonly { name: string; description: string }[] }
    | undefined;
  /** The run that has called this one (`workflow_run`), and whose code it ran. */
  readonly calledBy?:
    | { readonly url: string; readonly owner: string; readonly branch: string; readonly commit: string }
    | undefined;
}

/** A relation between inputs that does not hold, as a sentence that names the inputs. */
export type Rule<F extends Fields> = (inputs: Partial<Inputs<F>>) => string | undefined;

export interface Action<F extends Fields = Fields, O extends string = string> {
  readonly inputs: F;
  /** Relations between inputs; each returns the sentence of what is wrong, or undefined. */
  readonly rules: readonly Rule<F>[];
  readonly outputs: readonly O[];
  /** Outputs that are meant to carry a secret; every other output is cleaned of secrets. */
  readonly secretOutputs: readonly O[];
  /** The closed list of the output `result`; `failed` and `cancelled` are in every list. */
  readonly results: readonly string[];
  run(context: ActionContext<F, O>): Promise<Outputs<O>>;
}

type ActionDefinition<F extends Fields, O extends string> = Omit<Action<F, O>, 'rules' | 'secretOutputs'> &
  Partial<Pick<Action<F, O>, 'rules' | 'secretOutputs'>>;

/** An action is a value: typed inputs and ports in, outputs out. */
export function defineAction<const F extends Fields, const O extends string>(
  definition: ActionDefinition<F, O>,
): Action<F, O> {
  return { rules: [], secretOutputs: [], ...definition };
}
