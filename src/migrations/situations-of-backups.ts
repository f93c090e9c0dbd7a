import { batchesOf, batchesSentence } from '../backup/batches.ts';
import type { SchemaExtent } from '../backup/extent.ts';
import { refuseFastPointers } from '../backup/points-into.ts';
import { extensionsMissing, mayNotCreate } from '../backup/restore-refusals.ts';
import { UserError } from '../ground/errors.ts';
import { type Situation, stops, tells } from './situation.ts';

const database = 'shop on db.internal:5432';
const lockTable = {
  capacity: 12_800,
  used: 0,
  sentence: 'max_locks_per_transaction (64) × (max_connections (200) + max_prepared_transactions (0))',
};
const extent = (name: string, locks: number): SchemaExtent => ({
  name,
  oid: 0,
  tables: [],
  others: [],
  locks,
  bytes: 0,
});
const fleet = Array.from({ length: 475 }, (_, index) => extent(`t${index}`, 120));

/** Before a migration, and on the way back. */
export const aroundBackups: readonly Situation[] = [
  tells(
    34,
    'The server’s lock table is too small for one pg_dump',
    batchesSentence(batchesOf(fleet, lockTable), lockTable),
    'nothing: the batches are archives of one moment',
  ),
  stops(
    34,
    'The server’s lock table is too small for a single schema',
    thrownBy(() => batchesOf([extent('acme', 14_000)], lockTable)),
  ),
  stops(
    35,
    'An extension is missing where a backup is restored',
    extensionsMissing(database, [{ name: 'citext', schema: 'public', version: '1.6' }]),
  ),
  stops(
    35,
    'The role has no right to make a schema where a backup is restored',
    mayNotCreate(database, { role: 'deploy', name: 'shop' }),
  ),
  tells(
    44,
    'What is restored into place is pointed at from elsewhere',
    'points into it: constraint favourites_product_fkey on table public.favourites',
    'nothing: foreign keys and views are pointed at the restored tables when the names are exchanged',
  ),
  stops(
    44,
    'What is restored into place is pointed at by what cannot be turned',
    thrownBy(() =>
      refuseFastPointers('acme', [
        { what: 'rule _RETURN on materialized view public.totals', detach: undefined, attach: undefined },
      ]),
    ),
  ),
];

function thrownBy(work: () => unknown): UserError | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  return undefined;
}
