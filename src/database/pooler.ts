import { UserError } from '../ground/errors.ts';

/**
 * What stands between us and the server: nothing (or something that passes bytes on), a pooler that keeps a server
 * connection for the whole session, or one that changes it from transaction to transaction.
 */
export type PoolerMode = 'none' | 'session' | 'transaction';

/** One connection, asked which process of the server answers it: once a call, each a transaction of its own. */
export type AskBackend = () => Promise<number>;

/** More than enough when nobody else uses the pooler; others may take what was free. */
const rounds = 8;

/**
 * Tells whether two connections that are open at the same time share processes of the server. Directly, or through
 * a pooler by session, each has its own for good. A pooler by transaction gives both the one that was
 * free last, or gives one of them several.
 */
export async function sharesBackends(first: AskBackend, second: AskBackend): Promise<boolean> {
  const seen = { first: new Set<number>(), second: new Set<number>() };
  for (let round = 0; round < rounds; round += 1) {
    seen.first.add(await first());
    seen.second.add(await second());
  }
  return (
    seen.first.size > 1 || seen.second.size > 1 || [...seen.first].some((backend) => seen.second.has(backend))
  );
}

export function transactionPooler(label: string): UserError {
  return new UserError(
    `${label} is reached through a pooler in transaction mode — one session's settings and locks would become another one's: search_path would leak between tenants`,
    'give the address of the database itself, or of a pooler in session mode (often another port)',
    { code: 'database-pooler-transaction-mode' },
  );
}

export function unknownPooler(label: string, cause: UserError): UserError {
  return new UserError(
    `${label} is reached through a pooler, and whether it is in transaction mode cannot be told — a second connection failed: ${cause.message}`,
    'give the address of the database itself, or give the pooler more connections',
    { code: 'database-pooler-unknown-mode', cause },
  );
}
