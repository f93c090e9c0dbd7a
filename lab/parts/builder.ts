import { readBox } from '../box.ts';
import type { Engine } from '../state.ts';
import {
  configureEngine,
  dockerHost,
  engineAnswers,
  engineData,
  engineVersion,
  startEngine,
} from './engine.ts';
import { freshBox, type Part, runningBox } from './part.ts';

/** The Docker engine of the runner's side: builds images and pushes them. Debian's. */
export const builder: Part<Engine> = {
  needs: [],
  async create(context) {
    const box = await freshBox(context, 'builder', [engineData(context.folders, 'builder')]);
    configureEngine(context.folders, context.network, box);
    await startEngine(box, '20.10');
    return { dockerHost: dockerHost(box), version: await engineVersion(box) };
  },
  async answers({ folders }) {
    const box = readBox(folders, 'builder');
    return box !== undefined && (await engineAnswers(box));
  },
  restart: async ({ folders }) => startEngine(runningBox(folders, 'builder'), '20.10'),
  describe: (entry) => `Docker ${entry.version}`,
};
