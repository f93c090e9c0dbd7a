/** Where an action tells what it does. Quiet when all is well, complete when not. */
export interface Log {
  /** One step that can be said aloud: `Database  shop on db:5432 (PostgreSQL 15.18)   0.2 s`. */
  step(label: string, text: string, milliseconds?: number): void;
  /** A line of progress within a step. */
  info(text: string): void;
  /** Only shown when the workflow runs with debug logging. */
  debug(text: string): void;
  /** Shown in the log and as an annotation; does not fail the step. */
  warning(text: string): void;
  /** Details, folded. Nothing is shown for an empty text. */
  details(title: string, text: string): void;
}
