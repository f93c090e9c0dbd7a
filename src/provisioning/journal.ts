import { randomBytes } from 'node:crypto';
import * as z from 'zod';

import type { Database } from '../database/session.ts';
import { LostConnection, messageOf } from '../ground/errors.ts';
import { type Journal, journalShape, type Made, type Removal } from './parts.ts';

/**
 * The journal of a tenant that is not finished: the comment of its schema. `django/tenant_journal.py` writes the same
 * where there is a process of the project; this is for applications that are known by their commands.
 */

/** What a run calls its work on a tenant. @param run who begins it, for people */
export function newJournal(run: string): Pick<Journal, 'id' | 'run' | 'since'> {
  return { id: randomBytes(8).toString('hex'), run, since: new Date().toISOString() };
}

const mark = 'tenantry ';

/** With the comment that the schema had before. */
const kept = journalShape.extend({ comment: z.string().nullish() });
type Kept = z.infer<typeof kept>;

/** The journal that a comment is; undefined: it is somebody else's comment. Pure. */
export function journalIn(comment: string | null): Kept | undefined {
  if (!comment?.startsWith(mark)) return undefined;
  try {
    return kept.safeParse(JSON.parse(comment.slice(mark.length))).data;
  } catch {
    return undefined;
  }
}

/** A schema, as far as anybody can tell who does not know what is in it. */
export interface FoundSchema {
  readonly exists: boolean;
  readonly tables: number;
  readonly mayCreate: boolean;
  readonly role: string;
  /** Whether the role may comment on it. */
  readonly owned: boolean;
  readonly comment: string | null;
}

export async function findSchema(schema: string, database: Database): Promise<FoundSchema> {
  const [found] = await database.query<FoundSchema>(
    `select n.oid is not null as exists,
            (select count(*)::int from pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')) as tables,
            has_database_privilege(current_database(), 'CREATE') as "mayCreate", current_user::text as role,
            coalesce(pg_has_role(n.nspowner, 'USAGE'), false) as owned, obj_description(n.oid, 'pg_namespace') as comment
       from (select $1::text as name) as wanted left join pg_namespace n on n.nspname = wanted.name`,
    [schema],
  );
  if (found === undefined) throw new Error(`no answer about the schema ${schema}`);
  return found;
}

/**
 * Begins the work on a schema in one transaction; where the schema is somebody else's, without a journal.
 * @throws the server's error; nothing was made then
 */
export async function beginSchema(
  schema: string,
  journal: Pick<Journal, 'id' | 'run' | 'since'>,
  { makeSchema, owned, comment }: Pick<FoundSchema, 'owned' | 'comment'> & { readonly makeSchema: boolean },
  database: Database,
): Promise<void> {
  const made: Made = { row: null, domains: [], schema: makeSchema, person: null };
  const first = { ...journal, made, done: [], comment };
  const statements = [
    ...(makeSchema ? ['create schema %1$I'] : []),
    ...(makeSchema || owned ? ['comment on schema %1$I is %2$L'] : []),
  ];
  if (statements.length > 0) await run(statements.join('; '), schema, textOf(first), database);
}

/** Writes down that a step is done; nothing where there is no journal. */
export async function noteInJournal(schema: string, step: string, database: Database): Promise<void> {
  const journal = journalIn((await findSchema(schema, database)).comment);
  if (journal === undefined) return;
  const noted = textOf({ ...journal, done: [...journal.done, step] });
  await run('comment on schema %1$I is %2$L', schema, noted, database);
}

/** The tenant is whole: the schema's own comment is put back. */
export async function closeJournalOf(schema: string, database: Database): Promise<void> {
  const journal = journalIn((await findSchema(schema, database)).comment);
  if (journal === undefined) return;
  await run('comment on schema %1$I is %2$L', schema, journal.comment ?? null, database);
}

/** Drops the schema that the work with this journal has made, within 5 s or not at all. @throws LostConnection */
export async function dropOwnSchema(schema: string, id: string, database: Database): Promise<Removal> {
  const { exists, comment } = await findSchema(schema, database);
  if (!exists) return { removed: [] };
  if (journalIn(comment)?.id !== id) {
    return { removed: [], stuck: `the schema ${schema} is not the one that this run made` };
  }
  try {
    await run(`set local lock_timeout = '5s'; drop schema %1$I cascade`, schema, null, database);
    return { removed: ['schema'] };
  } catch (error) {
    if (error instanceof LostConnection) throw error;
    return { removed: [], stuck: messageOf(error) };
  }
}

const textOf = (journal: Kept): string => mark + JSON.stringify(journal);

/** Some statements in one transaction. The server itself quotes names and values, for which none of them takes parameters. */
async function run(
  statements: string,
  schema: string,
  value: string | null,
  database: Database,
): Promise<void> {
  const [asked] = await database.query<{ text: string }>(
    'select format($1::text, $2::text, $3::text) as text',
    [statements, schema, value],
  );
  await database.query(asked?.text ?? '');
}
