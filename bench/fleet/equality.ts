/** A result counts only when every tenant has it: asked of the ledgers and of the catalogue, not of who made it. */

import { dumpSchema } from '../../lab/fleet/materials.ts';
import { asSuperuser } from '../../lab/fleet/server.ts';
import { type Fleet, releaseColumn } from '../../lab/fleet.ts';
import { connect } from '../../src/database/connection.ts';
import { readStructures } from '../../src/database/structures.ts';
import { parseDatabaseUrl } from '../../src/database/url.ts';
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
    await proveOneStructure(fleet);
    return `${fleet.schemas.length} equal ledgers and structures, the columns of ${releases} releases in all`;
  });
}

/** Everything that the catalogue says about them, but their names. */
async function proveOneStructure(fleet: Fleet): Promise<void> {
  const database = await connect(parseDatabaseUrl(fleet.url), {
    applicationName: 'tenantry bench',
    connectTimeout: 20_000,
    signal: new AbortController().signal,
  });
  try {
    const groups = await readStructures(database, fleet.schemas);
    if (groups.length === 1 && groups[0]?.schemas.length === fleet.schemas.length) return;
    const found = groups.map(({ schemas }) => `${schemas.length} like ${schemas[0]}`).join(', ');
    throw new Error(`not equal: ${groups.length} different structures, ${found}`);
  } finally {
    await database.close();
  }
}

/** The same, asked of pg_dump, for the first tenant and the last. @throws Error when they differ */
export async function proveEqualDumps({ name, schemas }: Fleet): Promise<string> {
  const [first = '', last = ''] = [schemas[0], schemas.at(-1)];
  const [one, other] = await Promise.all([first, last].map((schema) => structureDump(name, schema)));
  if (one !== other) throw new Error(`pg_dump tells ${first} and ${last} apart`);
  return `pg_dump finds ${first} and ${last} equal`;
}

/** Without rows, and with another name. */
async function structureDump(database: string, schema: string): Promise<string> {
  const sql = await dumpSchema(database, schema, ['--schema-only']);
  return sql.replaceAll(new RegExp(`\\b${schema}\\b`, 'g'), 'schema');
}

const sizes = (ledgers: ReadonlyMap<string, readonly string[]>) =>
  [...ledgers.values()].map((schemas) => `${schemas.length} like ${schemas[0]}`).join(', ');
