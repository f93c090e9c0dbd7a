import type { MigrationSql, OperationSql } from '../django/discovery.ts';
import type { Change } from './changes.ts';
import type { RowsInTheWay } from './existing-rows.ts';
import type { TableSize } from './table-sizes.ts';

/** An operation of a migration, and what its SQL does. */
export interface ReadOperation {
  readonly operation: OperationSql;
  readonly changes: readonly Change[];
}

/** One migration in one group of schemas: everything that a rule may look at. */
export interface Scene {
  readonly migration: MigrationSql;
  readonly operations: readonly ReadOperation[];
  /** Whether rows can be there: not in tables that the pending migrations make themselves. */
  isThere(table: string): boolean;
  /** Undefined: nobody has looked, as where there is nothing but the repository. */
  size(table: string): TableSize | undefined;
  /** Whether a type change writes the table anew. */
  rewrites(change: Change): boolean;
  /** Rows that stand in the way of what a change demands, where it was asked. */
  inTheWay(change: Change): RowsInTheWay | undefined;
}

/** What a rule has found, as a sentence without the name of the migration. */
export interface Found {
  readonly line: number;
  /** What was observed. */
  readonly said: string;
  /** What to do. */
  readonly next: string;
}

/** Something that migrations should not do, with a migration that does it and one that does not. */
export interface Situation {
  /** Its number in the list of situations. */
  readonly row: number;
  /** By which it is acknowledged. */
  readonly name: string;
  /** An `error` has to be acknowledged; a `warning` is told. */
  readonly level: 'error' | 'warning';
  readonly why: string;
  /** Operations of a migration of the shop's orders in which it is found, and some without. */
  readonly bad: Example;
  readonly good: Example;
  find(scene: Scene): readonly Found[];
}

export interface Example {
  readonly operations: string;
  /** Beside the operations. */
  readonly body?: string;
  /** Before the class. */
  readonly head?: string;
}
