/** Who migrates the zoo's tenants: Django itself, and the engines that have to do the same. */

import { differences } from '../../../src/database/structure.ts';
import {
  exactStructure,
  exactStructureSql,
  readStructures,
  structureOf,
} from '../../../src/database/structures.ts';
import { failureLine } from '../../../src/django/command-output.ts';
import type { DjangoProject } from '../../../src/django/project.ts';
import { type Held, startWorker } from '../../../src/django/worker.ts';
import { succeeded } from '../../../src/machine/machine.ts';
import { migrateTenant } from '../../../src/migrations/commands.ts';
import { type Picture, takePictures } from '../comparison.ts';
import { recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { migrateByDjango, type Tenant } from './zoo.ts';

/** The project as it reaches a database. */
export type DjangoOf = (database: ScratchDatabase) => DjangoProject;

/** Migrates one tenant; what it returns is why it failed. */
type Migrate = (tenant: Tenant) => Promise<string | undefined>;

/** A copy of the waiting database after somebody has migrated its tenants. */
export interface Migrated {
  readonly pictures: ReadonlyMap<string, Picture>;
  /** Schemas whose structure is the same. */
  readonly alike: readonly (readonly string[])[];
  /** Why a tenant failed, in the database's words. */
  readonly failures: ReadonlyMap<Tenant, string>;
}

export async function migrated(
  { name: template }: ScratchDatabase,
  wanted: readonly Tenant[],
  begin: (database: ScratchDatabase) => Promise<{ migrate: Migrate; end?: () => Promise<void> }>,
): Promise<Migrated> {
  const database = await scratchDatabase({ template });
  try {
    const { migrate, end } = await begin(database);
    const failures = new Map<Tenant, string>();
    for (const tenant of wanted) {
      const failure = await migrate(tenant);
      if (failure !== undefined) failures.set(tenant, failure);
    }
    await end?.();
    const schemas = [...new Set(['first', ...wanted, 'public'])];
    return {
      pictures: await takePictures(database, schemas),
      alike: (await readStructures(database.database, schemas)).map((group) => group.schemas),
      failures,
    };
  } finally {
    await database.drop();
  }
}

export const byDjango = (django: DjangoOf) => async (database: ScratchDatabase) => ({
  migrate: async (tenant: Tenant) => {
    const result = await migrateByDjango(django(database), tenant);
    return succeeded(result) ? undefined : failureLine(result);
  },
});

/** The ladder’s last step: the project’s own command. */
export const byOriginal = (django: DjangoOf) => async (database: ScratchDatabase) => {
  const options = {
    project: django(database),
    database: database.database,
    signal: new AbortController().signal,
    log: recordedLog(),
    timeout: 120_000,
  };
  return { migrate: async (tenant: Tenant) => (await migrateTenant(tenant, options)).failure?.message };
};

export const byWorker = (django: DjangoOf) => async (database: ScratchDatabase) => {
  const worker = await startWorker(django(database));
  async function keepIfLikeSecond({ rows }: Held): Promise<'keep'> {
    const differing = differences(await exactStructure(database.database, 'second'), structureOf(rows));
    if (differing.length > 0) throw new Error(`the tenant that was tried out ${differing.join('; ')}`);
    return 'keep';
  }
  return {
    migrate: async (tenant: Tenant) => {
      const result = await worker.migrate({
        schema: tenant,
        postMigrate: 'auto',
        timeout: 120_000,
        // This one is tried out first, in one transaction, and kept when it is like one that was simply migrated.
        ...(tenant === 'together' ? { tryOut: { sql: exactStructureSql, decide: keepIfLikeSecond } } : {}),
      });
      if (result.outcome === 'done') return undefined;
      return result.outcome === 'failed' ? `${result.migration}: ${result.message}` : JSON.stringify(result);
    },
    end: () => worker.end(),
  };
};
