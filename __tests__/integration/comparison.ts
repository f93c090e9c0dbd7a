/** Whether two schemas are the same in everything that a migration can change. */
import { labFolders } from '../../lab/folders.ts';
import { inBox } from '../../lab/in-box.ts';
import { runningBox } from '../../lab/parts/part.ts';
import { readLab } from '../../lab/read-lab.ts';
import { type Structure, differences as structureDifferences } from '../../src/database/structure.ts';
import { exactStructure } from '../../src/database/structures.ts';
import type { ScratchDatabase } from './scratch-database.ts';

/** What one schema holds, without the schema's own name. */
export interface Picture {
  readonly schema: string;
  /** What the catalogue says. */
  readonly structure: Structure;
  /** By kind and name, as `INDEX orders_email_ix`: what pg_dump writes. */
  readonly objects: ReadonlyMap<string, string>;
  /** `app.name`, in the order of the records. */
  readonly ledger: readonly string[];
  /**
   * Each table's rows as JSON, sorted. Content types and permissions by their natural keys, since numbers are given in
   * the order of creation; of points in time, only whether there is one.
   */
  readonly rows: ReadonlyMap<string, readonly string[]>;
  /** What each sequence gave last. */
  readonly sequences: ReadonlyMap<string, string>;
}

/** One thing in which two schemas differ. */
export interface Difference {
  readonly in: 'structure' | 'objects' | 'ledger' | 'rows' | 'sequences';
  /** The object, migration, table or sequence; of the structure, the difference in words. */
  readonly name: string;
  readonly expected: string;
  readonly found: string;
}

/** Looks at schemas of one database. */
export async function takePictures(
  database: ScratchDatabase,
  schemas: readonly string[],
): Promise<Map<string, Picture>> {
  const objects = await dumpedObjects(database, schemas);
  const pictures = new Map<string, Picture>();
  for (const schema of schemas) {
    pictures.set(schema, {
      schema,
      structure: await exactStructure(database.database, schema),
      objects: objects.get(schema) ?? new Map(),
      ledger: await ledgerOf(database, schema),
      rows: await rowsOf(database, schema),
      sequences: await sequencesOf(database, schema),
    });
  }
  return pictures;
}

const nothing = '(nothing)';

/** Everything in which `found` is not as `expected`; none when they are equal. */
export function compare(expected: Picture, found: Picture): Difference[] {
  return [
    ...structureDifferences(expected.structure, found.structure).map((name) => ({
      in: 'structure' as const,
      name,
      expected: '',
      found: '',
    })),
    ...compareMaps('objects', expected.objects, found.objects),
    ...compareLedgers(expected.ledger, found.ledger),
    ...compareMaps('rows', joined(expected.rows), joined(found.rows)),
    ...compareMaps('sequences', expected.sequences, found.sequences),
  ];
}

/** Everything that is in a picture, one thing a line: `rows orders_order {…}`. */
export function linesOf(picture: Picture | undefined): string[] {
  if (picture === undefined) return [];
  const flat = (text: string) => text.replaceAll('\n', ' ');
  return [
    ...[...picture.objects].map(([name, text]) => `objects ${name} ${flat(text)}`),
    ...picture.ledger.map((record) => `ledger ${record}`),
    ...[...picture.rows].flatMap(([table, rows]) => rows.map((row) => `rows ${table} ${row}`)),
    ...[...picture.sequences].map(([name, last]) => `sequences ${name} ${last}`),
  ];
}

function compareMaps(
  place: Difference['in'],
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): Difference[] {
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((name) => expected.get(name) !== found.get(name))
    .map((name) => ({
      in: place,
      name,
      ...onlyWhatDiffers(expected.get(name) ?? nothing, found.get(name) ?? nothing),
    }));
}

/** A missing or additional record first; the order only where the records are the same. */
function compareLedgers(expected: readonly string[], found: readonly string[]): Difference[] {
  const place = 'ledger' as const;
  const differing = [...new Set([...expected, ...found])]
    .map((name) => ({ in: place, name, expected: times(expected, name), found: times(found, name) }))
    .filter((record) => record.expected !== record.found);
  if (differing.length > 0 || expected.join() === found.join()) return differing;
  const at = expected.findIndex((name, index) => name !== found[index]);
  return [
    { in: place, name: `order at ${at + 1}`, expected: String(expected[at]), found: String(found[at]) },
  ];
}

function times(ledger: readonly string[], name: string): string {
  return `${ledger.filter((record) => record === name).length} times`;
}

function joined(rows: ReadonlyMap<string, readonly string[]>): Map<string, string> {
  return new Map([...rows].map(([table, lines]) => [table, lines.join('\n')]));
}

/** The lines of two texts that the other does not have; all of them where only their order differs. */
function onlyWhatDiffers(expected: string, found: string): { expected: string; found: string } {
  const without = (text: string, other: string) => {
    const lines = new Set(other.split('\n'));
    return text
      .split('\n')
      .filter((line) => !lines.has(line))
      .join('\n');
  };
  const only = { expected: without(expected, found), found: without(found, expected) };
  return only.expected === only.found ? { expected, found } : only;
}

/** Settings that pg_dump makes once, before the first table or view. */
const betweenEntries = /^SET default_(tablespace = ''|table_access_method = heap);\n/gm;

/** Schema → object → text, as pg_dump of the server's own version writes them. */
async function dumpedObjects(
  { name }: ScratchDatabase,
  schemas: readonly string[],
): Promise<Map<string, Map<string, string>>> {
  const { superuser, superuserPassword, majorVersion } = readLab().postgres.v15;
  const program = `/usr/lib/postgresql/${majorVersion}/bin/pg_dump`;
  const dump = await inBox(
    runningBox(labFolders(), 'postgres15'),
    [
      program,
      '--schema-only',
      `--username=${superuser}`,
      '--host=/run/postgresql',
      ...schemas.map((schema) => `--schema="${schema}"`),
      name,
    ],
    { user: 'postgres', env: { PGPASSWORD: superuserPassword } },
  );
  const objects = new Map<string, Map<string, string>>(schemas.map((schema) => [schema, new Map()]));
  const [all = ''] = dump.split(/^--\n-- PostgreSQL database dump complete/m);
  const [, ...entries] = all.replace(betweenEntries, '').split(/^--\n-- Name: /m);
  for (const entry of entries) {
    const [, name = '', type = '', inSchema = '', text = ''] =
      /^(.*?); Type: (.*?); Schema: (.*?); Owner: .*?\n--\n([\s\S]*)$/.exec(entry) ?? [];
    const schema = inSchema === '-' ? name : inSchema;
    objects.get(schema)?.set(`${type} ${withoutSchema(name, schema)}`, withoutSchema(text, schema).trim());
  }
  for (const [schema, found] of objects) {
    if (found.size === 0)
      throw new Error(`pg_dump has nothing of schema ${schema} — is its output understood?`);
  }
  return objects;
}

/** The tests' schemas have names that are nobody else's. */
function withoutSchema(text: string, schema: string): string {
  return text.replace(new RegExp(`\\b${schema}\\b`, 'g'), 'THE_SCHEMA');
}

async function ledgerOf(database: ScratchDatabase, schema: string): Promise<string[]> {
  const [there] = await database.sql<{ ledger: string | null }>(
    `SELECT to_regclass('${schema}.django_migrations') AS ledger`,
  );
  if (there?.ledger == null) return [];
  const records = await database.sql<{ record: string }>(
    `SELECT app || '.' || name AS record FROM ${schema}.django_migrations ORDER BY id`,
  );
  return records.map(({ record }) => record);
}

/** One question a table, made by the catalogue, asked as one. */
async function rowsOf(database: ScratchDatabase, schema: string): Promise<Map<string, string[]>> {
  const questions = await database.sql<{ name: string; question: string }>(`
    SELECT c.relname AS name,
           CASE c.relname
           WHEN 'django_content_type' THEN format('to_jsonb(x.app_label || ''.'' || x.model)')
           WHEN 'auth_permission' THEN format('to_jsonb(%s || '' '' || x.codename || '': '' || x.name)', content_type)
           ELSE 'to_jsonb(x)' || coalesce(string_agg(
             format(' || jsonb_build_object(%L, %s)', a.attname,
               CASE WHEN a.attname = 'content_type_id' THEN content_type
                    ELSE format('CASE WHEN x.%I IS NOT NULL THEN ''a time'' END', a.attname) END), '' ORDER BY a.attnum)
             FILTER (WHERE a.attname = 'content_type_id' OR a.atttypid = 'timestamptz'::regtype), '')
           END AS question
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     CROSS JOIN (SELECT format('(SELECT t.app_label || ''.'' || t.model FROM %I.django_content_type t WHERE t.id = x.content_type_id)', '${schema}') AS content_type) by_name
     WHERE c.relnamespace = '${schema}'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'django_migrations'
     GROUP BY c.relname, content_type
     ORDER BY c.relname`);
  const rows = new Map<string, string[]>(questions.map(({ name }) => [name, []]));
  if (questions.length === 0) return rows;
  const told = await database.sql<{ name: string; row: string }>(
    questions
      .map(
        ({ name, question }) =>
          `SELECT '${name}' AS name, (${question})::text AS row FROM ${schema}."${name}" x`,
      )
      .join('\nUNION ALL\n'),
  );
  for (const { name, row } of told) rows.get(name)?.push(withoutSchema(row, schema));
  for (const lines of rows.values()) lines.sort();
  return rows;
}

async function sequencesOf(database: ScratchDatabase, schema: string): Promise<Map<string, string>> {
  const sequences = await database.sql<{ name: string; last: string | null }>(
    `SELECT sequencename AS name, last_value::text AS last FROM pg_sequences WHERE schemaname = '${schema}'`,
  );
  return new Map(sequences.map(({ name, last }) => [name, last ?? 'never used']));
}
