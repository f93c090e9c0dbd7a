import { randomBytes } from 'node:crypto';

import { showDuration } from '../../ground/duration.ts';
import { messageOf, UserError } from '../../ground/errors.ts';
import type { Log } from '../../ground/log.ts';
import { lastWords, type Machine, succeeded } from '../../machine/machine.ts';
import { serverScript } from './server-script.ts';

/** Milliseconds between two signs of life, and without one until a holder counts as dead. */
const heartbeat = { every: 15_000, deadAfter: 90_000 } as const;
const timeout = 30_000;
/** Milliseconds that a dead holder's work on the server is waited for: `docker stop` may have minutes. */
const patience = 5 * 60_000;

/** The right to deploy one application on one server. */
export interface Lease {
  /** What is going on, for whoever wants it, too. Told with the next sign of life. */
  phase(name: string): void;
  release(): Promise<void>;
}

/** What is known of a holder. */
export interface Holder {
  readonly token: string;
  /** Milliseconds since its last sign of life. */
  readonly age: number;
  /** Whether the server has not been started since. */
  readonly isSameBoot: boolean;
  /** Whether its program on the server still works. */
  readonly isWorking: boolean;
  /** Whether that work is what switches; it comes to an end by itself. */
  readonly isSwitching: boolean;
  readonly phase: string;
  /** The address of its workflow run. */
  readonly run: string;
}

/** A dead holder: no sign of life for 90 seconds and no work under way; or of a time before the server started. */
export function isDead({ age, isSameBoot, isWorking }: Holder): boolean {
  return !isWorking && (!isSameBoot || age > heartbeat.deadAfter);
}

/** Nobody but us will come after it: a program that is alive gives signs of life, what it began does not. */
export function isLeftBehind({ age, isSwitching }: Holder): boolean {
  return isSwitching && age > heartbeat.deadAfter;
}

export interface LeaseRequest {
  readonly machine: Machine;
  /** On the server, below the home of the account. */
  readonly folder: string;
  readonly container: string;
  /** Which is to be deployed; `*` for a recovery, which waits for commands of any. */
  readonly release: string;
  readonly host: string;
  /** Who deploys: the address of a workflow run. */
  readonly run: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Looks, and changes nothing.
 * @returns with which words a deployment would be refused now; undefined when it could begin.
 */
export async function whoHoldsLease(request: LeaseRequest): Promise<UserError | undefined> {
  const result = await told(request, { what: 'look', signal: request.signal });
  if (!succeeded(result)) throw cannotTake(request, lastWords(result, 1));
  if (result.stdout.trim() === '') return undefined;
  const holder = readHolder(result.stdout);
  return isDead(holder) ? undefined : locked(request, holder);
}

interface Order {
  readonly what: 'look' | 'take' | 'renew' | 'release';
  readonly token?: string;
  /** Of a dead holder, or what is going on. */
  readonly last?: string;
  readonly signal?: AbortSignal;
}

function told({ machine, folder, container, release, run }: LeaseRequest, order: Order) {
  const { what, token = '', last = '', signal } = order;
  const argv = ['sh', '-c', serverScript('lease'), 'lease', what, folder, token, last, container, release];
  const stdin = JSON.stringify({ run });
  return machine.run(argv, { timeout, stdin, ...(signal === undefined ? {} : { signal }) });
}

/**
 * Takes the lease, also from a dead holder; what that one began on the server is waited for, five minutes at most.
 * @throws UserError `deployment-locked` when somebody else holds it.
 */
export async function takeLease(request: LeaseRequest): Promise<Lease> {
  const { log, signal } = request;
  const token = randomBytes(12).toString('hex');
  let other = '';
  let hasWaited = false;
  for (;;) {
    const result = await told(request, { what: 'take', token, last: other, signal });
    if (result.stdout.trim() === 'taken') break;
    if (!succeeded(result)) throw cannotTake(request, lastWords(result, 1));
    const holder = readHolder(result.stdout);
    if (isLeftBehind(holder) && !hasWaited) {
      await awaitWork(request, holder);
      hasWaited = true;
      continue;
    }
    if (!isDead(holder) || other !== '') throw locked(request, holder);
    log.info(`the lease of ${holder.run} is taken over: ${lifeOf(holder)}`);
    other = holder.token;
  }
  let phase = 'prepare';
  const beat = () =>
    void told(request, { what: 'renew', token, last: phase }).catch((error) => log.debug(messageOf(error)));
  const timer = setInterval(beat, heartbeat.every);
  return {
    phase(name) {
      phase = name;
    },
    async release() {
      clearInterval(timer);
      await told(request, { what: 'release', token }).catch((error) =>
        log.debug(`the lease stays: ${messageOf(error)}`),
      );
    },
  };
}

async function awaitWork({ machine, folder, log, signal }: LeaseRequest, holder: Holder): Promise<void> {
  log.step(
    'Wait',
    `${lifeOf(holder)} from ${holder.run}, but what it began on the server goes on: it has up to ${showDuration(patience)} to end`,
  );
  const seconds = String(patience / 1_000);
  await machine.run(['flock', '-w', seconds, `${folder}/lock`, 'true'], {
    timeout: patience + timeout,
    signal,
  });
}

/** Reads what `take` prints about a holder. */
export function readHolder(text: string): Holder {
  const fact = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  let run = '';
  try {
    run = String((JSON.parse(fact('record')) as { run?: unknown }).run ?? '');
  } catch {} // it was killed while it wrote
  return {
    token: fact('token'),
    age: Number(fact('age')) * 1_000,
    isSameBoot: fact('boot') === 'same',
    isWorking: fact('work') === 'alive',
    isSwitching: fact('lock') === 'held',
    phase: fact('phase'),
    run: run === '' ? 'another run' : run,
  };
}

function lifeOf({ age, isSameBoot }: Holder): string {
  return isSameBoot ? `no sign of life for ${showDuration(age)}` : 'the server was started anew since';
}

function locked({ container, host }: LeaseRequest, holder: Holder): UserError {
  const { run, phase, age, isWorking } = holder;
  const doing = phase === '' ? '' : ` (${phase})`;
  const observed = isWorking
    ? `${run}${doing}; its work on the server goes on`
    : `${run}${doing}, last sign of life ${showDuration(age)} ago`;
  return new UserError(
    `${container} on ${host} is being deployed by somebody else — ${observed}`,
    'wait until that ends, then run again; a run that was killed counts as dead after 90 s (concurrency: in the workflow avoids this)',
    { code: 'deployment-locked' },
  );
}

function cannotTake({ container, host }: LeaseRequest, observed: string): UserError {
  return new UserError(
    `The lease of ${container} on ${host} cannot be taken — ${observed}`,
    'give this account the right to write to ~/.tenantry there, or free some space',
    { code: 'cannot-write' },
  );
}
