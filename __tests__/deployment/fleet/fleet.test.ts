import { describe, expect, test } from '@jest/globals';

import { failureOf } from '../../../src/deployment/fleet/fleet-failure.ts';
import { hostLog } from '../../../src/deployment/fleet/host-log.ts';
import { standingsTogether } from '../../../src/deployment/fleet/standings.ts';
import type { HostOutcome } from '../../../src/deployment/request/outcome.ts';
import { UserError } from '../../../src/ground/errors.ts';

test.each<[standings: Record<string, string>, together: string]>([
  [{ a: 'v2 serves on a' }, 'v2 serves on a'],
  [
    { a: 'v2 serves on a', b: 'v2 serves on b', c: 'nothing was changed on c' },
    'v2 serves on a and b; nothing was changed on c',
  ],
  [
    { a: 'v1 is stopped on a: run again', b: 'v1 is stopped on b: run again' },
    'v1 is stopped on a and b: run again',
  ],
  // A name that another one begins with.
  [{ web: 'v2 serves on web', 'web-2': 'v2 serves on web-2' }, 'v2 serves on web and web-2'],
  [{ web: 'v2 serves on web-3, too', b: 'nothing' }, 'v2 serves on web-3, too; nothing'],
  [{ 'a$&': 'v2 serves on a$&' }, 'v2 serves on a$&'],
])('what is true of several servers: %j', (standings, together) => {
  expect(standingsTogether(new Map(Object.entries(standings)))).toBe(together);
});

describe('the failure of the whole', () => {
  const failure = (message: string, evidence?: string) =>
    new UserError(message, 'mend it', {
      code: 'container-stopped',
      ...(evidence === undefined ? {} : { evidence }),
    });
  const outcome = (host: string, changes: Partial<HostOutcome> = {}): HostOutcome => ({
    host,
    result: 'deployed',
    release: 'v2',
    digest: undefined,
    previousRelease: 'v1',
    previousDigest: undefined,
    differences: [],
    downtime: 0,
    duration: 0,
    standing: '',
    failure: undefined,
    ...changes,
  });

  test('there is none', () => {
    expect(failureOf([outcome('a'), outcome('b')])).toBeUndefined();
  });

  test('of a single server it is its own', () => {
    const own = failure('shop stopped');
    expect(failureOf([outcome('a', { failure: own })])).toBe(own);
  });

  test('of several servers it names those that failed, and what could not go back', () => {
    const whole = failureOf([
      outcome('a', { result: 'failed', wentBack: { failure: failure('shop cannot go back on a') } }),
      outcome('b', { failure: failure('shop stopped — no key', 'Traceback') }),
      outcome('c', { failure: failure('no answer from c', 'silence') }),
    ]);
    expect(whole?.sentence).toBe(
      'b: shop stopped — no key — mend it; also no answer from c; it could not go back: shop cannot go back on a',
    );
    expect(whole?.code).toBe('container-stopped');
    expect(whole?.evidence).toBe('b:\nTraceback\n\nc:\nsilence');
  });
});

test('the log of one server among several names it, and tells a plan once', () => {
  const lines: string[] = [];
  const tell = (text: string) => void lines.push(text);
  const log = hostLog(
    {
      step: (label, text) => tell(`${label} ${text}`),
      info: tell,
      debug: tell,
      warning: tell,
      details: tell,
    },
    'web-1',
  );
  for (let round = 0; round < 2; round += 1) {
    log.step('Plan', 'shop on web-1: v1 runs');
    log.info('image: v1 → v2');
    log.step('Switch', 'new connections go to v2');
  }
  expect(lines).toEqual([
    'Plan shop on web-1: v1 runs',
    'web-1: image: v1 → v2',
    'Switch web-1: new connections go to v2',
    'Switch web-1: new connections go to v2',
  ]);
});
