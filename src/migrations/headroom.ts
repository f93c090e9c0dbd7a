import { readHeadroom } from '../database/headroom.ts';
import { judgeHeadroom } from '../database/headroom-verdict.ts';
import type { Database } from '../database/session.ts';
import type { Log } from '../ground/log.ts';

/** A worker stays connected while the project's own command migrates a tenant beside it. */
const connectionsEach = 2;

/** How many tenants at once the server has room for. @throws UserError when there is none, or a replica is behind */
export async function makeRoom(
  parallel: number,
  { database, log }: { readonly database: Database; readonly log: Log },
): Promise<number> {
  const verdict = judgeHeadroom(await readHeadroom(database), { parallel, connectionsEach });
  if (verdict.refusal !== undefined) throw verdict.refusal;
  for (const notice of verdict.notices) log.info(notice);
  return verdict.parallel;
}
