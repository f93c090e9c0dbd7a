import type { Situation } from './situation.ts';
import { situationsOfData } from './situations-of-data.ts';
import { situationsOfOperations } from './situations-of-operations.ts';
import { situationsOfSql } from './situations-of-sql.ts';

/** Everything that a review looks for, in the order of the list. */
export const situations: readonly Situation[] = [
  ...situationsOfSql,
  ...situationsOfData,
  ...situationsOfOperations,
].sort((one, other) => one.row - other.row);
