import { deployContainer as deploy } from '../deployment/deploy.ts';
import { failureOf } from '../deployment/fleet-failure.ts';
import { preDeployShape } from '../deployment/pre-deploy-command.ts';
import type { DeployRequest, HostOutcome } from '../deployment/request.ts';
import { standingsTogether } from '../deployment/standings.ts';
import { type CanaryHosts, complaintAboutHosts, parseCanaryHosts } from '../deployment/waves.ts';
import { parseExtraHost, parsePort, parseRestart, parseVolume } from '../docker/container-spec.ts';
import { type ImageReference, parseImage, shortDigest } from '../docker/image.ts';
import type { RegistryLogin } from '../docker/registry.ts';
import { parseCpus, parseSize } from '../docker/size.ts';
import { showDuration } from '../ground/duration.ts';
import { listed } from '../ground/words.ts';
import type { SshServer } from '../machine/ssh-server.ts';
import { type ActionContext, defineAction, type Inputs } from '../step/action.ts';
import { boolean, choice, count, duration, keyValues, lines, linesOf, readAs, text } from '../step/fields.ts';
import { yamlOf } from '../step/yaml-field.ts';
import {
  commonFields,
  environment,
  hostKeyIsPinnedOnce,
  registryFields,
  registryIsComplete,
  serverFields,
} from './fields.ts';

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
  env: environment.optional(),
  requiredEnv: lines.optional(),
  preDeploy: yamlOf(preDeployShape).optional(),
  healthUrl: text.optional(),
  healthHost: text.optional(),
  healthTimeout: duration,
  stopTimeout: duration,
  strategy: choice('auto', 'bridge', 'nginx', 'caddy', 'swarm', 'recreate'),
  replicas: count({ least: 1 }).optional(),
  sharedVolumes: boolean,
  bake: duration,
  drainTimeout: duration,
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

const inputs = {
  ...serverFields,
  ...registryFields,
  ...containerFields,
  dryRun: boolean,
  ...commonFields,
};

const outputs = ['release', 'image-digest', 'previous-digest', 'hosts', 'downtime-ms'] as const;

type Context = ActionContext<typeof inputs, (typeof outputs)[number]>;

/** An immutable image on its servers: healthy there, or the old one serves again. */
export const deployContainer = defineAction({
  inputs,
  outputs,
  results: ['deployed', 'unchanged', 'planned', 'rolled-back'],
  rules: [registryIsComplete, hostKeyIsPinnedOnce, hostsAreDistinct],

  async run(context) {
    const { inputs, log, report, signal, standing, tell } = context;
    const outcomes = await deploy(requestOf(context), {
      async connect(host, limit) {
        const { connectSsh } = await import('../machine/ssh.ts'); // slow to load: not before it is needed
        return connectSsh(serverOf(inputs, host), { signal: limit, log });
      },
      log,
      signal,
      standing,
    });
    tell(facts(outcomes));
    tellReport(outcomes, context);
    const failure = failureOf(outcomes);
    if (failure !== undefined) {
      standing(standingsTogether(new Map(outcomes.map((outcome) => [outcome.host, outcome.standing]))));
      throw failure;
    }
    const result = resultOf(outcomes);
    const verdict = verdictOf(outcomes, result, inputs);
    log.step('Done', verdict);
    report.verdict(`${verdict}.`);
    return { result };
  },
});

function requestOf({ inputs, origin }: Context): DeployRequest {
  const { host, volumes = [], ports = [], networks = [], extraHosts = [], labels = {}, env = {} } = inputs;
  return {
    ...inputs,
    hosts: host,
    rollout: inputs,
    mounts: volumes,
    ports,
    networks,
    extraHosts,
    labels,
    env,
    requiredEnv: inputs.requiredEnv ?? [],
    registryLogin: loginOf(inputs),
    run: origin.run,
  };
}

/** The registry is the one in the image's name, where it is not given. */
function loginOf(
  inputs: Inputs<typeof registryFields> & { image: ImageReference },
): RegistryLogin | undefined {
  const { registryUsername: username, registryPassword: password } = inputs;
  if (username === undefined || password === undefined) return undefined;
  return { registry: inputs.registry ?? inputs.image.registry, username, password };
}

function serverOf(inputs: Inputs<typeof serverFields>, host: string): SshServer {
  const { sshJump, sshJumpKey, sshJumpFingerprint } = inputs;
  return {
    host,
    port: inputs.sshPort,
    user: inputs.sshUser,
    key: inputs.sshKey,
    passphrase: inputs.sshPassphrase,
    password: inputs.sshPassword,
    fingerprint: inputs.sshFingerprint,
    knownHosts: inputs.sshKnownHosts,
    connectTimeout: inputs.sshConnectTimeout,
    jump: sshJump && {
      ...sshJump,
      key: sshJumpKey,
      fingerprint: sshJumpFingerprint,
      knownHosts: inputs.sshKnownHosts,
    },
  };
}

function facts(outcomes: readonly HostOutcome[]) {
  const [first] = outcomes;
  return {
    release: first?.release,
    'image-digest': first?.digest,
    'previous-digest': first?.previousDigest,
    hosts: JSON.stringify(
      outcomes.map(({ host, result, digest, downtime }) => ({
        host,
        result,
        digest,
        downtime: Math.round(downtime),
      })),
    ),
    'downtime-ms': Math.round(Math.max(0, ...outcomes.map(({ downtime }) => downtime))),
  };
}

function resultOf(outcomes: readonly HostOutcome[]): string {
  const results = new Set(outcomes.map(({ result }) => result));
  return results.has('deployed') ? 'deployed' : (outcomes[0]?.result ?? 'unchanged');
}

function verdictOf(
  outcomes: readonly HostOutcome[],
  result: string,
  { container }: Context['inputs'],
): string {
  const release = outcomes[0]?.release ?? '';
  const hosts = listed(outcomes.map(({ host }) => host));
  if (result === 'planned') return plannedVerdict(outcomes, container, hosts);
  if (result === 'unchanged') return `${container} is on ${release} already, on ${hosts}`;
  const downtime = Math.max(0, ...outcomes.map((outcome) => outcome.downtime));
  return `${container} is on ${release}, on ${hosts}${downtime === 0 ? '' : `; ${showDuration(downtime)} without a container`}`;
}

function plannedVerdict(outcomes: readonly HostOutcome[], container: string, hosts: string): string {
  const changes = outcomes.filter(
    ({ differences, previousDigest }) => differences.length > 0 || previousDigest === undefined,
  );
  const release = outcomes[0]?.release ?? '';
  if (changes.length === 0) return `${container} is on ${release} already, on ${hosts}; nothing would change`;
  return `${container} ${release} would be deployed to ${listed(changes.map(({ host }) => host))}`;
}

function tellReport(outcomes: readonly HostOutcome[], { report }: Context): void {
  report.data(
    'hosts',
    outcomes.map(({ failure, ...outcome }) => ({ ...outcome, failure: failure?.sentence })),
  );
  report.table(
    'Servers',
    ['server', 'result', 'release', 'digest', 'gap', 'time'],
    outcomes.map(({ host, result, release, digest, downtime, duration }) => [
      host,
      result === 'deployed' || result === 'unchanged' ? result : `**${result}**`,
      release,
      digest === undefined ? '' : shortDigest(digest),
      downtime === 0 ? '' : showDuration(downtime),
      showDuration(duration),
    ]),
  );
}
