import type { Discovery } from '../django/discovery.ts';
import type { DjangoProject } from '../django/project.ts';
import type { Engine, SharedWork, Standing } from './application.ts';
import { type CommandOptions, undoIn } from './commands.ts';
import { planUndo, type Reach, undoRefusal } from './undo-plan.ts';
import { atTarget, judgeUndone } from './undo-proof.ts';

/** A project of django-tenants on its way back to targets: what `djangoApplication` is on the way to the head. */
export function undoStanding(project: DjangoProject, discovery: Discovery, reach: Reach): Standing {
  return {
    fleet: atTarget(discovery),
    role: discovery.database.identity.role,
    plan: (structures) => planUndo(discovery, structures, reach),
    prove: (structures, before) => judgeUndone(discovery, structures, { reach, before }),
    isOutdated: async () => false,
    async prepare(plan) {
      const refusal = undoRefusal(plan, discovery.back?.migrations ?? [], reach);
      if (refusal !== undefined) throw refusal;
      const { schema, undo = [] } = plan.shared;
      const shared: SharedWork = {
        recordedOnly: [],
        migrate: (work) => undoIn(schema, undo, { options: { ...work, project }, isShared: true }),
      };
      return { shared: undo.length === 0 ? undefined : shared, superTenant: undefined };
    },
  };
}

/** Always the project's own command: the worker only knows the way there. */
export function undoEngine(options: CommandOptions, oneAtATime: boolean): Engine {
  return {
    migrate: ({ schema, undo = [] }) => undoIn(schema, undo, { options, isShared: false }),
    oneAtATime,
    notes: [],
    close: async () => {},
  };
}
