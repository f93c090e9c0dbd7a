/** A PostgreSQL of this step's own, from the programs that the machine has: GitHub's Ubuntu runners carry them. */

import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

import { UserError } from '../ground/errors.ts';
import { localMachine } from '../machine/local.ts';
import type { Conversation } from '../machine/machine.ts';
import { serverScript } from './server-script.ts';

export interface ThrowAway {
  /** Of its only database, as its superuser; the password in it is secret. */
  readonly url: string;
  readonly password: string;
  /** Where its programs are. */
  readonly programs: string;
}

interface Ports {
  readonly signal: AbortSignal;
  /** Folders in which programs are looked for first; default: PATH. */
  readonly path?: string | undefined;
}

/** So often another port is tried. */
const tries = 3;

/**
 * Starts a server for as long as `use` lasts. It ends with this process, however that ends, and leaves no files.
 * @throws UserError `preview-database-failed`
 */
export async function withThrowAway<T>(
  { signal, path = process.env.PATH ?? '' }: Ports,
  use: (server: ThrowAway) => Promise<T>,
): Promise<T> {
  const programs = findPrograms(path);
  const password = randomBytes(18).toString('hex');
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    // A word of its own, so that the program itself is nowhere a file.
    const words = ['sh', '-c', serverScript('throw-away'), 'throw-away', programs, String(port)];
    const server = await localMachine.converse?.(words, { signal, env: { LC_ALL: 'C.UTF-8' } });
    if (server === undefined) throw new Error('this machine keeps no program');
    try {
      await server.send(password).catch(() => {}); // it has ended, and says why
      if ((await server.receive()) === 'ready') {
        const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
        return await use({ url, password, programs });
      }
      const why = await whyNot(server);
      signal.throwIfAborted();
      if (attempt < tries && /could not bind|address already in use/i.test(why)) continue;
      throw failed(
        why.split('\n').findLast((line) => line.trim() !== '') ?? `${programs}/initdb said nothing`,
        'its last lines are below; a service container and database-url are the other way',
        why,
      );
    } finally {
      await server.end();
    }
  }
}

async function whyNot(server: Conversation): Promise<string> {
  const { stderr } = await server.end();
  return stderr.trim();
}

const needed = ['initdb', 'pg_ctl', 'postgres'];
/** Of Debian and Ubuntu, and of Red Hat's. Each version has a folder. */
const usual = [
  { root: '/usr/lib/postgresql', version: /^(\d+)$/ },
  { root: '/usr', version: /^pgsql-(\d+)$/ },
];

/** The first folder of the path that has all of them, or the newest version of the usual places. */
export function findPrograms(path: string, places = usual): string {
  const installed = places.flatMap(({ root, version }) =>
    (existsSync(root) ? readdirSync(root) : [])
      .flatMap((name) => {
        const number = version.exec(name)?.[1];
        return number === undefined ? [] : [{ number: Number(number), folder: join(root, name, 'bin') }];
      })
      .sort((one, other) => other.number - one.number)
      .map(({ folder }) => folder),
  );
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...installed];
  const found = folders.find((folder) => needed.every((program) => existsSync(join(folder, program))));
  if (found !== undefined) return found;
  throw failed(
    `no folder of PATH and none of ${places.map(({ root }) => root).join(' and ')} has initdb, pg_ctl and postgres`,
    'use a runner that has them (ubuntu-latest), install the package postgresql, or give database-url of a service container',
  );
}

function failed(observed: string, next: string, evidence = ''): UserError {
  return new UserError(`No PostgreSQL could be started for the preview — ${observed.trim()}`, next, {
    code: 'preview-database-failed',
    ...(evidence === '' ? {} : { evidence }),
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
