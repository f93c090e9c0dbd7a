import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { labFolders } from '../../lab/folders.ts';
import { withLock } from '../../lab/lock.ts';
import { asSuperuser } from './scratch-database.ts';

/**
 * A database of the lab's PostgreSQL 15 to copy. Django takes longer to make one than most tests to do their work: it
 * is made once for a server, by whoever comes first, and stays there as long as the server does.
 * @param make fills an empty database
 */
export async function templateDatabase(
  name: string,
  make: (database: string) => Promise<void>,
): Promise<string> {
  await withLock(join(labFolders().run, `${name}.lock`), async () => {
    const there = `SELECT FROM pg_database WHERE datname = '${name}'`;
    if ((await asSuperuser('postgres', (client) => client.query(there))).rowCount === 1) return;
    const unfinished = `${name}_unfinished`;
    await asSuperuser('postgres', async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${unfinished}`);
    });
    await make(unfinished);
    await asSuperuser('postgres', async (client) => {
      await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`); // they would be in the way of copying
    });
  });
  return name;
}

/** Another project has another template. @param more what else it is made with */
export function digestOfProject(folder: string, more = ''): string {
  const hash = createHash('sha256').update(more);
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.(py|txt)$/.test(path)) continue;
    hash.update(`${path}\0`).update(readFileSync(join(folder, path)));
  }
  return hash.digest('hex').slice(0, 12);
}
