import { quotedName } from '../database/quoted-name.ts';
import type { Database } from '../database/session.ts';
import { UserError } from '../ground/errors.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import { readFingerprints } from './fingerprint.ts';
import type { BackedUpSchema } from './manifest.ts';

/**
 * Whether what was restored is what was backed up: the same structure, and in each table as many rows.
 * @returns what is different, in words; none: it is proven
 */
export async function differencesFrom(
  database: Pick<Database, 'query' | 'serverVersion'>,
  pairs: readonly { readonly schema: BackedUpSchema; readonly as: string }[],
): Promise<string[]> {
  const fingerprints = await readFingerprints(
    database,
    pairs.map(({ as }) => as),
  );
  const found: string[] = [];
  for (const { schema, as } of pairs) {
    const is = fingerprints.get(as);
    if (is === undefined) {
      found.push(`${schema.name}: there is no schema ${as}`);
      continue;
    }
    if (is !== schema.fingerprint) {
      found.push(`${schema.name}: its structure is another one (${is} instead of ${schema.fingerprint})`);
    } else found.push(...(await rowDifferencesFrom(database, schema, as)));
  }
  return found;
}

/** Tables in one question, small enough for the server's lock table. */
const countedAtOnce = 100;

async function rowDifferencesFrom(
  database: Pick<Database, 'query'>,
  schema: BackedUpSchema,
  as: string,
): Promise<string[]> {
  const tables = Object.entries(schema.rows);
  const found: string[] = [];
  for (let start = 0; start < tables.length; start += countedAtOnce) {
    const some = tables.slice(start, start + countedAtOnce);
    const counts = some.map(
      ([table], place) =>
        `select ${place} as place, count(*)::float8 as rows from only ${quotedName(as)}.${quotedName(table)}`,
    );
    const rows = await database.query<{ place: number; rows: number }>(counts.join(' union all '));
    for (const { place, rows: is } of rows) {
      const [table, was] = some[place] ?? [];
      if (was !== undefined && was !== is)
        found.push(`${schema.name}.${table} has ${counted(is, 'row')} instead of ${grouped(was)}`);
    }
  }
  return found;
}

export function notTheSame(differences: readonly string[], hint: string): UserError {
  return new UserError(`What was restored is not what was backed up — ${listed(differences, 3)}`, hint, {
    code: 'restore-not-proven',
    evidence: differences.join('\n'),
  });
}
