import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

import { isDead, isLeftBehind, readHolder } from '../../../src/deployment/server/lease.ts';
import { serverScript } from '../../../src/deployment/server/server-script.ts';

const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;
const record = 'record {"run":"https://example.com/runs/1"}';

test('what is known of a holder', () => {
  expect(readHolder(text(['token abc', 'age 12', 'boot same', 'work alive', 'phase baked', record]))).toEqual(
    {
      token: 'abc',
      age: 12_000,
      isSameBoot: true,
      isWorking: true,
      isSwitching: false,
      phase: 'baked',
      run: 'https://example.com/runs/1',
    },
  );
});

test('a holder that was killed while it wrote its record', () => {
  expect(readHolder(text(['token none', 'age 3', 'phase ', 'record {"ru']))).toMatchObject({
    token: 'none',
    run: 'another run',
  });
});

test.each([
  { age: 89, boot: 'boot same', work: '', dead: false, why: 'a sign of life 89 s ago' },
  { age: 91, boot: 'boot same', work: '', dead: true, why: 'none for 91 s' },
  { age: 600, boot: 'boot same', work: 'work alive', dead: false, why: 'its work on the server goes on' },
  { age: 5, boot: '', work: '', dead: true, why: 'the server was started since' },
])('$why: dead: $dead', ({ age, boot, work, dead }) => {
  expect(isDead(readHolder(text(['token abc', `age ${age}`, boot, work, 'phase x', record])))).toBe(dead);
});

test.each([
  { age: 12, work: 'work alive\nlock held', waits: false, why: 'it gives signs of life: it is refused' },
  { age: 91, work: 'work alive\nlock held', waits: true, why: 'its switch goes on without it' },
  { age: 91, work: 'work alive', waits: false, why: 'a command may have as long as it was given' },
  { age: 91, work: '', waits: false, why: 'nothing goes on' },
])('$why: waited for: $waits', ({ age, work, waits }) => {
  expect(isLeftBehind(readHolder(text(['token abc', `age ${age}`, work, 'phase x', record])))).toBe(waits);
});

test('it is given back while a program still writes its signs of life into it', () => {
  const home = mkdtempSync(join(tmpdir(), 'lease-'));
  const folder = join(home, 'switch');
  for (const each of [folder, join(home, '.tenantry')]) mkdirSync(each);
  const writing = 'while :; do [ ! -d lease ] || echo 2>/dev/null >lease/heartbeat; done';
  const writer = spawn('sh', ['-c', writing], { cwd: folder, stdio: 'ignore' });
  const asked = (what: string) =>
    spawnSync('sh', ['-c', serverScript('lease'), 'lease', what, 'switch', 'abc', '', 'shop', 'v1'], {
      env: { ...process.env, HOME: home },
      input: '{}',
      encoding: 'utf8',
    });
  try {
    for (let turn = 0; turn < 10; turn += 1) {
      expect(asked('take').stdout).toBe('taken\n');
      expect(existsSync(join(folder, 'lease'))).toBe(true);
      asked('release');
      expect(existsSync(join(folder, 'lease'))).toBe(false);
    }
  } finally {
    writer.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
});
