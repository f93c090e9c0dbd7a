import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Who asks. Each waits for an answer and then a moment, as people do: on a slow machine all of them ask less often,
 * instead of piling up in front of an application that cannot answer so many.
 */
const visitors = 8;
/** Milliseconds between an answer and the next request, each on a connection of its own. */
const pause = 200;
/** Milliseconds after which an answer counts as lost. */
const patience = 30_000;

export interface Visits {
  readonly sent: number;
  /** What came instead of an answer, in the order in which it came. */
  readonly lost: readonly string[];
}

/** An address is asked again and again while some work is done, whatever becomes of each answer. */
export async function visitedDuring<T>(
  address: { readonly url: string; readonly host: string },
  work: () => Promise<T>,
): Promise<{ result: T; visits: Visits }> {
  let sent = 0;
  const lost: string[] = [];
  const over = new AbortController();
  const visit = async () => {
    while (!over.signal.aborted) {
      sent += 1;
      const instead = await ask(address);
      if (instead !== undefined) lost.push(instead);
      await sleep(pause);
    }
  };
  const visiting = Array.from({ length: visitors }, visit);
  try {
    const result = await work();
    over.abort();
    await Promise.all(visiting);
    return { result, visits: { sent, lost } };
  } finally {
    over.abort();
  }
}

/** @returns what came instead of an answer, if anything */
function ask({ url, host }: { readonly url: string; readonly host: string }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request(url, { headers: { host, connection: 'close' }, agent: false, timeout: patience });
    asked.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200 ? undefined : `${response.statusCode}`));
      response.on('error', ({ message }) => resolve(message));
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${patience / 1_000} s`)));
    asked.on('error', ({ message }) => resolve(message));
    asked.end();
  });
}
