import { allSchemas } from '../database/catalog.ts';
import { readWithin } from '../database/locked-tables.ts';
import type { Database } from '../database/session.ts';
import type { StructureGroup } from '../database/structure.ts';
import { readStructures } from '../database/structures.ts';
import type { Discovery } from '../django/discovery.ts';
import type { DjangoProject } from '../django/project.ts';
import type { PostMigrate } from '../django/worker-options.ts';
import { UserError } from '../ground/errors.ts';
import { listed, nearest } from '../ground/words.ts';
import { type MigrationPlan, planMigrations } from './plan.ts';
import { patternOf } from './rollout.ts';
import { readStanding } from './standing.ts';

export interface LookOptions {
  readonly project: DjangoProject;
  /** The same database that the project's environment names. */
  readonly database: Database;
  /** Opens one more session of it; the caller closes it. What it throws means that there is none. */
  readonly another?: (() => Promise<Database>) | undefined;
  readonly signal: AbortSignal;
  /** Names or patterns of the tenants that are looked at. Default: all. */
  readonly schemas?: readonly string[] | undefined;
  /** When Django's signal post_migrate is sent to a tenant; with `auto` it is looked at who lacks what it makes. */
  readonly postMigrate?: PostMigrate | undefined;
}

/** How things stand: what the project says, what the catalogue says, and the plan that follows. */
export interface Look {
  readonly discovery: Discovery;
  readonly structures: readonly StructureGroup[];
  readonly plan: MigrationPlan;
}

/** Milliseconds to wait for a table that somebody changes, where nothing is migrated and no limit was asked for. */
const patience = 30_000;

/** With so many schemas a second session is worth its connection. */
const manySchemas = 200;

/**
 * Asks the project and the catalogue at once: PostgreSQL reads its catalogue while Python starts. Changes nothing.
 * @throws UserError what `readStanding` throws; `schema-unreadable` while a table is locked; `schemas-unknown`
 */
export async function lookAt(options: LookOptions): Promise<Look> {
  const { database, schemas, project } = options;
  const reading = readWithin(database, project.timeouts?.lock ?? patience, () => readAll(options));
  const asked = { ...options, postMigrate: options.postMigrate === 'auto' };
  const [everything, structures] = await Promise.all([readStanding(asked), reading]);
  const discovery = schemas === undefined ? everything : limitedTo(everything, schemas);
  return { discovery, structures, plan: planMigrations(discovery, structures) };
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

/** The schemas in the rows of the tenant model, as they are now; only those that fit a name or pattern, if given. */
export async function tenantNames(
  database: Database,
  { publicSchema, tenantModel }: Pick<Discovery, 'publicSchema' | 'tenantModel'>,
  written?: readonly string[],
): Promise<string[]> {
  const table = [publicSchema, tenantModel.table].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
  const rows = await database.query<{ name: string }>(`select schema_name::text as name from ${table}`);
  const patterns = written?.map(patternOf);
  return rows.map(({ name }) => name).filter((name) => patterns?.some((one) => one.test(name)) ?? true);
}

/** A discovery in which only some tenants occur. The shared schema is always among them. */
export function limitedTo(discovery: Discovery, written: readonly string[]): Discovery {
  const names = discovery.tenants.map(({ schema }) => schema);
  const patterns = written.map(patternOf);
  const fitless = written.filter((_, index) => !names.some((name) => patterns[index]?.test(name)));
  if (fitless.length > 0 && discovery.tenantsUnread === null) throw unknown(fitless, names);
  const concerned = (name: string) =>
    name === discovery.publicSchema || patterns.some((pattern) => pattern.test(name));
  return {
    ...discovery,
    tenants: discovery.tenants.filter(({ schema }) => concerned(schema)),
    groups: discovery.groups
      .map((group) => ({ ...group, schemas: group.schemas.filter(concerned) }))
      .filter((group) => group.schemas.length > 0),
    withoutSchema: discovery.withoutSchema.filter(concerned),
    unreadable: discovery.unreadable.filter(({ schema }) => concerned(schema)),
  };
}

function unknown(fitless: readonly string[], names: readonly string[]): UserError {
  const [first = ''] = fitless;
  const meant = nearest(first, names);
  return new UserError(
    `The input schemas names what does not exist — no tenant fits ${listed(fitless, 5)}`,
    `${meant === undefined ? 'correct the names' : `did you mean ${meant}?`}; nothing was changed`,
    { code: 'schemas-unknown' },
  );
}
