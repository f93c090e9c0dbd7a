/**
 * One deployment in a process of its own, which may be killed: `node runner.ts`, told by standard input: a line of
 * JSON, then an empty line when a held command may go on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { deployContainer } from '../../src/deployment/fleet/deploy.ts';
import { failureOf } from '../../src/deployment/fleet/fleet-failure.ts';
import type { DeployRequest } from '../../src/deployment/request/request.ts';
import { connectSsh } from '../../src/machine/ssh.ts';
import type { SshServer } from '../../src/machine/ssh-server.ts';
import { holding } from './held.ts';
import { wayOf } from './ways.ts';

export interface RunnerWork {
  readonly server: SshServer;
  readonly request: DeployRequest;
  /** Where it waits, once. */
  readonly hold?: string;
}

export interface Runner {
  readonly process: ChildProcess;
  /** Resolves when it waits before a command of its own; also when it has ended. */
  readonly held: Promise<void>;
  goOn(): void;
  /** What it told, once it has ended. */
  readonly ended: Promise<string>;
}

/** What it says when it waits. */
const waits = 'held here';

export function startRunner(work: RunnerWork): Runner {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {}); // it was killed
  child.stdin.write(`${JSON.stringify(work)}\n`);
  const { promise: held, resolve } = Promise.withResolvers<void>();
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === waits) resolve();
    else said.push(line);
  });
  const ended = new Promise<string>((end) => child.once('close', () => end(said.join('\n'))));
  void ended.then(() => resolve());
  return { process: child, held, goOn: () => void child.stdin.write('\n'), ended };
}

async function run(): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { server, request, hold } = JSON.parse((await lines.next()).value ?? '') as RunnerWork;
  const say = (line: string) => console.log(line);
  const log = {
    step: (label: string, line: string) => say(`${label} ${line}`),
    info: say,
    debug: () => {},
    warning: say,
    details: () => {},
  };
  const wait = async () => {
    say(waits);
    await lines.next();
  };
  const { signal } = new AbortController();
  const held =
    hold === undefined
      ? undefined
      : { way: wayOf(request.strategy), step: hold, wait, hasWaited: false, begun: [] };
  const connect = async (_host: string, limit: AbortSignal) => {
    const machine = await connectSsh(server, { signal: limit, log });
    return held === undefined ? machine : holding(machine, held);
  };
  const outcomes = await deployContainer(request, { connect, log, signal });
  console.log(failureOf(outcomes)?.sentence ?? outcomes[0]?.result);
  process.stdin.destroy();
}

if (import.meta.main) await run();
