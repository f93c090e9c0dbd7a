import { sessionsName } from '../database/own-sessions.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { parseImage } from '../docker/image.ts';
import { showDuration } from '../ground/duration.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import { localMachine } from '../machine/local.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import { parseFailureLimit, parseShare } from '../migrations/budget.ts';
import { migrateSchemas as migrate, verifySchemas } from '../migrations/migrate.ts';
import { type MigrationOutcome, totalsOf } from '../migrations/outcome.ts';
import { planSentence } from '../migrations/plan-text.ts';
import { rolloutShape } from '../migrations/rollout.ts';
import { parseSmokeCommand } from '../migrations/smoke-command.ts';
import { parseTarget } from '../migrations/target.ts';
import { undoMigrations } from '../migrations/undo.ts';
import { type ActionContext, defineAction, type Inputs } from '../step/action.ts';
import { boolean, choice, duration, lines, linesOf, readAs, text } from '../step/fields.ts';
import { yamlOf } from '../step/yaml-field.ts';
import { backingUp, backupFields, restoreFields } from './backup.ts';
import { environmentOf } from './container-environment.ts';
import {
  commonFields,
  databaseFields,
  databaseUrl,
  environment,
  hostKeyIsPinnedOnce,
  lockFields,
  parallel,
  placeFields,
  projectFields,
  registryFields,
  registryIsComplete,
  serverFields,
  timeoutFields,
} from './fields.ts';
import { facts, tellReport } from './migration-report.ts';
import { type Place, placeIsComplete, withPlace } from './place.ts';
import { presetFields, presetProject, presetRules } from './preset.ts';
import { projectOf, withDatabase, withLock } from './project.ts';
import { restoreSchemas } from './restore-schemas.ts';
import { commentFor, commentIsComplete, lintField, reviewFields, reviewing } from './review.ts';
import { checkAddress } from './rollout-check.ts';
import { targetBranchIsComplete, withTargetBranch } from './target-branch.ts';
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
  lint: lintField,
};

const inputs = {
  mode: choice('migrate', 'verify', 'rollback', 'restore', 'comment'),
  ...databaseFields,
  databaseUrl: databaseUrl.optional(),
  ...placeFields,
  ...serverFields,
  host: serverFields.host.optional(),
  sshUser: serverFields.sshUser.optional(),
  image: readAs((written) => parseImage(written.trim())).optional(),
  ...registryFields,
  ...lockFields,
  ...timeoutFields,
  ...projectFields,
  env: environment.optional(),
  envFile: text.optional(),
  ...presetFields,
  ...fleetFields,
  target: linesOf(parseTarget).optional(),
  ...backupFields,
  ...restoreFields,
  ...reviewFields,
  dryRun: boolean,
  ...commonFields,
};

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
  results: [
    'migrated',
    'up-to-date',
    'verified',
    'rolled-back',
    'restored',
    'rehearsed',
    'planned',
    'commented',
  ],
  rules: [
    databaseIsGiven,
    targetBranchIsComplete,
    commentIsComplete,
    rollbackIsComplete,
    placeIsComplete,
    registryIsComplete,
    hostKeyIsPinnedOnce,
    ...presetRules,
  ],

  async run(context) {
    if (context.inputs.mode === 'comment') {
      await commentFor(context.inputs, context);
      return { result: 'commented' };
    }
    const { previewBase: base } = context.inputs;
    if (base !== undefined) {
      return withTargetBranch({ ...context.inputs, base }, context, (databaseUrl) => {
        const inputs = { ...context.inputs, databaseUrl };
        const place = { machine: localMachine, isHere: true };
        return run({ ...context, inputs }, { through: undefined, place });
      });
    }
    const inputs = withDatabaseUrl(context.inputs);
    return withWay(inputs, context, (through) =>
      inputs.mode === 'restore'
        ? restoreSchemas({ ...inputs, through }, context)
        : withPlace(inputs, context, (place) => run({ ...context, inputs }, { through, place })),
    );
  },
});

function databaseIsGiven({
  mode,
  databaseUrl: url,
  previewBase: base,
}: Partial<Inputs<typeof inputs>>): string | undefined {
  return url === undefined && base === undefined && mode !== 'comment'
    ? 'database-url: is required'
    : undefined;
}

/** Which way back there is only Django knows. */
function rollbackIsComplete({ mode, target, preset }: Partial<Inputs<typeof inputs>>): string | undefined {
  if (mode !== 'rollback') return target === undefined ? undefined : 'target: is for mode rollback';
  if (preset === 'command') {
    return 'mode rollback: is for Django only, and preset is command: its own tool knows the way back';
  }
  return target === undefined
    ? 'target: is required with mode rollback: an app and a migration of it on each line, like orders 0001_initial'
    : undefined;
}

type Complete = Context['inputs'] & { readonly databaseUrl: DatabaseUrl };

/** The rules have seen to it. */
function withDatabaseUrl(given: Context['inputs']): Complete {
  return given as Complete;
}

interface Whence {
  readonly through: Tunnel | undefined;
  readonly place: Place;
}

async function run(
  context: Context & { readonly inputs: Complete },
  { through, place }: Whence,
): Promise<{ result: string }> {
  const { origin, tell } = context;
  const inputs = { ...context.inputs, through };
  const env = await environmentOf(inputs, context.mask);
  const deadline = performance.now() + inputs.timeout;
  const sessions = sessionsName(origin);
  const outcome = await withDatabase(inputs, context, (database, another) => {
    const timeouts = { lock: inputs.lockTimeout, statement: inputs.statementTimeout };
    const django = projectOf(inputs, env, {
      place,
      sessions,
      timeouts: inputs.mode === 'verify' ? undefined : timeouts,
    });
    const project = presetProject({ ...inputs, env, through: place.isHere ? through : undefined }, django);
    const isBack = inputs.mode === 'rollback';
    // What is undone has been reviewed when it came.
    const review = isBack ? undefined : reviewing(inputs, database, context);
    const work = { ...context, ...inputs, project, database, another, review, sql: review !== undefined };
    if (inputs.mode === 'verify') return verifySchemas({ ...work, sql: false });
    const onStanding = (soFar: MigrationOutcome) => tell(facts(soFar));
    return withLock(inputs, { ...context, sessions, settle: place.settle }, (atSafePoint) => {
      const wanted = {
        ...work,
        smokeCommands: inputs.smokeCommand,
        commandTimeout: inputs.timeout,
        deadline,
        takeBackup: backingUp(inputs, { ...context, database, another, sessions }),
        check: (address: string) => checkAddress(address, context),
        onStanding,
        atSafePoint,
      };
      return isBack ? undoMigrations({ ...wanted, targets: inputs.target ?? [] }) : migrate(wanted);
    });
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
  const changed = [outcome.shared, ...outcome.tenants].some((schema) => schema?.outcome === 'migrated');
  if (!changed) return 'up-to-date';
  return mode === 'rollback' ? 'rolled-back' : 'migrated';
}

function verdictOf(outcome: MigrationOutcome, result: string): string {
  const { total, migrated, skipped } = totalsOf(outcome);
  if (result === 'planned') return outcome.plan === undefined ? 'planned' : planSentence(outcome.plan);
  if (result === 'verified') return `${counted(total, 'tenant')} complete, proven by the catalogue`;
  const isSharedChanged = outcome.shared?.outcome === 'migrated';
  const targets = outcome.plan?.back?.targets;
  if (targets !== undefined) {
    const which = isSharedChanged ? ' and the shared schema' : '';
    const others = skipped === 0 ? '' : `, ${counted(skipped, 'tenant')} with nothing to undo`;
    return `${counted(migrated, 'tenant')}${which} back at ${listed(targets)}${others}; proven by ledger and catalogue`;
  }
  const shared = isSharedChanged ? ['the shared schema migrated'] : [];
  const tenants =
    total === 0
      ? ['no tenants yet']
      : [`${counted(migrated, 'tenant')} migrated, ${grouped(skipped)} up to date`];
  return `${[...shared, ...tenants].join(', ')}; proven by the catalogue`;
}
