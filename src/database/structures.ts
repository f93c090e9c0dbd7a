import { createHash } from 'node:crypto';

import type { Database } from './session.ts';
import type { Structure, StructureGroup } from './structure.ts';
import {
  byCode,
  type DefinitionsRow,
  definitionsStatement,
  type OthersOptions,
  othersStatement,
  requireOwnPath,
  type Spelt,
  structureOf as structureOfRow,
} from './structure-definitions.ts';
import {
  type DigestOptions,
  type DigestRow,
  digestStatements,
  ownExpressionsStatement,
  unspeltStatement,
} from './structure-digest.ts';

/** A session that catalogues are asked on. */
export type Catalogue = Pick<Database, 'query' | 'serverVersion'>;

type Sessions = readonly [Catalogue, ...Catalogue[]];

/** Compiling such a statement takes longer than running it, and its estimates make PostgreSQL sort what it can hash. */
const settings = `
  select set_config('jit', 'off', false), set_config('enable_sort', 'off', false), set_config('work_mem', '64MB', false)`;

/** So many schemas are spelt at once without a look at digests, which read the whole catalogue. */
const few = 12;

/** So many schemas are spelt in one statement. */
const speltAtOnce = 25;

/** So many schemas are hashed in one statement. */
const hashedAtOnce = 500;

/** With more groups than this, their expressions probably refer to objects of their own schema. */
const manyGroups = 12;

/**
 * Groups schemas by everything that the catalogue says about them but their name: tables, columns, constraints,
 * indexes, sequences, views, triggers, policies, types, functions and their options; not comments, owners, privileges,
 * statistics or the physical order of columns. A schema that does not exist is in no group. The largest group comes
 * first, the schemas of each are sorted.
 *
 * Tables are locked (ACCESS SHARE) only where definitions are spelt: in one schema of each kind, and in those with
 * views, triggers, policies, partitions, or expressions that use types or functions of their own.
 * @param more sessions of the same database: a second one halves the time where the server has two cores for it
 * @throws as Database.query does
 */
export async function readStructures(
  database: Catalogue,
  schemas: readonly string[],
  more: readonly Catalogue[] = [],
): Promise<StructureGroup[]> {
  const names = [...new Set(schemas)].sort(byCode);
  if (names.length === 0) return [];
  const sessions: Sessions = [database, ...more];
  await Promise.all(sessions.map((session) => session.query(settings)));
  const alike = names.length <= few ? names.map((name) => [name]) : await byDigest(sessions, names);
  const groups = new Map<string, { structure: Structure; schemas: string[] }>();
  for (let start = 0; start < alike.length; start += speltAtOnce) {
    const batch = alike.slice(start, start + speltAtOnce);
    const structures = await readDefinitions(
      database,
      batch.flatMap(([first]) => first ?? []),
    );
    for (const members of batch) {
      const structure = structures.get(members[0] ?? '');
      if (structure === undefined) continue;
      const id = structureId(structure);
      const group = groups.get(id);
      if (group === undefined) groups.set(id, { structure, schemas: [...members] });
      else group.schemas.push(...members);
    }
  }
  return [...groups]
    .map(([id, group]) => ({ id, schemas: group.schemas.sort(byCode), structure: group.structure }))
    .sort((a, b) => b.schemas.length - a.schemas.length || byCode(a.id, b.id));
}

/** Schemas of equal digest; a group of its own for each that could be told apart. */
async function byDigest(sessions: Sessions, names: readonly string[]): Promise<string[][]> {
  const alike = await digested(sessions, names, { searching: false });
  if (alike.length <= manyGroups) return alike;
  const own = await sessions[0].query(`${ownExpressionsStatement} limit 1`, [names]);
  return own.length === 0 ? alike : digested(sessions, names, { searching: true });
}

async function digested(
  sessions: Sessions,
  names: readonly string[],
  { searching }: DigestOptions,
): Promise<string[][]> {
  const [database] = sessions;
  const sums = digestStatements(majorOf(database), { searching });
  const unspelt = [unspeltStatement, ...(searching ? [ownExpressionsStatement] : [])];
  const answers = await askSideBySide<Partial<DigestRow> & { schema: string }>(
    sessions,
    [...sums, ...unspelt],
    names,
  );
  const digests = new Map<string, string>();
  for (const [index, rows] of answers.slice(0, sums.length).entries()) {
    for (const { schema, sum } of rows) digests.set(schema, `${digests.get(schema) ?? ''} ${index}:${sum}`);
  }
  const toSpell = new Set(answers.slice(sums.length).flatMap((rows) => rows.map(({ schema }) => schema)));
  const others = await othersOf(database, [...toSpell], { expressions: searching });
  const known = names.filter((schema) => digests.has(schema));
  const alike = Map.groupBy(known, (schema) => `${digests.get(schema)} ${others.get(schema) ?? ''}`);
  return [...alike.values()];
}

/** Each session takes the next question when it has its answer. Answers are in the order of the questions. */
async function askSideBySide<Row>(
  sessions: readonly Catalogue[],
  statements: readonly string[],
  names: readonly string[],
): Promise<Row[][]> {
  const answers: Row[][] = [];
  const waiting = statements.entries();
  const askOn = async (session: Catalogue) => {
    for (const [index, statement] of waiting) answers[index] = await session.query<Row>(statement, [names]);
  };
  await Promise.all(sessions.map(askOn));
  return answers;
}

/** A hash of what has no number in a digest. */
async function othersOf(
  database: Catalogue,
  schemas: readonly string[],
  options: OthersOptions,
): Promise<Map<string, string>> {
  const statement = othersStatement(majorOf(database), options);
  const hashes = new Map<string, string>();
  for (let start = 0; start < schemas.length; start += hashedAtOnce) {
    const batch = schemas.slice(start, start + hashedAtOnce);
    for (const row of await database.query<Spelt & { hash: string }>(statement, [batch])) {
      requireOwnPath(row);
      hashes.set(row.schema, row.hash);
    }
  }
  return hashes;
}

async function readDefinitions(
  database: Catalogue,
  schemas: readonly string[],
): Promise<Map<string, Structure>> {
  const rows = await database.query<DefinitionsRow>(definitionsStatement(majorOf(database)), [schemas]);
  return new Map(rows.map((row) => [row.schema, structureOfRow(row)]));
}

function structureId({ tables, others }: Structure): string {
  return createHash('sha256')
    .update(JSON.stringify([[...tables], others]))
    .digest('hex')
    .slice(0, 12);
}

/**
 * The structure of one schema, as exact as that of a group. An absent schema is empty.
 * @throws as Database.query does
 */
export async function exactStructure(database: Catalogue, schema: string): Promise<Structure> {
  const structures = await readDefinitions(database, [schema]);
  return structures.get(schema) ?? empty;
}

/** The same question as one statement, for another session; $1 is the schema's name. PostgreSQL 14 and later. */
export const exactStructureSql = definitionsStatement(14).replaceAll('$1::text[]', () => 'array[$1::text]');

/** The answer to it. */
export function structureOf(rows: readonly Record<string, unknown>[]): Structure {
  const [row] = rows;
  return row === undefined ? empty : structureOfRow(row as unknown as DefinitionsRow);
}

const empty: Structure = { tables: new Map(), others: [] };

const majorOf = ({ serverVersion }: Catalogue): number => Number.parseInt(serverVersion, 10);
