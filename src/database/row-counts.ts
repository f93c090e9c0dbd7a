import { showDuration } from '../ground/duration.ts';
import { codeOf, LostConnection, messageOf, UserError } from '../ground/errors.ts';
import { schemasPerStatement } from './catalog.ts';
import type { Database } from './session.ts';

/** How many rows tables have, in many schemas; never for longer than was allowed. */

export interface CountOptions {
  readonly signal: AbortSignal;
  /** Milliseconds for one statement. Default: 30 s. */
  readonly timeLimit?: number | undefined;
  /** Milliseconds for everything; what is left then is estimated. Default: 5 min. */
  readonly totalLimit?: number | undefined;
}

/** What is known about one table of one schema. */
export type RowCount = { readonly schema: string; readonly table: string } & (
  | { readonly is: 'counted'; readonly rows: number }
  /** It can be read, and took too long; `rows` is what the last ANALYZE saw, undefined when there was none. */
  | { readonly is: 'estimated'; readonly rows: number | undefined; readonly why: string }
  | { readonly is: 'missing' | 'schema-missing' }
  | { readonly is: 'unreadable'; readonly role: string }
  | { readonly is: 'failed'; readonly why: string }
);

/** A table that exists and may be read. */
export interface Countable {
  readonly schema: string;
  readonly table: string;
  /** Schema and table, as the server quotes them. */
  readonly quoted: string;
  /** Relations that a count of it locks: itself, its partitions, all their indexes. */
  readonly relations: number;
  readonly pages: number;
  readonly rows: number | undefined;
}

interface Looked {
  readonly schema: string;
  readonly table: string;
  readonly schema_exists: boolean;
  readonly role: string;
  readonly readable: boolean;
  readonly quoted: string | null;
  readonly relations: number;
  readonly pages: number;
  /** null: some part of it was never analysed. */
  readonly rows: number | null;
}

/**
 * Nothing is locked by this look. The partitions come from pg_inherits, because pg_partition_tree() would wait for
 * whoever holds one of them.
 */
const look = `
  with recursive wanted as (
    select s.name as schema, s.place, t.name as "table", n.oid as namespace, c.oid as relation,
           quote_ident(n.nspname) || '.' || quote_ident(c.relname) as quoted
      from unnest($1::text[]) with ordinality as s (name, place) cross join unnest($2::text[]) as t (name)
      left join pg_namespace n on n.nspname = s.name
      left join pg_class c on c.relnamespace = n.oid and c.relname = t.name
                          and c.relkind in ('r', 'p', 'v', 'm', 'f')
  ), member as (
    select relation as root, relation from wanted where relation is not null
    union
    select m.root, i.inhrelid from member m join pg_inherits i on i.inhparent = m.relation
  ), size as (
    select m.root,
           count(*) + sum((select count(*) from pg_index i where i.indrelid = m.relation)) as relations,
           sum(c.relpages) as pages,
           case when bool_or(c.reltuples < 0 and c.relkind <> 'p') then null
                else sum(c.reltuples) filter (where c.relkind <> 'p') end as rows
      from member m join pg_class c on c.oid = m.relation
     group by m.root
  )
  select w.schema, w."table", w.namespace is not null as schema_exists, current_user::text as role,
         coalesce(has_schema_privilege(w.namespace, 'USAGE')
              and has_any_column_privilege(w.relation, 'SELECT'), false) as readable,
         w.quoted,
         coalesce(s.relations, 0)::float8 as relations, coalesce(s.pages, 0)::float8 as pages, s.rows::float8 as rows
    from wanted w left join size s on s.root = w.relation
   order by w.place`;

/**
 * Counts the rows of these tables in these schemas: small tables many at a time, large ones alone and last. One
 * that takes longer than `timeLimit` is estimated; one that somebody has locked has failed. The session must not be in
 * a transaction.
 * @throws LostConnection
 */
export async function countRows(
  database: Database,
  schemas: readonly string[],
  tables: readonly string[],
  { signal, timeLimit = 30_000, totalLimit = 300_000 }: CountOptions,
): Promise<RowCount[]> {
  const deadline = performance.now() + totalLimit;
  const found: RowCount[] = [];
  const countable: Countable[] = [];
  for (let start = 0; start < schemas.length; start += schemasPerStatement) {
    const batch = schemas.slice(start, start + schemasPerStatement);
    for (const row of await database.query<Looked>(look, [batch, tables])) {
      const target = countableOf(row);
      if (target === undefined) found.push(uncountable(row));
      else countable.push(target);
    }
  }
  const waiting = packed(countable).reverse();
  for (let pack = waiting.pop(); pack !== undefined; pack = waiting.pop()) {
    signal.throwIfAborted();
    const left = deadline - performance.now();
    if (left <= 0) {
      const why = `not counted: the time for all counts (${showDuration(totalLimit)}) was over`;
      found.push(...pack.map((target) => estimated(target, why)));
      continue;
    }
    const counted = await countTogether(database, pack, Math.ceil(Math.min(timeLimit, left)));
    if ('rows' in counted) {
      found.push(...pack.map((target, index) => countedAs(target, counted.rows[index])));
    } else if (pack.length > 1) {
      // One of them is to blame: the others must not suffer for it.
      const half = pack.length >> 1;
      waiting.push(pack.slice(half), pack.slice(0, half));
    } else {
      found.push(...pack.map((target) => notCounted(target, counted.error, Math.min(timeLimit, left))));
    }
  }
  return inOrder(found, schemas, tables);
}

function countableOf({ schema, table, quoted, readable, relations, pages, rows }: Looked) {
  if (quoted === null || !readable) return undefined;
  return { schema, table, quoted, relations, pages, rows: rows ?? undefined };
}

function uncountable({ schema, table, schema_exists: schemaExists, quoted, role }: Looked): RowCount {
  if (!schemaExists) return { schema, table, is: 'schema-missing' };
  return quoted === null ? { schema, table, is: 'missing' } : { schema, table, is: 'unreadable', role };
}

/** A statement locks what it reads, and a server has 6,400 places for locks by default, for everybody. */
const relationsPerStatement = 500;

/** 512 MiB: so much is read in one statement, unless one table alone has more. */
const pagesPerStatement = 65_536;

/** Which tables are counted in one statement; the large ones come last, so that they cost only themselves. */
export function packed(targets: readonly Countable[]): Countable[][] {
  const packs: Countable[][] = [];
  let [relations, pages] = [Infinity, 0];
  for (const target of [...targets].sort((one, other) => one.pages - other.pages)) {
    relations += target.relations;
    pages += target.pages;
    if (relations > relationsPerStatement || pages > pagesPerStatement) {
      packs.push([]);
      [relations, pages] = [target.relations, target.pages];
    }
    packs.at(-1)?.push(target);
  }
  return packs;
}

/** Milliseconds to wait for a lock: less than the time for counting, so that the two can be told apart. */
const lockLimit = 5_000;

async function countTogether(
  database: Database,
  pack: readonly Countable[],
  limit: number,
): Promise<{ readonly rows: readonly number[] } | { readonly error: unknown }> {
  const counts = pack.map(
    ({ quoted }, index) => `select ${index} as place, count(*)::float8 as rows from ${quoted}`,
  );
  // Several statements in one message are one transaction: what is set for it ends with it, however it ends.
  const statement = [
    'set local transaction_read_only = on',
    `set local statement_timeout = ${limit}`,
    `set local lock_timeout = ${Math.max(1, Math.floor(Math.min(lockLimit, limit / 2)))}`,
    counts.join(' union all '),
  ].join('; ');
  try {
    const answers = await database.query<{ place: number; rows: number }>(statement);
    const rows: number[] = [];
    for (const answer of answers) rows[answer.place] = answer.rows;
    return { rows };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { error };
  }
}

/** What the server said about the question, rather than a lost connection or a cancelled step. */
function isRefusal(error: unknown): boolean {
  if (error instanceof LostConnection) return false;
  return sqlStateOf(error) !== undefined;
}

function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error instanceof UserError ? error.cause : error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

function countedAs({ schema, table }: Countable, rows: number | undefined): RowCount {
  if (rows === undefined) return { schema, table, is: 'failed', why: 'its count was not answered' };
  return { schema, table, is: 'counted', rows };
}

function notCounted(target: Countable, error: unknown, limit: number): RowCount {
  const { schema, table } = target;
  switch (sqlStateOf(error)) {
    case '57014':
      return estimated(target, `not counted within ${showDuration(limit)}`);
    case '55P03':
      return { schema, table, is: 'failed', why: 'somebody holds a lock on it that lets nobody read' };
    default:
      return {
        schema,
        table,
        is: 'failed',
        why: messageOf(error instanceof UserError ? (error.cause ?? error) : error),
      };
  }
}

function estimated({ schema, table, rows }: Countable, why: string): RowCount {
  return { schema, table, is: 'estimated', rows, why };
}

function inOrder(found: RowCount[], schemas: readonly string[], tables: readonly string[]): RowCount[] {
  const places = (names: readonly string[]) => new Map(names.map((name, index) => [name, index]));
  const [schemaPlaces, tablePlaces] = [places(schemas), places(tables)];
  const place = ({ schema, table }: RowCount) =>
    (schemaPlaces.get(schema) ?? 0) * tables.length + (tablePlaces.get(table) ?? 0);
  return found.sort((one, other) => place(one) - place(other));
}
