import type { LineLike, Place } from '../ground/errors.ts';
import type { Origin } from './action.ts';
import type { Given } from './inputs.ts';

/** Where a step happens: a job of a workflow, or a terminal. Receives only text that is clean of secrets. */
export interface StepHost {
  readonly given: Given;
  readonly origin: Origin;
  /** Tells the runner to mask this text wherever it appears. */
  mask(secret: string): void;
  /** A line of the log. */
  line(text: string): void;
  debug(text: string): void;
  /** A folded part of the log. */
  fold(title: string, text: string): void;
  warning(text: string, place?: Place): void;
  /** The one annotation of a failed step, at the line where the mistake is; the exit code of the process becomes 1. */
  fail(sentence: string, place?: Place | LineLike): void;
  output(name: string, value: string): void;
  exportVariable(name: string, value: string): void;
  /** Adds Markdown to the job summary. */
  summary(markdown: string): Promise<void>;
  /** A folder for reports that outlives the step. */
  readonly reportFolder: string;
}
