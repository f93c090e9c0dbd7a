import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';

import { command } from '../../../lab/command.ts';
import { bringUp, type Lab } from '../../../lab/lab.ts';
import { openContainer } from '../../../src/docker/container-machine.ts';
import { settleEarlierWork } from '../../../src/docker/work-command.ts';
import { type WorkContainer, workArguments } from '../../../src/docker/work-container.ts';
import { LostConnection, UserError } from '../../../src/ground/errors.ts';
import { localMachine } from '../../../src/machine/local.ts';
import type { Machine } from '../../../src/machine/machine.ts';
import { failureOf, KeptLog } from '../lab-server.ts';

/** A container as a place, on a real engine: what holds for every machine holds there. */
let lab: Lab;
const before = { host: process.env.DOCKER_HOST, path: process.env.PATH };
const { signal } = new AbortController();
const log = new KeptLog();

beforeAll(async () => {
  lab = await bringUp(['builder', 'base-image']);
  process.env.DOCKER_HOST = lab.builder.dockerHost;
  process.env.PATH = `${join(lab.docker, '..')}:${before.path}`;
}, 900_000);
let machine: Machine;
afterEach(async () => {
  await machine?.close();
  expect(await docker('ps', '--all', '--quiet', '--filter', 'name=tenantry-work-test')).toBe('');
});
afterAll(() => {
  if (before.host === undefined) delete process.env.DOCKER_HOST;
  process.env.PATH = before.path;
});

const docker = (...args: string[]) => command([lab.docker, '--host', lab.builder.dockerHost, ...args]);

const workOf = (changes: Partial<WorkContainer> = {}): WorkContainer => ({
  image: lab.baseImage,
  name: 'tenantry-work-test',
  database: 'test',
  run: 'https://github.example/runs/1',
  ...changes,
});

let made = 0;
async function open(changes: Partial<WorkContainer> = {}): Promise<Machine> {
  made += 1;
  const work = workOf({ name: `tenantry-work-test-${made}`, ...changes });
  machine = await openContainer(localMachine, work, { signal, log });
  return machine;
}

const timeout = 60_000;

test('runs a command with its input, its environment and its folder, and tells how it ended', async () => {
  const place = await open();
  const lines: string[] = [];
  const script = `cat; echo "$ODD" "$PWD" >&2; kill -KILL $$`;
  const env = { ODD: `it's "odd" $(id)\n€` };
  const onLine = (line: string) => lines.push(line);
  const ran = await place.run(['sh', '-c', script], {
    timeout,
    stdin: 'in\nput',
    env,
    workingDirectory: '/etc',
    onLine,
  });
  expect(ran).toEqual({ exitCode: null, signal: 'SIGKILL', stdout: 'in\nput', stderr: `${env.ODD} /etc\n` });
  expect(lines).toEqual(expect.arrayContaining(['in', 'put', '€ /etc']));
  expect(await place.run(['false'], { timeout })).toMatchObject({ exitCode: 1, signal: null });

  await place.writeFile('/tmp/deep/file', 'secret ü', { mode: 0o600 });
  expect(await place.readFile('/tmp/deep/file')).toBe('secret ü');
  expect(await place.readFile('/tmp/nowhere')).toBeUndefined();

  const missing = await failureOf(place.run(['nonesuch'], { timeout }), UserError);
  expect(missing.sentence).toMatch(
    /^Cannot start nonesuch on the image tenantry-lab\/python:bookworm on this machine — there is no such program/,
  );
  expect(missing.code).toBe('command-not-found');
});

test('small commands have one shell, one after the other, each with its own input, words and end', async () => {
  const place = await open();
  const quick = { timeout, quick: true };
  const script = `echo "to $1" >&2; cat; exit 3\n`;
  const [one, two, three] = await Promise.all([
    place.run(['sh', '-c', script, 'sh', `it's $(id)`], { ...quick, stdin: 'a\n\nb\n' }),
    place.run(['sh'], { ...quick, stdin: 'printf "%s" "$ODD"; kill -KILL $$\n', env: { ODD: `o'd\n$d` } }),
    place.run(['nonesuch'], quick),
  ]);
  expect(one).toEqual({ exitCode: 3, signal: null, stdout: 'a\n\nb\n', stderr: `to it's $(id)` });
  expect(two).toMatchObject({ exitCode: null, signal: 'SIGKILL', stdout: `o'd\n$d` });
  expect(three).toMatchObject({ exitCode: 127, stdout: '', stderr: expect.stringContaining('not found') });
  await docker('rm', '--force', `tenantry-work-test-${made}`);
  const gone = await failureOf(place.run(['true'], quick), LostConnection);
  expect(gone.sentence).toContain('is gone');
});

test('what takes too long is ended where it runs, with what it started; what is cancelled, too', async () => {
  const place = await open();
  const late = await failureOf(
    place.run(['sh', '-c', 'sleep 1001 & sleep 1002'], { timeout: 1_500 }),
    UserError,
  );
  expect(late.code).toBe('command-timed-out');
  expect(late.message).toMatch(/did not end within 1\.5 s — it was ended/);

  const cancelled = new AbortController();
  const running = place.run(['sleep', '1003'], { timeout, signal: cancelled.signal });
  await sleep(500);
  cancelled.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  const left = await place.run(['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'], { timeout });
  expect(left.stdout).not.toMatch(/sleep 100[123]/);
});

test('talks with a program, line by line', async () => {
  const place = await open();
  const program = 'import sys\nfor line in sys.stdin: print("heard", line.strip(), flush=True)\nsys.exit(7)';
  const talk = await place.converse?.(['python3', '-c', program], {});
  await talk?.send('one');
  expect(await talk?.receive()).toBe('heard one');
  expect(await talk?.end()).toMatchObject({ exitCode: 7 });

  const stubborn = await place.converse?.(['sh', '-c', 'trap "" TERM; while :; do sleep 1004; done'], {});
  expect(await stubborn?.end(200)).toMatchObject({ signal: 'SIGKILL' });
});

test('a container that is gone is a lost connection, never a failure', async () => {
  const place = await open();
  const running = failureOf(place.run(['sleep', '1005'], { timeout }), LostConnection);
  await sleep(1_000);
  await docker('rm', '--force', `tenantry-work-test-${made}`);
  expect((await running).sentence).toMatch(
    /lost during sleep .* — its container tenantry-work-test-\d+ is gone/,
  );
});

test('what must last is a container of its own; cancelled, it is stopped, and nothing of it is left', async () => {
  const place = await open();
  const lasting = 'a lasting command';
  const ran = await place.run(['sh', '-c', 'cat; exit 3'], { timeout, stdin: 'input', lasting });
  expect(ran).toMatchObject({ exitCode: 3, signal: null, stdout: 'input' });

  const cancelled = new AbortController();
  const running = place.run(['python3', '-c', 'import time; time.sleep(1006)'], {
    timeout,
    lasting,
    signal: cancelled.signal,
  });
  running.catch(() => {});
  const mine = async () => docker('ps', '--quiet', '--filter', `label=tenantry.work-command=${lasting}`);
  while ((await mine()) === '') await sleep(100);
  await sleep(1_000);
  cancelled.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  expect(await docker('ps', '--all', '--quiet', '--filter', `label=tenantry.work-command=${lasting}`)).toBe(
    '',
  );
});

test('what an earlier run has left is followed to its end, told and removed; what does not end is named', async () => {
  const left = (name: string, program: string) => {
    const command = 'manage.py migrate_schemas --shared';
    const [run = '', ...args] = workArguments(workOf({ name, command }), ['--detach'], program);
    return docker(run, ...args);
  };
  const settling = { host: localMachine, work: workOf(), log: new KeptLog(), signal };
  await left('tenantry-work-test-left-1', 'echo Applying orders.0005; exit 1');
  await left('tenantry-work-test-left-2', 'sleep 2; echo at last');
  await settleEarlierWork(settling, timeout);
  const begun = 'manage.py migrate_schemas --shared, begun by https://github.example/runs/1';
  expect(settling.log.lines).toEqual(
    expect.arrayContaining([
      `warning: ${begun}, has ended without it: exit 1, Applying orders.0005`,
      `${begun}, goes on without it in the container tenantry-work-test-left-2 on this machine: waiting for its end`,
      '  at last',
      `${begun}, has come to its end without it: exit 0`,
    ]),
  );

  await left('tenantry-work-test-left-3', 'sleep 1007');
  const busy = await failureOf(settleEarlierWork(settling, 1_000), UserError);
  expect(busy.code).toBe('database-locked');
  expect(busy.sentence).toMatch(
    /still at work after .* in the container tenantry-work-test-left-3 on this machine/,
  );
  await docker('rm', '--force', 'tenantry-work-test-left-3');
});

test('an image without a shell is said so', async () => {
  await command([lab.docker, '--host', lab.builder.dockerHost, 'import', '-', 'tenantry-lab/empty:1'], {
    stdin: '\0'.repeat(10_240),
  });
  const empty = await failureOf(open({ image: 'tenantry-lab/empty:1' }), UserError);
  expect(empty.code).toBe('command-not-in-image');
});
