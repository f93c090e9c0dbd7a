/**
 * `npm run bench -- diagnosis [record] [rows…]`: ways in which a deployment fails, brought about for real: what is said of
 * each, how long that takes beside looking by hand, and what is said of failures that no rule is for.
 */
import { availableParallelism } from 'node:os';

import { answerRows } from '../__tests__/integration/diagnosis/answer-rows.ts';
import { deploymentRows } from '../__tests__/integration/diagnosis/deployment-rows.ts';
import { dockerRows } from '../__tests__/integration/diagnosis/docker-rows.ts';
import { machineRows } from '../__tests__/integration/diagnosis/machine-rows.ts';
import type { Row } from '../__tests__/integration/diagnosis/row.ts';
import { containerRows, otherRows, startRows } from '../__tests__/integration/diagnosis/rows.ts';
import { Scene } from '../__tests__/integration/diagnosis/scene.ts';
import { serverRows } from '../__tests__/integration/diagnosis/server-rows.ts';
import { table } from '../src/report/markdown.ts';
import { record } from './diagnosis/record.ts';
import { machine, median, spread } from './statistics.ts';

const known = [
  ...serverRows,
  ...dockerRows,
  ...startRows,
  ...containerRows,
  ...machineRows,
  ...answerRows,
  ...deploymentRows,
];

/** Of the catalogue, what is not brought about here. */
const notProvoked: readonly (readonly [row: string, failure: string, why: string])[] = [
  ['36', 'SELinux, AppArmor', 'no such kernel here; tests with real messages'],
  [
    '41',
    'quotes and remarks in environment files',
    'no failure: a warning before anything is touched, with tests',
  ],
  ['46', 'ignores SIGTERM', 'no failure: a warning, with a test on the lab'],
];

export async function bench(options: readonly string[]): Promise<void> {
  console.log(`${machine(availableParallelism())}\n`);
  const wanted = options.filter((option) => /^\d+$/.test(option)).map(Number);
  const chosen = [...known, ...otherRows].filter(({ row }) => wanted.length === 0 || wanted.includes(row));
  const scene = await Scene.up();
  const rows: string[][] = [];
  const wrong: string[] = [];
  const ours: number[] = [];
  const byHand: number[] = [];
  for (const row of chosen) {
    const told = await tellOf(row, scene);
    rows.push([row.row === 0 ? '–' : String(row.row), row.failure, row.provoked, told.said, told.time]);
    process.stderr.write(`${told.problem === undefined ? ' ' : '✕'} ${rows.at(-1)?.join(' | ')}\n`);
    if (told.problem !== undefined) wrong.push(`${row.row} ${row.failure}: ${told.problem}`);
    if (told.isOfContainer) {
      ours.push(scene.times.at(-1) ?? 0);
      byHand.push(await scene.byHand());
    }
    if (options.includes('record') && told.problem === undefined) record(row, scene, told.said);
    scene.recordings.length = 0;
  }
  await scene.clear();
  console.log(table(['row', 'failure', 'provoked how', 'what was said', 'time'], rows));
  const right = chosen.length - wrong.length;
  console.log(`\n${right} of ${chosen.length} as they should be named`);
  if (ours.length > 0) {
    console.log(
      `from the failure to its sentence ${spread(ours)}; one connection with docker inspect and docker logs by hand ${spread(byHand)}: ${(median(ours) / median(byHand)).toFixed(2)} times`,
    );
  }
  console.log(`\n${table(['row', 'not brought about', 'why'], notProvoked)}`);
  for (const line of wrong) console.log(`✕ ${line}`);
  // Unlike a time, this is true or not.
  if (wrong.length > 0) process.exitCode = 1;
}

interface Told {
  readonly said: string;
  readonly time: string;
  readonly problem: string | undefined;
  readonly isOfContainer: boolean;
}

async function tellOf(row: Row, scene: Scene): Promise<Told> {
  const before = scene.times.length;
  try {
    const failure = await row.provoke(scene);
    const said = `${failure.code}: ${failure.sentence}`;
    const isRight = failure.code === row.code && failure.sentence.includes(row.says);
    return {
      said,
      time: scene.times.length > before ? `${((scene.times.at(-1) ?? 0) / 1_000).toFixed(2)} s` : '',
      problem: isRight
        ? undefined
        : `${row.code} with "${row.says}" was expected: ${said}\n${failure.evidence ?? ''}`,
      isOfContainer: scene.recordings.some(({ kind }) => kind === 'collected'),
    };
  } catch (error) {
    return { said: String(error), time: '', problem: String(error), isOfContainer: false };
  }
}
