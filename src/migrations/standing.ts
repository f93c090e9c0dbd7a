import type { Database } from '../database/session.ts';
import { type Discovery, discoveryShape } from '../django/discovery.ts';
import { probe } from '../django/probe.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Target } from './target.ts';
import { timeoutsRefusal } from './timeouts.ts';

interface Reading {
  readonly project: DjangoProject;
  readonly database: Database;
  readonly signal: AbortSignal;
  /**
   * Also looks which schemas at head lack content types or permissions: every row of two tables of each schema, which
   * takes longer than all the rest. Default: false.
   */
  readonly postMigrate?: boolean | undefined;
  /** Also writes down the SQL of what is pending. Default: false. */
  readonly sql?: boolean | undefined;
  /** Also tells what going back to these migrations would undo. Default: none. */
  readonly targets?: readonly Target[] | undefined;
}

/** Milliseconds: a large project takes half a minute to import on a busy machine. */
const patience = 5 * 60_000;

/**
 * Asks the project and its database how things stand now. Changes nothing.
 * @throws UserError one code per reason why the project cannot answer; `project-other-database` when its
 *   settings lead to another database than the one given; `timeouts-not-honoured`; `rollback-target-unknown`.
 */
export async function readStanding({
  project,
  database,
  signal,
  postMigrate = false,
  sql = false,
  targets = [],
}: Reading): Promise<Discovery> {
  const discovery = await probe(
    project,
    'discover',
    { request: { postMigrate, sql, targets }, answer: discoveryShape },
    { timeout: patience, signal, applicationName: 'discover' },
  );
  await requireRightDatabase(discovery, { project, database });
  return discovery;
}

/** @throws UserError `project-other-database`, `timeouts-not-honoured` */
export async function requireRightDatabase(
  discovery: Discovery,
  { project, database }: Pick<Reading, 'project' | 'database'>,
): Promise<void> {
  await requireSameDatabase(discovery, database);
  const refusal =
    project.timeouts === undefined ? undefined : timeoutsRefusal(project.timeouts, discovery.database);
  if (refusal !== undefined) throw refusal;
}

/** Compared by the databases' own words: one database has many addresses. */
async function requireSameDatabase({ database: found }: Discovery, given: Database): Promise<void> {
  const [identity] = await given.query<{ oid: string; started: string }>(
    `SELECT oid::text AS oid,
            to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS started
       FROM pg_database WHERE datname = current_database()`,
  );
  if (identity?.oid === found.identity.oid && identity.started === found.identity.serverStarted) return;
  const { host, port, name } = found.settings;
  throw new UserError(
    `The project uses another database — its settings lead to ${name} on ${host || 'the local socket'}:${port || '5432'}, this step was given ${given.label}`,
    'make DATABASES read DATABASE_URL or the DB_* variables; nothing was changed',
    { code: 'project-other-database' },
  );
}
