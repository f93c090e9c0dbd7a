/** How many statements a server was sent: its own log says so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { readBox } from '../../lab/box.ts';
import { asSuperuser } from '../../lab/fleet/server.ts';
import { labFolders } from '../../lab/folders.ts';

/** Counts what `work` sends to this database, whoever its processes are. */
export async function countStatements(database: string, work: () => Promise<unknown>): Promise<number> {
  const set = (setting: string) =>
    asSuperuser('postgres', (client) => client.query(`ALTER DATABASE ${database} ${setting}`));
  const before = log().length;
  await set(`SET log_statement = 'all'`);
  try {
    await work();
    await sleep(200); // until the server has written its last line
    const lines = log().subarray(before).toString().split('\n');
    const ours = new RegExp(`@${database} LOG:  (statement|execute [^:]*):`);
    return lines.filter((line) => ours.test(line)).length;
  } finally {
    await set('RESET log_statement');
  }
}

function log(): Buffer {
  const box = readBox(labFolders(), 'postgres15');
  if (box === undefined) throw new Error('the lab’s postgres15 is not up — npm run lab -- up postgres15');
  return readFileSync(join(box.shared, 'log/postgres.log'));
}
