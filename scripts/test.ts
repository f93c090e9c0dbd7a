/**
 * `npm test`: everything that must hold before a change lands, servers included. `npm run check`: its fast part,
 * for every commit, without servers. `npm test -- --whole` sees everything on every server and with every end of the
 * range of versions. All end with one line: `N passed, N failed, N skipped`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';

import { showDuration } from '../src/ground/duration.ts';
import { atNight } from './at-night.ts';
import { labOfWorker } from './lab-of-worker.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'tenantry-test-'));

/**
 * Workers of each Jest. What deploys waits a lot and must not be what everything else waits for at the end; what has
 * only a database needs the processor nearly all the time, and fills what the others leave.
 */
const width = { unit: 2, apart: 3, lab: 3 };

/** Deployments are held to time limits: with one worker more beside them they keep the half that they had. */
const givesWay = 2;

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Something that is tested on its own. A gate counts as one test; Jest says how many it ran. */
interface Stage {
  readonly name: string;
  run(): Promise<Tally>;
}

const fast: readonly Stage[] = [
  gate('types', 'tsc', ['-p', '.']),
  gate('format and lint', 'biome', ['ci', '--error-on-warnings', '.']),
  gate('tables in the documents', process.execPath, ['scripts/docs.ts', '--check']),
  pythonTests(),
  jest('unit'),
];

/** What the databases' tests need or ask in vain. The others bring up what they need, in labs of their own. */
const atFirst = ['postgres15', 'postgres18', 'pgbouncer', 'registry', 'host1'];

const withServers: readonly Stage[] = [
  gate('the lab comes up', process.execPath, ['lab/lab.ts', 'up', ...atFirst]),
  together('everything on servers', [jest('apart'), jest('lab')]),
];

/** Stages that share nothing: deployments wait a lot, and databases need the processor. */
function together(name: string, stages: readonly Stage[]): Stage {
  return {
    name,
    async run() {
      const tallies = await Promise.all(stages.map((stage) => stage.run()));
      return tallies.reduce((one, other) => ({
        passed: one.passed + other.passed,
        failed: one.failed + other.failed,
        skipped: one.skipped + other.skipped,
      }));
    },
  };
}

function gate(name: string, program: string, args: readonly string[]): Stage {
  return {
    name,
    async run() {
      const passed = await succeeds(program, args);
      return { passed: Number(passed), failed: Number(!passed), skipped: 0 };
    },
  };
}

function jest(project: 'unit' | 'apart' | 'lab'): Stage {
  return {
    name: `${project} tests`,
    async run() {
      const report = join(folder, `${project}.json`);
      const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
      // What stops and fills servers has them for itself: a lab for each worker.
      if (project === 'lab') flags.push('--import', './scripts/lab-of-worker.ts');
      const args = [
        '--selectProjects',
        project,
        '--json',
        '--outputFile',
        report,
        '--silent=false',
        `--maxWorkers=${width[project]}`,
        '--testSequencer=./scripts/longest-first.cjs',
      ];
      await succeeds(process.execPath, [...flags, 'node_modules/jest/bin/jest.js', ...args], {
        hideStdout: true,
        ...(project === 'apart' ? { niceness: givesWay } : {}),
      });
      if (project === 'lab') await takeDownLabs();
      return tallyOf(report);
    },
  };
}

/** Jest's own count. A suite that could not run at all is a failure, not zero tests. */
function tallyOf(report: string): Tally {
  const counted = JSON.parse(readFileSync(report, 'utf8'));
  return {
    passed: counted.numPassedTests,
    failed: counted.numFailedTests + counted.numRuntimeErrorTestSuites,
    skipped: counted.numPendingTests + counted.numTodoTests,
  };
}

/** The few files that talk to Django from inside, as far as they can be tested without it. */
function pythonTests(): Stage {
  return {
    name: 'Python tests',
    async run() {
      const output: string[] = [];
      const passed = await succeeds('python3', ['-m', 'unittest', 'discover', '-s', '__tests__/python'], {
        onStderr: (text) => output.push(text),
      });
      const ran = Number(/^Ran (\d+) tests?/m.exec(output.join(''))?.[1] ?? 0);
      if (!passed || ran === 0) console.log(output.join(''));
      return passed && ran > 0
        ? { passed: ran, failed: 0, skipped: 0 }
        : { passed: 0, failed: Math.max(ran, 1), skipped: 0 };
    },
  };
}

/** Begins what takes minutes on a new machine, beside the tests that do not need it; ends with them. */
function prepareInBackground(): void {
  const log = openSync(join(folder, 'prepare.log'), 'w');
  const preparing = spawn('nice', ['-n', '5', process.execPath, 'lab/lab.ts', 'prepare'], {
    cwd: root,
    stdio: ['ignore', log, log],
    detached: true,
  });
  preparing.unref();
  const end = () => {
    try {
      if (preparing.pid !== undefined) process.kill(-preparing.pid);
    } catch {
      // it has ended
    }
  };
  process.on('exit', end);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
}

/** The labs of the workers that take labs of their own. */
const labs = Array.from({ length: width.lab }, (_, index) => labOfWorker(index + 1));
let areLabsDown = false;

/** Beside what else is tested: there are many files to remove. */
async function takeDownLabs(): Promise<void> {
  const ended = await Promise.all(
    labs.map((env) => succeeds(process.execPath, ['lab/lab.ts', 'down'], { hideStdout: true, env })),
  );
  areLabsDown = ended.every(Boolean);
}

/** The workers' labs end with this program, however it ends. */
function takeDownAtTheEnd(): void {
  process.on('exit', () => {
    if (areLabsDown) return;
    for (const env of labs) {
      spawnSync(process.execPath, ['lab/lab.ts', 'down'], {
        cwd: root,
        env: { ...process.env, ...env },
        stdio: 'ignore',
      });
    }
  });
}

interface Listening {
  readonly hideStdout?: boolean;
  /** How far it stands back, with all that it starts. */
  readonly niceness?: number;
  /** More environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onStderr?: (text: string) => void;
}

function succeeds(
  program: string,
  args: readonly string[],
  { hideStdout = false, niceness = 0, env = {}, onStderr }: Listening = {},
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', hideStdout ? 'ignore' : 'inherit', onStderr === undefined ? 'inherit' : 'pipe'],
    });
    if (niceness > 0 && child.pid !== undefined) setPriority(child.pid, niceness);
    if (onStderr !== undefined) child.stderr?.setEncoding('utf8').on('data', onStderr);
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}

async function main(stages: readonly Stage[]): Promise<number> {
  const total: Tally = { passed: 0, failed: 0, skipped: 0 };
  const lines: string[] = [];
  for (const stage of stages) {
    console.log(styleText('bold', `\n── ${stage.name}`));
    const started = performance.now();
    const tally = await stage.run();
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += tally[key];
    const verdict = tally.failed > 0 ? '✗' : '✓';
    lines.push(
      `${verdict} ${stage.name.padEnd(26)}${said(tally).padEnd(38)}${showDuration(performance.now() - started)}`,
    );
  }
  // Where the lab can run, a test that was skipped has shown nothing.
  if (process.env.CI === 'true' && total.skipped > 0) {
    lines.push(`✗ ${total.skipped} skipped: in CI they count as failed`);
    total.failed += total.skipped;
    total.skipped = 0;
  }
  if (process.env.TENANTRY_TESTS !== 'whole')
    lines.push(`left to "npm test -- --whole": ${atNight.join(', ')}`);
  console.log(`\n${lines.join('\n')}\n`);
  console.log(said(total));
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

function said({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

// Jest's configuration reads it, and each of its workers: __tests__/integration/breadth.ts.
if (process.argv.includes('--whole')) process.env.TENANTRY_TESTS = 'whole';
// Programs that tests start again and again are compiled once.
process.env.NODE_COMPILE_CACHE ??= join(folder, 'compiled');
const isFast = process.argv.includes('--fast');
if (!isFast) {
  prepareInBackground();
  takeDownAtTheEnd();
}
process.exitCode = await main(isFast ? fast : [...fast, ...withServers]);
