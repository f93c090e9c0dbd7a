import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration } from '../ground/duration.ts';
import { LostConnection, UserError } from '../ground/errors.ts';
import { type Conversation, ending, lastWords } from '../machine/machine.ts';
import { sessionName } from '../machine/project.ts';
import { type PlacedProgram, placeProgram, readAnswer } from './probe.ts';
import { conversePython, type DjangoProject } from './project.ts';
import { messageShape, type Ready, type TenantResult, type WorkerMessage } from './worker-messages.ts';
import type { TenantRequest, WorkerOptions } from './worker-options.ts';
import { WorkerUnsupported } from './worker-unsupported.ts';

const defaults = { startTimeout: 120_000, tenantsPerProcess: 2_000, memoryPerProcess: 400 * 1024 * 1024 };

/** One process of worker.py, or of another program that speaks as it does, from its start to its end. */
export interface WorkerProcess {
  readonly ready: Ready;
  /** It is gone, or has done its share: another one has to take over. */
  readonly isUsedUp: boolean;
  prepare(example: TenantRequest): Promise<void>;
  migrate(request: TenantRequest): Promise<TenantResult>;
  /**
   * Asks what has one answer. `about` says what it is, for people.
   * @param timeout milliseconds; after that the process is ended, and nobody knows what became of it
   * @throws LostConnection
   */
  ask(words: object, about: string, timeout: number): Promise<unknown>;
  end(): Promise<void>;
}

/**
 * @throws WorkerUnsupported
 * @throws UserError why the project cannot be started.
 */
export async function startProcess(
  project: DjangoProject,
  options: WorkerOptions,
  program: 'worker' | 'provision' = 'worker',
): Promise<WorkerProcess> {
  const placed = await placeProgram(project, program, {});
  try {
    const conversation = await conversePython(project, placed.args, placed.env, {
      signal: options.signal,
      onLine: options.onLine,
      applicationName: program,
    });
    if (conversation === undefined) {
      throw new WorkerUnsupported(`${project.machine.name} cannot keep a program running`);
    }
    const ready = await untilReady(conversation, placed, project, options);
    return new Process({ project, options, conversation, placed, ready });
  } catch (error) {
    await placed.remove();
    throw error;
  }
}

/** Waits until the worker says that it is ready, or why it is not. */
async function untilReady(
  conversation: Conversation,
  placed: PlacedProgram,
  project: DjangoProject,
  { signal, startTimeout = defaults.startTimeout }: WorkerOptions,
): Promise<Ready> {
  const first = await within(startTimeout, firstMessage(conversation));
  if (first !== timeIsUp && first?.event === 'ready') {
    const { event: _, ...ready } = first;
    return ready;
  }
  const result = await conversation.end();
  signal?.throwIfAborted();
  if (first === timeIsUp) {
    throw new UserError(
      `The project did not start within ${showDuration(startTimeout)} — it was ended`,
      'its last lines are below; run python manage.py check in the same place and see what it waits for',
      { code: 'command-timed-out', evidence: lastWords(result) },
    );
  }
  if (first?.event === 'unsupported') throw new WorkerUnsupported(first.reason);
  // It has written why it could not start, as every program does.
  readAnswer(await placed.answer(), messageShape, { project, result });
  throw new Error(`worker.py began with ${first?.event ?? 'an answer'}`);
}

/** What stands before the worker's first word was printed by Python, or by what starts it. */
async function firstMessage(conversation: Conversation): Promise<WorkerMessage | undefined> {
  for (;;) {
    const line = await conversation.receive();
    if (line === undefined) return undefined;
    const message = messageShape.safeParse(parsed(line));
    if (message.success) return message.data;
  }
}

interface Parts {
  readonly project: DjangoProject;
  readonly options: WorkerOptions;
  readonly conversation: Conversation;
  readonly placed: PlacedProgram;
  readonly ready: Ready;
}

class Process implements WorkerProcess {
  readonly #parts: Parts;
  #tenants = 0;
  #memory = 0;
  #gone = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    void parts.conversation.ended.then(() => {
      this.#gone = true;
    });
  }

  get ready(): Ready {
    return this.#parts.ready;
  }

  get isUsedUp(): boolean {
    const { tenantsPerProcess = defaults.tenantsPerProcess, memoryPerProcess = defaults.memoryPerProcess } =
      this.#parts.options;
    return this.#gone || this.#tenants >= tenantsPerProcess || this.#memory > memoryPerProcess;
  }

  async prepare(example: TenantRequest): Promise<void> {
    // That nobody listens any more is noticed when a tenant comes.
    await this.#parts.conversation.send(JSON.stringify(this.#words('prepare', example))).catch(() => {});
  }

  async migrate(request: TenantRequest): Promise<TenantResult> {
    this.#tenants += 1;
    const result = await within(request.timeout, this.#converse(request));
    if (result !== timeIsUp) {
      // A statement that was cancelled with the step has not failed by itself.
      if (result.outcome !== 'done') this.#parts.options.signal?.throwIfAborted();
      if ('rss' in result) this.#memory = result.rss;
      return result;
    }
    throw await this.#lost(
      `the migration of ${request.schema}`,
      `it was not done within ${showDuration(request.timeout)} and was ended`,
    );
  }

  async ask(words: object, about: string, timeout: number): Promise<unknown> {
    const answered = await within(timeout, this.#answerTo(words, about));
    if (answered !== timeIsUp) return answered;
    throw await this.#lost(about, `it was not done within ${showDuration(timeout)} and was ended`);
  }

  async #answerTo(words: object, about: string): Promise<unknown> {
    await this.#say(about, words);
    const message = await this.#hear(about);
    if (message.event === 'answer') return message.value;
    throw await this.#lost(about, `the worker said ${message.event}`);
  }

  async end(): Promise<void> {
    this.#gone = true;
    await this.#parts.conversation.end();
    await this.#parts.placed.remove();
  }

  async #converse(request: TenantRequest): Promise<TenantResult> {
    const { onBegun, onApplied } = request;
    const about = `the migration of ${request.schema}`;
    await this.#say(about, this.#words('migrate', request));
    for (;;) {
      const message = await this.#hear(about);
      switch (message.event) {
        case 'begun':
          onBegun?.(message.migration);
          break;
        case 'applied':
          onApplied?.(message.migration, message.ms);
          break;
        case 'held': {
          const { event: _, ...held } = message;
          await this.#say(about, { do: await this.#decide(request, held) });
          break;
        }
        case 'done':
        case 'dropped':
        case 'failed':
        case 'cannot-try-out':
          return outcomeOf(message);
        case 'lost':
          throw new LostConnection(`${about} (${message.during})`, message.message);
        default:
          throw await this.#lost(about, `the worker said ${message.event}`);
      }
    }
  }

  #words(what: 'prepare' | 'migrate', { schema, tenantType = null, postMigrate, tryOut }: TenantRequest) {
    const applicationName = sessionName(this.#parts.project, schema);
    const asked = tryOut === undefined ? null : { sql: tryOut.sql };
    return { do: what, schema, tenantType, postMigrate, tryOut: asked, applicationName };
  }

  async #decide({ tryOut }: TenantRequest, held: Parameters<NonNullable<typeof tryOut>['decide']>[0]) {
    try {
      return (await tryOut?.decide(held)) ?? 'drop';
    } catch (error) {
      // Nothing may stay open: the transaction holds its locks until it is dropped.
      await this.end();
      throw error;
    }
  }

  async #say(about: string, words: object): Promise<void> {
    try {
      await this.#parts.conversation.send(JSON.stringify(words));
    } catch {
      throw await this.#lost(about, 'the worker no longer listens');
    }
  }

  async #hear(about: string): Promise<WorkerMessage> {
    const line = await this.#parts.conversation.receive();
    if (line === undefined) throw await this.#lost(about, 'the worker ended');
    const message = messageShape.safeParse(parsed(line));
    if (message.success) return message.data;
    throw await this.#lost(about, `the worker said something else than agreed: ${line.slice(0, 200)}`);
  }

  /** Ends what may still run, so that nothing goes on unseen. */
  async #lost(about: string, observed: string): Promise<Error> {
    this.#gone = true;
    const { conversation, options } = this.#parts;
    const result = await conversation.end();
    if (options.signal?.aborted) return options.signal.reason;
    return new LostConnection(about, `${observed} (${ending(result)})`, {
      evidence: lastWords(result),
    });
  }
}

function outcomeOf({
  event,
  ...told
}: Extract<WorkerMessage, { event: TenantResult['outcome'] }>): TenantResult {
  return { outcome: event, ...told } as TenantResult;
}

const timeIsUp = Symbol('time is up');

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | typeof timeIsUp> {
  const over = new AbortController();
  const timer = sleep(milliseconds, timeIsUp, { signal: over.signal }).catch(() => timeIsUp);
  work.catch(() => {}); // when the time is up first, nobody else hears of it
  try {
    return await Promise.race([work, timer as Promise<typeof timeIsUp>]);
  } finally {
    over.abort();
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
