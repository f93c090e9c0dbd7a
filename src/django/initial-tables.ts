import * as z from 'zod';

/** What initial_tables.py answers: what pending migrations of the shared schema would make, and what is there. */

const standing = z.object({
  migration: z.string(),
  /** In Django's sense: `--fake-initial` looks at it. */
  initial: z.boolean(),
  /** Tables, and columns as `table.column`, that the routers let it make in the shared schema. */
  makes: z.array(z.string()),
  /** Those of them that are there, by name. */
  present: z.array(z.string()),
  /** Django's own word: `--fake-initial` would record it. */
  faked: z.boolean(),
});

/** The rows of the question about one schema, as it was asked. */
const rows = z.array(z.record(z.string(), z.unknown()));

/** Numbers of snapshots. */
const span = z.object({ before: z.number(), after: z.number() });

const comparison = z.object({
  /** Why not everything that would be recorded could be seen. */
  failure: z.string().nullable(),
  /** What the migrations changed outside of the scratch schema, as `schema.table`; rolled back like the rest. */
  outside: z.array(z.string()),
  /** The name of the scratch schema, which is gone. */
  scratch: z.string(),
  /** The shared schema. */
  real: rows,
  /** The scratch schema at several moments. */
  snapshots: z.array(rows),
  /** Before and after each migration that `--fake-initial` would record. */
  steps: z.array(
    span.extend({
      migration: z.string(),
      /** Tables into which it puts rows, and which are empty in the shared schema. */
      unfilled: z.array(z.string()),
    }),
  ),
  /** Before and after all that is pending; null when that could not be run to its end. */
  end: span.nullable(),
  endFailure: z.string().nullable(),
  endUnfilled: z.array(z.string()),
  /** Later migrations of the project that work on rows: nothing shows whether they have run. */
  rowsUnknown: z.array(z.string()),
});

export const initialTablesShape = z.object({
  /** Pending migrations that make tables or columns, in Django's order. */
  standing: z.array(standing),
  /** Only when it was asked for and something is there already. */
  comparison: z.union([comparison, z.object({ impossible: z.string() })]).nullable(),
});

export type InitialTables = z.infer<typeof initialTablesShape>;
export type PendingTables = z.infer<typeof standing>;
export type TablesCompared = z.infer<typeof comparison>;
