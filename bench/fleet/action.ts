/** The action as a workflow runs it: a process of its own, with inputs in its environment. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Fleet } from '../../lab/fleet.ts';
import { type Memory, watchMemory } from './memory.ts';

export interface ActionRun {
  readonly milliseconds: number;
  readonly log: string;
  /** The JSON report. */
  readonly report: unknown;
  readonly memory: Memory | undefined;
}

interface ActionWish {
  /** Where the doors are. */
  readonly dist: string;
  /** Gives database and Python; without it, they are inputs where they are needed. */
  readonly fleet?: Fleet;
  /** The folder with manage.py. */
  readonly project?: string;
  /** More inputs, or others. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Looks at the memory of its processes; costs time. */
  readonly watched?: boolean;
  /** Default: migrate-schemas. */
  readonly action?: string;
}

/** Runs an action to its end. @throws Error with the end of its log when it fails */
export async function runAction(wish: ActionWish): Promise<ActionRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'));
  try {
    return await runIn(folder, wish);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(
  folder: string,
  { dist, fleet, project, inputs, env, watched, action = 'migrate-schemas' }: ActionWish,
): Promise<ActionRun> {
  const file = (name: string) => {
    writeFileSync(join(folder, name), '');
    return join(folder, name);
  };
  const output = file('output');
  const given = {
    ...(fleet === undefined ? {} : { 'database-url': fleet.url, python: fleet.python }),
    ...(project === undefined ? {} : { 'working-directory': project }),
    // Measured by itself: npm run bench -- everywhere backup
    ...(action === 'migrate-schemas' && fleet !== undefined ? { backup: 'false' } : {}),
    ...inputs,
  };
  const started = performance.now();
  const child = spawn(process.execPath, [join(dist, `${action}.cjs`)], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: file('summary'),
      GITHUB_ENV: file('env'),
      RUNNER_TEMP: folder,
      ...env,
      ...Object.fromEntries(
        Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
      ),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stopWatching = watched && child.pid !== undefined ? watchMemory(child.pid) : () => undefined;
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const milliseconds = performance.now() - started;
  const memory = stopWatching();
  if (code !== 0) throw new Error(`${action} ended with ${code}\n${log.split('\n').slice(-15).join('\n')}`);
  const [, reportPath = ''] = /report-path<<(?:\S+)\n(.*)\n/.exec(readFileSync(output, 'utf8')) ?? [];
  return { milliseconds, log, report: JSON.parse(readFileSync(reportPath, 'utf8')), memory };
}
