/**
 * The lab: real servers for tests and the demo, started by the project. As a program (`npm run lab -- up`) and as
 * a library: `import { bringUp, control, readLab } from '../lab/lab.ts'`.
 */
import { fileURLToPath } from 'node:url';
import { bringUpParts } from './bring-up.ts';
import type { Progress } from './progress.ts';
import { type Lab, readLab } from './read-lab.ts';
import type { PartName } from './state.ts';
import { takeDown } from './take-down.ts';

export {
  type ControllablePart,
  type ControlledHost,
  type ControlledPart,
  type ControlledPostgres,
  type ControlledWebServer,
  control,
} from './control.ts';
export type * from './state.ts';
export { leaveSwarm, makeSwarm } from './swarm.ts';
export { provideWheels } from './wheels.ts';
export { type Lab, type Progress, readLab };

/** Brings parts up (all when none is named) and returns the lab. Idempotent; safe from several processes. */
export async function bringUp(parts: readonly PartName[] = [], progress: Progress = () => {}): Promise<Lab> {
  await bringUpParts(parts, progress);
  return readLab();
}

/** Ends everything the lab started. The cache stays. */
export async function bringDown(progress: Progress = () => {}): Promise<void> {
  await takeDown(progress);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { runCommandLine } = await import('./command-line.ts');
  process.exitCode = await runCommandLine(process.argv.slice(2));
}
