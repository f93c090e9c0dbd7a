import { expect, test } from '@jest/globals';

import { lookAt } from '../../../src/deployment/gate/gate.ts';
import { whyItStopped } from '../../../src/deployment/gate/why.ts';
import { readLog } from '../../../src/diagnosis/container-log.ts';
import type { ContainerState } from '../../../src/docker/inspect.ts';
import { container } from '../container.ts';

test.each<[state: Partial<ContainerState>, stderr: string, code: string, says: string]>([
  [
    { exitCode: 1 },
    "Traceback\nKeyError: 'SECRET_KEY'",
    'container-stopped',
    'add SECRET_KEY to the input env',
  ],
  [
    { exitCode: 3 },
    'django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.',
    'container-stopped',
    'stopped 1.0 s after it started — django.core.exceptions.ImproperlyConfigured',
  ],
  [
    { exitCode: 1 },
    'could not connect: connection to server at "127.0.0.1", port 5432 failed: Connection refused',
    'container-stopped',
    'localhost in a container is the container itself',
  ],
  [{ exitCode: 1 }, '', 'container-stopped', 'exit 1, and not a word in its log'],
  [{ exitCode: 0 }, 'bye', 'container-ended', 'without an error: bye'],
  [{ exitCode: 137, outOfMemory: true }, '', 'container-out-of-memory', 'more than its 512 MiB'],
  [{ exitCode: 137 }, '', 'container-killed', 'dmesg'],
  [{ exitCode: 1 }, 'exec /usr/bin/gunicorn: exec format error', 'image-wrong-architecture', 'platforms:'],
  [
    { exitCode: 1 },
    'exec /entry.sh: no such file or directory',
    'container-script-broken',
    '/entry.sh cannot be executed',
  ],
  [
    { exitCode: 1 },
    'standard_init_linux.go:228: exec user process caused: no such file or directory',
    'container-script-broken',
    'Windows line ends',
  ],
])('%j "%s" is %s', (state, stderr, code, says) => {
  const ended = container({ memory: 2 ** 29, state: { status: 'exited', ...state } });
  const failure = whyItStopped('shop (v2)', ended, readLog('', stderr));
  expect(failure.code).toBe(code);
  expect(failure.sentence).toContain(says);
  expect(failure.message).toMatch(/^shop \(v2\) stopped /);
  expect(failure.evidence).toBe(stderr);
});

test('a container that ended and was started again in between did not end well', () => {
  const reborn = container({ state: { status: 'running', exitCode: 0 } });
  expect(whyItStopped('shop', reborn, readLog('', 'Segmentation fault')).message).toContain(
    'Segmentation fault',
  );
});

const healthy = { status: 'healthy', output: '' } as const;
const starting = { status: 'starting', output: '' } as const;
const unhealthy = { status: 'unhealthy', output: 'line\nqueue is down' } as const;

test.each<[state: Partial<ContainerState>, waited: number, hasProbe: boolean, now: string]>([
  [{ status: 'running' }, 0, false, 'not yet'],
  [{ status: 'running' }, 3_000, false, 'ready'],
  [{ status: 'running' }, 0, true, 'ready'],
  [{ status: 'running', health: starting }, 9_000, true, 'not yet'],
  [{ status: 'running', health: unhealthy }, 9_000, false, 'not yet'],
  [{ status: 'running', health: healthy }, 0, false, 'ready'],
  [{ status: 'exited' }, 0, true, 'stopped'],
  [{ status: 'restarting' }, 0, true, 'stopped'],
  [{ status: 'created' }, 0, true, 'stopped'],
])('%j after %d ms, with an address to ask: %p: %s', (state, waited, hasProbe, now) => {
  expect(lookAt(container({ state }), waited, hasProbe).now).toBe(now);
});

test('an unhealthy container is told by what its check said last', () => {
  const look = lookAt(container({ state: { health: unhealthy } }), 0, false);
  expect(look).toMatchObject({
    code: 'container-unhealthy',
    observed: 'its health check says: queue is down',
  });
});
