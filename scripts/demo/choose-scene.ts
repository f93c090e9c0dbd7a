import { dockerAnswers, dockerScene } from './docker-scene.ts';
import { labScene } from './lab-scene.ts';
import { startOwnDatabase } from './own-database.ts';
import type { Scene } from './scene.ts';

/** Why there is no server in the demo, where there is none. */
export const databaseSceneReason =
  'There is no Docker engine here, and without root on Linux none can be installed: this is the database half of the line.';

/** The best that this machine has: simulated servers, its own Docker engine, or a database alone. */
export async function sceneFor(progress: (line: string) => void): Promise<Scene> {
  const canSimulate = process.platform === 'linux' && process.getuid?.() === 0;
  if (canSimulate) return labScene(progress);
  if (await dockerAnswers()) return dockerScene(progress);
  const database = await startOwnDatabase({ forContainers: false });
  return {
    about: 'PostgreSQL 18, from npm',
    superuserUrl: database.superuserUrl,
    close: () => database.stop(),
  };
}
