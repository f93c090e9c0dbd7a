import { describe, expect, test } from '@jest/globals';

import { readLog } from '../../src/diagnosis/container-log.ts';
import { diagnose } from '../../src/diagnosis/diagnose.ts';
import type { SeenContainer } from '../../src/diagnosis/evidence.ts';
import { withoutSecrets } from '../../src/diagnosis/redact.ts';
import { rules } from '../../src/diagnosis/rules.ts';
import { lastTraceback } from '../../src/diagnosis/traceback.ts';
import { container, host, seen } from './seen.ts';

const codes = (which: keyof typeof rules) => [...new Set(rules[which].map(({ code }) => code))];

describe('the order is a decision', () => {
  test('what the engine knows of an end comes before what the program said', () => {
    expect(codes('ended')).toEqual([
      'container-out-of-memory',
      'server-out-of-memory',
      'image-wrong-architecture',
      'container-script-broken',
      'container-ended',
      'command-not-in-image',
      'command-not-executable',
      'disk-full',
      'server-clock-wrong',
      'env-missing',
      'mount-source-wrong-kind',
      'mount-denied',
      'mounted-file-unreadable',
      'volume-not-writable',
      'database-on-localhost',
      'container-name-not-resolved',
      'container-killed',
    ]);
  });

  test('of one that runs: a port that nobody reaches, its program, its health check, that it is slow', () => {
    expect(codes('running').filter((code) => /port|listens|unhealthy|slow|env-/.test(code))).toEqual([
      'container-wrong-port',
      'container-listens-locally',
      'container-unhealthy',
      'env-missing',
      'container-slow',
    ]);
    expect(rules.running.at(-1)?.code).toBe('container-slow');
  });

  test('a memory limit outweighs the last line', () => {
    const evidence = seen({
      container: container({ exitCode: 137, outOfMemory: true, memory: 2 ** 25 }),
      stderr: "KeyError: 'SECRET_KEY'",
    });
    expect(diagnose(evidence)?.code).toBe('container-out-of-memory');
  });

  test('Docker that does not answer outweighs everything', () => {
    const docker =
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
    expect(diagnose(seen({ docker, stderr: "KeyError: 'SECRET_KEY'" }))?.code).toBe('docker-not-running');
  });
});

describe('a variable that is missing', () => {
  test.each([
    ["KeyError: 'SECRET_KEY'", 'SECRET_KEY'],
    ['django.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable', 'SECRET_KEY'],
    ['ImproperlyConfigured: The SECRET_KEY setting must not be empty.', 'SECRET_KEY'],
    [
      'decouple.UndefinedValueError: STRIPE_KEY not found. Declare it as envvar or define a default value.',
      'STRIPE_KEY',
    ],
    ['Error: Missing required environment variable API_URL', 'API_URL'],
    ['Error: Environment variable `DATABASE_URL` not set', 'DATABASE_URL'],
    ['RuntimeError: DATABASE_URL is not set', 'DATABASE_URL'],
    ['ValueError: unknown state ORDER_PAID', undefined],
    ["KeyError: 'customer'", undefined],
    [
      'Traceback (most recent call last):\n  File "/app/shop/orders.py", line 3, in f\nKeyError: \'ORDER_ID\'',
      undefined,
    ],
    [
      'Traceback (most recent call last):\n  File "/app/shop/settings.py", line 3, in <module>\n  File "/usr/lib/python3.9/os.py", line 679, in __getitem__\nKeyError: \'ORDER_ID\'',
      'ORDER_ID',
    ],
    ['AssertionError: expected HTTP_OK', undefined],
    ['OperationalError: FATAL: the parameter TIME_ZONE has no such value', undefined],
  ])('%s: %s', (stderr, variable) => {
    const found = diagnose(seen({ stderr }));
    expect(found?.code).toBe(variable === undefined ? undefined : 'env-missing');
    if (variable !== undefined) expect(found?.next).toContain(`add ${variable} to the input env`);
  });
});

/** Rows that cannot be brought about on the lab, by what real servers say. */
describe('what a lab cannot show', () => {
  const denied = "PermissionError: [Errno 13] Permission denied: '/app/media/x'";
  const mounts = [
    {
      source: '/srv/media',
      target: '/app/media',
      readOnly: false,
      owner: { uid: 1000, gid: 1000, mode: '755' },
      isFolder: true,
    },
  ];
  const finishedAt = new Date('2026-01-02T03:04:06Z');

  test('SELinux denies what owner and mode allow', () => {
    const kernel = [
      {
        at: finishedAt,
        text: 'audit: type=1400 audit(1767323046.111:318): avc:  denied  { write } for  pid=4711 comm="python3" name="media" dev="vda1" ino=131 scontext=system_u:system_r:container_t:s0:c1,c2 tcontext=unconfined_u:object_r:var_t:s0 tclass=dir permissive=0',
      },
    ];
    const found = diagnose(
      seen({ container: container({ mounts }), stderr: denied, host: host({ kernel }) }),
    );
    expect(found).toMatchObject({
      code: 'mount-denied',
      observed: 'SELinux of the server does not let it use /srv/media',
      line: kernel[0]?.text,
    });
  });

  test('without a sign of it, nothing is claimed', () => {
    expect(diagnose(seen({ container: container({ mounts }), stderr: denied }))).toBeUndefined();
  });

  test('the server itself ran out of memory', () => {
    const text =
      'Out of memory: Killed process 4711 (gunicorn) total-vm:912312kB, anon-rss:612312kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:1400kB oom_score_adj:0';
    const ended = container({ exitCode: 137, finishedAt });
    const kernel = [{ at: new Date(finishedAt.getTime() - 300), text }];
    expect(diagnose(seen({ container: ended, host: host({ kernel }) }))).toMatchObject({
      code: 'server-out-of-memory',
      line: text,
    });
    const earlier = [{ at: new Date(finishedAt.getTime() - 3_600_000), text }];
    expect(diagnose(seen({ container: ended, host: host({ kernel: earlier }) }))?.code).toBe(
      'container-killed',
    );
    const another = [{ at: finishedAt, text: `Memory cgroup out of memory: Killed process 9 (x)` }];
    expect(diagnose(seen({ container: ended, host: host({ kernel: another }) }))?.code).toBe(
      'container-killed',
    );
  });

  test('the kernel says whose memory ran out, and whose process it ended', () => {
    const id = 'b1'.repeat(32);
    const kill = (memcg: string, of = id) => [
      {
        at: finishedAt,
        text: `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=${of},mems_allowed=0,${memcg},task_memcg=/docker/${of},task=python3,pid=26785,uid=0`,
      },
      { at: finishedAt, text: 'Out of memory: Killed process 26785 (python3) total-vm:52080kB, UID:0' },
    ];
    const told = (kernel: ReturnType<typeof kill>, changes: Partial<SeenContainer>) =>
      diagnose(
        seen({ container: container({ id, exitCode: 137, finishedAt, ...changes }), host: host({ kernel }) }),
      );
    const limit = { memory: 2 ** 25 };
    const own = kill(`oom_memcg=/docker/${id}`);
    // Docker hears of it too late now and then.
    expect(told(own, { ...limit, outOfMemory: false })).toMatchObject({
      code: 'container-out-of-memory',
      observed: 'it needed more than its 32 MiB of memory',
      line: own[1]?.text,
    });
    expect(told(kill('global_oom'), { ...limit, outOfMemory: true })).toMatchObject({
      code: 'server-out-of-memory',
      observed: 'the server itself ran out of its 4 GiB of memory, and the kernel ended it',
    });
    expect(told(kill('oom_memcg=/lxc/web-1'), { outOfMemory: true })).toMatchObject({
      code: 'server-out-of-memory',
      observed: expect.stringContaining('what all its containers may use together'),
    });
    expect(told(kill('global_oom', 'c2'.repeat(32)), {})?.code).toBe('container-killed');
    expect(told([], { outOfMemory: true })).toMatchObject({
      code: 'server-out-of-memory',
      line: 'docker inspect: OOMKilled, without a limit',
    });
  });

  test('a clock that is wrong, and something that has a time in it', () => {
    const stderr =
      'ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid (_ssl.c:992)';
    const wrong = host({ clockAhead: -7_200_000 });
    expect(diagnose(seen({ stderr, host: wrong }))).toMatchObject({
      code: 'server-clock-wrong',
      observed: "the server's clock is 2 h behind: certificate is not yet valid",
    });
    expect(diagnose(seen({ stderr }))).toBeUndefined();
  });

  test('a disk that is full, by blocks or by files', () => {
    const stderr = 'OSError: [Errno 28] No space left on device';
    const disk = { folder: '/var/lib/docker', freeBytes: 2 ** 20, usedBytes: 0.999, usedFiles: 0.2 };
    expect(diagnose(seen({ stderr, host: host({ disk }) }))?.observed).toBe(
      '/var/lib/docker is 99 % full (1 MiB free)',
    );
    const files = { folder: '/', freeBytes: 2 ** 34, usedBytes: 0.4, usedFiles: 1 };
    expect(diagnose(seen({ stderr, host: host({ disk: files }) }))?.observed).toBe(
      '/ has no room for more files (100 % of them used)',
    );
  });
});

describe('the last traceback', () => {
  test.each([
    [
      'Python: the cause, and the frame of the project',
      'Traceback (most recent call last):\n  File "/app/manage.py", line 22, in <module>\n    main()\n  File "/app/shop/settings.py", line 14, in <module>\n    SECRET_KEY = env("SECRET_KEY")\n  File "/usr/lib/python3.11/site-packages/environ/environ.py", line 392, in get_value\n    raise ImproperlyConfigured(error_msg)\ndjango.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable',
      {
        cause: 'ImproperlyConfigured: Set the SECRET_KEY environment variable',
        frame: 'shop/settings.py:14',
      },
    ],
    [
      'gunicorn: what it says afterwards is no reason',
      '[1] [INFO] Booting worker\n[8] [ERROR] Exception in worker process\nTraceback (most recent call last):\n  File "/usr/lib/python3/dist-packages/gunicorn/arbiter.py", line 609, in spawn_worker\n    worker.init_process()\n  File "/code/shop/wsgi.py", line 3, in <module>\n    import nothing\nModuleNotFoundError: No module named \'nothing\'\n[8] [INFO] Worker exiting (pid: 8)\n[1] [ERROR] Worker (pid:8) exited with code 3\n[1] [ERROR] Shutting down: Master\n[1] [ERROR] Reason: Worker failed to boot.',
      { cause: "ModuleNotFoundError: No module named 'nothing'", frame: 'shop/wsgi.py:3' },
    ],
    [
      'Python: of several, the last',
      'Traceback (most recent call last):\n  File "/app/a.py", line 1, in f\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "/app/b.py", line 2, in g\n    h()\nValueError: the second',
      { cause: 'ValueError: the second', frame: 'b.py:2' },
    ],
    [
      'Node',
      "node:internal/modules/cjs/loader:1210\n  throw err;\n  ^\n\nError: Cannot find module 'express'\nRequire stack:\n- /app/server.js\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)\n    at Object.<anonymous> (/app/server.js:3:17)\n    at Module._compile (node:internal/modules/cjs/loader:1521:14)\n\nNode.js v20.18.0",
      { cause: "Error: Cannot find module 'express'", frame: 'server.js:3' },
    ],
    [
      'one behind a name, as supervisors print it',
      'web-1  | Traceback (most recent call last):\nweb-1  |   File "/app/shop/urls.py", line 9, in <module>\nweb-1  | ImportError: cannot import name x',
      { cause: 'ImportError: cannot import name x', frame: 'shop/urls.py:9' },
    ],
  ])('%s', (_, log, wanted) => {
    expect(lastTraceback(log)).toMatchObject(wanted);
  });

  test('one that is long over is not the reason', () => {
    const old = `Traceback (most recent call last):\n  File "/app/a.py", line 1, in f\nKeyError: 1\n${'GET / 200\n'.repeat(60)}`;
    expect(lastTraceback(old)).toBeUndefined();
    expect(lastTraceback('')).toBeUndefined();
    expect(lastTraceback('Traceback (most recent call last):\n  File "/app/a.py", line 1')).toBeUndefined();
  });
});

test.each([
  ['postgresql://shop:s3cret@db/shop', 'postgresql://shop:***@db/shop'],
  ['DB_PASSWORD=s3cret-value', 'DB_PASSWORD=***'],
  ['{"api_key": "abcdef"}', '{"api_key": "***"}'],
  ["SECRET_KEY = required('SECRET_KEY')", "SECRET_KEY = required('SECRET_KEY')"],
  ['SECRET_KEY=abcd(efgh', 'SECRET_KEY=***'],
  ['Authorization: Bearer abc.def', 'Authorization: Bearer ***'],
  ['SECRET_KEY is not set', 'SECRET_KEY is not set'],
  ['The SECRET_KEY setting must not be empty.', 'The SECRET_KEY setting must not be empty.'],
  ['password authentication failed for user "shop"', 'password authentication failed for user "shop"'],
])('%s is told as %s', (text, told) => {
  expect(withoutSecrets(text)).toBe(told);
});

test('both streams of a log are told in the order of time', () => {
  expect(readLog('2026-01-02T03:04:05Z a', '2026-01-02T03:04:04Z b').text).toBe('b\na');
});
