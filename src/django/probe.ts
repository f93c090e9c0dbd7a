import { posix } from 'node:path';
import * as z from 'zod';

import { UserError } from '../ground/errors.ts';
import { type CommandResult, ending, lastWords, type Machine, succeeded } from '../machine/machine.ts';
import { failureShape, startFailure } from './failures.ts';
import { type DjangoProject, type ManageOptions, runPython } from './project.ts';
import { type PythonFile, pythonFile } from './python-files.ts';

export type Program = 'discover' | 'initial_tables' | 'provision' | 'worker';

const discovering: readonly PythonFile[] = [
  'through_manage',
  'described_models',
  'expected_tables',
  'ghosts',
  'ledgers',
  'migration_facts',
  'model_tables',
  'old_code',
  'operations',
  'particulars',
  'pending',
  'post_migrate',
  'schema_kinds',
  'standings',
];

const working: readonly PythonFile[] = [
  'through_manage',
  'ledgers',
  'model_tables',
  'pending',
  'post_migrate',
  'worker_failures',
  'worker_ledger',
  'worker_line',
  'worker_migrations',
  'worker_operations',
  'worker_session',
  'worker_signals',
  'worker_support',
  'worker_tenant',
  'worker_work',
];

/** What each program imports. */
const filesOf: Readonly<Record<Program, readonly PythonFile[]>> = {
  discover: discovering,
  initial_tables: ['through_manage', 'initial_trial', 'ledgers', 'operations', 'scratch_schema'],
  provision: [
    ...new Set<PythonFile>([
      ...discovering,
      ...working,
      'discover',
      'tenant_journal',
      'tenant_people',
      'tenant_proof',
      'tenant_removal',
      'tenant_rows',
    ]),
  ],
  worker: working,
};

const housekeeping = { timeout: 30_000 };

const envelope = z.looseObject({ complete: z.literal(true), failure: failureShape.optional() });

/**
 * Runs one of the bundled Python programs through the project's own manage.py and returns its answer. The
 * answer comes in a file; what the project prints is only looked at when there is no answer.
 * @throws UserError one code per reason why a project cannot answer (failures.ts), `probe-failed` otherwise.
 */
export async function probe<T>(
  project: DjangoProject,
  program: Program,
  { request, answer }: { readonly request: object; readonly answer: z.ZodType<T> },
  options: ManageOptions,
): Promise<T> {
  const placed = await placeProgram(project, program, request);
  try {
    const result = await runPython(project, placed.args, placed.env, options);
    return readAnswer(await placed.answer(), answer, { project, result });
  } finally {
    await placed.remove();
  }
}

/** A bundled program where the project's Python finds it. */
export interface PlacedProgram {
  /** For the project's Python. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it wrote as its answer, once it has ended. */
  answer(): Promise<string | undefined>;
  remove(): Promise<void>;
}

/** Puts a program, what it imports and its request into a folder of its own on the project's machine. */
export async function placeProgram(
  project: DjangoProject,
  program: Program,
  request: object,
): Promise<PlacedProgram> {
  const { machine } = project;
  const folder = await makeFolder(machine);
  const remove = () => machine.run(['rm', '-rf', '--', folder], housekeeping).then(noop, noop);
  try {
    for (const name of [program, ...filesOf[program]]) {
      await machine.writeFile(posix.join(folder, `${name}.py`), pythonFile(name), { mode: 0o600 });
    }
    await machine.writeFile(
      posix.join(folder, 'request.json'),
      JSON.stringify({ ...request, settingsModule: project.settingsModule }),
      { mode: 0o600 },
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    args: [posix.join(folder, `${program}.py`)],
    env: { TENANTRY_FOLDER: folder },
    answer: () => machine.readFile(posix.join(folder, 'answer.json')),
    remove,
  };
}

const noop = () => {};

async function makeFolder(machine: Machine): Promise<string> {
  const made = await machine.run(['mktemp', '-d', '-t', 'tenantry-XXXXXXXX'], housekeeping);
  const folder = made.stdout.trim();
  if (succeeded(made) && folder !== '') return folder;
  throw new UserError(
    `Cannot make a folder for temporary files on ${machine.name} — ${lastWords(made, 1) || ending(made)}`,
    'free some space, or set TMPDIR to a folder that this user may write to',
    { code: 'cannot-write' },
  );
}

/** @throws UserError why a program could not answer. */
export function readAnswer<T>(
  text: string | undefined,
  answer: z.ZodType<T>,
  { project, result }: { project: DjangoProject; result: CommandResult },
): T {
  const parsed = envelope.safeParse(parse(text));
  if (!parsed.success) {
    throw new UserError(
      `The project did not answer — ${project.python} ended with ${ending(result)} and left ${text === undefined ? 'no' : 'an unfinished'} answer`,
      'its last lines are below; run python manage.py check in the same place to see the same',
      { code: 'probe-failed', evidence: lastWords(result) },
    );
  }
  const { failure, ...rest } = parsed.data;
  if (failure !== undefined) throw startFailure(failure, project);
  return answer.parse(rest);
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
