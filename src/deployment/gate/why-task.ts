import type { ContainerLog } from '../../diagnosis/container-log.ts';
import { whyNotServing } from '../../diagnosis/why.ts';
import type { Task } from '../../docker/service.ts';
import { dockerVerdict } from '../../docker/verdict.ts';
import { showDuration } from '../../ground/duration.ts';
import { UserError } from '../../ground/errors.ts';

/** What is known beside Swarm's word on a task. */
interface Circumstances {
  readonly node: string;
  /** Its limit in bytes; 0 is none. */
  readonly memory: number;
  /** Whether Swarm looks at its health; undefined when that is not known. */
  readonly hasHealthCheck: boolean | undefined;
  readonly log: ContainerLog;
}

/** The sentence for a task that did not stay, from Swarm's word on it and its last lines. */
export function whyTaskFailed(called: string, task: Task, circumstances: Circumstances): UserError {
  const { state, error, message } = task;
  const { node, hasHealthCheck, log } = circumstances;
  const last = log.lastLine === '' ? '' : `; its last line: ${log.lastLine}`;
  if (/unhealthy/.test(error)) {
    return new UserError(
      `${called} did not become healthy on ${node} — its health check failed, and Swarm ended it${last}`,
      'mend the application, or the health check',
      { code: 'container-unhealthy', evidence: log.text },
    );
  }
  // Swarm ends an unhealthy task by a signal; of one that then ends in order it tells no more than that.
  if (state === 'complete' && hasHealthCheck !== false) {
    return new UserError(
      `${called} did not stay on ${node} — it ended without an error: its health check failed and Swarm ended it, or it ended by itself${last}`,
      `mend the application, or the health check ("docker ps -a" on ${node} shows its container)`,
      { code: 'container-unhealthy', evidence: log.text },
    );
  }
  if (/^No such image/.test(error)) {
    return new UserError(
      `${called} cannot be started on ${node} — that node cannot pull ${error.replace(/^No such image: /, '')}`,
      'every node pulls for itself: look whether it reaches the registry and trusts it, and whether the login is still good',
      { code: 'image-not-found' },
    );
  }
  if (state === 'rejected' || (state === 'failed' && !/non-zero exit/.test(error))) {
    const stderr = error === '' ? message : error;
    const result = { exitCode: 1, signal: null, stdout: '', stderr };
    return dockerVerdict({ failed: `Cannot start ${called}`, server: node, result });
  }
  return stopped(called, task, circumstances);
}

function stopped(
  called: string,
  { error, exitCode, since }: Task,
  { node, memory, log }: Circumstances,
): UserError {
  const container = {
    status: 'exited',
    exitCode,
    error,
    outOfMemory: false,
    restarts: 0,
    // When it started, Swarm does not tell: so nothing is said of how long it lived.
    startedAt: since,
    finishedAt: since,
    memory,
    ports: [],
    mounts: [],
  };
  const seen = { server: node, container, log, unread: [`the server (Swarm tells of the task on ${node})`] };
  return whyNotServing(called, seen, { happened: `stopped on ${node}` });
}

/** The sentence for a task that no node takes. */
export function whyTaskWaits(called: string, { error }: Task, waited: number): UserError {
  return new UserError(
    `${called} found no node within ${showDuration(waited)} — Swarm says: ${error}`,
    'add a node, free what the tasks need (ports, memory), or correct the placement of the service',
    { code: 'swarm-no-node' },
  );
}
