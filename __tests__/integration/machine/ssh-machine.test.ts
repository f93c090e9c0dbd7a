import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { bringUp, control, type LabHost } from '../../../lab/lab.ts';
import { LostConnection, UserError } from '../../../src/ground/errors.ts';
import type { Machine } from '../../../src/machine/machine.ts';
import { connectSsh, type Keepalive } from '../../../src/machine/ssh.ts';
import { each } from '../breadth.ts';
import { failureOf, KeptLog, sshServerOf } from '../lab-server.ts';

let host: LabHost;
let machine: Machine;
const timeout = 30_000;

const login = (keepalive?: Keepalive) =>
  connectSsh(sshServerOf(host), { signal: new AbortController().signal, log: new KeptLog() }, keepalive);
const onServer = (script: string) => control('host1').run(['sh', '-c', script]);

beforeAll(async () => {
  host = (await bringUp(['host1'])).host1;
  machine = await login();
}, 600_000);

afterAll(() => machine?.close());

describe('a command', () => {
  test('gets its arguments to the letter, whatever they contain', async () => {
    const odd = [
      'a b',
      "it's",
      '"',
      '$HOME',
      '`id`',
      '\\',
      '*',
      '!',
      'two\nlines',
      'ü€',
      '',
      '-n',
      '#',
      ';&|',
    ];
    const { stdout } = await machine.run(['printf', '[%s]', ...odd], { timeout });
    expect(stdout).toBe(odd.map((argument) => `[${argument}]`).join(''));
  });

  test('gets environment, input and folder', async () => {
    const value = 'quotes \' " and\na second line, \\ $HOME';
    const { stdout } = await machine.run(['sh', '-c', 'printf "%s|" "$ODD"; cat; pwd'], {
      timeout,
      stdin: 'the input\n',
      env: { ODD: value },
      workingDirectory: '/var/tmp',
    });
    expect(stdout).toBe(`${value}|the input\n/var/tmp\n`);
  });

  test('tells its lines as they come, and how it ended', async () => {
    const lines: string[] = [];
    const result = await machine.run(['sh', '-c', 'echo one; echo two >&2; exit 3'], {
      timeout,
      onLine: (line) => lines.push(line),
    });
    expect(result).toEqual({ exitCode: 3, signal: null, stdout: 'one\n', stderr: 'two\n' });
    expect(lines.toSorted()).toEqual(['one', 'two']);
  });

  test('that is killed there says by which signal', async () => {
    const result = await machine.run(['sh', '-c', 'kill -9 $$'], { timeout });
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('that does not exist is a sentence; its own exit code 127 is a result', async () => {
    const failure = await failureOf(machine.run(['nonesuch'], { timeout }), UserError);
    expect(failure.code).toBe('command-not-found');
    expect(await machine.run(['sh', '-c', 'exit 127'], { timeout })).toMatchObject({ exitCode: 127 });
  });

  test('never shows its environment or its input in a list of processes', async () => {
    const canary = `canary-${Date.now()}`;
    const running = machine.run(['sleep', '25'], { timeout, env: { CANARY: canary }, stdin: canary });
    let shown = '';
    const look = async () => {
      shown += await onServer("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '");
    };
    while (!shown.includes('sleep 25')) await look();
    for (let round = 0; round < 8; round += 1) await look();
    await onServer(`pkill -x -u ${host.user} sleep`);
    await running;
    expect(shown).not.toContain(canary);
  });

  test('that takes too long is ended, with what it started', async () => {
    const seconds = '4242.1';
    const failure = await failureOf(
      machine.run(['sh', '-c', `echo begun; sleep ${seconds} & sleep ${seconds}`], { timeout: 3_000 }),
      UserError,
    );
    expect(failure.code).toBe('command-timed-out');
    expect(failure.message).toContain('it was ended');
    expect(failure.evidence).toBe('begun');
    expect(await onServer(`pgrep -f 'sleep ${seconds}$' || echo none`)).toBe('none\n');
  });

  test('that is cancelled is ended', async () => {
    const seconds = '4242.2';
    const reason = new UserError('cancelled', 'run again', { code: 'cancelled' });
    const controller = new AbortController();
    const running = machine.run(['sleep', seconds], { timeout, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 2_000);
    expect(await failureOf(running, UserError)).toBe(reason);
    expect(await onServer(`pgrep -f 'sleep ${seconds}$' || echo none`)).toBe('none\n');
  });
});

describe('a file', () => {
  const folder = () => `/home/${host.user}/files-${process.pid}`;

  test('is written whole, with its mode, in a folder that is made for it', async () => {
    const path = `${folder()}/new folder/app.env`;
    await machine.writeFile(path, 'SECRET=ü\n', { mode: 0o600 });
    await machine.writeFile(path, 'SECRET=new\n', { mode: 0o640 });
    expect(await machine.readFile(path)).toBe('SECRET=new\n');
    expect(await onServer(`stat -c '%a %U' '${path}'; ls '${folder()}/new folder'`)).toBe(
      `640 ${host.user}\napp.env\n`,
    );
  });

  test('is seen either as it was or as it will be, never half', async () => {
    const path = `${folder()}/whole`;
    const one = 'a'.repeat(400_000);
    const other = 'b'.repeat(400_000);
    await machine.writeFile(path, one, { mode: 0o600 });
    const writing = (async () => {
      for (let round = 0; round < 4; round += 1) {
        await machine.writeFile(path, round % 2 === 0 ? other : one, { mode: 0o600 });
      }
    })();
    let looks = 0;
    let isWriting = true;
    void writing.finally(() => {
      isWriting = false;
    });
    while (isWriting) {
      const seen = await onServer(`tr -s ab < '${path}' | head -c 3; wc -c < '${path}'`);
      expect(['a400000\n', 'b400000\n']).toContain(seen);
      looks += 1;
    }
    await writing;
    expect(looks).toBeGreaterThan(0);
  });

  test('that is not there is undefined; one that cannot be read or written is a sentence', async () => {
    expect(await machine.readFile(`${folder()}/nothing`)).toBeUndefined();
    expect((await failureOf(machine.readFile('/etc/shadow'), UserError)).code).toBe('cannot-read');
    const writing = machine.writeFile('/etc/tenantry-test', 'x', { mode: 0o600 });
    const failure = await failureOf(writing, UserError);
    expect(failure.code).toBe('cannot-write');
    expect(failure.message).toContain('Permission denied');
  });
});

describe('a lost connection', () => {
  test('is neither success nor failure: the session was killed', async () => {
    const lost = await login();
    const marker = '4242.3';
    const running = lost.run(['sh', '-c', `sleep ${marker}; true`], { timeout });
    await sleep(2_000);
    await onServer(`pkill -KILL -f '^sshd: ${host.user}'; sleep 0.5; pkill -f '[s]leep ${marker}' || true`);
    expect((await failureOf(running, LostConnection)).code).toBe('connection-lost');
    await failureOf(lost.run(['true'], { timeout }), LostConnection);
    await lost.close();
    machine = await login(); // every session of this account was killed
  });

  /** By itself it takes 40 s: with other numbers at each push. */
  const impatient = { interval: 500, count: 3 };
  test.each(
    each<Keepalive | undefined>([impatient, undefined], impatient).map((keepalive) => ({ keepalive })),
  )(
    'a cable that is pulled is noticed, although nobody says a word: $keepalive',
    async ({ keepalive }) => {
      const lost = await login(keepalive);
      const running = lost.run(['sleep', '100'], { timeout: 100_000 });
      await sleep(1_000);
      await control('host1').unplug();
      try {
        const failure = await failureOf(running, LostConnection);
        expect(failure.message).toContain('Keepalive timeout');
      } finally {
        await control('host1').plugIn();
        await lost.close();
        machine = await login();
      }
    },
    100_000,
  );
});

describe('a login shell', () => {
  test('that talks does not disturb the output', async () => {
    await onServer(`echo 'echo noise; echo noise >&2' > /home/${host.user}/.bashrc.new
      cat /home/${host.user}/.bashrc >> /home/${host.user}/.bashrc.new
      cp /home/${host.user}/.bashrc /home/${host.user}/.bashrc.old
      mv /home/${host.user}/.bashrc.new /home/${host.user}/.bashrc`);
    try {
      expect((await machine.run(['echo', 'clear'], { timeout })).stdout).toBe('clear\n');
    } finally {
      await onServer(`mv /home/${host.user}/.bashrc.old /home/${host.user}/.bashrc`);
    }
  });

  test('that runs nothing is recognised at the login', async () => {
    await onServer(`chsh -s /usr/sbin/nologin ${host.user}`);
    try {
      const failure = await failureOf(login(), UserError);
      expect(failure.code).toBe('ssh-shell-unusable');
      expect(failure.message).toContain('This account is currently not available');
    } finally {
      await onServer(`chsh -s /bin/bash ${host.user}`);
    }
  });
});
