import { allSchemas } from '../database/catalog.ts';
import { readWithin } from '../database/locked-tables.ts';
import type { Database } from '../database/session.ts';
import type { StructureGroup } from '../database/structure.ts';
import { readStructures } from '../database/structures.ts';
import type { PostMigrate } from '../django/worker-options.ts';
import type { Standing } from './application.ts';
import { type AnyProject, applicationOf } from './application-of.ts';
import type { MigrationPlan } from './plan.ts';
import type { Target } from './target.ts';

export interface LookOptions {
  readonly project: AnyProject;
  /** The same database that the project's environment names. */
  readonly database: Database;
  /** Opens one more session of it; the caller closes it. What it throws means that there is none. */
  readonly another?: (() => Promise<Database>) | undefined;
  readonly signal: AbortSignal;
  /** Names or patterns of the tenants that are looked at. Default: all. */
  readonly schemas?: readonly string[] | undefined;
  /** When Django's signal post_migrate is sent to a tenant; with `auto` it is looked at who lacks what it makes. */
  readonly postMigrate?: PostMigrate | undefined;
  /** Ask for the SQL of what is pending, too. Default: false. */
  readonly sql?: boolean | undefined;
  /** Look at the way back to these migrations instead of the one to the head. */
  readonly targets?: readonly Target[] | undefined;
}

/** How things stand: what the application says, what the catalogue says, and the plan that follows. */
export interface Look {
  readonly standing: Standing;
  readonly structures: readonly StructureGroup[];
  readonly plan: MigrationPlan;
}

/** Milliseconds to wait for a table that somebody changes, where nothing is migrated and no limit was asked for. */
const patience = 30_000;

/** With so many schemas a second session is worth its connection. */
const manySchemas = 200;

/**
 * Asks the application and the catalogue at once: PostgreSQL reads its catalogue while the other starts. Changes nothing.
 * @throws UserError why the application cannot answer; `schema-unreadable` while a table is locked; `schemas-unknown`
 */
export async function lookAt(options: LookOptions): Promise<Look> {
  const { database, project } = options;
  const reading = readWithin(database, project.timeouts?.lock ?? patience, () => readAll(options));
  const [standing, structures] = await Promise.all([applicationOf(project).ask(options), reading]);
  return { standing, structures, plan: standing.plan(structures) };
}

async function readAll({ database, another }: LookOptions): Promise<StructureGroup[]> {
  const schemas = await allSchemas(database);
  const second = schemas.length < manySchemas ? undefined : await another?.().catch(() => undefined);
  try {
    return await readStructures(database, schemas, second === undefined ? [] : [second]);
  } finally {
    await second?.close();
  }
}
