import type { DatabaseUrl } from '../database/url.ts';
import { type Machine, succeeded } from '../machine/machine.ts';
import type { Batch } from './batches.ts';
import { dumpFailure } from './dump-failure.ts';
import { programEnvironment, type Reach } from './program-environment.ts';
import type { Programs } from './programs.ts';

export interface DumpWork {
  readonly machine: Machine;
  readonly programs: Programs;
  readonly databaseUrl: DatabaseUrl;
  readonly through?: Reach['through'];
  readonly applicationName: string;
  readonly snapshot: string;
  /** Milliseconds that pg_dump waits for a table that somebody changes. */
  readonly lockTimeout: number;
  /** Milliseconds for one batch. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Who is in the way when a lock is not had; asked when it has failed. */
  readonly blockers: () => string | undefined;
}

/**
 * Dumps the schemas of a batch into one archive: a custom one, which is a single file, packed, and restored in part.
 * @throws UserError what `dumpFailure` says
 */
export async function dump(batch: Batch, file: string, work: DumpWork): Promise<void> {
  const { machine, programs, timeout, signal } = work;
  const result = await machine.run(dumpArguments(batch, file, work), {
    timeout,
    signal,
    env: programEnvironment(work),
  });
  if (succeeded(result)) return;
  throw dumpFailure(result, {
    schemas: batch.schemas.map(({ name }) => name),
    version: programs.version,
    blockers: work.blockers(),
  });
}

/** The argument list of pg_dump. Nothing in it is secret. */
export function dumpArguments(
  { schemas }: Batch,
  file: string,
  { programs, snapshot, lockTimeout }: Pick<DumpWork, 'programs' | 'snapshot' | 'lockTimeout'>,
): string[] {
  return [
    programs.dump,
    '--format=custom',
    '--compress=1', // a tenth larger than the default, and twice as fast
    '--no-password',
    `--file=${file}`,
    `--snapshot=${snapshot}`,
    `--lock-wait-timeout=${lockTimeout}`,
    '--strict-names',
    ...schemas.map(({ name }) => `--schema=${exactly(name)}`),
  ];
}

/** A pattern that fits this name alone: within quotes nothing is special but a quote. */
function exactly(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
