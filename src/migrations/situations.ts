import type { Situation } from './situation.ts';
import { ledgersAndCode, ledgersAndTables } from './situations-of-fleets.ts';
import { afterTheRun, duringTheRun } from './situations-of-runs.ts';

/** The table "Migration situations" of docs/troubleshooting.md, but for what belongs to provisioning. */
export const migrationSituations: readonly Situation[] = [
  ...duringTheRun,
  ...ledgersAndCode,
  ...ledgersAndTables,
  ...afterTheRun,
];
