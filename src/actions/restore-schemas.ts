import { connect } from '../database/connection.ts';
import { sessionsName } from '../database/own-sessions.ts';
import { showDuration } from '../ground/duration.ts';
import { counted, grouped } from '../ground/words.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import type { ActionContext, Inputs } from '../step/action.ts';
import { type backupFields, type RestoreOutcome, type restoreFields, restoreFrom } from './backup.ts';
import type { databaseFields, lockFields } from './fields.ts';
import { withDatabase, withLock } from './project.ts';
import type { WayInputs } from './way.ts';

type RestoreInputs = Inputs<typeof databaseFields> &
  Inputs<typeof lockFields> &
  Inputs<typeof backupFields> &
  Inputs<typeof restoreFields> &
  Omit<WayInputs, 'connectThrough'> & {
    readonly through?: Tunnel | undefined;
    readonly lockTimeout: number;
    readonly schemas?: readonly string[] | undefined;
    readonly dryRun: boolean;
  };

type RestoreContext = Pick<
  // biome-ignore lint/complexity/noBannedTypes: the ports are the same whatever the inputs are
  ActionContext<{}, 'backup-path' | 'restored'>,
  'log' | 'report' | 'signal' | 'origin' | 'tell'
>;

/** `mode: restore`: tenants as a backup has them, or a rehearsal of that. */
export async function restoreSchemas(
  inputs: RestoreInputs,
  context: RestoreContext,
): Promise<{ readonly result: string }> {
  const { origin, tell, log, report, signal } = context;
  const started = performance.now();
  const sessions = sessionsName(origin);
  const outcome = await withDatabase(inputs, context, (database, another) =>
    // A rehearsal changes nothing that anybody else has: it waits for nobody.
    withLock(
      { ...inputs, dryRun: inputs.dryRun || inputs.restoreTo === 'scratch' },
      { ...context, sessions },
      (atSafePoint) =>
        restoreFrom(inputs, {
          database,
          another,
          sessions,
          log,
          signal,
          origin,
          atSafePoint,
          connectTo: (databaseUrl) =>
            connect(databaseUrl, {
              applicationName: `${sessions}/rehearsal`,
              connectTimeout: 10_000,
              signal,
              through: inputs.through,
            }),
          onStanding: (soFar) => tell(facts(soFar)),
        }),
    ),
  );
  tell(facts(outcome));
  report.data('backup', {
    path: outcome.path,
    taken: outcome.manifest.taken,
    database: outcome.manifest.database,
  });
  report.data('restored', outcome.restored);
  report.data('rehearsal', outcome.rehearsal);
  report.table(
    inputs.dryRun ? 'What would be restored' : 'Restored',
    ['schema', 'as', 'tables', 'what points into it'],
    outcome.planned.map(({ schema, as, replaced, pointers }) => [
      schema.name,
      replaced === undefined ? as : `${as}; the one before is ${replaced}`,
      grouped(schema.tables),
      pointers.map(({ what }) => what).join('\n'),
    ]),
  );
  const verdict = verdictOf(outcome, inputs);
  const milliseconds = performance.now() - started;
  log.step('Done', verdict, milliseconds);
  report.verdict(`${verdict}, in ${showDuration(milliseconds)}.`);
  return { result: inputs.dryRun ? 'planned' : outcome.rehearsal === undefined ? 'restored' : 'rehearsed' };
}

function facts({ path, restored }: RestoreOutcome) {
  return {
    'backup-path': path,
    restored: JSON.stringify(restored.map(({ schema, as, replaced }) => ({ schema, as, replaced }))),
  };
}

function verdictOf(
  { manifest, planned, restored, rehearsal }: RestoreOutcome,
  { dryRun, restoreTo }: RestoreInputs,
): string {
  const { taken } = manifest;
  if (rehearsal !== undefined) {
    return `the backup of ${taken} can be restored: ${counted(rehearsal.schemas, 'schema')} in ${showDuration(rehearsal.restoring)}, proven`;
  }
  if (dryRun) {
    const amount = restoreTo === 'scratch' ? manifest.schemas.length : planned.length;
    return `${counted(amount, 'schema')} of ${taken} would be restored (${restoreTo})`;
  }
  return `${counted(restored.length, 'schema')} of ${taken} restored (${restoreTo}), proven`;
}
