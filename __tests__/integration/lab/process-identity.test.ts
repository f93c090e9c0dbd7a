import { spawn } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { end, identify, isAlive } from '../../../lab/process-identity.ts';

test('ends the process that was recorded, and never a later one with its number', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  const identity = identify(child.pid ?? Number.NaN);
  expect(isAlive(identity)).toBe(true);

  const earlier = { ...identity, startTime: String(Number(identity.startTime) - 1) };
  expect(isAlive(earlier)).toBe(false);
  await end(earlier);
  await end({ ...identity, bootId: 'another boot' });
  expect(isAlive(identity)).toBe(true);

  await end(identity);
  expect(await exited).toBe('SIGKILL');
  expect(isAlive(identity)).toBe(false);
});

test('a process that has gone cannot be recorded', () => {
  expect(() => identify(2 ** 22 + 1)).toThrow(/ended before it could be recorded/);
});
