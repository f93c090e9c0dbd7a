/** A result counts only when every tenant has it: asked of the ledgers and of the catalogue, not of who made it. */

import { asSuperuser } from '../../lab/fleet/server.ts';
import { type Fleet, releaseColumn } from '../../lab/fleet.ts';
import { ledgersQuery } from './floor.ts';

const schemasPerStatement = 500;

/**
 * Looks whether all tenants have seen so many releases.
 * @returns what is proven, as a sentence
 * @throws Error saying which tenants differ
 */
export async function proveEqual(fleet: Fleet, releases: number): Promise<string> {
  return asSuperuser(fleet.name, async (client) => {
    const ledgers = new Map<string, string[]>();
    for (let start = 0; start < fleet.schemas.length; start += schemasPerStatement) {
      const { rows } = await client.query<{ schema: string; ledger: string }>(
        ledgersQuery(fleet.schemas.slice(start, start + schemasPerStatement)),
      );
      for (const { schema, ledger } of rows) ledgers.set(ledger, [...(ledgers.get(ledger) ?? []), schema]);
    }
    if (ledgers.size !== 1)
      throw new Error(`not equal: ${ledgers.size} different ledgers, ${sizes(ledgers)}`);
    for (let release = 1; release <= releases; release += 1) {
      const { app, table, column } = releaseColumn(release);
      const { rows } = await client.query<{ schema: string }>(
        `SELECT nspname AS schema FROM unnest($1::text[]) AS nspname
          WHERE NOT EXISTS (
            SELECT FROM pg_attribute
             WHERE attrelid = to_regclass(format('%I.%I', nspname, $2::text)) AND attname = $3 AND NOT attisdropped)`,
        [fleet.schemas, table, column],
      );
      if (rows.length > 0)
        throw new Error(`${rows.length} tenants lack ${table}.${column}: ${rows[0]?.schema} …`);
      const recorded = await client.query(
        `SELECT FROM ${fleet.schemas[0]}.django_migrations WHERE app = $1 AND name LIKE $2`,
        [app, `%\\_${column.replace('_', '\\_')}`],
      );
      if (recorded.rowCount !== 1) throw new Error(`release ${release} is not recorded once`);
    }
    return `${fleet.schemas.length} equal ledgers, the columns of ${releases} releases in all`;
  });
}

const sizes = (ledgers: ReadonlyMap<string, readonly string[]>) =>
  [...ledgers.values()].map((schemas) => `${schemas.length} like ${schemas[0]}`).join(', ');
