import type { DjangoProject } from '../django/project.ts';
import { newJournal } from './journal.ts';
import type { Maker } from './maker.ts';
import { type ProvisionOptions, usualCommandTimeout } from './options.ts';
import { removeParts } from './parts.ts';
import { type Plan, planTenants, referencesOf } from './plan.ts';
import { type Provisioner, startProvisioner } from './provisioner.ts';
import { type MakeTables, tablesByMigrations } from './tables.ts';
import { undo, undoPatience } from './undo.ts';
import { type DjangoWork, stepsOf } from './work.ts';

/** Tenants of a Django project: each hand is a process of its Python, which makes and proves them. */
export async function djangoMaker(options: ProvisionOptions<DjangoProject>): Promise<Maker<DjangoWork>> {
  const { log, afterCommands = [], copy, checkHealth, commandTimeout = usualCommandTimeout } = options;
  const first = await startProvisioner(options);
  let plan: Plan | undefined;
  let makeTables: MakeTables | undefined;

  return {
    loading: first.loading,

    async plan() {
      plan = await planTenants(options, { provisioner: first, journal: newJournal(options.run) });
      return plan.works;
    },

    async hand(index) {
      if (plan === undefined) throw new Error('nothing is planned yet');
      makeTables ??=
        options.makeTables ??
        tablesByMigrations(await referencesOf(plan, options.database), {
          ...options,
          timeout: commandTimeout,
        });
      const provisioner = index === 0 ? first : await startProvisioner(options);
      const tools = { ...options, afterCommands, copy, checkHealth, commandTimeout, makeTables, provisioner };
      return {
        stepsOf: (work) => stepsOf(work, tools),
        undo: (work) =>
          undo(work, {
            log,
            remove: () =>
              lend(provisioner, options, (one) => removeParts(work.schema, work.made, work.journal.id, one)),
          }),
        end: async () => {
          if (index > 0) await provisioner.end();
        },
      };
    },

    end: () => first.end(),
  };
}

/** Gives the process of the hand, or another one where the step's end has ended it. */
async function lend<T>(
  own: Provisioner,
  options: ProvisionOptions<DjangoProject>,
  use: (provisioner: Provisioner) => Promise<T>,
): Promise<T> {
  if (!options.signal.aborted) return use(own);
  const fresh = await startProvisioner({ ...options, signal: AbortSignal.timeout(undoPatience) });
  try {
    return await use(fresh);
  } finally {
    await fresh.end();
  }
}
