import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { showDuration } from '../ground/duration.ts';
import { codeOf, messageOf, UserError } from '../ground/errors.ts';
import { lineSplitter } from './lines.ts';
import type { CommandResult, Machine, RunOptions } from './machine.ts';

/** A child that was asked to end has this long before it is killed. */
const gracePeriod = 5_000;

/** This machine: the runner, or a laptop. */
export const localMachine: Machine = {
  name: 'this machine',
  run: runLocally,

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
  const [program = '', ...rest] = argv;
  options.signal?.throwIfAborted();
  // A process group of its own, so that ending the command ends what it started, too.
  const child = spawn(program, rest, {
    cwd: options.workingDirectory,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const output = collect(child, options.onLine);
  child.stdin?.on('error', () => {}); // a program that does not read its input is no failure
  child.stdin?.end(options.stdin ?? '');

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

function collect(child: ChildProcess, onLine: RunOptions['onLine']): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    if (stream === null) continue;
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
  child: ChildProcess,
  program: string,
  workingDirectory: string | undefined,
): Promise<{ exitCode: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      const missing = codeOf(error) === 'ENOENT';
      const where = workingDirectory === undefined ? '' : ` (in ${workingDirectory})`;
      reject(
        new UserError(
          `Cannot start ${program}${where} — ${missing ? 'there is no such program or folder' : messageOf(error)}`,
          'install it, or give its whole path',
          { code: 'command-not-found', cause: error },
        ),
      );
    });
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

async function endGroup(child: ChildProcess): Promise<void> {
  const running = () => child.exitCode === null && child.signalCode === null;
  signalGroup(child, 'SIGTERM');
  for (let waited = 0; running() && waited < gracePeriod; waited += 50) await sleep(50);
  signalGroup(child, 'SIGKILL'); // also what the command left behind in its group
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone already
  }
}
