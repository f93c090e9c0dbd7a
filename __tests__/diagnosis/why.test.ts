import { describe, expect, test } from '@jest/globals';

import { failureOf } from '../../src/deployment/fleet/fleet-failure.ts';
import { changedSince } from '../../src/diagnosis/changes.ts';
import type { SeenContainer } from '../../src/diagnosis/evidence.ts';
import { thatStopped, whyNotServing } from '../../src/diagnosis/why.ts';
import { UserError } from '../../src/ground/errors.ts';
import { container, host, seen } from './seen.ts';

describe('a container that ended', () => {
  test.each<[state: Partial<SeenContainer>, stderr: string, code: string, says: string]>([
    [{}, "Traceback\nKeyError: 'SECRET_KEY'", 'env-missing', 'add SECRET_KEY to the input env'],
    [
      { exitCode: 3 },
      'django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.',
      'env-missing',
      'stopped 1.0 s after it started — SECRET_KEY is not set',
    ],
    [
      {},
      'could not connect: connection to server at "127.0.0.1", port 5432 failed: Connection refused',
      'database-on-localhost',
      'localhost in a container is the container itself',
    ],
    [{}, '', 'container-stopped', 'exit 1, and not a word in its log'],
    [{ exitCode: 139 }, 'loading', 'container-stopped', 'exit 139, SIGSEGV; its last line: loading'],
    [{ exitCode: 0 }, 'bye', 'container-ended', 'without an error: bye'],
    [
      { exitCode: 137, outOfMemory: true, memory: 2 ** 29 },
      '',
      'container-out-of-memory',
      'more than its 512 MiB',
    ],
    [{ exitCode: 137 }, '', 'container-killed', 'dmesg'],
    [{}, 'exec /usr/bin/gunicorn: exec format error', 'image-wrong-architecture', 'platforms:'],
    [
      {},
      'exec /entry.sh: no such file or directory',
      'container-script-broken',
      '/entry.sh cannot be executed',
    ],
    [
      {},
      'standard_init_linux.go:228: exec user process caused: no such file or directory',
      'container-script-broken',
      'Windows line ends',
    ],
  ])('%j "%s" is %s', (state, stderr, code, says) => {
    const failure = whyNotServing('shop (v2)', seen({ container: container(state), stderr }));
    expect(failure.code).toBe(code);
    expect(failure.sentence).toContain(says);
    expect(failure.message).toMatch(/^shop \(v2\) stopped /);
    if (stderr !== '') expect(failure.evidence).toContain(stderr);
  });

  test('and was started again in between did not end well, whatever its state says now', () => {
    const reborn = seen({
      container: container({ status: 'running', exitCode: 0, restarts: 1 }),
      stderr: 'Segmentation fault',
    });
    const failure = whyNotServing('shop', thatStopped(reborn));
    expect(failure.message).toBe('shop stops again and again (1 restart) — Segmentation fault');
    expect(failure.code).toBe('container-stopped');
  });
});

test('of one that nobody could look at, nothing is claimed but that it stopped', () => {
  const blind = {
    server: 'deploy@web-1',
    name: 'shop',
    unread: ['anything of the server (no answer within 20 s)'],
  };
  const failure = whyNotServing('shop', thatStopped(blind));
  expect(failure.code).toBe('container-stopped');
  expect(failure.message).toBe(
    'shop stopped — could not be looked at: anything of the server (no answer within 20 s)',
  );
});

describe('a container that runs', () => {
  const running = (changes: Partial<SeenContainer>) =>
    container({ status: 'running', exitCode: 0, ...changes });

  test.each<[what: string, changes: Parameters<typeof seen>[0], code: string, says: string]>([
    [
      'another port',
      { container: running({ listening: [{ port: 9000, isLocal: false }] }) },
      'container-wrong-port',
      'it listens on 9000, and 8000 is published — correct ports (80:9000)',
    ],
    [
      'the right port, for itself',
      { container: running({ listening: [{ port: 8000, isLocal: true }] }) },
      'container-listens-locally',
      'let it listen on 0.0.0.0:8000',
    ],
    [
      'an answer of another kind is no matter of its log',
      {
        container: running({ listening: [{ port: 8000, isLocal: false }] }),
        answer: { code: 'health-status', observed: 'answers 404 instead of 200-299', hint: 'check the path' },
        stderr: "Traceback (most recent call last):\nKeyError: 'CACHE_URL'",
      },
      'health-status',
      'answers 404 instead of 200-299 — check the path',
    ],
    [
      'a server error has its traceback',
      {
        container: running({}),
        answer: { code: 'health-server-error', observed: 'answers 500 instead of 200-299', hint: 'look' },
        stderr:
          'Traceback (most recent call last):\n  File "/app/shop/views.py", line 7, in index\n    1/0\nZeroDivisionError: division by zero',
      },
      'health-server-error',
      'answers 500 instead of 200-299: ZeroDivisionError: division by zero (shop/views.py:7)',
    ],
  ])('%s', (_, changes, code, says) => {
    const failure = whyNotServing('shop (v2)', seen(changes), { waited: 30_000 });
    expect(failure.code).toBe(code);
    expect(failure.sentence).toContain(`did not become healthy within 30 s — `);
    expect(failure.sentence).toContain(says);
  });
});

test('what changed since the release that worked is the first that is shown', () => {
  const { message, evidence } = changedSince(
    whyNotServing('shop', seen({ stderr: "KeyError: 'SECRET_KEY'", unread: ["the kernel's messages"] })),
    { release: 'a1b2c3d', changes: ['image: a1b2c3d → f6e5d4c', 'variables: − DEBUG and SECRET_KEY'] },
  );
  expect(message).toMatch(/SECRET_KEY is not set; a1b2c3d had SECRET_KEY$/);
  expect(evidence?.split('\n\n').map((part) => part.split('\n')[0])).toEqual([
    'Changed since a1b2c3d, which worked:',
    'What shows it:',
    'Its last lines:',
    'The server:',
    'Could not be read:',
  ]);
});

test('what could not even be looked at says so, and claims nothing', () => {
  const unread = ['anything of the server (a script on deploy@web-1 did not end within 20 s — it was ended)'];
  const failure = whyNotServing('shop', { server: 'deploy@web-1', name: 'shop', unread });
  expect(failure.sentence).toContain('why could not be looked at: anything of the server');
  expect(failure.hint).toBe('look there: docker inspect and docker logs shop on deploy@web-1');
});

test('an error that the log is silent about: how to make it speak', () => {
  const answer = { code: 'health-server-error', observed: 'answers 500', hint: 'look at its log' } as const;
  const running = container({ status: 'running' });
  expect(
    whyNotServing('shop', seen({ container: running, answer, stderr: 'Booting worker' })).hint,
  ).toContain('LOGGING has a console handler');
  expect(whyNotServing('shop', seen({ container: running, answer, log: undefined })).hint).toBe(
    'look at its log',
  );
});

test('what the kernel ended elsewhere is no clue, and what it ended here is one', () => {
  const finishedAt = new Date('2026-01-02T03:04:06Z');
  const killed = (id: string) => [
    { at: finishedAt, text: `oom-kill:global_oom,task_memcg=/docker/${id},task=python3,pid=4711,uid=0` },
    { at: finishedAt, text: 'Out of memory: Killed process 4711 (python3) total-vm:52080kB' },
  ];
  const id = 'b1'.repeat(32);
  const clues = (of: string) =>
    whyNotServing(
      'shop',
      seen({ container: container({ id, exitCode: 3, finishedAt }), host: host({ kernel: killed(of) }) }),
    ).evidence;
  expect(clues('c2'.repeat(32))).not.toContain('the kernel said');
  expect(clues(id)).toContain('the kernel said about then: Out of memory: Killed process 4711');
});

test('of a traceback the frames of libraries are told by their number', () => {
  const frame = (file: string, code: string) => `  File "${file}", line 7, in f\n    ${code}\n    ^^^^^`;
  const lib = '/venv/lib/python3.11/site-packages/gunicorn/util.py';
  const stderr = [
    'Traceback (most recent call last):',
    ...Array.from({ length: 9 }, () => frame(lib, 'load()')),
    frame('/app/shop/settings.py', 'KEY = environ[name]'),
    frame('<frozen os>', 'raise KeyError'),
    "ValueError: the key's length is odd",
    '[1] [ERROR] Reason: Worker failed to boot.',
  ].join('\n');
  const shown = (text: string) =>
    /Its last lines:\n([\s\S]*?)\n\n/.exec(whyNotServing('shop', seen({ stderr: text })).evidence ?? '')?.[1];
  expect(shown(stderr)?.split('\n')).toEqual([
    'Traceback (most recent call last):',
    '  … 9 frames of libraries',
    '  File "/app/shop/settings.py", line 7, in f',
    '    KEY = environ[name]',
    '    ^^^^^',
    '  File "<frozen os>", line 7, in f',
    '    raise KeyError',
    '    ^^^^^',
    "ValueError: the key's length is odd",
    '[1] [ERROR] Reason: Worker failed to boot.',
  ]);
  const node = [
    'Error: Cannot find module x',
    ...Array.from({ length: 4 }, (_, n) => `    at load (node:internal/m:${n}:1)`),
    '    at f (/app/server.js:3:1)',
  ].join('\n');
  expect(shown(node)).toBe(
    'Error: Cannot find module x\n  … 4 frames of libraries\n    at f (/app/server.js:3:1)',
  );
});

test('where the mistake is written is kept', () => {
  const place = { file: 'Dockerfile', line: 1 };
  const failure = new UserError('shop cannot run — it is for arm', 'build it', {
    code: 'image-wrong-architecture',
    place,
  });
  expect(changedSince(failure, { release: 'v1', changes: ['image: v1 → v2'] }).place).toBe(place);
  expect(failureOf(['web-1', 'web-2'].map((each) => ({ host: each, failure })))?.place).toBe(place);
});

test('of what no rule knows, the evidence is sorted by what mostly is the reason', () => {
  const failure = whyNotServing(
    'shop',
    seen({
      container: container({ exitCode: 3, restarts: 2 }),
      stderr: 'booting\nfatal: the moon is in the wrong house',
      host: host({ memory: { total: 2 ** 32, available: 2 ** 24 } }),
    }),
  );
  expect(failure.code).toBe('container-stopped');
  expect(failure.evidence).toContain(
    [
      'What was seen, the most telling first:',
      'its last line about an error: fatal: the moon is in the wrong house',
      'the server has 16 MiB of memory left, of 4 GiB',
      'it was restarted 2 times',
      'it ended with exit 3',
    ].join('\n'),
  );
});
