import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { quotedName } from '../database/quoted-name.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { LostConnection, UserError } from '../ground/errors.ts';
import { type CommandResult, ending, lastWords, type Machine, succeeded } from '../machine/machine.ts';
import { entriesOfSchema, type ListedEntry, readArchiveList } from './archive-list.ts';
import type { BackedUpSchema } from './manifest.ts';
import { programEnvironment, type Reach } from './program-environment.ts';
import type { Programs } from './programs.ts';
import { listArchive } from './prove.ts';
import { nameWith } from './restore-names.ts';

export interface RestoreWork {
  readonly machine: Machine;
  readonly programs: Programs;
  readonly databaseUrl: DatabaseUrl;
  readonly through?: Reach['through'];
  readonly applicationName: string;
  /** Milliseconds that a statement waits for a lock, as foreign keys into the shared schema need. */
  readonly lockTimeout: number;
  /** A folder for files in between. */
  readonly workshop: string;
  /** Milliseconds for one schema. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

interface Target {
  readonly schema: BackedUpSchema;
  /** The names of all schemas of the archive. */
  readonly all: readonly string[];
  /** A readable file. */
  readonly archive: string;
  /** The name that it gets; its own, where there is no schema of that name. */
  readonly as: string;
  /** Whether there is a schema with its own name, which stays as it is. */
  readonly exists: boolean;
}

interface Scripted extends Target {
  /** Statements that make the schema, where the archive does not. */
  readonly making: string;
}

/**
 * Makes a schema again under another name, in one transaction: pg_restore knows the old name only, so the schema that
 * has it steps aside meanwhile. Nobody else sees that; whatever goes wrong, nothing has happened.
 * @throws UserError `restore-failed`, `database-permission-denied`, `extension-missing`; LostConnection
 */
export async function restoreSchema(target: Target, work: RestoreWork): Promise<void> {
  const { machine, programs, signal } = work;
  const { schema, all, archive } = target;
  const whole = readArchiveList(await listArchive(archive, work));
  const inSchema = readArchiveList(await listArchive(archive, work, [`--schema=${schema.name}`]));
  const entries = entriesOfSchema(whole, inSchema, schema, all);
  if (machine.stream === undefined) throw new Error(`${machine.name} cannot be read from`);
  // The list goes by a file: standard input is what pg_restore would take for the archive.
  const list = join(work.workshop, `${randomBytes(4).toString('hex')}.list`);
  const makesIt = entries.find(({ catalogue, oid }) => catalogue === 2615 && oid === schema.oid);
  const isMadeHere = makesIt === undefined || schema.name === 'public';
  const taken = isMadeHere ? entries.filter((entry) => entry !== makesIt) : entries;
  await writeFile(list, taken.map(({ line }) => `${line}\n`).join(''));
  const script = machine.stream([programs.restore, '--file=-', `--use-list=${list}`, archive], {
    signal,
    env: { LC_ALL: 'C' },
  });
  try {
    const written = { result: undefined as CommandResult | undefined };
    const result = await machine.run(psqlArguments(programs), {
      stdin: Readable.from(
        scriptFor(
          {
            ...target,
            making: isMadeHere ? makingOf(schema.name, makesIt) : '',
          },
          work,
          script.output,
          async () => {
            written.result = await script.ended;
            return succeeded(written.result);
          },
        ),
        { objectMode: false },
      ),
      env: programEnvironment(work),
      timeout: work.timeout,
      signal,
    });
    if (written.result !== undefined && !succeeded(written.result))
      throw restoreFailure(schema.name, written.result, 'pg_restore');
    if (!succeeded(result)) throw restoreFailure(schema.name, result, 'psql');
    if (!result.stdout.includes(done)) throw restoreFailure(schema.name, result, 'psql');
  } finally {
    await script.end();
    await rm(list, { force: true });
  }
}

/** No file of the user's is read, and the first error is the last. */
function psqlArguments({ psql }: Programs): string[] {
  return [psql, '--no-psqlrc', '--no-password', '--quiet', '--set=ON_ERROR_STOP=1', '--file=-'];
}

const done = 'tenantry: restored';

/** The header of pg_restore takes the limit away again; it stands within its first lines. */
const unlimited = 'SET lock_timeout = 0;\n';

/**
 * Of a schema called public an archive has only the privileges that differ from those of a new database, and pg_restore
 * makes it without these: then nobody but its owner could use the application's tables.
 */
function makingOf(name: string, listed: ListedEntry | undefined): string {
  const schema = quotedName(name);
  const owner = listed?.rest.slice(`SCHEMA - ${name} `.length) ?? '';
  return [
    `CREATE SCHEMA ${schema};`,
    ...(owner === '' ? [] : [`ALTER SCHEMA ${schema} OWNER TO ${quotedName(owner)};`]),
    ...(name === 'public' ? [`GRANT USAGE ON SCHEMA ${schema} TO PUBLIC;`] : []),
    '',
  ].join('\n');
}

async function* scriptFor(
  { schema, as, exists, making }: Scripted,
  { lockTimeout }: RestoreWork,
  script: Readable,
  isWhole: () => Promise<boolean>,
): AsyncGenerator<Buffer | string> {
  const [own, wanted, aside] = [
    schema.name,
    as,
    nameWith(schema.name, `_aside_${randomBytes(4).toString('hex')}`),
  ].map(quotedName);
  const limit = `SET lock_timeout = ${lockTimeout};\n`;
  yield `BEGIN;\n${limit}`;
  if (exists) yield `ALTER SCHEMA ${own} RENAME TO ${aside};\n`;
  yield making;
  let head = '';
  let isHead = true;
  for await (const chunk of script) {
    if (!isHead) yield chunk as Buffer;
    else {
      head += (chunk as Buffer).toString('latin1'); // byte by byte: a chunk may end within a character
      if (head.length < 4_096) continue;
      isHead = false;
      yield Buffer.from(head.replace(unlimited, limit), 'latin1');
    }
  }
  if (isHead) yield Buffer.from(head.replace(unlimited, limit), 'latin1');
  // Without its end the transaction is rolled back.
  if (!(await isWhole())) return;
  if (exists || own !== wanted) yield `ALTER SCHEMA ${own} RENAME TO ${wanted};\n`;
  if (exists) yield `ALTER SCHEMA ${aside} RENAME TO ${own};\n`;
  yield `COMMIT;\n\\echo ${done}\n`;
}

/** Why a restore ended, in a sentence. Pure. */
export function restoreFailure(schema: string, result: CommandResult, program: string): UserError {
  const said = result.stderr;
  const evidence = lastWords(result);
  const line = said.split('\n').find((one) => /(ERROR|FATAL|error):/.test(one)) ?? lastWords(result, 1);
  const observed = line.replace(/^.*?(ERROR|FATAL|error): +/, '').trim();
  const error = (hint: string, code: UserError['code'], words = observed) =>
    new UserError(
      `${schema} is not restored — ${words === '' ? `${program}: ${ending(result)}` : words}`,
      `${hint}; nothing was changed`,
      { code, evidence },
    );
  const [, extension] = /extension "(.*?)" (?:is not available|does not exist)/.exec(said) ?? [];
  const [, type] = /type "(.*?)" does not exist/.exec(said) ?? [];
  if (extension !== undefined || type !== undefined) {
    return error(
      extension === undefined
        ? 'a type of it comes from an extension: see the manifest’s extensions, and CREATE EXTENSION it there (a superuser, or for trusted ones the owner of the database)'
        : `CREATE EXTENSION "${extension}" there (a superuser, or for trusted ones the owner of the database)`,
      'extension-missing',
    );
  }
  if (/permission denied|must be owner of|must be member of|must be able to SET ROLE/.test(said)) {
    return error(
      'restore as the role that owns the schema and may make others (GRANT CREATE ON DATABASE …), or as a superuser',
      'database-permission-denied',
    );
  }
  if (/canceling statement due to lock timeout/.test(said)) {
    return error(
      'run again when less is going on, or raise lock-timeout',
      'migration-blocked',
      'a lock was not free within lock-timeout',
    );
  }
  if (
    /server closed the connection|terminating connection|connection to server .* failed|could not receive data/.test(
      said,
    )
  ) {
    return new LostConnection(`the restore of ${schema}`, observed, { evidence });
  }
  return error('the evidence has what PostgreSQL said', 'restore-failed');
}
