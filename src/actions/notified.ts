import { messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import type { Listener, Moment } from '../report/notification.ts';
import { notify } from '../report/notify.ts';
import type { Origin } from '../step/action.ts';

export interface NotifyRequest {
  readonly notify?: readonly Listener[] | undefined;
  readonly dryRun: boolean;
  readonly container?: string | undefined;
  readonly environment: string;
}

/** Does some work, and tells those who wanted to know that it begins and how it ended. */
export async function notified<T extends { readonly result: string }>(
  { notify: listeners = [], dryRun, container = 'the application', environment }: NotifyRequest,
  { origin, log, clean }: { readonly origin: Origin; readonly log: Log; clean(text: string): string },
  work: () => Promise<T>,
): Promise<T> {
  if (listeners.length === 0 || dryRun) return work();
  const link = URL.canParse(origin.run) ? origin.run : undefined;
  const tell = (moment: Moment, sentence: string) =>
    notify(
      listeners,
      { moment, subject: container, environment, sentence: clean(sentence), link, actor: origin.actor },
      log,
    );
  await tell('start', `Commit ${origin.commit.slice(0, 12)} is on its way.`);
  try {
    const done = await work();
    await tell('success', `Commit ${origin.commit.slice(0, 12)}: ${done.result}.`);
    return done;
  } catch (error) {
    await tell('failure', error instanceof UserError ? error.sentence : messageOf(error));
    throw error;
  }
}
