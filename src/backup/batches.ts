import { UserError } from '../ground/errors.ts';
import { counted, grouped } from '../ground/words.ts';
import type { LockTable, SchemaExtent } from './extent.ts';

/**
 * pg_dump locks every table that it writes until it ends, in a table of the server that has room for so many locks
 * only: a whole database of a thousand tenants does not fit in. So a backup takes several, each of which fits.
 */

/** Others work meanwhile: of what is free, so much is taken, by all that dump at the same time. */
const shareOfFree = 0.6;

export interface Batch {
  readonly schemas: readonly SchemaExtent[];
  readonly locks: number;
}

/**
 * As few batches as fit. Pure.
 * @param lanes so many are dumped at the same time
 * @throws UserError `lock-table-too-small` when one schema alone does not fit
 */
export function batchesOf(extents: readonly SchemaExtent[], table: LockTable, lanes = 1): Batch[] {
  const free = Math.max(0, table.capacity - table.used);
  const room = Math.floor((free * shareOfFree) / lanes);
  const largest = extents.reduce<SchemaExtent | undefined>(
    (most, one) => (most === undefined || one.locks > most.locks ? one : most),
    undefined,
  );
  // A server gives a little more than it says; alone, a schema may have all of what is free.
  if (largest !== undefined && largest.locks > free) throw tooSmall(largest, table, free);
  const batches: { schemas: SchemaExtent[]; locks: number }[] = [];
  for (const extent of extents) {
    const last = batches.at(-1);
    if (last !== undefined && last.locks + extent.locks <= room) {
      last.schemas.push(extent);
      last.locks += extent.locks;
    } else batches.push({ schemas: [extent], locks: extent.locks });
  }
  return batches;
}

/** `pg_dump of all needs 57,000 locks, 12,800 exist: 12 batches`; undefined where one is enough. */
export function batchesSentence(batches: readonly Batch[], { capacity }: LockTable): string | undefined {
  if (batches.length < 2) return undefined;
  const locks = batches.reduce((sum, batch) => sum + batch.locks, 0);
  return `pg_dump of all needs ${grouped(locks)} locks, ${grouped(capacity)} exist: ${counted(batches.length, 'batch', 'batches')}`;
}

function tooSmall({ name, locks }: SchemaExtent, { capacity, sentence }: LockTable, free: number): UserError {
  return new UserError(
    `The schema ${name} cannot be backed up — pg_dump would need ${grouped(locks)} locks at once, and of the ${grouped(capacity)} that exist (${sentence}) ${grouped(free)} are free`,
    `set max_locks_per_transaction higher and restart the server; nothing was changed`,
    { code: 'lock-table-too-small' },
  );
}
