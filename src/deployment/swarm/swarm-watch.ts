/** Follows a change of a service to its end, by looking at it: what Swarm does goes on whether or not anybody looks. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ContainerLog } from '../../diagnosis/container-log.ts';
import { whyNotServing } from '../../diagnosis/why.ts';
import type { Service, SwarmNode, Task } from '../../docker/service.ts';
import type { Swarm } from '../../docker/swarm.ts';
import { LostConnection, UserError } from '../../ground/errors.ts';
import { listed } from '../../ground/words.ts';
import { type Complaint, complaintAbout, type StatusRanges } from '../../health/probe.ts';
import { whyTaskFailed, whyTaskWaits } from '../gate/why-task.ts';
import { labels, releaseOf } from '../releases/release.ts';
import { outsideProbe } from '../request/health-probe.ts';
import type { Work } from '../request/work.ts';
import { reconnected } from '../server/reconnect.ts';
import { type Aim, courseOf, failedTask, isOf, isPulling, isWanted, waitingTask } from './service-course.ts';

/** Milliseconds between two looks. */
export const pause = 500;
/** Milliseconds: for one HTTP answer, and for an image to come to a node. */
const answerTimeout = 5_000;
const pullTimeout = 20 * 60_000;
/** Lines of a task's log that are kept as evidence. */
const evidenceLines = 60;
/** Milliseconds that Swarm has to go back by itself after a task has failed. */
const swarmGoesBack = 15_000;
/** Milliseconds beyond `stop-timeout` after which nobody waits for the old tasks any more: they serve nobody. */
const leavingTimeout = 30_000;
/** Looks after which an address that answered, and answers no more, is bad. */
const badLooks = 3;

/** What one look shows. */
export interface Sight {
  readonly service: Service;
  readonly tasks: readonly Task[];
}

interface Watched {
  readonly swarm: Swarm;
  readonly nodes: readonly SwarmNode[];
  readonly aim: Aim;
  /** Tasks of before: what became of them is not news. */
  readonly known?: readonly Task[];
  /** Whether Swarm looks at its health; undefined when that is not known. */
  readonly hasHealthCheck?: boolean | undefined;
  /** There was no service before: Swarm watches over updates only, so it is watched from here. */
  readonly isFirst?: boolean;
}

export class SwarmWatch {
  readonly aim: Aim;
  /** Milliseconds in which no task ran. */
  downtime = 0;
  last: Sight | undefined;
  readonly #work: Work;
  readonly #watched: Watched;
  readonly #known: ReadonlySet<string>;
  readonly #isNew: (task: Task) => boolean;
  #lookedAt = performance.now();
  #told = '';

  constructor(work: Work, watched: Watched) {
    this.#work = work;
    this.#watched = watched;
    this.aim = watched.aim;
    this.#isNew = (task) => isOf(watched.aim, task, labels.settings);
    this.#known = new Set(
      (watched.known ?? []).filter((task) => task.state !== 'running').map(({ id }) => id),
    );
  }

  /** The nodes on which it runs. */
  get where(): string {
    const { nodes } = this.#watched;
    const names = (this.last?.tasks ?? [])
      .filter((task) => isWanted(task) && this.#isNew(task))
      .map(({ nodeId }) => nodes.find(({ id }) => id === nodeId)?.name ?? nodeId);
    const counts = [...new Set(names)].sort().map((name) => {
      const number = names.filter((other) => other === name).length;
      return number === 1 ? name : `${name} (${number} tasks)`;
    });
    return listed(counts);
  }

  /**
   * Waits until it is as asked for, everywhere, watched for the time of `bake`, and answers on its public port.
   * @throws UserError that says why it is not so; Swarm may be on its way back already.
   */
  async toTheEnd(): Promise<void> {
    const { request, ports } = this.#work;
    const { isFirst = false } = this.#watched;
    const { signal } = ports;
    let progress = { running: -1, at: performance.now() };
    let failure: { error: UserError; at: number } | undefined;
    let completeSince: number | undefined;
    let answeredAt: number | undefined;
    let bad = 0;
    for (;;) {
      const { service, tasks } = await this.#look();
      const now = performance.now();
      const course = courseOf(service, tasks, { nodes: this.#watched.nodes, isNew: this.#isNew });
      this.#measure(tasks, now);
      const failed = failedTask(tasks, { isNew: this.#isNew, since: this.#known });
      if (failed !== undefined && failure === undefined) {
        failure = { error: await this.#whyFailed(failed), at: now };
      }
      if (failure !== undefined && (isFirst || now - failure.at > swarmGoesBack)) throw failure.error;
      switch (course.now) {
        case 'going back':
        case 'gone back':
        case 'stuck':
          throw failure?.error ?? this.#endedBySwarm(course.message);
        case 'under way': {
          completeSince = undefined;
          if (course.running !== progress.running) progress = { running: course.running, at: now };
          this.#tell(`${course.running} of ${course.wanted} tasks run the new version`);
          const limit = isPulling(tasks) ? pullTimeout : request.healthTimeout;
          if (now - progress.at > limit) throw failure?.error ?? (await this.#whyLate(tasks));
          break;
        }
        case 'watched':
        case 'done': {
          completeSince ??= now;
          const complaint = await serviceAnswers(this.#work);
          signal.throwIfAborted();
          if (complaint === undefined) {
            answeredAt ??= now;
            bad = 0;
            const isWatched = !isFirst || now - completeSince >= request.bake;
            const isLeft =
              course.now === 'done' &&
              (!course.leaving || now - completeSince > request.stopTimeout + leavingTimeout);
            if (isLeft && isWatched && failure === undefined) return;
            this.#tell('all tasks run the new version; they are being watched');
            break;
          }
          bad += 1;
          const isTooLate = answeredAt === undefined && now - completeSince > request.healthTimeout;
          if (isTooLate || (answeredAt !== undefined && bad >= badLooks)) {
            throw await this.#whyNotHealthy(tasks, complaint, now - completeSince);
          }
        }
      }
      await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  get #called(): string {
    const { request } = this.#work;
    return `${request.container} (${releaseOf(request)})`;
  }

  #tell(text: string): void {
    if (text !== this.#told) this.#work.ports.log.debug(text);
    this.#told = text;
  }

  /** From look to look: what ran neither before nor after a pause did not run in it. */
  #measure(tasks: readonly Task[], now: number): void {
    if (!this.#watched.isFirst && !tasks.some(({ state }) => state === 'running')) {
      this.downtime += now - this.#lookedAt;
    }
    this.#lookedAt = now;
  }

  async #look(): Promise<Sight> {
    const { request, machine, ports } = this.#work;
    const { swarm } = this.#watched;
    try {
      const [service, tasks] = await Promise.all([
        swarm.service(request.container),
        swarm.tasks(request.container),
      ]);
      if (service === undefined) {
        throw new UserError(
          `${this.#called} is gone — somebody removed its service`,
          'find out who, then deploy again',
          {
            code: 'container-gone',
          },
        );
      }
      this.last = { service, tasks };
      return this.last;
    } catch (error) {
      if (!(error instanceof LostConnection) || ports.signal.aborted) throw error;
      ports.log.warning(`${error.message}; the swarm goes on by itself`);
      if (!(await reconnected(machine, { log: ports.log, limit: ports.signal }))) throw error;
      return this.#look();
    }
  }

  async #whyFailed(task: Task): Promise<UserError> {
    return whyTaskFailed(this.#called, task, {
      node: this.#nodeOf(task),
      memory: this.#work.request.memory ?? 0,
      hasHealthCheck: this.#watched.hasHealthCheck,
      log: await this.#watched.swarm.logs(task.id, evidenceLines),
    });
  }

  async #whyLate(tasks: readonly Task[]): Promise<UserError> {
    const { request } = this.#work;
    const waiting = waitingTask(tasks, { isNew: this.#isNew });
    if (waiting !== undefined) return whyTaskWaits(this.#called, waiting, request.healthTimeout);
    const observed = tasks.find((task) => this.#isNew(task) && isWanted(task) && task.state !== 'running');
    const seen = {
      code: 'container-slow',
      observed:
        observed === undefined
          ? 'Swarm has not made all its tasks'
          : `a task on ${this.#nodeOf(observed)} is ${observed.state}: its health check has not passed yet`,
      hint: 'raise health-timeout if it needs longer, or look at "docker service ps" on a manager',
    } as const;
    return this.#whyNotHealthy(tasks, seen, request.healthTimeout);
  }

  async #whyNotHealthy(tasks: readonly Task[], answer: Complaint, waited: number): Promise<UserError> {
    const log = await this.#newestLog(tasks);
    return whyNotServing(
      this.#called,
      { server: this.#work.machine.name, log, answer, unread: [] },
      { waited },
    );
  }

  #endedBySwarm(message: string): UserError {
    return new UserError(
      `Swarm did not exchange ${this.#work.request.container} — ${message === '' ? 'it gives no reason' : message}`,
      'look at "docker service ps --no-trunc" on a manager, then run again',
      { code: 'swarm-update-stopped' },
    );
  }

  async #newestLog(tasks: readonly Task[]): Promise<ContainerLog> {
    const task = tasks.find((one) => this.#isNew(one) && isWanted(one));
    if (task === undefined) return { text: '', lastLine: '' };
    return this.#watched.swarm.logs(task.id, evidenceLines);
  }

  #nodeOf({ nodeId }: Task): string {
    return this.#watched.nodes.find(({ id }) => id === nodeId)?.name ?? 'no node';
  }
}

const good: StatusRanges = [[200, 299]];
/** The old version may not know the health address: any answer shows that it serves. */
const anyAnswer: StatusRanges = [[100, 499]];

/** What is wrong with the public port; undefined when it answers, or when no address is given. */
export async function serviceAnswers(
  { host, request, ports }: Work,
  {
    isOld = false,
    timeout = 0,
    signal = ports.signal,
  }: { isOld?: boolean; timeout?: number; signal?: AbortSignal } = {},
): Promise<Complaint | undefined> {
  const probe = outsideProbe(request, host);
  if (probe === undefined) return undefined;
  const started = performance.now();
  for (;;) {
    const answer = await ports.ask(probe, answerTimeout, signal);
    const complaint = complaintAbout(answer, { status: isOld ? anyAnswer : good, headers: {} });
    if (complaint === undefined || performance.now() - started >= timeout) return complaint;
    await sleep(500, undefined, { signal });
  }
}
