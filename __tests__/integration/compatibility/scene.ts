/** A project with everything that is unusual at once, migrated from nothing to the end. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { venv } from '../../../lab/python.ts';
import { migrateSchemas, verifySchemas } from '../../../src/migrations/migrate.ts';
import type { MigrationOutcome } from '../../../src/migrations/outcome.ts';
import { readStanding } from '../../../src/migrations/standing.ts';
import { changedCopy, folders, project, recordedLog } from '../projects.ts';
import { scratchDatabase } from '../scratch-database.ts';
import type { Stack } from './matrix.ts';

export interface Tried {
  /** As the project and the server say themselves: Django, django-tenants, psycopg, PostgreSQL. */
  readonly versions: readonly string[];
  /** Each tenant, what became of it and by which engine: `Berlin-Mitte migrated by worker`. */
  readonly tenants: readonly string[];
  readonly proof: string;
}

/** Two types of tenant in the shared schema `shared`, behind a database alias of its own; names as people have them. */
const holdings = [
  ...['hill', 'Berlin-Mitte', 'north_40', 'o’hara'].map((name) => ({ name, kind: 'farm' })),
  { name: 'Tower-1', kind: 'flat' },
];

/** @throws what went wrong with this stack */
export async function tryOut({ django, djangoTenants, driver, postgres }: Stack): Promise<Tried> {
  const python = await venv(`Django==${django}\ndjango-tenants==${djangoTenants}\n${driver}\n`);
  const settings = await readFile(join(folders.kinds, 'kinds/settings.py'), 'utf8');
  const alias = '\nDATABASES["estate"] = dict(DATABASES["default"])\nTENANT_DB_ALIAS = "estate"\n';
  const copy = await changedCopy(folders.kinds, { 'kinds/settings.py': settings + alias });
  const scratch = await scratchDatabase({ server: postgres });
  const { database } = scratch;
  const { signal } = new AbortController();
  try {
    const place = project(copy.folder, python, scratch);
    const log = recordedLog();
    const options = { project: place, database, log, signal, dryRun: false };
    await scratch.sql('CREATE SCHEMA shared');
    succeeded(await migrateSchemas(options));
    for (const { name, kind } of holdings) {
      await scratch.sql(
        `CREATE SCHEMA "${name}"; INSERT INTO shared.estate_holding (schema_name, kind, acres, note) VALUES ('${name}', '${kind}', 1, '')`,
      );
    }
    const planned = succeeded(await migrateSchemas({ ...options, dryRun: true }));
    if (planned.tenants.some(({ outcome }) => outcome !== 'not-tried')) throw new Error('a dry run migrated');
    const migrated = succeeded(await migrateSchemas(options));
    const again = succeeded(await migrateSchemas(options));
    if (again.tenants.some(({ outcome }) => outcome !== 'skipped')) throw new Error('not all were skipped');
    succeeded(await verifySchemas(options));
    const { versions } = await readStanding({ project: place, database, signal });
    return {
      versions: [versions.django, versions.djangoTenants, versions.psycopg, database.serverVersion],
      tenants: migrated.tenants.map(({ schema, outcome, engine }) => `${schema} ${outcome} by ${engine}`),
      proof: log.lines.findLast((line) => line.startsWith('Proof: ')) ?? '',
    };
  } finally {
    await scratch.drop();
    await copy.remove();
  }
}

function succeeded(outcome: MigrationOutcome): MigrationOutcome {
  if (outcome.failure !== undefined) throw outcome.failure;
  return outcome;
}
