/**
 * `npm run bench -- diagnosis [record] [rows…]`, or `summaries FOLDER`: ways in which a deployment fails, brought
 * about for real: what is said of each, how long that takes beside looking by hand, and what is said of failures that
 * no rule is for.
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
import { writeSummaries } from './diagnosis/summaries.ts';
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
  if (options[0] === 'summaries') return writeSummaries(options[1] ?? '.');
  console.log(`${machine(availableParallelism())}\n`);
  const wanted = options.filter((option) => /^\d+$/.test(option)).map(Number);
  const chosen = [...known, ...otherRows].filter(({ row }) => wanted.length === 0 || wanted.includes(row));
  const scene = await Scene.up();
  const rows: string[][] = [];
  const wrong: string[] = [];
  const tried: Tried[] = [];
  const ours: number[] = [];
  const byHand: number[] = [];
  for (const row of chosen) {
    const told = await tellOf(row, scene);
    rows.push([row.row === 0 ? '–' : String(row.row), row.failure, row.provoked, told.said, told.time]);
    process.stderr.write(`${told.problem === undefined ? ' ' : '✕'} ${rows.at(-1)?.join(' | ')}\n`);
    if (told.problem !== undefined) wrong.push(`${row.row} ${row.failure}: ${told.problem}`);
    tried.push({ row: row.row, isRight: told.problem === undefined });
    if (told.isOfContainer) {
      ours.push(scene.times.at(-1) ?? 0);
      byHand.push(await scene.byHand());
    }
    if (options.includes('record') && told.problem === undefined) record(row, scene, told.said);
    scene.recordings.length = 0;
  }
  await scene.clear();
  console.log(table(['row', 'failure', 'provoked how', 'what was said', 'time'], rows));
  console.log(`\n${verdictOf(tried)}`);
  if (ours.length > 0) {
    console.log(
      `from the failure to its sentence ${spread(ours)}; one connection with docker inspect and docker logs by hand ${spread(byHand)}: ${(median(ours) / median(byHand)).toFixed(2)} times; the longest of the 20 s that a look may take: ${(Math.max(...ours) / 1_000).toFixed(1)} s`,
    );
  }
  console.log(`\n${table(['row', 'not brought about', 'why'], notProvoked)}`);
  for (const line of wrong) console.log(`✕ ${line}`);
  if (wanted.length === 0) {
    console.log('\nA check of 1,000 domains:');
    await (await import('./health.ts')).bench();
  }
  // Unlike a time, this is true or not.
  if (wrong.length > 0) process.exitCode = 1;
}

interface Tried {
  /** Of the catalogue; 0 is none of them. */
  readonly row: number;
  readonly isRight: boolean;
}

/** Rows, not ways of bringing them about: one is named when all its ways are. */
function verdictOf(tried: readonly Tried[]): string {
  const catalogue = [...new Set(tried.map(({ row }) => row))].filter((row) => row !== 0);
  const named = catalogue.filter((row) => tried.every((each) => each.row !== row || each.isRight));
  const others = tried.filter(({ row }) => row === 0);
  const claimed = others.filter(({ isRight }) => !isRight);
  return `rows of the catalogue named as they should be: ${named.length} of ${catalogue.length}, in ${tried.length - others.length} ways; false claims on ${others.length} failures that no rule is for: ${claimed.length}`;
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
