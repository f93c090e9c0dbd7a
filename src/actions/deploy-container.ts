import { deployContainer as deploy } from '../deployment/fleet/deploy.ts';
import { failureOf } from '../deployment/fleet/fleet-failure.ts';
import { standingsTogether } from '../deployment/fleet/standings.ts';
import { complaintAboutFiles, filesShape } from '../deployment/request/files-shape.ts';
import { readHealthUrl } from '../deployment/request/health-probe.ts';
import { preDeployShape } from '../deployment/request/pre-deploy-command.ts';
import { type DeployRequest, type Mode, noImage } from '../deployment/request/request.ts';
import { type CanaryHosts, complaintAboutHosts, parseCanaryHosts } from '../deployment/request/waves.ts';
import { optionsOf, parseCapability, parseTmpfs, parseUlimit } from '../docker/container-options.ts';
import { parseExtraHost, parsePort, parseRestart, parseVolume } from '../docker/container-spec.ts';
import { parseImage } from '../docker/image.ts';
import { parseCpus, parseSize } from '../ground/size.ts';
import { shortCommits } from '../ground/words.ts';
import { connectSsh } from '../machine/ssh.ts';
import { type ActionContext, defineAction } from '../step/action.ts';
import { boolean, choice, count, duration, keyValues, lines, linesOf, readAs, text } from '../step/fields.ts';
import { yamlOf } from '../step/yaml-field.ts';
import { environmentOf } from './container-environment.ts';
import { facts, resultOf, tellReport, verdictOf } from './deployment-report.ts';
import {
  commonFields,
  environment,
  hostKeyIsPinnedOnce,
  registryFields,
  registryIsComplete,
  reportFields,
  serverFields,
} from './fields.ts';
import { shownOnGitHub, statusIsComplete } from './github-status.ts';
import { notified } from './notified.ts';
import { registryLoginOf } from './registry-login.ts';
import { serverOf } from './server.ts';

export const containerFields = {
  image: readAs((written) => parseImage(written.trim())),
  container: readAs((written) => {
    if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(written.trim())) return written.trim();
    throw new RangeError(`"${written}" is not a container's name — letters, digits, _, . and -`);
  }),
  transfer: choice('registry', 'ssh'),
  environment: text,
  ports: linesOf(parsePort).optional(),
  volumes: linesOf(parseVolume).optional(),
  networks: lines.optional(),
  extraHosts: linesOf(parseExtraHost).optional(),
  labels: keyValues.optional(),
  memory: readAs(parseSize).optional(),
  cpus: readAs(parseCpus).optional(),
  user: text.optional(),
  restart: readAs(parseRestart),
  command: lines.optional(),
  networkAliases: lines.optional(),
  hostname: text.optional(),
  dns: lines.optional(),
  logDriver: text.optional(),
  logOptions: keyValues.optional(),
  capAdd: linesOf(parseCapability).optional(),
  capDrop: linesOf(parseCapability).optional(),
  securityOptions: lines.optional(),
  readOnly: boolean,
  tmpfs: linesOf(parseTmpfs).optional(),
  ulimits: linesOf(parseUlimit).optional(),
  init: boolean,
  shmSize: readAs(parseSize).optional(),
  env: environment.optional(),
  envFile: text.optional(),
  envMode: choice('env-file', 'mount'),
  envPath: text.optional(),
  requiredEnv: lines.optional(),
  files: yamlOf(filesShape).optional(),
  preDeploy: yamlOf(preDeployShape).optional(),
  reloadNginx: boolean,
  healthUrl: readAs(readHealthUrl).optional(),
  healthHost: text.optional(),
  healthTimeout: duration,
  stopTimeout: duration,
  strategy: choice('auto', 'bridge', 'nginx', 'caddy', 'swarm', 'recreate'),
  replicas: count({ least: 1 }).optional(),
  sharedVolumes: boolean,
  bake: duration,
  drainTimeout: duration,
  keepReleases: count({ least: 1 }),
  canaryHosts: readAs(parseCanaryHosts),
  maxParallel: count({ least: 1 }),
  onFailure: choice('rollback-all', 'halt'),
};

export function hostsAreDistinct(given: {
  readonly host?: readonly string[] | undefined;
  readonly canaryHosts?: CanaryHosts | undefined;
}): string | undefined {
  return complaintAboutHosts(given.host ?? [], given.canaryHosts ?? 1);
}

/** What each mode needs, and what it would pass over in silence. */
function modeIsComplete({
  mode,
  image,
  release,
}: {
  readonly mode?: Mode | undefined;
  readonly image?: unknown;
  readonly release?: string | undefined;
}): string | undefined {
  if (mode === undefined) return undefined; // that complaint is made already
  if (mode === 'deploy' && image === undefined) return 'image: is required to deploy';
  if (mode !== 'deploy' && image !== undefined) {
    return mode === 'rollback'
      ? 'image: a rollback has its image from the record: give release (previous, or a name), or mode: deploy'
      : 'image: a recovery deploys nothing: leave it out';
  }
  if (mode !== 'rollback' && release !== undefined) {
    return 'release: goes with mode: rollback; a deployment is called after its image';
  }
  return undefined;
}

const inputs = {
  ...serverFields,
  ...registryFields,
  ...containerFields,
  ...reportFields,
  mode: choice('deploy', 'rollback', 'recover'),
  image: containerFields.image.optional(),
  release: text.optional(),
  dryRun: boolean,
  ...commonFields,
};

const outputs = ['release', 'image-digest', 'previous-digest', 'hosts', 'downtime-ms'] as const;

type Context = ActionContext<typeof inputs, (typeof outputs)[number]>;

/** An immutable image on its servers: healthy there, or the old one serves again. */
export const deployContainer = defineAction({
  inputs,
  outputs,
  results: ['deployed', 'unchanged', 'recovered', 'planned', 'rolled-back'],
  rules: [
    modeIsComplete,
    registryIsComplete,
    hostKeyIsPinnedOnce,
    hostsAreDistinct,
    statusIsComplete,
    complaintAboutFiles,
  ],

  run: (context) =>
    notified(context.inputs, context, () => shownOnGitHub(context.inputs, context, () => run(context))),
});

async function run(context: Context) {
  const { inputs, log, report, signal, standing, tell } = context;
  const env = await environmentOf(inputs, context.mask);
  const outcomes = await deploy(
    { ...requestOf(context), env },
    {
      async connect(host, limit) {
        return connectSsh(serverOf(inputs, host), { signal: limit, log });
      },
      log,
      signal,
      standing,
      secrets(values) {
        for (const value of values) context.mask(value);
      },
    },
  );
  const result = resultOf(outcomes);
  tell(facts(outcomes));
  tellReport(outcomes, report);
  const failure = failureOf(outcomes);
  if (failure !== undefined) {
    standing(standingsTogether(new Map(outcomes.map((outcome) => [outcome.host, outcome.standing]))));
    tell({ result });
    throw failure;
  }
  const verdict = verdictOf(outcomes, inputs.container);
  log.step('Done', verdict);
  report.verdict(`${shortCommits(verdict)}.`);
  return { result };
}

function requestOf({ inputs, origin }: Context): DeployRequest {
  const { host, volumes = [], ports = [], networks = [], extraHosts = [], labels = {}, env = {} } = inputs;
  return {
    ...inputs,
    image: inputs.image ?? noImage,
    release: undefined,
    rollbackTo: inputs.release,
    hosts: host,
    rollout: inputs,
    mounts: volumes,
    ports,
    networks,
    extraHosts,
    labels,
    env,
    options: optionsOf(inputs),
    requiredEnv: inputs.requiredEnv ?? [],
    registryLogin: registryLoginOf(inputs),
    run: origin.run,
  };
}
