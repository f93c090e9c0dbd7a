import { sessionsName } from '../database/own-sessions.ts';
import { showDuration } from '../ground/duration.ts';
import { counted, grouped } from '../ground/words.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import { parseFailureLimit, parseShare } from '../migrations/budget.ts';
import { migrateSchemas as migrate, verifySchemas } from '../migrations/migrate.ts';
import { type MigrationOutcome, totalsOf } from '../migrations/outcome.ts';
import { planSentence } from '../migrations/plan-text.ts';
import { rolloutShape } from '../migrations/rollout.ts';
import { parseSmokeCommand } from '../migrations/smoke-command.ts';
import { type ActionContext, defineAction } from '../step/action.ts';
import { boolean, choice, duration, lines, linesOf, readAs, text } from '../step/fields.ts';
import { yamlOf } from '../step/yaml-field.ts';
import { backingUp, backupFields, restoreFields } from './backup.ts';
import {
  commonFields,
  databaseFields,
  environment,
  hostKeyIsPinnedOnce,
  lockFields,
  parallel,
  projectFields,
  serverFields,
  timeoutFields,
  wayFields,
} from './fields.ts';
import { facts, tellReport } from './migration-report.ts';
import { projectOf, withDatabase, withLock } from './project.ts';
import { restoreSchemas } from './restore-schemas.ts';
import { checkAddress } from './rollout-check.ts';
import { withWay } from './way.ts';

/** How the tenants are migrated; the root action has these inputs, too. */
export const fleetFields = {
  superTenantCommand: text.optional(),
  schemas: lines.optional(),
  rollout: yamlOf(rolloutShape).optional(),
  canary: readAs(parseShare),
  maxFailures: readAs(parseFailureLimit),
  engine: choice('auto', 'worker', 'django'),
  parallel,
  postMigrate: choice('auto', 'always', 'never'),
  fakeInitial: choice('shared-if-identical', 'never'),
  allowUnknownMigrations: boolean,
  smokeTables: lines.optional(),
  smokeCommand: linesOf(parseSmokeCommand).optional(),
  expectMaxDuration: duration.optional(),
};

const inputs = {
  mode: choice('migrate', 'verify', 'restore'),
  ...databaseFields,
  ...wayFields,
  ...serverFields,
  host: serverFields.host.optional(),
  sshUser: serverFields.sshUser.optional(),
  ...lockFields,
  ...timeoutFields,
  ...projectFields,
  env: environment.optional(),
  ...fleetFields,
  ...backupFields,
  ...restoreFields,
  dryRun: boolean,
  ...commonFields,
};

/** A server that nobody asks for would look as if it were used. */
function serverIsAskedFor({
  connectThrough,
  backupTo,
  host,
  sshUser,
}: {
  readonly connectThrough?: 'direct' | 'ssh';
  readonly backupTo?: 'runner' | 'server';
  readonly host?: readonly string[] | undefined;
  readonly sshUser?: string | undefined;
}): string | undefined {
  if (connectThrough === undefined) return undefined; // that complaint is made already
  const asking =
    connectThrough === 'ssh'
      ? 'connect-through: ssh'
      : backupTo === 'server'
        ? 'backup-to: server'
        : undefined;
  if (asking === undefined) {
    return host === undefined ? undefined : 'host: goes with connect-through: ssh or backup-to: server';
  }
  if (host === undefined || sshUser === undefined) return `${asking} needs host and ssh-user`;
  return host.length === 1 ? undefined : `host: ${asking} is about one server, not ${host.length}`;
}

const outputs = [
  'tenants-total',
  'tenants-migrated',
  'tenants-skipped',
  'tenants-failed',
  'drift-groups',
  'plan',
  'reversible',
  'old-code-compatible',
  'backup-path',
  'restored',
] as const;

type Context = ActionContext<typeof inputs, (typeof outputs)[number]>;

/** Shared schema, super tenant, every tenant; proven afterwards, or the deployment stops here. */
export const migrateSchemas = defineAction({
  inputs,
  outputs,
  results: ['migrated', 'up-to-date', 'verified', 'restored', 'rehearsed', 'planned'],
  rules: [serverIsAskedFor, hostKeyIsPinnedOnce],

  run: (context) => withWay(context.inputs, context, (through) => run(through, context)),
});

async function run(through: Tunnel | undefined, context: Context): Promise<{ result: string }> {
  const { origin, tell } = context;
  const inputs = { ...context.inputs, through };
  if (inputs.mode === 'restore') return await restoreSchemas(inputs, context);
  const deadline = performance.now() + inputs.timeout;
  const sessions = sessionsName(origin);
  const outcome = await withDatabase(inputs, context, (database, another) => {
    const timeouts = { lock: inputs.lockTimeout, statement: inputs.statementTimeout };
    const project = projectOf(inputs, inputs.env ?? {}, {
      sessions,
      timeouts: inputs.mode === 'verify' ? undefined : timeouts,
    });
    const work = { ...context, ...inputs, project, database, another };
    if (inputs.mode === 'verify') return verifySchemas(work);
    const onStanding = (soFar: MigrationOutcome) => tell(facts(soFar));
    return withLock(inputs, { ...context, sessions }, (atSafePoint) =>
      migrate({
        ...work,
        smokeCommands: inputs.smokeCommand,
        commandTimeout: inputs.timeout,
        deadline,
        takeBackup: backingUp(inputs, { ...context, database, another, sessions }),
        check: (address) => checkAddress(address, context),
        onStanding,
        atSafePoint,
      }),
    );
  });
  tell(facts(outcome));
  tellReport(outcome, context.report);
  if (outcome.failure !== undefined) throw outcome.failure;
  const result = resultOf(outcome, inputs);
  const verdict = verdictOf(outcome, result);
  context.log.step('Done', verdict, outcome.milliseconds);
  context.report.verdict(`${verdict}, in ${showDuration(outcome.milliseconds)}.`);
  return { result };
}

function resultOf(outcome: MigrationOutcome, { mode, dryRun }: Context['inputs']): string {
  if (mode === 'verify') return 'verified';
  if (dryRun) return 'planned';
  const migrated = [outcome.shared, ...outcome.tenants].some((schema) => schema?.outcome === 'migrated');
  return migrated ? 'migrated' : 'up-to-date';
}

function verdictOf(outcome: MigrationOutcome, result: string): string {
  const { total, migrated, skipped } = totalsOf(outcome);
  if (result === 'planned') return outcome.plan === undefined ? 'planned' : planSentence(outcome.plan);
  if (result === 'verified') return `${counted(total, 'tenant')} complete, proven by the catalogue`;
  const shared = outcome.shared?.outcome === 'migrated' ? ['the shared schema migrated'] : [];
  const tenants =
    total === 0
      ? ['no tenants yet']
      : [`${counted(migrated, 'tenant')} migrated, ${grouped(skipped)} up to date`];
  return `${[...shared, ...tenants].join(', ')}; proven by the catalogue`;
}
