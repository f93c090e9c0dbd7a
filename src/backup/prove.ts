import { UserError } from '../ground/errors.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import { lastWords, type Machine, succeeded } from '../machine/machine.ts';
import { missingIn, readArchiveList } from './archive-list.ts';
import type { Batch } from './batches.ts';
import type { Programs } from './programs.ts';
import { RowsInScript } from './rows-in-script.ts';

export interface ProofWork {
  /** This machine: it can be read from. */
  readonly machine: Machine;
  readonly programs: Programs;
  readonly signal: AbortSignal;
}

const listTimeout = 120_000;

/** Rows by schema and table. */
export type Rows = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Proves that an archive can be read: its list has everything that the catalogue says, and all of it is read, to the
 * last byte.
 * @returns the rows that are in it
 * @throws UserError `backup-not-proven`
 */
export async function proveArchive(file: string, batch: Batch, work: ProofWork): Promise<Rows> {
  const list = await listArchive(file, work);
  const missing = missingIn(readArchiveList(list), batch.schemas);
  if (missing.length > 0) throw notProven(listed(missing, 3), missing.join('\n'));
  return await rowsInArchive(file, work);
}

/** What `pg_restore --list` prints. @throws UserError `backup-not-proven` */
export async function listArchive(
  file: string,
  { machine, programs, signal }: ProofWork,
  more: readonly string[] = [],
): Promise<string> {
  const result = await machine.run([programs.restore, '--list', ...more, file], {
    timeout: listTimeout,
    signal,
    env: { LC_ALL: 'C' },
  });
  if (!succeeded(result))
    throw notProven(`pg_restore cannot list it: ${lastWords(result, 1)}`, lastWords(result));
  return result.stdout;
}

async function rowsInArchive(file: string, { machine, programs, signal }: ProofWork): Promise<Rows> {
  if (machine.stream === undefined) throw new Error(`${machine.name} cannot be read from`);
  const counter = new RowsInScript();
  const reading = machine.stream([programs.restore, '--data-only', '--file=-', file], {
    signal,
    env: { LC_ALL: 'C' },
  });
  try {
    for await (const chunk of reading.output) counter.push(chunk as Buffer);
    const result = await reading.ended;
    if (succeeded(result) && counter.isWhole) return counter.rows;
    throw notProven(`pg_restore cannot read it to its end: ${lastWords(result, 1)}`, lastWords(result));
  } finally {
    await reading.end();
  }
}

/** Where the archive and the database did not count the same, in words. Pure. */
export function rowDifferences(
  schema: string,
  inArchive: ReadonlyMap<string, number>,
  inDatabase: ReadonlyMap<string, number>,
): string[] {
  return [...inDatabase].flatMap(([table, rows]) => {
    const read = inArchive.get(table);
    if (read === rows) return [];
    return [
      `${schema}.${table} has ${counted(rows, 'row')}, ${read === undefined ? 'none of them is in it' : `${grouped(read)} are in it`}`,
    ];
  });
}

export function notProven(observed: string, evidence?: string): UserError {
  return new UserError(
    `The backup is not proven — ${observed}`,
    'run again; if it stays so, take a backup by hand (docs: Backups), and see why before you go on without; nothing was changed',
    { code: 'backup-not-proven', ...(evidence === undefined ? {} : { evidence }) },
  );
}
