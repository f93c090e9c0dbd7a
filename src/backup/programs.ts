import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { codeOf, UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import { type Machine, succeeded } from '../machine/machine.ts';

/** pg_dump, pg_restore and psql of one installation. */
export interface Programs {
  readonly dump: string;
  readonly restore: string;
  readonly psql: string;
  /** `15.18` */
  readonly version: string;
}

export interface ProgramPorts {
  readonly machine: Machine;
  readonly signal: AbortSignal;
  /** Where to look beside the PATH. Default: the folders of Debian, Red Hat and Homebrew. */
  readonly folders?: readonly string[] | undefined;
}

const lookTimeout = 20_000;

/** Folders of installations, by how packages lay them out; `*` stands for one name. */
const packageFolders = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
  '/usr/local/opt/postgresql@*/bin',
];

/**
 * The programs that fit a server: not older than it, for such a pg_dump refuses; and as little newer as there are,
 * for what a newer one writes an older server may not understand.
 * @param atLeast the server's version, or that of the pg_dump that made an archive
 * @throws UserError `backup-program-missing` with how to get them
 */
export async function findPrograms(atLeast: string, ports: ProgramPorts): Promise<Programs> {
  const wanted = majorOf(atLeast);
  // What Debian has on the PATH is a program that looks for the others, slowly: after them.
  const folders = [...(ports.folders ?? (await installedFolders())), ''];
  const found = await Promise.all(folders.map((folder) => programsIn(folder, ports)));
  const known = found.filter((one) => one !== undefined);
  const fitting = known
    .filter(({ version }) => majorOf(version) >= wanted)
    .sort((one, other) => majorOf(one.version) - majorOf(other.version));
  if (fitting[0] !== undefined) return fitting[0];
  throw new UserError(
    `No pg_dump fits the server — it is PostgreSQL ${atLeast}, and ${
      known.length === 0
        ? `there is no pg_dump on ${ports.machine.name}`
        : `${ports.machine.name} has ${listed([...new Set(known.map(({ version }) => version))])}`
    }`,
    `install PostgreSQL’s client programs ${wanted} (Debian, Ubuntu: sudo apt-get install -y postgresql-client-${wanted}, where the distribution has it; else first: sudo apt-get install -y postgresql-common && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y), or set PGBIN to their folder; nothing was changed`,
    { code: 'backup-program-missing' },
  );
}

export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

async function installedFolders(): Promise<string[]> {
  const own = process.env.PGBIN;
  const found = await Promise.all(packageFolders.map(expand));
  return [...(own === undefined || own === '' ? [] : [own]), ...found.flat()];
}

async function expand(pattern: string): Promise<string[]> {
  const parts = pattern.split('/');
  const at = parts.findIndex((part) => part.includes('*'));
  const parent = parts.slice(0, at).join('/');
  const [before = '', after = ''] = (parts[at] ?? '').split('*');
  const names = await readdir(parent).catch(() => []);
  return names
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => join(parent, name, ...parts.slice(at + 1)));
}

/** All three of a folder, or undefined when one is missing there. */
async function programsIn(folder: string, { machine, signal }: ProgramPorts): Promise<Programs | undefined> {
  const [dump, restore, psql] = ['pg_dump', 'pg_restore', 'psql'].map((name) =>
    folder === '' ? name : `${folder}/${name}`,
  ) as [string, string, string];
  const versions = await Promise.all(
    [dump, restore, psql].map((program) => versionOf(program, { machine, signal })),
  );
  const [version] = versions;
  return version === undefined || versions.includes(undefined) ? undefined : { dump, restore, psql, version };
}

/** `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` → `15.18` */
async function versionOf(
  program: string,
  { machine, signal }: Pick<ProgramPorts, 'machine' | 'signal'>,
): Promise<string | undefined> {
  try {
    const result = await machine.run([program, '--version'], { timeout: lookTimeout, signal });
    return succeeded(result) ? /\(PostgreSQL\) (\d+(?:\.\d+)?\w*)/.exec(result.stdout)?.[1] : undefined;
  } catch (error) {
    if (codeOf(error) === 'command-not-found') return undefined;
    throw error;
  }
}
