import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two requests, each on a connection of its own. */
const pace = 25;
/** Milliseconds after which an answer counts as lost. */
const patience = 5_000;

export interface Visits {
  readonly sent: number;
  readonly lost: number;
}

/** Asks an address again and again while some work is done, whatever becomes of each answer. */
export async function visitedDuring<T>(
  address: { readonly url: string; readonly host: string },
  work: () => Promise<T>,
): Promise<{ result: T; visits: Visits }> {
  const answers: Promise<boolean>[] = [];
  const over = new AbortController();
  const visiting = (async () => {
    while (!over.signal.aborted) {
      answers.push(isAnswered(address));
      await sleep(pace);
    }
  })();
  try {
    const result = await work();
    over.abort();
    await visiting;
    const answered = await Promise.all(answers);
    return { result, visits: { sent: answered.length, lost: answered.filter((one) => !one).length } };
  } finally {
    over.abort();
  }
}

function isAnswered({ url, host }: { readonly url: string; readonly host: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(url, { headers: { host, connection: 'close' }, agent: false, timeout: patience });
    asked.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
      response.on('error', () => resolve(false));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
