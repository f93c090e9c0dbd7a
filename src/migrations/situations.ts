import type { Situation } from './situation.ts';
import { aroundBackups } from './situations-of-backups.ts';
import { ledgersAndCode, ledgersAndTables } from './situations-of-fleets.ts';
import { afterTheRun, duringTheRun } from './situations-of-runs.ts';

/** The table "Migration situations" of docs/troubleshooting.md, but for what belongs to provisioning. */
export const migrationSituations: readonly Situation[] = [
  ...duringTheRun,
  ...ledgersAndCode,
  ...ledgersAndTables,
  ...afterTheRun,
  ...aroundBackups,
];
