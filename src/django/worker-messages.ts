import * as z from 'zod';

/** What worker.py says: one JSON object a line. */

const count = z.number().int().nonnegative();

const ready = z.object({
  event: z.literal('ready'),
  django: z.string(),
  djangoTenants: z.string(),
  psycopg: z.string(),
  python: z.string(),
  pid: count,
  /** What holds on the worker's own connection, in milliseconds. */
  lockTimeout: count,
  statementTimeout: count,
  /** Only of a process that is of use without migrating: why it cannot. */
  unsupported: z.string().nullish(),
  /** Milliseconds of its start in which it read the project's migrations. */
  loading: count.optional(),
});
export type Ready = Omit<z.infer<typeof ready>, 'event'>;

const unsupported = z.object({ event: z.literal('unsupported'), reason: z.string() });

const begun = z.object({ event: z.literal('begun'), migration: z.string() });
const applied = z.object({ event: z.literal('applied'), migration: z.string(), ms: z.number() });

const lock = z.object({ schema: z.string(), table: z.string(), mode: z.string() });
/** A lock on a table of another schema that keeps others from writing, or from changing it. */
export type ForeignLock = z.infer<typeof lock>;

const held = z.object({
  event: z.literal('held'),
  rows: z.array(z.record(z.string(), z.unknown())),
  locks: z.array(lock),
});

const work = {
  /** What was recorded for this tenant, as `app.name`, in Django's order. */
  applied: z.array(z.string()),
  ms: z.number(),
  /** Round trips to the database. */
  statements: count,
  /** Resident memory of the worker's process, in bytes. */
  rss: count,
};

const done = z.object({
  event: z.literal('done'),
  ...work,
  /** Whether Django's signal post_migrate was sent. */
  postMigrate: z.boolean(),
});
const dropped = z.object({ event: z.literal('dropped'), ...work });

const failed = z.object({
  event: z.literal('failed'),
  ...work,
  /** What it was at: `ledger`, `pre-migrate`, `migration`, `post-migrate`, `signal` or `try-out`. */
  during: z.string(),
  /** `app.name`, when it was at one. */
  migration: z.string().nullable(),
  /** The whole of this migration is one transaction: nothing of it is left. */
  atomic: z.boolean(),
  exception: z.string(),
  message: z.string(),
  /** PostgreSQL's DETAIL. */
  detail: z.string().nullable(),
  sqlstate: z.string().nullable(),
  /** The project's own line, like `shop/models.py:14`. */
  where: z.string().nullable(),
  traceback: z.string(),
});

const cannotTryOut = z.object({ event: z.literal('cannot-try-out'), reason: z.string() });

const lost = z.object({ event: z.literal('lost'), during: z.string(), message: z.string() });

/** To whatever else a process was asked. */
const answer = z.object({ event: z.literal('answer'), value: z.unknown() });

export const messageShape = z.discriminatedUnion('event', [
  ready,
  unsupported,
  begun,
  applied,
  held,
  done,
  dropped,
  failed,
  cannotTryOut,
  lost,
  answer,
]);
export type WorkerMessage = z.infer<typeof messageShape>;

type Told<Event extends WorkerMessage['event']> = Omit<Extract<WorkerMessage, { event: Event }>, 'event'>;

export type Held = Told<'held'>;

/** How one tenant ended. When that is not known, there is no result: LostConnection is thrown. */
export type TenantResult =
  | ({ readonly outcome: 'done' } & Told<'done'>)
  /** Tried out and not kept: nothing was changed. */
  | ({ readonly outcome: 'dropped' } & Told<'dropped'>)
  /** What is in `applied` stays, unless it was tried out. */
  | ({ readonly outcome: 'failed' } & Told<'failed'>)
  /** Nothing was changed: this work does not fit into one transaction. */
  | ({ readonly outcome: 'cannot-try-out' } & Told<'cannot-try-out'>);
