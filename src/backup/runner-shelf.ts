import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { codeOf, messageOf, UserError } from '../ground/errors.ts';
import { idPattern, manifestFile } from './manifest.ts';
import { ourFile, type Shelf, unfinishedEnd } from './shelf.ts';

/** Backups in a folder of this machine: to be kept as an artifact, or where the runner is one's own. */
export function runnerShelf(folder: string): Shelf {
  return {
    place: 'this machine',
    folder,
    async begin(id) {
      const unfinished = join(folder, `${id}${unfinishedEnd}`);
      await writing(folder, () => mkdir(unfinished, { recursive: true, mode: 0o700 }));
      return {
        workshop: unfinished,
        async take() {},
        async finish() {
          const whole = join(folder, id);
          await writing(folder, () => rename(unfinished, whole));
          return whole;
        },
        giveUp: () => rm(unfinished, { recursive: true, force: true }).catch(() => {}),
      };
    },
    async list() {
      const names = (await readdir(folder, { withFileTypes: true }).catch(() => []))
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort();
      return standingOf(names);
    },
    manifest: (id) => readIfThere(join(folder, id, manifestFile)),
    fetch: async (id, file) => join(folder, id, file),
    async remove(name) {
      const whole = join(folder, name);
      const files = await readdir(whole);
      for (const file of files.filter((one) => ourFile.test(one)))
        await rm(join(whole, file), { force: true });
      await rmdir(whole).catch(() => {}); // somebody has put something there
    },
    async close() {},
  };
}

export function standingOf(names: readonly string[]): { whole: string[]; unfinished: string[] } {
  return {
    whole: names.filter((name) => idPattern.test(name)),
    unfinished: names.filter(
      (name) => name.endsWith(unfinishedEnd) && idPattern.test(name.slice(0, -unfinishedEnd.length)),
    ),
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw new UserError(`Cannot read ${path} — ${messageOf(error)}`, 'give this user the right to read it', {
      code: 'cannot-read',
      cause: error,
    });
  }
}

async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new UserError(
      `Cannot write a backup into ${folder} — ${messageOf(error)}`,
      'give this user the right to write there, or choose another folder (backup-folder); nothing was changed',
      { code: 'cannot-write', cause: error },
    );
  }
}

/** A folder of this machine for copies, mode 700. */
export function workshop(): Promise<string> {
  return mkdtemp(join(process.env.RUNNER_TEMP ?? tmpdir(), 'tenantry-backup-'));
}
