import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { tryCommand } from '../../lab/command.ts';
import { postgresPrograms } from '../../lab/postgres-programs.ts';
import { act } from '../../lab/tools/workflow-tools.ts';
import { forAct, root, suite } from '../workflows/files.ts';
import { cancelProcess, lookAtProcesses } from './processes.ts';

/** What a workflow did, as GitHub would show it. */
export interface WorkflowRun {
  readonly exitCode: number;
  /** Jobs that ran, in the order in which they ended. One that was skipped is not in it. */
  readonly jobs: Readonly<Record<string, 'success' | 'failure'>>;
  /** Every line, nothing masked: what stands here, some step has said. */
  readonly log: string;
  /** What steps say by commands: error, warning, notice. */
  readonly annotations: readonly Annotation[];
  /** The job summary, a piece per step. */
  readonly summaries: readonly { readonly job: string; readonly step: string; readonly text: string }[];
  /** Of steps, by `job.step.output`. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Every argument list of every process of this machine that was seen meanwhile. */
  readonly argumentLists: string;
}

export interface Annotation {
  readonly level: string;
  readonly job: string;
  readonly text: string;
}

export interface WorkflowToRun {
  /** A git repository; what is committed and what is not is copied into each job. */
  readonly repository: string;
  /** Relative to the repository. */
  readonly workflow: string;
  /** What happened. Default: push. */
  readonly event?: 'push' | 'pull_request' | 'workflow_dispatch' | 'workflow_run';
  /** What GitHub says about the event, where more than its name is needed. */
  readonly payload?: object;
  /** What was typed into the form of workflow_dispatch. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** More environment of every step, as a runner of one's own may have it. */
  readonly environment: Readonly<Record<string, string>>;
  /** GITHUB_API_URL, where a job asks GitHub. */
  readonly apiUrl?: string;
  /** More programs of the runner: name and path. */
  readonly programs: Readonly<Record<string, string>>;
  /** Folders that stand in for actions of others: `owner/name@commit` and the folder. */
  readonly otherActions?: Readonly<Record<string, string>>;
  /** Told each line of the log as it comes. */
  readonly onLine?: (line: string) => void;
}

/** A run that is under way. */
export interface RunningWorkflow {
  readonly end: Promise<WorkflowRun>;
  /** What GitHub's runner does to the step that runs an action when somebody cancels the run. */
  cancelStep(action: string): Promise<void>;
}

/** Runs a workflow, each job on this machine in a folder of its own, by `act`. */
export function runWorkflow(wanted: WorkflowToRun): Promise<WorkflowRun> {
  return startWorkflow(wanted).end;
}

export function startWorkflow(wanted: WorkflowToRun): RunningWorkflow {
  const folder = mkdtempSync(join(tmpdir(), 'act-'));
  return { end: runIn(folder, wanted), cancelStep: (action) => cancelProcess(folder, `dist/${action}.cjs`) };
}

async function runIn(folder: string, wanted: WorkflowToRun): Promise<WorkflowRun> {
  const { onLine } = wanted;
  const program = await act();
  const seen = new Set<string>();
  const looks = new Map<string, number>();
  const watch = setInterval(() => lookAtProcesses(seen, looks), 50);
  try {
    const result = await tryCommand([program, wanted.event ?? 'push', ...(await flags(wanted, folder))], {
      cwd: wanted.repository,
      env: environmentOfRunner(wanted, folder),
      ...(onLine === undefined ? {} : { onLine: (line) => onLine(readEntry(line).msg) }),
    });
    return { ...readLog(result), exitCode: result.code, argumentLists: [...seen].join('\n') };
  } finally {
    clearInterval(watch);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function flags(
  { workflow, secrets, vars, inputs = {}, apiUrl, payload, otherActions = {} }: WorkflowToRun,
  folder: string,
): Promise<string[]> {
  // JSON is YAML too, which takes values of several lines.
  writeFileSync(join(folder, 'secrets.yml'), JSON.stringify({ GITHUB_TOKEN: '', ...secrets }), {
    mode: 0o600,
  });
  writeFileSync(
    join(folder, 'vars.env'),
    Object.entries(vars)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(''),
  );
  if (payload !== undefined) writeFileSync(join(folder, 'event.json'), JSON.stringify(payload));
  return [
    ...(payload === undefined ? [] : ['--eventpath', join(folder, 'event.json')]),
    ...Object.entries(otherActions).flatMap(([name, path]) => ['--local-repository', `${name}=${path}`]),
    ...Object.entries(inputs).flatMap(([name, value]) => ['--input', `${name}=${value}`]),
    ...(apiUrl === undefined ? [] : ['--env', `GITHUB_API_URL=${apiUrl}`]),
    '--workflows',
    workflow,
    '--platform',
    'ubuntu-latest=-self-hosted',
    '--local-repository',
    `${suite}@v1=${await suiteFolder(folder)}`,
    '--secret-file',
    join(folder, 'secrets.yml'),
    '--var-file',
    join(folder, 'vars.env'),
    '--action-cache-path',
    join(folder, 'jobs'),
    '--no-cache-server',
    '--rm',
    '--json',
    // A leak must be seen, so act may not hide it.
    '--insecure-secrets',
  ];
}

/** What a tag of this repository would hold of it. */
async function suiteFolder(folder: string): Promise<string> {
  const copy = join(folder, 'suite');
  mkdirSync(copy);
  for (const part of ['action.yml', 'actions', 'dist']) {
    await cp(join(root, part), join(copy, part), { recursive: true });
  }
  const workflows = join(copy, '.github/workflows');
  await mkdir(workflows, { recursive: true });
  for (const name of await readdir(join(root, '.github/workflows'))) {
    const text = await readFile(join(root, '.github/workflows', name), 'utf8');
    await writeFile(join(workflows, name), forAct(text));
  }
  return copy;
}

/** This process's own, without what a job of GitHub would set, and with the Node of this project first. */
function environmentOfRunner({ environment, programs }: WorkflowToRun, folder: string): NodeJS.ProcessEnv {
  const links = join(folder, 'programs');
  mkdirSync(links);
  for (const [name, path] of Object.entries(programs)) symlinkSync(path, join(links, name));
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(GITHUB_|RUNNER_|ACTIONS_|INPUT_|NODE_OPTIONS$|JEST_)/.test(name),
  );
  return {
    ...Object.fromEntries(own),
    PATH: [join(root, 'node_modules/.bin'), links, process.env.PATH, postgresPrograms()].join(delimiter),
    // Settings of this machine's user for act stay out, and act leaves nothing; what pip has fetched is kept.
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    PIP_CACHE_DIR: process.env.PIP_CACHE_DIR ?? join(homedir(), '.cache/pip'),
    ...environment,
  };
}

/** One line of act's log. */
interface Entry {
  readonly msg: string;
  readonly level: string;
  readonly job?: string;
  readonly jobID?: string;
  readonly step?: string;
  readonly stepID?: readonly string[];
  readonly jobResult?: 'success' | 'failure';
  readonly command?: string;
  readonly arg?: string;
  readonly name?: string;
  readonly content?: string;
}

function readLog({
  stdout,
  stderr,
}: {
  stdout: string;
  stderr: string;
}): Omit<WorkflowRun, 'exitCode' | 'argumentLists'> {
  const entries = `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line !== '')
    .map(readEntry);
  return {
    jobs: Object.fromEntries(
      entries.flatMap(({ jobID, jobResult }) => (jobID && jobResult ? [[jobID, jobResult]] : [])),
    ),
    log: entries.map(({ jobID = '', msg }) => `${jobID.padEnd(14)}${msg.trimEnd()}`).join('\n'),
    annotations: entries.flatMap(({ command = '', jobID = '', arg = '' }) =>
      ['error', 'warning', 'notice'].includes(command) ? [{ level: command, job: jobID, text: arg }] : [],
    ),
    summaries: entries.flatMap(({ command, jobID = '', step = '', content = '' }) =>
      command === 'summary' ? [{ job: jobID, step, text: content }] : [],
    ),
    outputs: Object.fromEntries(
      entries.flatMap(({ command, jobID, stepID = [], name, arg = '' }) =>
        command === 'set-output' ? [[`${jobID}.${stepID.join('.')}.${name}`, arg]] : [],
      ),
    ),
  };
}

function readEntry(line: string): Entry {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return { msg: line, level: 'info' };
  }
}
