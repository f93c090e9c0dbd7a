import * as z from 'zod';

import { quotedName } from '../database/quoted-name.ts';

/** How rows of shared tables depend on a tenant's row, and on each other (`django/tenant_references.py`). Pure. */

const column = { table: z.string(), column: z.string() };

export const referenceShape = z.object({
  /** For people: `billing.Invoice`. */
  model: z.string(),
  ...column,
  /** The column that tells the rows of the table apart. */
  key: z.string(),
  /** What the column points to. */
  of: z.object(column),
  /** What a row loses when the one goes that it points to: itself, the reference, or that value for another one. */
  loses: z.enum(['row', 'reference', 'value']),
});
export type Reference = z.infer<typeof referenceShape>;

/** The row of a tenant: its table, and the column with the schema's name. */
export interface TenantRow {
  readonly table: string;
  readonly name: string;
}

export interface Dependents {
  /** Rows that go with the tenant's row, its domains among them; by table, that of the row itself first. */
  readonly goes: readonly { readonly model: string; readonly table: string; readonly rows: number }[];
  /** Rows that stay, and get another value that nobody can take back. */
  readonly changes: readonly { readonly model: string; readonly column: string; readonly rows: number }[];
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
export const tableIn = (schema: string, table: string) => `${quotedName(schema)}.${quotedName(table)}`;

/**
 * The beginning of a statement that knows as `gone` every row (`t` its table, `r` where it lies) that goes with a tenant:
 * `schema` holds the tables.
 */
export function withGone(
  tenant: string,
  schema: string,
  { row, references }: { readonly row: TenantRow; readonly references: readonly Reference[] },
): string {
  const steps = references
    .filter(({ loses }) => loses === 'row')
    .map(
      ({ table, column, of }) =>
        `SELECT ${literal(table)}::text AS t, c.ctid::text AS r FROM ${tableIn(schema, table)} c JOIN ${tableIn(schema, of.table)} p ON c.${quotedName(column)} = p.${quotedName(of.column)} WHERE g.t = ${literal(of.table)} AND p.ctid = g.r::tid`,
    );
  const first = `SELECT ${literal(row.table)}::text AS t, ctid::text AS r FROM ${tableIn(schema, row.table)} WHERE ${quotedName(row.name)} = ${literal(tenant)}`;
  const more =
    steps.length === 0
      ? ''
      : ` UNION SELECT next.t, next.r FROM gone g CROSS JOIN LATERAL (${steps.join(' UNION ALL ')}) next`;
  return `WITH RECURSIVE gone(t, r) AS (${first}${more})`;
}

/** How many rows go, by table; as `rows` of `t`. */
export const goneRows = 'SELECT t, count(*)::int AS rows FROM gone GROUP BY t';

/** The rows that stay and point to one that goes. */
export function pointingRows(schema: string, { table, column, of }: Reference): string {
  return `${tableIn(schema, table)} c JOIN ${tableIn(schema, of.table)} p ON c.${quotedName(column)} = p.${quotedName(of.column)} JOIN gone g ON g.t = ${literal(of.table)} AND p.ctid = g.r::tid`;
}

/** Takes the rows of a table that are gone out of a copy of the shared schema. */
export function rowsBack(shared: string, copy: string, table: string, columns: readonly string[]): string {
  const names = columns.map(quotedName);
  const from = names.map((name) => `c.${name}`).join(', ');
  return `INSERT INTO ${tableIn(shared, table)} (${names.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${from} FROM ${tableIn(copy, table)} c JOIN gone g ON g.t = ${literal(table)} AND c.ctid = g.r::tid`;
}

/** Puts a reference back where nobody has set another one since. */
export function referenceBack(shared: string, copy: string, reference: Reference): string {
  const { table, column, key } = reference;
  const name = quotedName(column);
  return `UPDATE ${tableIn(shared, table)} s SET ${name} = c.${name} FROM ${pointingRows(copy, reference)} WHERE s.${quotedName(key)} = c.${quotedName(key)} AND s.${name} IS NULL`;
}
