import * as z from 'zod';

import { codeOf, LostConnection, messageOf, UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';

/** One SELECT that names the tenants of an application which nobody here knows. */

/** What it needs of a database; the real one fits. */
interface Askable {
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]>;
}

export interface NamedTenant {
  readonly schema: string;
  /** Whether it needs the command; undefined: the query does not say. */
  readonly pending: boolean | undefined;
}

export interface Tenants {
  readonly tenants: readonly NamedTenant[];
  /** Why nobody knows them yet: a table that the query names is not there. */
  readonly unread: 'no-table' | undefined;
}

/** PostgreSQL: a table, or a schema, that does not exist. */
const missing = new Set(['42P01', '3F000']);

/**
 * Asks for the tenants. The query is a part of a SELECT, where nothing that changes data may stand; with a parameter
 * there is one statement only.
 * @param shared the schema that no tenant may have
 * @throws UserError `tenant-query-unusable`; LostConnection
 */
export async function askTenants(database: Askable, query: string, shared: string): Promise<Tenants> {
  const asked = query.trim().replace(/;\s*$/, '');
  try {
    const rows = await database.query<{ row: unknown }>(
      `select to_json(tenant) as row from (\n${asked}\n) as tenant where $1::boolean`,
      [true],
    );
    return {
      tenants: namedIn(
        rows.map(({ row }) => rowShape.parse(row)),
        shared,
      ),
      unread: undefined,
    };
  } catch (error) {
    if (error instanceof LostConnection || error instanceof UserError) throw error;
    if (missing.has(codeOf(error) ?? '')) return { tenants: [], unread: 'no-table' };
    throw unusable(`PostgreSQL refuses it: ${messageOf(error)}`);
  }
}

const rowShape = z.record(z.string(), z.unknown());

/** The tenants that the rows name. Pure. @throws UserError `tenant-query-unusable` */
export function namedIn(rows: readonly Readonly<Record<string, unknown>>[], shared: string): NamedTenant[] {
  const named = rows.map((row) => tenantOf(row));
  const names = named.map(({ schema }) => schema);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw unusable(`it names ${listed([...new Set(twice)], 3)} more than once`);
  for (const [isWrong, why] of wrongNames(shared)) {
    const wrong = names.filter(isWrong);
    if (wrong.length > 0) throw unusable(`it names ${listed(wrong.map(shown), 3)}: ${why}`);
  }
  return named;
}

function tenantOf(row: Readonly<Record<string, unknown>>): NamedTenant {
  const [first, second, ...others] = Object.entries(row);
  if (first === undefined) throw unusable('it returns no column');
  if (others.length > 0 || (second !== undefined && second[0] !== 'pending')) {
    throw unusable(
      `it returns ${counted(Object.keys(row).length, 'column')} (${listed(Object.keys(row), 5)}), and there may be two: the name of the schema, and pending`,
    );
  }
  const [, schema] = first;
  if (typeof schema !== 'string')
    throw unusable(`its first column is ${JSON.stringify(schema)}, and no name`);
  if (second === undefined) return { schema, pending: undefined };
  if (typeof second[1] !== 'boolean') {
    throw unusable(
      `its column pending is ${JSON.stringify(second[1])} for ${schema}, neither true nor false`,
    );
  }
  return { schema, pending: second[1] };
}

/** Why no tenant may have this name. */
export function tenantNameProblem(name: string, shared: string): string | undefined {
  return wrongNames(shared).find(([isWrong]) => isWrong(name))?.[1];
}

function wrongNames(shared: string): [(name: string) => boolean, string][] {
  return [
    [(name) => name === '', 'that is no name'],
    [(name) => name === shared, 'that is the shared schema, which shared-command is for'],
    [(name) => /^pg_|^information_schema$/.test(name), 'that is PostgreSQL’s own'],
    [(name) => /\p{Cc}/u.test(name), 'a command could not be told'],
    [(name) => name.startsWith('-'), 'a command would take that for an option'],
  ];
}

const shown = (name: string) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name));

function unusable(observed: string): UserError {
  return new UserError(
    `The tenants cannot be told from tenant-query — ${observed}`,
    'it must be one SELECT whose first column is the name of each tenant’s schema, once, and whose second column, if there is one, is a boolean called pending; nothing was changed',
    { code: 'tenant-query-unusable' },
  );
}
