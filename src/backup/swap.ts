import { quotedName } from '../database/quoted-name.ts';
import type { Database } from '../database/session.ts';
import { codeOf, LostConnection, messageOf, UserError } from '../ground/errors.ts';
import type { Pointer } from './points-into.ts';

interface Swap {
  readonly schema: string;
  /** The proven one. */
  readonly restored: string;
  /** The name that the old one keeps. */
  readonly replaced: string;
  readonly pointers: readonly Pointer[];
  /** Milliseconds for each lock: what points into the schema is locked for this moment. */
  readonly lockTimeout: number;
}

/**
 * Puts a restored schema in the place of the old one, and points at it what pointed at the old one: all of it in one
 * transaction.
 * @throws UserError `restore-failed`, `migration-blocked`, `lock-table-too-small`: nothing has changed; LostConnection
 */
export async function swapSchemas(
  database: Pick<Database, 'query'>,
  { schema, restored, replaced, pointers, lockTimeout }: Swap,
): Promise<void> {
  const rename = (from: string, to: string) => `ALTER SCHEMA ${quotedName(from)} RENAME TO ${quotedName(to)}`;
  const statements = [
    `select set_config('lock_timeout', '${lockTimeout}', true), set_config('search_path', '', true)`,
    ...pointers.flatMap(({ detach }) => detach ?? []),
    rename(schema, replaced),
    rename(restored, schema),
    ...pointers.flatMap(({ attach }) => attach ?? []),
  ];
  await database.query('begin');
  try {
    for (const statement of statements) await database.query(statement);
    await database.query('commit');
  } catch (error) {
    if (error instanceof LostConnection) throw error;
    await database.query('rollback').catch(() => {});
    throw swapFailure(schema, error);
  }
}

function swapFailure(schema: string, error: unknown): UserError {
  const state = codeOf(error) ?? '';
  const { observed, hint, code } = reasons[state] ?? {
    hint: 'restore it beside (restore-to: beside) and bring them together by hand',
    code: 'restore-failed' as const,
  };
  return new UserError(
    `${schema} is not replaced — ${observed ?? messageOf(error)}`,
    `${hint}; nothing was changed`,
    {
      code,
      cause: error,
    },
  );
}

interface Reason {
  readonly observed?: string;
  readonly hint: string;
  readonly code: UserError['code'];
}

/** By SQLSTATE. */
const reasons: Readonly<Record<string, Reason>> = {
  '55P03': {
    observed: 'a table that points into it was not free within lock-timeout',
    hint: 'run again when less is going on, or raise lock-timeout',
    code: 'migration-blocked',
  },
  // The shared schema, say, when very many tenants point into it.
  '53200': {
    observed: 'more tables point into it than the server’s lock table has room for',
    hint: 'set max_locks_per_transaction higher and restart the server, or restore it beside (restore-to: beside) and copy from there what is missing',
    code: 'lock-table-too-small',
  },
  '23503': {
    hint: 'what points into it has rows that the backup does not have: restore it beside (restore-to: beside) and bring them together by hand',
    code: 'restore-failed',
  },
};
