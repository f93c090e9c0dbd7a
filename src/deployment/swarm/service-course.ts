/** What is to be seen of a service that is being changed: judged from its state and its tasks alone. */
import type { Service, SwarmNode, Task } from '../../docker/service.ts';

/** What a task has to be, to be one of those that are asked for. */
export interface Aim {
  readonly digest: string;
  /** The label that tells its settings; undefined for a service that others made. */
  readonly settings: string | undefined;
  readonly forced: number;
}

export type Course =
  /** All that are asked for run, and Swarm has nothing more to do; `leaving`: others still come to their end. */
  | { readonly now: 'done'; readonly leaving: boolean }
  /** All that are asked for run, and are being watched. */
  | { readonly now: 'watched' }
  | { readonly now: 'under way'; readonly running: number; readonly wanted: number }
  /** Swarm puts the version of before back, or has done so. */
  | { readonly now: 'going back' | 'gone back'; readonly message: string }
  /** Swarm has given up in the middle. */
  | { readonly now: 'stuck'; readonly message: string };

/** Of the tasks that shall run. */
export const isWanted = ({ wanted }: Task) => wanted === 'running' || wanted === 'ready';
const ended = ['failed', 'rejected', 'complete', 'orphaned'];

export function isOf({ digest, settings, forced }: Aim, task: Task, settingsLabel: string): boolean {
  return (
    digestIn(task.image) === digest &&
    (settings === undefined || task.labels[settingsLabel] === settings) &&
    task.forced === forced
  );
}

export function digestIn(image: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
}

/** How far a change has come. `nodes` tells how many tasks a service has that runs on each of them. */
export function courseOf(
  service: Service,
  tasks: readonly Task[],
  { nodes, isNew }: { nodes: readonly SwarmNode[]; isNew: (task: Task) => boolean },
): Course {
  const { update } = service;
  switch (update?.state) {
    case 'rollback_started':
      return { now: 'going back', message: update.message };
    case 'rollback_completed':
      return { now: 'gone back', message: update.message };
    case 'paused':
    case 'rollback_paused':
      return { now: 'stuck', message: update.message };
    default:
  }
  const live = tasks.filter(isWanted);
  const running = live.filter((task) => task.state === 'running' && isNew(task)).length;
  const wanted = service.replicas ?? Math.max(1, nodes.filter((node) => node.isUp && node.isActive).length);
  // One on every node: how many nodes it may go to, Swarm knows better; it has made a task for each.
  const isAll = service.replicas === undefined ? running > 0 && live.length === running : running === wanted;
  if (!isAll || live.length > running) return { now: 'under way', running, wanted };
  if (update?.state === 'updating') return { now: 'watched' };
  // Of a node that is down Swarm does not know that its tasks have ended.
  const isHeard = ({ nodeId }: Task) => nodes.some(({ id, isUp }) => id === nodeId && isUp);
  const leaving = tasks.some((task) => !isWanted(task) && task.state === 'running' && isHeard(task));
  return { now: 'done', leaving };
}

/** The newest task of a change that did not stay: it failed, was refused by its node, or ended by itself. */
export function failedTask(
  tasks: readonly Task[],
  { isNew, since }: { isNew: (task: Task) => boolean; since: ReadonlySet<string> },
): Task | undefined {
  return tasks
    .filter((task) => isNew(task) && !since.has(task.id) && ended.includes(task.state))
    .sort((one, other) => other.since.getTime() - one.since.getTime())[0];
}

/** A task that no node takes, with Swarm's reason. */
export function waitingTask(
  tasks: readonly Task[],
  { isNew }: { isNew: (task: Task) => boolean },
): Task | undefined {
  return tasks.find((task) => isNew(task) && isWanted(task) && task.state === 'pending' && task.error !== '');
}

/** Whether an image is on its way to a node. */
export function isPulling(tasks: readonly Task[]): boolean {
  return tasks.some((task) => isWanted(task) && task.state === 'preparing');
}
