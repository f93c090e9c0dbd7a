import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { LockOrigin } from './lock-holder.ts';
import type { Database } from './session.ts';

/** The sessions of one run carry its name, so that locks can be explained and nobody else's session is ended. */

/**
 * The beginning of the application names of one process: `tenantry/4812-k3f9`. A run may have several jobs,
 * hence the random end. Short: PostgreSQL keeps 63 bytes, and the schema's name follows.
 */
export function sessionsName({ run }: Pick<LockOrigin, 'run'>): string {
  const [, number] = /\/runs\/(\d+)/.exec(run) ?? [];
  const name = (number ?? run).replace(/[^\w@.-]/g, '').slice(0, 16);
  return `tenantry/${name}-${randomBytes(2).toString('hex')}`;
}

/** Milliseconds for a session to end after it was told to. */
const patience = 5_000;

/**
 * Ends the sessions whose name begins with `name`, and waits until they are gone: a killed command's statement may
 * run on in the server. @returns how many there were, and how many are still there
 */
export async function endOwnSessions(
  database: Database,
  name: string,
): Promise<{ readonly ended: number; readonly left: number }> {
  const mine = `datname = current_database() and pid <> pg_backend_pid() and left(application_name, length($1)) = $1`;
  const found = await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${mine}`, [
    `${name}/`,
  ]);
  let left = found.length;
  for (let waited = 0; left > 0 && waited < patience; waited += 100) {
    await sleep(100);
    left = (await database.query(`select from pg_stat_activity where ${mine}`, [`${name}/`])).length;
  }
  return { ended: found.length, left };
}
