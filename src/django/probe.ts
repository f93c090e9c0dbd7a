import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import * as z from 'zod';

import { UserError } from '../ground/errors.ts';
import { type CommandResult, ending, lastWords, succeeded } from '../machine/machine.ts';
import { failureShape, startFailure } from './failures.ts';
import { type DjangoProject, type ManageOptions, runPython } from './project.ts';
import { type PythonFile, pythonFile } from './python-files.ts';

export type Program = 'discover' | 'initial_tables' | 'provision' | 'target_branch' | 'worker';

const discovering: readonly PythonFile[] = [
  'through_manage',
  'collected_sql',
  'described_models',
  'expected_tables',
  'ghosts',
  'going_back',
  'ledgers',
  'migration_facts',
  'migration_files',
  'model_tables',
  'old_code',
  'operations',
  'particulars',
  'pending',
  'post_migrate',
  'python_code',
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
  'worker_states',
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
      'tenant_copy',
      'tenant_journal',
      'tenant_people',
      'tenant_proof',
      'tenant_references',
      'tenant_removal',
      'tenant_repair',
      'tenant_rows',
    ]),
  ],
  target_branch: ['discover', ...discovering],
  worker: working,
};

const housekeeping = { timeout: 30_000, quick: true };

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

/**
 * Puts a program, what it imports and its request into a folder of its own on the project's machine: by one command,
 * whatever the place, because each costs a round trip on some of them.
 */
export async function placeProgram(
  project: DjangoProject,
  program: Program,
  request: object,
): Promise<PlacedProgram> {
  const { machine } = project;
  const files = [program, ...filesOf[program]].map((name) => [`${name}.py`, pythonFile(name)] as const);
  const asked = JSON.stringify({ ...request, settingsModule: project.settingsModule });
  const stdin = unpackScript([...files, ['request.json', asked]]);
  const made = await machine.run(['sh'], { ...housekeeping, stdin });
  const folder = made.stdout.trim();
  if (!succeeded(made) || folder === '') {
    throw new UserError(
      `Cannot make a folder for temporary files on ${machine.name} — ${lastWords(made, 1) || ending(made)}`,
      'free some space, or set TMPDIR to a folder that this user may write to',
      { code: 'cannot-write' },
    );
  }
  return {
    args: [posix.join(folder, `${program}.py`)],
    env: { TENANTRY_FOLDER: folder },
    answer: () => machine.readFile(posix.join(folder, 'answer.json')),
    remove: () => machine.run(['rm', '-rf', '--', folder], housekeeping).then(noop, noop),
  };
}

const noop = () => {};

/** A script that makes a folder with files in it, and prints its path when all of them are there. */
function unpackScript(files: readonly (readonly [name: string, text: string])[]): string {
  const end = `tenantry-${randomUUID()}`;
  return [
    'umask 077',
    `folder=$(mktemp -d "\${TMPDIR:-/tmp}/tenantry-XXXXXXXX") && cd "$folder" || exit`,
    `trap 'rm -rf -- "$folder"' EXIT`,
    ...files.map(([name, text]) => `cat > ${name} <<'${end}' || exit\n${text}\n${end}`),
    'trap - EXIT',
    'pwd',
    '',
  ].join('\n');
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
