import { describeBlockers, watchingBlockers } from '../database/blockers.ts';
import type { Database } from '../database/session.ts';
import { differences, type Structure } from '../database/structure.ts';
import { exactStructure, exactStructureSql, structureOf } from '../database/structures.ts';
import type { DjangoProject } from '../django/project.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import { sessionName } from '../machine/project.ts';
import { migrateTenant } from '../migrations/commands.ts';
import { ranOf } from '../migrations/engines.ts';
import { lookInterval } from '../migrations/watched-command.ts';
import type { Ran } from '../migrations/work.ts';
import type { Provisioner } from './provisioner.ts';

/**
 * How a schema gets its tables: the one port. There are two ways, and a third has its place beside them (a proven
 * template replayed): whatever makes the tables, the proof asks the catalogue and the project afterwards.
 */
export type MakeTables = (wish: TablesWish) => Promise<Ran>;

export interface TablesWish {
  readonly schema: string;
  readonly tenantType: string | null;
  /** The schema was made by this work, and nothing is in it. */
  readonly isEmpty: boolean;
  readonly provisioner: Provisioner;
}

export interface TablesTools {
  readonly project: DjangoProject;
  readonly database: Database;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds for one tenant. */
  readonly timeout: number;
}

/** By type of tenant: what the head of the migrations makes, as a tenant shows that was made before. */
export type References = ReadonlyMap<string | null, Structure>;

/**
 * The project's migrations, run in the process that is there. What comes out must be equal to a tenant at head, before
 * it is kept; where there is none, or it is not equal, Django's own command makes the tables, and shows the rest of the
 * run what they look like.
 */
export function tablesByMigrations(found: References, tools: TablesTools): MakeTables {
  const references = new Map(found);
  /** The first tenant of a type shows the others. */
  const shown = new Map<string | null, Promise<unknown>>();

  return async (wish) => {
    const { schema, tenantType, isEmpty, provisioner } = wish;
    if (!isEmpty || provisioner.unsupported !== undefined) return byDjango(schema);
    await shown.get(tenantType);
    const reference = references.get(tenantType);
    if (reference !== undefined) {
      const ran = await byWorker(wish, reference);
      if (ran !== undefined) return ran;
    }
    const showing = byDjango(schema).then(async (ran) => {
      if (ran.failure === undefined) {
        references.set(tenantType, await exactStructure(tools.database, schema));
      }
      return ran;
    });
    const turn = showing.catch(() => {});
    shown.set(tenantType, turn);
    return showing;
  };

  async function byDjango(schema: string): Promise<Ran> {
    return { ...(await migrateTenant(schema, tools)), engine: 'django' };
  }

  /** All tables in one transaction; undefined when it was not kept. */
  async function byWorker(
    { schema, tenantType, provisioner }: TablesWish,
    reference: Structure,
  ): Promise<Ran | undefined> {
    const { project, database, log, timeout } = tools;
    const started = performance.now();
    let found: readonly string[] = [];
    const { result, blockers } = await watchingBlockers(
      () =>
        provisioner.migrate({
          schema,
          tenantType,
          postMigrate: 'auto',
          timeout,
          tryOut: {
            sql: exactStructureSql,
            decide: ({ rows }) => {
              found = differences(reference, structureOf(rows));
              return found.length === 0 ? 'keep' : 'drop';
            },
          },
        }),
      {
        database,
        applicationName: sessionName(project, schema),
        interval: lookInterval(project.timeouts?.lock),
        onBlocked: (sessions) =>
          log.info(`${schema} waits for a lock: ${describeBlockers(sessions)} is in the way`),
      },
    );
    switch (result.outcome) {
      case 'dropped':
        log.info(`${schema}: made by Django itself — the latest tenant is otherwise: ${listed(found, 2)}`);
        return undefined;
      case 'cannot-try-out':
        log.debug(`${schema}: made by Django itself — ${result.reason}`);
        return undefined;
      default: {
        const milliseconds = performance.now() - started;
        return ranOf({ result, blockers, milliseconds, lockTimeout: project.timeouts?.lock }, { schema });
      }
    }
  }
}
