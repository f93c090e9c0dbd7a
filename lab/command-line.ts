import { bringUpParts } from './bring-up.ts';
import type { ControllablePart } from './control.ts';
import { examine } from './doctor.ts';
import { labFolders } from './folders.ts';
import { visitBox } from './in-box.ts';
import { PART_NAMES } from './parts/index.ts';
import { runningBox } from './parts/part.ts';
import { prepare } from './prepare.ts';
import type { Progress } from './progress.ts';
import type { PartName } from './state.ts';
import { statusOfParts } from './status.ts';
import { takeDown } from './take-down.ts';
import { provideWheels } from './wheels.ts';

const BOXED = PART_NAMES.filter((name): name is ControllablePart => name !== 'base-image');

const USAGE = `npm run lab -- up [part…]   bring parts up: all, or some of ${PART_NAMES.join(', ')}
npm run lab -- down         end everything the lab started; the cache stays
npm run lab -- status       what is up, and where
npm run lab -- doctor       what is missing, and the command that mends it
npm run lab -- prepare      make everything that takes long to make, without starting a server
npm run lab -- shell PART [COMMAND…]
                            a root shell in a part's box, or one command
npm run lab -- wheels REQUIREMENTS FOLDER
                            Python wheels for a Dockerfile of the base image`;

const printProgress: Progress = (part, text, seconds) => {
  console.log(`${part.padEnd(11)} ${text}${seconds === undefined ? ' …' : `   ${seconds.toFixed(1)} s`}`);
};

/** `npm run lab -- …`. @returns the exit code: 0 done, 1 not so, 2 asked wrongly */
export async function runCommandLine([verb, ...words]: readonly string[]): Promise<number> {
  try {
    switch (verb) {
      case 'up':
        return await up(words);
      case 'down':
        await takeDown(printProgress);
        return 0;
      case 'prepare':
        await prepare((text) => console.log(text));
        return 0;
      case 'status':
        return await status();
      case 'doctor':
        return await doctor();
      case 'shell':
        return await shell(words);
      case 'wheels':
        return await wheels(words);
      case undefined:
      case '--help':
        console.log(USAGE);
        return 0;
      default:
        return askedWrongly(`there is no "${verb}" — what there is:\n${USAGE}`);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

function askedWrongly(sentence: string): number {
  console.error(sentence);
  return 2;
}

async function up(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !(PART_NAMES as string[]).includes(name));
  if (unknown !== undefined) {
    return askedWrongly(`there is no part "${unknown}" — the parts are ${PART_NAMES.join(', ')}`);
  }
  const start = performance.now();
  await bringUpParts(names as PartName[], printProgress);
  console.log(`lab up in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return 0;
}

async function status(): Promise<number> {
  const parts = await statusOfParts();
  for (const { name, state, text } of parts)
    console.log(`${name.padEnd(11)} ${state.padEnd(8)} ${text}`.trimEnd());
  return parts.every((part) => part.state === 'up') ? 0 : 1;
}

async function doctor(): Promise<number> {
  const findings = await examine();
  for (const { good, text, mend } of findings) {
    console.log(`${good ? 'ok     ' : 'missing'}  ${text}${mend === undefined ? '' : ` — ${mend}`}`);
  }
  return findings.some((finding) => !finding.good && finding.blocks) ? 1 : 0;
}

async function shell([part, ...argv]: readonly string[]): Promise<number> {
  const name = BOXED.find((boxed) => boxed === part);
  if (name === undefined) return askedWrongly(`shell needs a part: ${BOXED.join(', ')}`);
  return visitBox(runningBox(labFolders(), name), argv.length === 0 ? ['bash', '-l'] : argv);
}

async function wheels([requirements, folder]: readonly string[]): Promise<number> {
  if (requirements === undefined || folder === undefined) {
    return askedWrongly('wheels needs a requirements file and a folder');
  }
  console.log(`${(await provideWheels(requirements, folder)).length} wheels in ${folder}`);
  return 0;
}
