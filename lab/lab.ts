import { fileURLToPath } from 'node:url';
import { bringUpParts, type Progress, statusOfParts, takeDown } from './bring-up.ts';
import { PART_NAMES } from './parts/index.ts';
import type { PartName } from './state.ts';

export {
  type ControllablePart,
  type ControlledHost,
  type ControlledPart,
  type ControlledPostgres,
  type ControlledWebServer,
  control,
} from './control.ts';
export { type Lab, readLab } from './read-lab.ts';
export type * from './state.ts';
export { provideWheels } from './wheels.ts';

import { examine } from './doctor.ts';
import { type Lab, readLab } from './read-lab.ts';
import { provideWheels } from './wheels.ts';

/** Brings parts up (all when none is named) and returns the lab. Idempotent; safe from several processes. */
export async function bringUp(parts: readonly PartName[] = [], progress: Progress = () => {}): Promise<Lab> {
  await bringUpParts(parts, progress);
  return readLab();
}

/** Ends everything the lab started. The cache stays. */
export async function bringDown(progress: Progress = () => {}): Promise<void> {
  await takeDown(progress);
}

const USAGE = `npm run lab -- up [part…]   bring parts up (all: ${PART_NAMES.join(', ')})
npm run lab -- down         end everything the lab started; the cache stays
npm run lab -- status       what is up, and where
npm run lab -- doctor       what is missing, and the command that mends it
npm run lab -- wheels REQUIREMENTS FOLDER
                            the wheels for a Dockerfile of the base image, fetched once`;

const printProgress: Progress = (part, text, seconds) => {
  console.log(`${part.padEnd(11)} ${text}${seconds === undefined ? ' …' : `   ${seconds.toFixed(1)} s`}`);
};

async function main([verb, ...words]: readonly string[]): Promise<number> {
  switch (verb) {
    case 'up': {
      const unknown = words.find((word) => !(PART_NAMES as string[]).includes(word));
      if (unknown !== undefined) {
        console.error(`there is no part "${unknown}" — the parts are ${PART_NAMES.join(', ')}`);
        return 2;
      }
      const start = performance.now();
      await bringUpParts(words as PartName[], printProgress);
      console.log(`lab up in ${((performance.now() - start) / 1000).toFixed(1)} s`);
      return 0;
    }
    case 'down':
      await takeDown(printProgress);
      return 0;
    case 'status': {
      const parts = await statusOfParts();
      for (const { name, state, text } of parts) console.log(`${name.padEnd(11)} ${state.padEnd(8)} ${text}`);
      return parts.every((part) => part.state === 'up') ? 0 : 1;
    }
    case 'doctor': {
      const findings = await examine();
      for (const { good, text, mend } of findings)
        console.log(`${good ? 'ok      ' : 'missing '} ${text}${mend ? ` — ${mend}` : ''}`);
      return findings.some((finding) => !finding.good && finding.blocks) ? 1 : 0;
    }
    case 'wheels': {
      const [requirements, folder] = words;
      if (requirements === undefined || folder === undefined) {
        console.error('usage: npm run lab -- wheels REQUIREMENTS FOLDER');
        return 2;
      }
      console.log(`${(await provideWheels(requirements, folder)).length} wheels in ${folder}`);
      return 0;
    }
    default:
      console.log(USAGE);
      return verb === undefined || verb === '--help' ? 0 : 2;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    },
  );
}
