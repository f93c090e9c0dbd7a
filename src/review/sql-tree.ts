/** Small questions to the tree of PostgreSQL's parser. */

import type { Relation } from './changes.ts';
import type { Node } from './sql-parser.ts';

/** What is inside of `{ Kind: node }`. */
export function nodeOf(wrapped: unknown): Node {
  return (Object.values(wrapped as Node)[0] ?? {}) as Node;
}

export function relationOf(value: unknown): Relation {
  const { schemaname, relname } = (value ?? {}) as { schemaname?: string; relname?: string };
  return { name: relname ?? '', ...(schemaname === undefined ? {} : { schema: schemaname }) };
}

/** The texts of a list of String nodes. */
export function strings(list: unknown): string[] {
  return ((list as Node[] | undefined) ?? []).map((one) => String(nodeOf(one).sval ?? ''));
}

/** `varchar(200)`, `numeric(10,2)`, `text[]`: a type as the tree has it. */
export function typeOf(value: unknown): string {
  const { names, typmods, arrayBounds } = (value ?? {}) as Node;
  const name = strings(names).at(-1) ?? '';
  const numbers = ((typmods as Node[] | undefined) ?? []).map(
    (one) => ((nodeOf(one).ival ?? {}) as { ival?: number }).ival ?? 0,
  );
  return `${name}${numbers.length === 0 ? '' : `(${numbers.join(',')})`}${arrayBounds === undefined ? '' : '[]'}`;
}

/** Functions that have one value for a whole statement: as a default of a new column they rewrite nothing. */
const stableFunctions = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'current_setting',
  'current_schema',
  'current_database',
  'to_timestamp',
  'to_date',
  'lower',
  'upper',
  'length',
  'coalesce',
  'jsonb_build_object',
  'jsonb_build_array',
  'md5',
  'date_trunc',
  'make_date',
  'make_interval',
]);

/** Whether an expression has one value for all rows; a function that is not known may have many. */
export function isStable(expression: unknown): boolean {
  if (typeof expression !== 'object' || expression === null) return true;
  return Object.entries(expression).every(([kind, inner]) => {
    if (kind === 'FuncCall') {
      const name = strings((inner as Node).funcname).at(-1) ?? '';
      return stableFunctions.has(name) && isStable(inner);
    }
    return isStable(inner);
  });
}

/**
 * What stands in parentheses after a word.
 * @param from bytes from the beginning of the text
 */
export function textAfter(sql: string, from: number, word: RegExp): string {
  const rest = Buffer.from(sql).subarray(from).toString();
  const match = word.exec(rest);
  if (match === null) return '';
  const start = match.index + match[0].length;
  let depth = 0;
  let quoted = '';
  for (let at = start; at < rest.length; at += 1) {
    const letter = rest.charAt(at);
    if (quoted !== '') {
      if (letter === quoted) quoted = '';
    } else if (letter === "'" || letter === '"') {
      quoted = letter;
    } else if (letter === '(') {
      depth += 1;
    } else if (letter === ')') {
      depth -= 1;
      if (depth === 0) return rest.slice(start + 1, at);
    }
  }
  return '';
}
