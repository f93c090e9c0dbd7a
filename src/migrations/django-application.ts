import type { Discovery } from '../django/discovery.ts';
import type { DjangoProject } from '../django/project.ts';
import type { Application, Standing } from './application.ts';
import {
  makeSuperTenant,
  migrateShared,
  migrateTenant,
  recordMigration,
  superTenantWords,
  undoIn,
} from './commands.ts';
import { ladder } from './engines.ts';
import { judgeInitial } from './fake-initial.ts';
import { limitedTo, tenantNames } from './limit.ts';
import { locksOnShared, needsMigration, planMigrations } from './plan.ts';
import { requireSmokeCommands, smokeCommand } from './smoke-command.ts';
import { readStanding } from './standing.ts';
import { undoEngine, undoStanding } from './undo-standing.ts';
import { lookWhatBecame } from './unknown-outcome.ts';
import { judge } from './verify.ts';

/** A project of django-tenants: its ledgers say what each schema needs, its models what each schema must have. */
export function djangoApplication(project: DjangoProject): Application {
  return {
    async ask(options) {
      const { database, signal, schemas, postMigrate, sql, targets } = options;
      const everything = await readStanding({
        project,
        database,
        signal,
        postMigrate: postMigrate === 'auto',
        sql,
        targets,
      });
      const discovery = schemas === undefined ? everything : limitedTo(everything, schemas);
      return targets === undefined
        ? standingOf(project, discovery)
        : undoStanding(project, discovery, schemas === undefined ? 'everything' : 'tenants');
    },
    // A lane is a process of Python: worth it from some dozens of tenants on. PostgreSQL gains little from more.
    lanes: (tenants) => Math.min(4, Math.floor(tenants / 50)),
    engine({ plan, structures }, { pending, lanes, work, options }) {
      const sharedTables = [...locksOnShared(plan).keys()];
      if (plan.back !== undefined) return undoEngine({ ...work, project }, sharedTables.length > 0);
      return ladder({
        ...work,
        project,
        choice: options.engine ?? 'auto',
        postMigrate: options.postMigrate ?? 'auto',
        publicSchema: plan.shared.schema,
        pending,
        lanes,
        structureBefore: new Map(structures.flatMap(({ id, schemas }) => schemas.map((name) => [name, id]))),
        sharedTables,
      });
    },
    migrateSchema: (schema, work, undo = []) =>
      undo.length === 0
        ? migrateTenant(schema, { ...work, project })
        : undoIn(schema, undo, { options: { ...work, project }, isShared: false }),
    record: (schema, migration, work) => recordMigration(schema, migration, { ...work, project }),
    lookWhatBecame: (tenant, error, asking) => lookWhatBecame(tenant, error, { ...asking, project }),
    smoke: (command, schema, work) => smokeCommand(project, command, schema, work),
  };
}

function standingOf(project: DjangoProject, discovery: Discovery): Standing {
  return {
    fleet: discovery,
    role: discovery.database.identity.role,
    sql: discovery.sql,
    plan: (structures) => planMigrations(discovery, structures),
    prove: (structures, before) => judge(discovery, structures, before),
    async isOutdated(database, schemas) {
      const known = new Set([...discovery.tenants.map(({ schema }) => schema), ...discovery.hiddenTenants]);
      const names = await tenantNames(database, discovery, schemas);
      return names.length > known.size || names.some((name) => !known.has(name));
    },
    async prepare({ shared }, options) {
      const words = superTenantWords(options.superTenantCommand, discovery);
      requireSmokeCommands(options.smokeCommands ?? [], discovery);
      const policy = options.fakeInitial ?? 'shared-if-identical';
      const initial = needsMigration(shared)
        ? await judgeInitial(discovery, { ...options, project, policy })
        : undefined;
      return {
        shared: initial && {
          recordedOnly: initial.fake,
          migrate: (work) => migrateShared(shared.schema, { ...work, project }, initial.flag),
        },
        superTenant: words && {
          command: words.join(' '),
          make: (work) => makeSuperTenant(words, { ...work, project }),
        },
      };
    },
  };
}
