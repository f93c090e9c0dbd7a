import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ActionName } from '../../src/actions/names.ts';
import { lookAtProcesses } from './processes.ts';

const dist = join(import.meta.dirname, '../../dist');

/** What a workflow sees of one step, and what anybody on the machine could have seen meanwhile. */
export interface StepEnd {
  readonly exitCode: number | null;
  /** As the runner shows it: without its own commands for masking. */
  readonly log: string;
  readonly annotations: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The JSON report, as text. */
  readonly report: string;
  /** What the step exported for the steps after it. */
  readonly exported: string;
  /** Every argument list of every process of the machine while the step ran. */
  readonly argumentLists: string;
  /** Bytes that the step's own process had at its peak. */
  readonly peakMemory: number;
}

export interface DoorOptions {
  /** More environment of the step. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told the process, so that a test can cancel it. */
  readonly onStart?: (pid: number) => void;
  /** Told each line of the log as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs an action as the runner does: its door in dist/, inputs in the environment, files for what it says. */
export async function runDoor(
  name: ActionName,
  inputs: Readonly<Record<string, string>>,
  { env = {}, onStart, onLine }: DoorOptions = {},
): Promise<StepEnd> {
  const folder = mkdtempSync(join(tmpdir(), 'step-'));
  const file = (of: string) => {
    const path = join(folder, of);
    writeFileSync(path, '');
    return path;
  };
  const files = { output: file('output'), summary: file('summary'), env: file('env') };
  const given = Object.entries(inputs).map(([input, value]) => [`INPUT_${input.toUpperCase()}`, value]);
  const child = spawn(process.execPath, [join(dist, `${name}.cjs`)], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, // no step sees a difference
      GITHUB_OUTPUT: files.output,
      GITHUB_STEP_SUMMARY: files.summary,
      GITHUB_ENV: files.env,
      GITHUB_RUN_ID: '4812',
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_SERVER_URL: 'https://github.example',
      RUNNER_TEMP: folder,
      ...Object.fromEntries(given),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (onLine !== undefined) for (const line of chunk.split('\n')) onLine(line);
    });
  }
  const seen = new Set<string>();
  const looks = new Map<string, number>();
  let peakMemory = 0;
  const watch = setInterval(() => {
    lookAtProcesses(seen, looks);
    peakMemory = Math.max(peakMemory, peakMemoryOf(child.pid));
  }, 15);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);

  const outputs = keyValues(readFileSync(files.output, 'utf8'));
  const lines = text.split('\n').filter((line) => !line.startsWith('::add-mask::'));
  return {
    exitCode,
    log: lines.join('\n'),
    annotations: lines
      .filter((line) => line.startsWith('::error'))
      .map((line) => unescaped(line.replace('::error::', ''))),
    outputs,
    summary: readFileSync(files.summary, 'utf8'),
    report: outputs['report-path'] === undefined ? '' : readFileSync(outputs['report-path'], 'utf8'),
    exported: readFileSync(files.env, 'utf8'),
    argumentLists: [...seen].join('\n'),
    peakMemory,
  };
}

/** The high-water mark of its resident memory, in bytes, as the kernel keeps it. */
function peakMemoryOf(pid: number | undefined): number {
  try {
    const [, kibibytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) * 1_024;
  } catch {
    return 0; // it has ended
  }
}

/** `name<<delimiter`, lines, `delimiter`: how @actions/core writes values. */
function keyValues(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, name = '', , value = ''] of text.matchAll(/^(.+?)<<(ghadelimiter_\S+)\n([\s\S]*?)\n\2$/gm)) {
    values[name] = value;
  }
  return values;
}

/** How the runner reads the text of a command. */
function unescaped(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}
