import { sessionsName } from '../database/own-sessions.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { showDuration } from '../ground/duration.ts';
import { counted, listed } from '../ground/words.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import { type DeprovisionOptions, deprovisionTenant } from '../provisioning/deprovision.ts';
import { type RepairOptions, repairTenant } from '../provisioning/repair.ts';
import { backingUp } from './backup.ts';
import type { Place } from './place.ts';
import { projectOf, withDatabase, withLock } from './project.ts';
import type { ProvisionContext } from './provision-inputs.ts';

type Context = Omit<ProvisionContext, 'inputs'> & {
  readonly inputs: ProvisionContext['inputs'] & {
    readonly databaseUrl: DatabaseUrl;
    readonly through: Tunnel | undefined;
    readonly env: Readonly<Record<string, string>>;
  };
};

/** Milliseconds that pg_dump waits for a table that somebody changes. */
const backupLockTimeout = 5_000;

/** A tenant that is there is mended, or removed. */
export async function changeTenant(context: Context, place: Place): Promise<{ result: string }> {
  const { inputs } = context;
  const { schemaName: schema = '', mode } = inputs;
  context.tell({ schema });
  const sessions = sessionsName(context.origin);
  return withDatabase(inputs, context, (database, another) =>
    withLock(inputs, { ...context, sessions, settle: place.settle }, async (atSafePoint) => {
      const project = projectOf(inputs, inputs.env, { place, sessions });
      const work = { ...context, ...inputs, project, database, schema, atSafePoint };
      if (mode === 'repair') return tellRepair(work, context);
      const takeBackup = backingUp(
        { ...inputs, backup: true, lockTimeout: backupLockTimeout },
        { ...context, database, another, sessions },
      );
      return tellRemoval(
        {
          ...work,
          takeBackup: async (name, shared) =>
            (await takeBackup?.({ schemas: [name], shared, before: 'deprovision' }))?.path,
        },
        context,
      );
    }),
  );
}

async function tellRepair(
  work: Omit<RepairOptions, 'commandTimeout'> & { readonly timeout: number },
  { report, log, tell }: Context,
): Promise<{ result: string }> {
  const { schema, steps, tables, milliseconds } = await repairTenant({
    ...work,
    commandTimeout: work.timeout,
  });
  report.data('repair', { schema, steps, tables });
  const did =
    steps.length === 0 ? 'lacks nothing' : `${work.dryRun ? 'would be' : 'is'} mended: ${listed(steps, 5)}`;
  const proof = tables === undefined ? '' : `; it has all its ${counted(tables, 'table')}`;
  const verdict = `${schema} ${did}${proof}`;
  log.step('Done', verdict, milliseconds);
  report.verdict(`${verdict}, in ${showDuration(milliseconds)}.`);
  const state = steps.length === 0 ? 'unchanged' : 'repaired';
  tell({ state });
  return { result: work.dryRun ? 'planned' : state };
}

async function tellRemoval(
  work: DeprovisionOptions,
  { report, log, tell }: Context,
): Promise<{ result: string }> {
  const { schema, found, backup, wayBack, milliseconds } = await deprovisionTenant(work);
  report.data('removed', { schema, ...found, backup, wayBack });
  tell({ 'backup-path': backup, state: work.dryRun ? undefined : 'deprovisioned' });
  if (work.dryRun) {
    report.verdict(`${schema} would be removed.`);
    return { result: 'planned' };
  }
  const verdict = `${schema} is removed; its backup is ${backup ?? 'empty: there was nothing in it'}`;
  log.step('Done', verdict, milliseconds);
  for (const [index, step] of wayBack.entries()) log.info(`The way back, ${index + 1}: ${step}`);
  report.verdict(`${verdict}, in ${showDuration(milliseconds)}.`);
  report.foldedText('The way back', wayBack.map((step, index) => `${index + 1}. ${step}`).join('\n'), 'text');
  return { result: 'deprovisioned' };
}
