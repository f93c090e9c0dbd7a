/**
 * Commands in the new image before anything is touched. Each is a container of its own that goes on when the runner
 * is gone: Docker keeps its exit code and log, and the next run waits for it instead of starting it twice.
 */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';

import { causeOf, showEvidence } from '../../diagnosis/why.ts';
import type { ContainerSpec } from '../../docker/container-spec.ts';
import type { Container } from '../../docker/inspect.ts';
import { showDuration } from '../../ground/duration.ts';
import { LostConnection, UserError } from '../../ground/errors.ts';
import { counted } from '../../ground/words.ts';
import { labels } from '../releases/release.ts';
import type { PreDeployCommand } from '../request/pre-deploy-command.ts';
import type { Work } from '../request/work.ts';
import { reconnected } from '../server/reconnect.ts';

/** Not `labels.app`: by that the containers that serve are found. */
export const preDeployLabels = {
  app: 'tenantry.pre-deploy',
  command: 'tenantry.pre-deploy-command',
  /** A hash of image, settings and command: equal means that it is the same thing again. */
  key: 'tenantry.pre-deploy-key',
  /** Seconds. */
  limit: 'tenantry.pre-deploy-limit',
} as const;

/** Lines of a log that are shown, and that are kept as evidence. */
const shownLines = 1_000;
const evidenceLines = 60;
/** Milliseconds that a command has to end by itself when its time is up. */
const stopTimeout = 10_000;

/**
 * Runs the commands one after the other, and removes their containers.
 * @param spec the container that is to be deployed: same image, environment, mounts, networks, user and limits.
 * @throws UserError `pre-deploy-failed` when a blocking one did not succeed.
 */
export async function runPreDeploy(work: Work, spec: ContainerSpec): Promise<void> {
  const { request, docker } = work;
  const commands = request.preDeploy ?? [];
  const wanted = commands.map((command, index) => ({
    command,
    spec: specOf(request.container, spec, command, index),
  }));
  const found = await docker.labelled(`${preDeployLabels.app}=${request.container}`);
  const again = (container: Container) =>
    container.state.status === 'running' &&
    wanted.some((one) => one.spec.labels[preDeployLabels.key] === container.labels[preDeployLabels.key]);
  await settlePreDeploy(
    work,
    found.filter((container) => !again(container)),
  );
  for (const one of wanted) {
    const running = found
      .filter(again)
      .find(({ labels: own }) => own[preDeployLabels.key] === one.spec.labels[preDeployLabels.key]);
    await runOne(work, one, running);
  }
}

/**
 * Removes what commands of a killed run have left. One that still runs is left to the deployment that comes, which may
 * need it; a recovery waits for it.
 * @returns what was done, if there was something to do.
 */
export async function tidyPreDeploy(work: Work): Promise<string | undefined> {
  const { request, docker } = work;
  const found = await docker.labelled(`${preDeployLabels.app}=${request.container}`);
  const over = found.filter(({ state }) => request.mode === 'recover' || state.status !== 'running');
  await settlePreDeploy(work, over);
  return over.length === 0
    ? undefined
    : `${counted(over.length, 'pre-deploy command')} of a killed run put away`;
}

/** Waits for what an earlier run started and nobody removed, at most for the time it has, and removes it. */
export async function settlePreDeploy(work: Work, found: readonly Container[]): Promise<void> {
  for (const container of found) {
    const command = container.labels[preDeployLabels.command] ?? container.name;
    if (container.state.status === 'running') {
      work.ports.log.step(
        'Repair',
        `the pre-deploy command ${command} of an earlier run still runs: waiting for it`,
      );
      await ended(work, container.name, timeLeft(container));
    }
    await work.docker.remove(container.name);
  }
}

function specOf(
  container: string,
  spec: ContainerSpec,
  { name, run, timeout }: PreDeployCommand,
  index: number,
): ContainerSpec {
  const key = createHash('sha256')
    .update(JSON.stringify([spec.labels[labels.settings], run]))
    .digest('hex')
    .slice(0, 16);
  return {
    ...spec,
    name: `${container}-tenantry-pre-deploy-${index + 1}`,
    command: run,
    // Nobody shall take it for the application: not by a port, not by its name, not by a label of a proxy.
    ports: [],
    networkAlias: undefined,
    health: undefined,
    labels: {
      [preDeployLabels.app]: container,
      [preDeployLabels.command]: name,
      [preDeployLabels.key]: key,
      [preDeployLabels.limit]: String(Math.ceil(timeout / 1_000)),
      [labels.environment]: spec.labels[labels.environment] ?? '',
      [labels.release]: spec.labels[labels.release] ?? '',
      [labels.run]: spec.labels[labels.run] ?? '',
    },
  };
}

/** One that is to run, and the container for it. */
interface Wanted {
  readonly command: PreDeployCommand;
  readonly spec: ContainerSpec;
}

async function runOne(work: Work, { command, spec }: Wanted, running: Container | undefined): Promise<void> {
  const { docker, ports } = work;
  const { log } = ports;
  const started = performance.now();
  try {
    if (running === undefined) await docker.create(spec);
    const name = running?.name ?? spec.name;
    try {
      if (running === undefined) await docker.start(name);
      else log.info(`${command.name} was started by an earlier run and still runs: waiting for it`);
      const inTime = await ended(work, name, running === undefined ? command.timeout : timeLeft(running));
      await judge(work, command, { name, inTime });
      log.step('Before', `${command.name}: done`, performance.now() - started);
    } finally {
      // A step that was cancelled lets it end by itself: half a migration is worse.
      if (!ports.signal.aborted) await docker.remove(name);
    }
  } catch (error) {
    if (command.blocking || !(error instanceof UserError) || error instanceof LostConnection) throw error;
    if (ports.signal.aborted) throw error;
    log.warning(`${error.message}; the deployment goes on without it`);
  }
}

/** @throws UserError that says why it did not succeed. */
async function judge(
  { host, docker, ports }: Work,
  { name: command, timeout, blocking }: PreDeployCommand,
  { name, inTime }: { name: string; inTime: boolean },
): Promise<void> {
  const container = await docker.container(name);
  const failed = `The pre-deploy command ${command} failed on ${host}`;
  const hint = blocking
    ? 'traffic never moved; mend it and deploy again, or write "blocking: false" where it may fail'
    : 'mend it, and deploy again';
  const fail = (observed: string, evidence = '') =>
    new UserError(`${failed} — ${observed}`, hint, { code: 'pre-deploy-failed', evidence });
  if (container === undefined) throw fail('somebody removed its container');
  const whole = await docker.logs(name, shownLines);
  ports.log.details(`${command} on ${host}`, whole.text);
  const evidence = whole.text.split('\n').slice(-evidenceLines).join('\n');
  const last = whole.lastLine === '' ? '' : `; its last line: ${whole.lastLine}`;
  if (!inTime) throw fail(`it did not end within ${showDuration(timeout)} and was stopped${last}`, evidence);
  if (container.state.exitCode === 0 && container.state.status === 'exited') return;
  const seen = await docker.evidence(name);
  const { observed } = causeOf(seen);
  const { exitCode } = container.state;
  throw fail(observed.startsWith('exit ') ? observed : `exit ${exitCode}: ${observed}`, showEvidence(seen));
}

/**
 * Waits for the end of a container, also across a lost connection.
 * @returns whether it ended in time; otherwise it has been stopped.
 */
async function ended(work: Work, name: string, limit: number): Promise<boolean> {
  const { docker, machine, ports } = work;
  const until = performance.now() + limit;
  for (;;) {
    try {
      await docker.wait(name, Math.max(1_000, until - performance.now()));
      return true;
    } catch (error) {
      if (error instanceof LostConnection) {
        if (await reconnected(machine, { log: ports.log, limit: ports.signal })) continue;
        throw error;
      }
      if (!(error instanceof UserError) || error.code !== 'command-timed-out') throw error;
      await docker.stop(name, stopTimeout);
      return false;
    }
  }
}

/** Milliseconds: of one that somebody else started. */
function timeLeft({ labels: own, state }: Container): number {
  const limit = Number(own[preDeployLabels.limit] ?? '300') * 1_000;
  const age = Date.now() - state.startedAt.getTime();
  return Math.min(limit, Math.max(1_000, limit - age)); // the clocks of two machines may differ
}
