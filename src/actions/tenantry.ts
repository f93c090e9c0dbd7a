import { complaintAboutFiles } from '../deployment/request/files-shape.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import { goingBackSentence } from '../migrations/old-code.ts';
import type { Stop } from '../report/mermaid.ts';
import {
  type Action,
  type ActionContext,
  defineAction,
  type Fields,
  type Inputs,
  type OutputValue,
} from '../step/action.ts';
import { boolean, httpUrls, lines, linesOf, text } from '../step/fields.ts';
import { kebabCase } from '../step/manifest.ts';
import { backupFields } from './backup.ts';
import { containerFields, deployContainer, hostsAreDistinct } from './deploy-container.ts';
import {
  commonFields,
  databaseFields,
  environment,
  hostKeyIsPinnedOnce,
  lockFields,
  placeFields,
  projectFields,
  registryFields,
  registryIsComplete,
  reportFields,
  serverFields,
  timeoutFields,
} from './fields.ts';
import { shownOnGitHub, statusIsComplete } from './github-status.ts';
import { healthCheck, healthFields } from './health-check.ts';
import { fleetFields, migrateSchemas } from './migrate-schemas.ts';
import { notified } from './notified.ts';
import { serverIsNeeded } from './place.ts';
import { presetFields, presetRules, registeringFields } from './preset.ts';
import {
  commandsAreOfManagePy,
  registeringIsComplete,
  superuserIsComplete,
  tenantFields,
} from './provision-inputs.ts';
import { provisionTenant } from './provision-tenant.ts';

const stops = ['migrate', 'provision', 'deploy', 'check'] as const;
type StopName = (typeof stops)[number];

const inputs = {
  steps: linesOf((written): StopName => {
    const stop = stops.find((name) => name === written);
    if (stop !== undefined) return stop;
    throw new RangeError(`"${written}" is not one of ${listed(stops)}`);
  }).optional(),
  ...databaseFields,
  ...placeFields,
  ...lockFields,
  ...timeoutFields,
  ...projectFields,
  projectEnv: environment.optional(),
  ...presetFields,
  ...registeringFields,
  ...fleetFields,
  ...backupFields,
  ...tenantFields,
  ...serverFields,
  host: lines.optional(),
  sshUser: text.optional(),
  ...registryFields,
  ...reportFields,
  ...containerFields,
  image: containerFields.image.optional(),
  container: containerFields.container.optional(),
  ...healthFields,
  url: httpUrls.optional(),
  dryRun: boolean,
  ...commonFields,
};

const outputs = [
  'tenants-total',
  'tenants-migrated',
  'tenants-skipped',
  'tenants-failed',
  'drift-groups',
  'reversible',
  'old-code-compatible',
  'backup-path',
  'tenant-state',
  'release',
  'image-digest',
  'previous-digest',
  'hosts',
  'downtime-ms',
  'status',
  'latency-ms',
] as const;

type Output = (typeof outputs)[number];
type Context = ActionContext<typeof inputs, Output>;
type Given = Partial<Inputs<typeof inputs>>;

/** What a stop cannot do without, beside what every stop needs. */
const needs: Readonly<Record<StopName, readonly (keyof Given)[]>> = {
  migrate: [],
  provision: ['schemaName', 'domain'],
  deploy: ['host', 'sshUser', 'image', 'container'],
  check: ['url'],
};

/** The whole line in one step: each stop is the action of that name, and the first that fails ends the line. */
export const tenantry = defineAction({
  inputs,
  outputs,
  results: ['done', 'planned'],
  rules: [
    (given) => {
      const missing = stopsOf(given).flatMap((stop) => {
        const names = needs[stop].filter((name) => given[name] === undefined).map(kebabCase);
        return names.length === 0 ? [] : [`${listed(names)} (for ${stop})`];
      });
      return missing.length === 0
        ? undefined
        : `${listed(missing)}: is required, or leave that stop out with steps`;
    },
    (given) =>
      (given.host === undefined || given.sshUser === undefined) && serverIsNeeded(given) !== undefined
        ? `${serverIsNeeded(given)} needs host and ssh-user`
        : undefined,
    superuserIsComplete,
    commandsAreOfManagePy,
    ...presetRules,
    (given) => (stopsOf(given).includes('provision') ? registeringIsComplete(given) : undefined),
    ({ runIn, image }) =>
      runIn !== 'runner' && image === undefined ? `run-in: ${runIn} needs image` : undefined,
    registryIsComplete,
    hostKeyIsPinnedOnce,
    hostsAreDistinct,
    statusIsComplete,
    complaintAboutFiles,
  ],

  run: (context) => notified(context.inputs, context, () => shownAsDeployment(context, () => run(context))),
});

/** A line that deploys is one deployment on GitHub: it is good when its last stop is. */
function shownAsDeployment<T>(context: Context, work: () => Promise<T>): Promise<T> {
  const { container } = context.inputs;
  const deploys = container !== undefined && stopsOf(context.inputs).includes('deploy');
  return deploys ? shownOnGitHub({ ...context.inputs, container }, context, work) : work();
}

async function run(context: Context): Promise<{ result: string }> {
  const { inputs, log, report } = context;
  const made: Stop[] = [];
  const told: Facts = {};
  const line: Context = {
    ...context,
    tell(facts) {
      Object.assign(told, facts);
      context.tell(facts);
    },
  };
  try {
    for (const name of stopsOf(inputs)) {
      // A dry run changes nothing, so there is nothing new to ask for.
      if (name === 'check' && inputs.dryRun) continue;
      log.step('──────', name);
      const started = performance.now();
      const stop = { name, result: 'failed', milliseconds: 0, failed: true };
      made.push(stop);
      try {
        stop.result = await makeStop[name](line);
        stop.failed = false;
      } finally {
        stop.milliseconds = performance.now() - started;
      }
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const soFar = withLineSoFar(error, made, told);
    throw made.at(-1)?.name === 'check' ? adding(await takeBack(line, made, told), soFar) : soFar;
  } finally {
    report.line(made);
    report.data('stops', made);
  }
  const verdict = made.map(({ name, result }) => `${name}: ${result}`).join(', ');
  report.verdict(`${verdict}.`);
  return { result: inputs.dryRun ? 'planned' : 'done' };
}

function stopsOf({ steps, schemaName }: Given): StopName[] {
  if (steps !== undefined) return stops.filter((stop) => steps.includes(stop));
  return stops.filter((stop) => stop !== 'provision' || schemaName !== undefined);
}

const makeStop: Readonly<Record<StopName, (context: Context) => Promise<string>>> = {
  migrate: (context) =>
    make(migrateSchemas, context, {
      ...context.inputs,
      mode: 'migrate',
      env: context.inputs.projectEnv,
      envFile: undefined, // that is the container's
      host: context.inputs.host?.slice(0, 1), // the first one leads to the database
      ...noRestore,
      pullRequestComment: false,
      target: undefined,
      previewReport: undefined,
      previewBasis: 'database',
      previewBase: undefined,
    }),
  provision: ({ inputs, ...context }) =>
    make(
      provisionTenant,
      { ...context, inputs },
      {
        ...inputs,
        env: inputs.projectEnv,
        envFile: undefined, // that is the container's
        host: inputs.host?.slice(0, 1), // the first one leads to the database
        mode: 'provision',
        tenantsFile: undefined,
        sourceSchema: undefined,
        anonymiseCommand: undefined,
        confirm: undefined,
        onError: 'stop',
        tenantUrl: undefined,
        tenantUrlTimeout: 0,
      },
      { state: 'tenant-state' },
    ),
  deploy: (context) =>
    make(deployContainer, context, {
      ...context.inputs,
      mode: 'deploy',
      release: undefined,
      ...toldOfTheLine,
    } as Inputs<typeof deployContainer.inputs>),
  check: (context) =>
    make(healthCheck, context, {
      ...context.inputs,
      mode: 'check',
      from: 'runner',
      watchFor: 0,
      url: context.inputs.url ?? [],
      // Where nothing was deployed in this line, its container is not to be looked at either.
      container: stopsOf(context.inputs).includes('deploy') ? context.inputs.container : undefined,
    }),
};

/** What is told of the whole line. */
const toldOfTheLine = { notify: undefined, deploymentEnvironment: undefined } as const;

/** Going back is no stop of the line. */
const noRestore = { restoreTo: 'beside', backupPath: undefined, backupIdentity: undefined } as const;

/** Runs an action as a stop: with the line's ports, and its outputs under the line's names. */
async function make<F extends Fields, O extends string>(
  action: Action<F, O>,
  context: Context,
  ownInputs: Inputs<F>,
  renamed: Partial<Record<O, Output>> = {},
): Promise<string> {
  const tell = (facts: Readonly<Record<string, unknown>>) => {
    const known = Object.entries(facts).map(([name, value]) => [renamed[name as O] ?? name, value]);
    context.tell(
      Object.fromEntries(known.filter(([name]) => (outputs as readonly unknown[]).includes(name))),
    );
  };
  const { result, ...facts } = await action.run({ ...context, inputs: ownInputs, tell } as ActionContext<
    F,
    O
  >);
  tell(facts);
  return result;
}

type Facts = { [Name in Output]?: OutputValue };

/** What the migration means for going back, when a later stop has failed. */
function goingBack(made: readonly Stop[], facts: Facts): string {
  if (!made.some(({ name, result }) => name === 'migrate' && result === 'migrated')) return '';
  const oldCode = facts['old-code-compatible'];
  if (oldCode !== 'yes' && oldCode !== 'no' && oldCode !== 'unknown') return '';
  return `; ${goingBackSentence({ oldCode, reversible: facts.reversible === true })}`;
}

/**
 * A check that failed after the switch takes the containers back, and never the database: to code that the database is
 * known to break, or to nothing, nobody goes. @returns what became of that; empty: there was nothing to take back
 */
async function takeBack(context: Context, made: Stop[], told: Facts): Promise<string> {
  const { inputs, log, signal } = context;
  const wasSwitched = made.some(({ name, result }) => name === 'deploy' && result === 'deployed');
  if (!wasSwitched || signal.aborted) return '';
  const stays = whyContainersStay({
    previousDigest: told['previous-digest'],
    oldCode: told['old-code-compatible'],
    onFailure: inputs.onFailure,
  });
  if (stays !== undefined) return `; the new version serves on: ${stays}`;
  log.step('──────', 'go back');
  const started = performance.now();
  const stop = { name: 'go back', result: 'failed', milliseconds: 0, failed: true };
  made.push(stop);
  try {
    stop.result = await make(deployContainer, context, {
      ...inputs,
      ...ofTheRecord,
      mode: 'rollback',
      release: 'previous',
      ...toldOfTheLine,
    } as Inputs<typeof deployContainer.inputs>);
    stop.failed = false;
    return `; the containers are back at ${told.release}, and the database stays as it is`;
  } catch (cause) {
    return `; the containers could not be taken back: ${messageOf(cause)}`;
  } finally {
    stop.milliseconds = performance.now() - started;
  }
}

/** Why a check that failed after the switch does not take the containers back; undefined: it does. Pure. */
function whyContainersStay({
  previousDigest = '',
  oldCode,
  onFailure,
}: {
  readonly previousDigest?: unknown;
  readonly oldCode?: unknown;
  readonly onFailure: 'rollback-all' | 'halt';
}): string | undefined {
  if (previousDigest === '') return 'there is no release from before';
  if (oldCode === 'no') return 'the old code does not work with the migrated database';
  return onFailure === 'halt' ? 'on-failure: halt' : undefined;
}

/** A release that served before has these from its record. */
const ofTheRecord = {
  image: undefined,
  env: undefined,
  envFile: undefined,
  requiredEnv: undefined,
  files: undefined,
  preDeploy: undefined,
} as const;

/** The sentence of the stop, and what the line has done before it. */
function withLineSoFar(error: UserError, made: readonly Stop[], facts: Facts): UserError {
  const done = made.filter(({ failed }) => !failed).map(({ name, result }) => `${name} (${result})`);
  const failed = made.at(-1)?.name ?? '';
  const soFar = done.length === 0 ? '' : `; done before: ${listed(done)}`;
  return adding(`${soFar}${goingBack(made, facts)}`, error, `${failed}: ${error.message}`);
}

function adding(more: string, error: UserError, message = error.message): UserError {
  return new UserError(message, `${error.hint}${more}`, {
    code: error.code,
    cause: error.cause,
    ...(error.evidence === undefined ? {} : { evidence: error.evidence }),
    ...(error.place === undefined ? {} : { place: error.place }),
  });
}
