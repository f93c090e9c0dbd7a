import { tablesBySchema } from '../database/catalog.ts';
import type { Database } from '../database/session.ts';
import { exactStructureSql, structureOf } from '../database/structures.ts';
import type { Discovery } from '../django/discovery.ts';
import {
  type InitialTables,
  initialTablesShape,
  type PendingTables,
  type TablesCompared,
} from '../django/initial-tables.ts';
import { probe } from '../django/probe.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, listed } from '../ground/words.ts';
import { type InitialVerdict, type Objection, verdictOn } from './fake-initial-verdict.ts';

/** What becomes of pending initial migrations whose tables are there already. */
export type InitialPolicy = 'shared-if-identical' | 'never';

export interface JudgeOptions {
  readonly project: DjangoProject;
  /** The same database that the project's environment names. */
  readonly database: Database;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly policy: InitialPolicy;
}

/** Milliseconds: all of the project's migrations may run in it. */
const patience = 15 * 60_000;

const nothing: InitialVerdict = { fake: [], flag: undefined };

/**
 * Looks whether the shared schema has tables that its ledger does not know, which its pending migrations would
 * make again. Where they are exactly what those migrations make, these are named: they are recorded without
 * running, by `flag`. Changes nothing. Without such tables this is one question to the catalogue, and none when
 * no initial migration is pending.
 * @throws UserError `shared-tables-differ`, `shared-tables-unproven`, `shared-tables-exist` (policy `never`)
 */
export async function judgeInitial(
  discovery: Discovery,
  { project, database, signal, log, policy }: JudgeOptions,
): Promise<InitialVerdict> {
  const since = performance.now();
  const schema = discovery.publicSchema;
  if (!(await mayHaveTablesUnknown(discovery, database))) return nothing;
  const { standing, comparison } = await probe(
    project,
    'initial_tables',
    {
      request: { compare: policy !== 'never', ...questions(schema) },
      answer: initialTablesShape,
    },
    { timeout: patience, signal, applicationName: 'initial tables' },
  );
  const there = standing.filter(({ initial, present }) => initial && present.length > 0);
  if (there.length === 0) return nothing;
  if (policy === 'never') throw tablesExist(schema, there);
  const verdict = judge(standing, comparison, pendingInShared(discovery));
  if ('lines' in verdict) throw initialRefusal(schema, there, verdict);
  log.step(
    'Compared',
    `${schema} has the tables of ${listed(verdict.fake, 5)} exactly as they would be made: recorded without running`,
    performance.now() - since,
  );
  return verdict;
}

/** Tables that no applied migration promises, while a migration named like a first one is pending. */
async function mayHaveTablesUnknown(discovery: Discovery, database: Database): Promise<boolean> {
  const { publicSchema, groups } = discovery;
  const group = groups.find(({ schemas }) => schemas.includes(publicSchema));
  if (group === undefined || group.inconsistent !== null) return false;
  if (!group.pending.some((migration) => /\.0001_|initial/.test(migration))) return false;
  const promised = group.expects.find(({ kind }) => kind === 'shared')?.columns ?? {};
  const known = new Set([...Object.keys(promised), 'django_migrations']);
  const tables = (await tablesBySchema(database, [publicSchema])).get(publicSchema) ?? new Set();
  return [...tables].some((table) => !known.has(table));
}

function pendingInShared({ publicSchema, groups }: Discovery): readonly string[] {
  return groups.find(({ schemas }) => schemas.includes(publicSchema))?.pending ?? [];
}

function judge(
  standing: readonly PendingTables[],
  comparison: InitialTables['comparison'],
  pending: readonly string[],
): InitialVerdict | Objection {
  if (comparison === null) throw new Error('the tables were not compared');
  if ('impossible' in comparison) {
    return { kind: 'unproven', lines: [comparison.impossible], against: '' };
  }
  return verdictOn(standing, structuresOf(comparison), pending);
}

/**
 * The same question about the shared schema and the scratch schema. Behind the latter stands the shared schema on the
 * search path, so that what lies in that, like the types of an extension, is spelt alike; what a table of the scratch
 * schema has to do with a table of the shared one is spelt with its schema.
 */
function questions(schema: string) {
  const ownPath = "|| ', pg_catalog, pg_temp'";
  if (!exactStructureSql.includes(ownPath)) throw new Error('the question has another search path');
  const behind = `"${schema.replaceAll('"', '""')}"`.replaceAll("'", "''");
  return {
    real: exactStructureSql,
    scratch: exactStructureSql.replace(ownPath, () => `|| ', ${behind}, pg_catalog, pg_temp'`),
  };
}

function structuresOf(report: TablesCompared) {
  return { report, real: structureOf(report.real), snapshots: report.snapshots.map(structureOf) };
}

function tablesExist(schema: string, there: readonly PendingTables[]): UserError {
  return new UserError(
    `The shared schema ${schema} has tables that its ledger does not know — ${listed(there.map(shown), 3)}`,
    `leave out fake-initial: never, and they are recorded where they are exactly what the migrations make; or record them yourself: ${commands(there)}; nothing was changed`,
    { code: 'shared-tables-exist', evidence: there.map(shown).join('\n') },
  );
}

function shown({ migration, makes, present }: PendingTables): string {
  const missing = makes.filter((name) => !present.includes(name));
  return `${migration} would make ${listed(makes, 5)}, ${missing.length === 0 ? 'all there' : `of which ${listed(missing, 3)} ${missing.length === 1 ? 'is' : 'are'} missing`}`;
}

/** Why the tables that are there are not taken for what the migrations make. */
export function initialRefusal(
  schema: string,
  there: readonly PendingTables[],
  { kind, lines, against }: Objection,
): UserError {
  const evidence = [...lines, '', 'Tables that are there:', ...there.map(shown)].join('\n');
  if (kind === 'unproven') {
    return new UserError(
      `Nothing proves that the tables of the shared schema ${schema} are what its pending migrations make — ${listed(lines, 3)}`,
      `look yourself, and if they are, record them: ${commands(there)}; nothing was changed`,
      { code: 'shared-tables-unproven', evidence },
    );
  }
  return new UserError(
    `The shared schema ${schema} has tables that its ledger does not know, other than what ${against}: ${counted(lines.length, 'difference')} — ${listed(lines, 3)}`,
    `make them alike, or deploy first the release that made them; or record them as they are: ${commands(there)}; nothing was changed`,
    { code: 'shared-tables-differ', evidence },
  );
}

/** One is shown, the others go like it. */
function commands([first]: readonly PendingTables[]): string {
  const [app = '', name = ''] = first?.migration.split('.') ?? [];
  return `python manage.py migrate_schemas --shared --fake ${app} ${name}`;
}
