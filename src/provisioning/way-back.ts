import { nameWith } from '../backup/restore-names.ts';
import { quotedName } from '../database/quoted-name.ts';
import type { Database } from '../database/session.ts';
import {
  type Dependents,
  goneRows,
  pointingRows,
  type Reference,
  referenceBack,
  rowsBack,
  type TenantRow,
  withGone,
} from './references.ts';

interface Found {
  readonly row: TenantRow | null;
  readonly references: readonly Reference[];
}

/** What goes with the tenant's row, counted by the statement that brings it back. */
export async function readDependents(
  tenant: string,
  shared: string,
  { row, references }: Found,
  database: Database,
): Promise<Dependents> {
  if (row === null) return { goes: [], changes: [] };
  const gone = withGone(tenant, shared, { row, references });
  const counted = await database.query<{ t: string; rows: number }>(`${gone} ${goneRows}`);
  const goes = counted
    .map(({ t: table, rows }) => ({
      model: references.find((one) => one.table === table && one.loses === 'row')?.model ?? table,
      table,
      rows,
    }))
    .sort(
      (a, b) => Number(b.table === row.table) - Number(a.table === row.table) || (a.table < b.table ? -1 : 1),
    );
  const changes: { model: string; column: string; rows: number }[] = [];
  for (const reference of references.filter(({ loses }) => loses === 'value')) {
    const [found] = await database.query<{ rows: number }>(
      `${gone} SELECT count(*)::int AS rows FROM ${pointingRows(shared, reference)}`,
    );
    const { model, column } = reference;
    if (found !== undefined && found.rows > 0) changes.push({ model, column, rows: found.rows });
  }
  return { goes, changes };
}

export interface Backup {
  readonly schema: string;
  readonly shared: string;
  /** Its folder. */
  readonly backup: string;
}

/**
 * The steps that bring a tenant back: its rows come from the shared schema as the backup has it, with their own keys;
 * then the schema takes its place.
 */
export async function wayBack(
  { schema, shared, backup }: Backup,
  { row, references, goes }: Found & Pick<Dependents, 'goes'>,
  database: Database,
): Promise<string[]> {
  const restore = (name: string, to: string) =>
    `migrate-schemas with mode: restore, backup-path: ${backup}, schemas: ${name}, restore-to: ${to}`;
  if (row === null) return [restore(schema, 'in-place')];
  const copy = nameWith(shared, '_restored');
  const columns = await columnsOf(shared, database);
  const tables = new Set(goes.map(({ table }) => table));
  const used = references.filter(
    ({ loses, table, of }) => tables.has(of.table) && (loses !== 'row' || tables.has(table)),
  );
  const gone = withGone(schema, copy, { row, references: used });
  const changes = [
    ...goes.map(({ table }) => rowsBack(shared, copy, table, columns.get(table) ?? [])),
    ...used
      .filter(({ loses }) => loses === 'reference')
      .map((reference) => referenceBack(shared, copy, reference)),
  ];
  const parts = changes.map((change, index) => `back_${index + 1} AS (${change} RETURNING 1)`);
  const statement = `${[gone, ...parts].join(', ')} SELECT 'the rows are back'`;
  return [
    restore(shared, 'beside'),
    `SQL, one statement: ${statement}`,
    restore(schema, 'in-place'),
    `SQL, when all of it is there: DROP SCHEMA ${quotedName(copy)} CASCADE`,
  ];
}

/** By table, those that rows bring with them: generated ones are not told. */
async function columnsOf(schema: string, database: Database): Promise<Map<string, string[]>> {
  const found = await database.query<{ table: string; columns: string[] }>(
    `SELECT c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      GROUP BY c.relname`,
    [schema],
  );
  return new Map(found.map(({ table, columns }) => [table, columns]));
}
