import { describe, expect, test } from '@jest/globals';

import { LostConnection, UserError } from '../../src/ground/errors.ts';
import { converseLocally } from '../../src/machine/conversation.ts';
import type { ConverseOptions } from '../../src/machine/machine.ts';

/** A program of this machine that runs some JavaScript. */
function converse(script: string, options: ConverseOptions = {}) {
  return converseLocally([process.execPath, '-e', script], options);
}

const echo = `require('readline').createInterface({ input: process.stdin })
  .on('line', (line) => console.log('heard ' + line)).on('close', () => process.exit(3))`;

async function all(conversation: Awaited<ReturnType<typeof converse>>): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await conversation.receive(); line !== undefined; line = await conversation.receive()) {
    lines.push(line);
  }
  return lines;
}

describe('a conversation with a program of this machine', () => {
  test('question and answer, until its input is closed', async () => {
    const conversation = await converse(echo);
    await conversation.send('one');
    expect(await conversation.receive()).toBe('heard one');
    await conversation.send('two ☂');
    expect(await conversation.receive()).toBe('heard two ☂');
    expect(await conversation.end()).toMatchObject({ exitCode: 3, signal: null });
    expect(await conversation.receive()).toBeUndefined();
    await expect(conversation.send('three')).rejects.toThrow(LostConnection);
  });

  test('a long line, and many lines that nobody takes for a while', async () => {
    const conversation = await converse(
      `process.stdout.write('x'.repeat(5e6) + '\\n'); for (let i = 0; i < 20000; i++) console.log(i)`,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await conversation.receive())?.length).toBe(5e6);
    const lines = await all(conversation);
    expect([lines.length, lines.at(0), lines.at(-1)]).toEqual([20_000, '0', '19999']);
  });

  test('what it said before it died is heard, and that it died; its last words are kept', async () => {
    const heard: string[] = [];
    const conversation = await converse(
      `console.log('said'); for (let i = 0; i < 300; i++) console.error('line ' + i);
       setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)`,
      { onLine: (line) => heard.push(line) },
    );
    expect(await conversation.receive()).toBe('said');
    expect(await conversation.receive()).toBeUndefined();
    const { signal, stderr } = await conversation.ended;
    expect(signal).toBe('SIGKILL');
    expect([heard.length, stderr.split('\n').length, stderr.split('\n')[0]]).toEqual([300, 200, 'line 100']);
  });

  test('a child that holds its streams open does not hide that it died', async () => {
    const conversation = await converse(
      `require('child_process').spawn('sleep', ['60'], { stdio: 'inherit' }); setTimeout(() => process.exit(1), 50)`,
    );
    expect(await conversation.receive()).toBeUndefined();
    expect(await conversation.end()).toMatchObject({ exitCode: 1 });
  });

  test('a program that does not end when it is asked to is ended', async () => {
    const conversation = await converse(`console.log('up'); setInterval(() => {}, 1000)`);
    expect(await conversation.receive()).toBe('up');
    expect(await conversation.end(50)).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
  });

  test('it ends with the step', async () => {
    const step = new AbortController();
    const conversation = await converse(`console.log('up'); setInterval(() => {}, 1000)`, {
      signal: step.signal,
    });
    expect(await conversation.receive()).toBe('up');
    step.abort();
    expect(await conversation.receive()).toBeUndefined();
    expect(await conversation.ended).toMatchObject({ signal: 'SIGTERM' });
  });

  test('a program that does not exist', async () => {
    const failure = await converseLocally(['no-such-program'], {}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect(failure).toMatchObject({ code: 'command-not-found' });
  });
});
