import type { Place } from './errors.ts';

/** Where an action tells what it does. Quiet when all is well, complete when not. */
export interface Log {
  /** One step that can be said aloud: `Database  shop on db:5432 (PostgreSQL 15.18)   0.2 s`. */
  step(label: string, text: string, milliseconds?: number): void;
  /** A line of progress within a step. */
  info(text: string): void;
  /** Only shown when the workflow runs with debug logging. */
  debug(text: string): void;
  /** Shown in the log and as an annotation, at a line of a file where there is one; does not fail the step. */
  warning(text: string, place?: Place): void;
  /** Details, folded. Nothing is shown for an empty text. */
  details(title: string, text: string): void;
}
