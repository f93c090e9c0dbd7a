/** Asks before anything runs in which tenants the rows that are there stand in the way of a new rule. */

import { quotedName } from '../database/quoted-name.ts';
import type { Database } from '../database/session.ts';
import { codeOf, messageOf } from '../ground/errors.ts';
import type { Change, Relation } from './changes.ts';

/** A rule that existing rows must keep. */
export interface RowRule {
  readonly rule: 'unique' | 'not-null' | 'foreign-key' | 'check';
  readonly table: string;
  /** For people: `email`, `quantity > 0`. */
  readonly of: string;
  /** The question for one schema: how many rows are in the way; counted up to `most`. */
  sql(schema: string, home: (table: Relation) => string): string;
}

export interface RowsInTheWay {
  readonly rule: RowRule;
  /** Schemas with how many, the most first. */
  readonly schemas: readonly { readonly schema: string; readonly rows: number }[];
  /** Why nobody could tell in some schemas. */
  readonly unknown?: string | undefined;
}

/** So many are enough to know. */
const most = 1_000;

/** The rule that a change makes for rows that are there; undefined where it makes none, or nobody can ask. Pure. */
export function ruleOf(change: Change): RowRule | undefined {
  const { does, table, columns, condition, references, notValid = false } = change;
  const names = columns.map(quotedName);
  const counting = (query: string) => `select count(*)::int from (${query} limit ${most}) as found`;
  const own = (schema: string) => `${quotedName(schema)}.${quotedName(table.name)}`;
  if (table.schema !== undefined || notValid) return undefined;
  if (does === 'add-unique' || (does === 'create-index' && change.isUnique === true)) {
    if (change.hasExpressions === true || names.length === 0) return undefined;
    const filled = change.nullsEqual === true ? [] : names.map((name) => `${name} is not null`);
    const conditions = [...filled, ...(condition === undefined ? [] : [`(${condition})`])];
    const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
    return {
      rule: 'unique',
      table: table.name,
      of: columns.join(', '),
      sql: (schema) =>
        counting(`select 1 from ${own(schema)}${where} group by ${names.join(', ')} having count(*) > 1`),
    };
  }
  if (does === 'set-not-null') {
    return {
      rule: 'not-null',
      table: table.name,
      of: columns.join(', '),
      sql: (schema) => counting(`select 1 from ${own(schema)} where ${names[0]} is null`),
    };
  }
  if (does === 'add-check' && condition !== undefined && condition !== '') {
    return {
      rule: 'check',
      table: table.name,
      of: condition,
      sql: (schema) => counting(`select 1 from ${own(schema)} where not (${condition})`),
    };
  }
  if (
    does === 'add-foreign-key' &&
    references !== undefined &&
    references.columns.length === columns.length
  ) {
    const joined = columns
      .map((_, index) => `p.${quotedName(references.columns[index] ?? '')} = c.${names[index]}`)
      .join(' and ');
    const filled = names.map((name) => `c.${name} is not null`).join(' and ');
    return {
      rule: 'foreign-key',
      table: table.name,
      of: columns.join(', '),
      sql: (schema, home) =>
        counting(
          `select 1 from ${own(schema)} c where ${filled} and not exists (select 1 from ${home(references.table)} p where ${joined})`,
        ),
    };
  }
  return undefined;
}

interface Asking {
  readonly database: Database;
  readonly schemas: readonly string[];
  readonly publicSchema: string;
  /** Tables that the tenants have themselves; the others are looked for in the shared schema. */
  readonly ownTables: ReadonlySet<string>;
}

/** Each schema's tables and their indexes are locked while one statement reads them. */
const perStatement = 50;
/** Milliseconds for one statement; what takes longer is asked tenant by tenant, and then not known. */
const patience = 60_000;
const limits = `set local transaction_read_only = on; set local statement_timeout = ${patience}; set local lock_timeout = 2000`;

/** Asks every schema, many in one statement, without waiting for anybody's lock for long. Changes nothing. */
export async function rowsInTheWay(rule: RowRule, asking: Asking): Promise<RowsInTheWay> {
  const { database, schemas, publicSchema, ownTables } = asking;
  const found: { schema: string; rows: number }[] = [];
  let unknown: string | undefined;
  const home = (schema: string) => (table: Relation) =>
    `${quotedName(table.schema ?? (ownTables.has(table.name) ? schema : publicSchema))}.${quotedName(table.name)}`;
  const ask = async (batch: readonly string[]): Promise<void> => {
    const sql = batch
      .map((schema, index) => `select ${index} as place, (${rule.sql(schema, home(schema))}) as rows`)
      .join(' union all ');
    try {
      // Several statements in one message are one transaction: what is set for it ends with it, however it ends.
      const rows = await database.query<{ place: number; rows: number }>(`${limits}; ${sql}`);
      for (const { place, rows: count } of rows) {
        if (count > 0) found.push({ schema: batch[place] ?? '', rows: count });
      }
    } catch (error) {
      if (!/^[0-9A-Z]{5}$/.test(codeOf(error) ?? '')) throw error;
      if (batch.length === 1) unknown = `${batch[0]}: ${messageOf(error)}`;
      else for (const schema of batch) await ask([schema]);
    }
  };
  for (let start = 0; start < schemas.length; start += perStatement) {
    await ask(schemas.slice(start, start + perStatement));
  }
  return { rule, schemas: found.sort((one, other) => other.rows - one.rows), unknown };
}
