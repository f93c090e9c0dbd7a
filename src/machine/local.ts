import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { showDuration } from '../ground/duration.ts';
import { codeOf, messageOf, UserError } from '../ground/errors.ts';
import { converseLocally } from './conversation.ts';
import { giveInput } from './input.ts';
import { lineSplitter } from './lines.ts';
import { streamLocally } from './local-stream.ts';
import type { CommandResult, Machine, RunOptions } from './machine.ts';
import { cannotStart, endGroup, startGroup } from './process-group.ts';

/** This machine: the runner, or a laptop. */
export const localMachine: Machine = {
  name: 'this machine',
  run: runLocally,
  converse: converseLocally,
  stream: streamLocally,

  async writeFile(path, content, { mode }) {
    const unfinished = `${path}.${process.pid}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(unfinished, content, { mode, flag: 'wx' });
      await chmod(unfinished, mode);
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw new UserError(
        `Cannot write ${path} — ${messageOf(error)}`,
        `give this user the right to write there, free some space, or choose another folder`,
        { code: 'cannot-write', cause: error },
      );
    }
  },

  async readFile(path) {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw new UserError(
        `Cannot read ${path} — ${messageOf(error)}`,
        'give this user the right to read it',
        {
          code: 'cannot-read',
          cause: error,
        },
      );
    }
  },

  async close() {},
};

async function runLocally(argv: readonly string[], options: RunOptions): Promise<CommandResult> {
  const [program = ''] = argv;
  options.signal?.throwIfAborted();
  const child = startGroup(argv, options);
  const output = collect(child, options.onLine);
  child.stdin.on('error', () => {}); // a program that does not read its input is no failure
  giveInput(child.stdin, options.stdin);

  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    void endGroup(child);
  }, options.timeout);
  const onAbort = () => void endGroup(child);
  options.signal?.addEventListener('abort', onAbort, { once: true });

  try {
    const { exitCode, signal } = await ended(child, program, options.workingDirectory);
    options.signal?.throwIfAborted();
    if (timedOut) {
      throw new UserError(
        `${program} did not end within ${showDuration(options.timeout)} — it was ended`,
        'look at its last lines; if it needs longer, give it a longer time limit',
        { code: 'command-timed-out', evidence: output.stderr.trim() || output.stdout.trim() },
      );
    }
    return { exitCode, signal, ...output };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function collect(
  child: ChildProcessWithoutNullStreams,
  onLine: RunOptions['onLine'],
): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    const lines = lineSplitter(onLine ?? (() => {}));
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output[name] += text;
      lines.push(text);
    });
    stream.on('end', () => lines.end());
  }
  return output;
}

function ended(
  child: ChildProcessWithoutNullStreams,
  program: string,
  workingDirectory: string | undefined,
): Promise<{ exitCode: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(cannotStart(program, workingDirectory, error)));
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}
