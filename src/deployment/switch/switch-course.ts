/** What the runner does while the program on the server moves the traffic: it follows, looks, and may ask it to go back. */
import { setTimeout as sleep } from 'node:timers/promises';

import { deafToEnding } from '../../diagnosis/deaf.ts';
import { UserError } from '../../ground/errors.ts';
import { complaintAbout } from '../../health/probe.ts';
import { outsideProbe } from '../request/health-probe.ts';
import type { Work } from '../request/work.ts';
import type { Lease } from '../server/lease.ts';
import type { Entry, SwitchResult } from './journal.ts';
import { askToGoBack, follow, type SwitchRun } from './switch-run.ts';

/** Milliseconds beside the times that the user sets. */
const spare = 180_000;
/** For an answer from outside, between two, and how many bad ones in a row count. */
const outside = { timeout: 5_000, pause: 1_000, complaints: 3 } as const;
/** Milliseconds that a cancelled run waits for the program; the runner gives it 7.5 s in all. */
const lastTime = 6_000;

/** What is known while the program works. */
export class Course {
  readonly #work: Work;
  readonly #about: About;
  #before: number | undefined;
  #hasDrained = false;
  hasFlipped = false;
  isPastReturn = false;

  constructor(work: Work, about: About) {
    this.#work = work;
    this.#about = about.release === about.old ? withOtherSettings(about) : about;
  }

  note({ at, step, isLate }: Entry): void {
    const {
      host,
      request,
      ports: { log },
      learn,
    } = this.#work;
    const { release, old, lease } = this.#about;
    lease.phase(step);
    const took = this.#before === undefined ? undefined : at - this.#before;
    this.#before = at;
    const said = sentences[step];
    if (said !== undefined) log.step(said.label, said.text({ release, old, isLate }), took);
    else log.debug(`${host}: ${step}`);
    if (step === 'flipped') {
      this.hasFlipped = true;
      learn({
        standing: `${release} has the traffic on ${host}, and ${old} is ready to take it back; the server goes on by itself`,
      });
    }
    if (step === 'stopping') {
      this.isPastReturn = true;
      learn({
        standing: `${release} serves on ${host}, from a temporary container; the server goes on by itself, and the next run looks`,
      });
    }
    if (step === 'stopped' && isLate) log.warning(deafToEnding(`${host}: ${old}`, request.stopTimeout));
    if (step === 'drained') this.#hasDrained = true;
    if (step === 'deployed' && !this.#hasDrained) {
      log.info(
        `${old} still has connections on ${host}, which it lets come to their end: the server goes on by itself`,
      );
    }
    if (step === 'committed') this.isPastReturn = true;
    if (step === 'committed') learn({ standing: `${release} serves on ${host}` });
  }

  /** The old version serves, with a proof. */
  undone(): void {
    const { host, learn } = this.#work;
    const { old } = this.#about;
    if (this.hasFlipped) {
      learn({ result: 'rolled-back', standing: `the old version (${old}) serves again on ${host}` });
    } else {
      learn({ result: 'failed', standing: `the old version (${old}) is running on ${host}, as before` });
    }
  }
}

interface About {
  readonly release: string;
  /** The release that serves. */
  readonly old: string;
  readonly lease: Lease;
}

/** The same release twice: what differs is what it was started with. */
function withOtherSettings({ release, lease }: About): About {
  return { release: `${release} with its new settings`, old: `${release} as it was`, lease };
}

const sentences: Readonly<
  Record<
    string,
    { label: string; text(names: { release: string; old: string; isLate: boolean }): string } | undefined
  >
> = {
  taken: { label: 'Proxy', text: () => 'its configuration includes the ports that take turns' },
  healthy: { label: 'Healthy', text: ({ release, old }) => `${release} runs beside ${old}` },
  flipped: { label: 'Switch', text: ({ release }) => `new connections go to ${release}` },
  drained: {
    label: 'Drained',
    text: ({ old, isLate }) =>
      isLate ? `${old} still has connections; the time is up` : `nobody is connected to ${old} any more`,
  },
  baked: { label: 'Bake', text: ({ release }) => `${release} stays healthy` },
  stopped: { label: 'Stopped', text: ({ old }) => old },
  'final-healthy': { label: 'In place', text: ({ release }) => `${release} runs on the published port` },
  unflipped: { label: 'Settled', text: () => 'the redirect is removed' },
  failed: { label: 'Failed', text: ({ release, old }) => `${release} is no good: back to ${old}` },
};

export interface Followed {
  readonly result: SwitchResult | undefined;
  /** What the runner saw from outside, where it asked to go back. */
  readonly outside: UserError | undefined;
}

/** Follows the program, looks from outside meanwhile, and lets it go back when the step is cancelled. */
export async function followed(work: Work, run: SwitchRun, course: Course): Promise<Followed> {
  const {
    request,
    ports: { signal },
  } = work;
  const { healthTimeout, bake, drainTimeout, stopTimeout } = request;
  const timeout = 2 * healthTimeout + bake + 2 * drainTimeout + 3 * stopTimeout + spare;
  const over = new AbortController();
  const watching = watchFromOutside(work, run, { course, over: AbortSignal.any([signal, over.signal]) });
  const onEntry = (entry: Entry) => course.note(entry);
  try {
    const result = await follow(run, { timeout, signal, onEntry });
    over.abort();
    return { result, outside: await watching };
  } catch (error) {
    over.abort();
    if (!signal.aborted) throw error;
    if (course.isPastReturn) throw error;
    await askToGoBack(run, 'cancelled');
    const limit = AbortSignal.timeout(lastTime);
    const result = await follow(run, { timeout: lastTime, signal: limit, onEntry: () => {} }).catch(
      () => undefined,
    );
    if (result?.result === 'undone') course.undone();
    throw error;
  }
}

/** Health as a client sees it, from the switch on, for as long as the old one can take the traffic back. */
async function watchFromOutside(
  { host, request, ports: { ask } }: Work,
  run: SwitchRun,
  { course, over }: { course: Course; over: AbortSignal },
): Promise<UserError | undefined> {
  const probe = outsideProbe(request, host);
  if (probe === undefined) return undefined;
  let complaints = 0;
  try {
    for (;;) {
      await sleep(outside.pause, undefined, { signal: over });
      if (!course.hasFlipped) continue;
      if (course.isPastReturn) return undefined;
      const complaint = complaintAbout(await ask(probe, outside.timeout, over), {
        status: [[200, 299]],
        headers: {},
      });
      complaints = complaint === undefined ? 0 : complaints + 1;
      if (complaint === undefined || complaints < outside.complaints) continue;
      await askToGoBack(run, 'outside');
      return new UserError(
        `${request.container} does not answer from outside — ${complaint.observed}`,
        complaint.hint,
        { code: complaint.code },
      );
    }
  } catch (error) {
    if (over.aborted) return undefined;
    throw error;
  }
}
