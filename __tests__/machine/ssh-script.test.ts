import { describe, expect, test } from '@jest/globals';

import { UserError } from '../../src/ground/errors.ts';
import { localMachine } from '../../src/machine/local.ts';
import { afterMarker, noFolder, noProgram, remoteCommand } from '../../src/machine/ssh-script.ts';

const marker = 'tenantry-test';

/** Does with a command what a server's login shell does: a real shell gets the line, and the input. */
async function run(
  argv: readonly string[],
  { stdin = '', ...preparation }: Partial<Parameters<typeof remoteCommand>[1]> & { stdin?: string } = {},
) {
  const { line, script } = remoteCommand(argv, { marker, ...preparation });
  const { stdout, stderr, exitCode } = await localMachine.run(['sh', '-c', line], {
    timeout: 20_000,
    stdin: script + stdin,
  });
  let text = '';
  afterMarker(marker, { onStart() {}, onText: (more) => (text += more) })(stdout);
  return { text, stderr, exitCode };
}

test('the line for the login shell has nothing that shells read differently, and nothing of the command', () => {
  const { line } = remoteCommand(['rm', "it's"], { marker, env: { SECRET: 'canary' } });
  expect(line).toMatch(/^sh -c 'eval "\$\(dd bs=1 count=\d+ 2>\/dev\/null\)"'$/);
});

describe('a real sh', () => {
  test('reads back every argument and every value, of all characters', async () => {
    const characters = Array.from({ length: 126 }, (_, code) => String.fromCharCode(code + 1)).join('');
    const odd = [
      characters,
      '',
      ' ',
      '-n',
      '\n',
      "'",
      "''",
      '\\',
      "\\'",
      'ü€😀',
      '$(id)',
      '`id`',
      '!!',
      '~',
      '*',
    ];
    const env = Object.fromEntries(odd.map((value, index) => [`ODD_${index}`, value]));
    const shown = await run(['printf', '[%s]', ...odd], { env });
    expect(shown.text).toBe(odd.map((value) => `[${value}]`).join(''));
    const read = ['sh', '-c', odd.map((_, index) => `printf '[%s]' "$ODD_${index}"`).join(';')];
    expect((await run(read, { env })).text).toBe(odd.map((value) => `[${value}]`).join(''));
  });

  test('leaves the command’s own input to the command, to the byte', async () => {
    const stdin = 'first\n\n  last without a line break ü';
    expect((await run(['cat'], { stdin })).text).toBe(stdin);
  });

  test('says what is missing', async () => {
    expect(await run(['nonesuch'])).toMatchObject({ exitCode: 127, stderr: `${noProgram(marker)}\n` });
    expect(await run(['true'], { workingDirectory: '/nonesuch' })).toMatchObject({
      exitCode: 126,
      stderr: `${noFolder(marker)}\n`,
    });
  });
});

test('a variable whose name no shell takes is refused', () => {
  expect(() => remoteCommand(['true'], { marker, env: { 'a-b': 'x' } })).toThrow(UserError);
});

test.each([
  [['tenantry-test 42\nout'], 42, 'out'],
  [['noise\ntenan', 'try-test 7\n', 'out', 'put'], 7, 'output'],
  [['tenantry-test 42\n'], 42, ''],
  [['This account is currently not available.\n'], undefined, ''],
])('in %j the command is process %p and says "%s"', (pieces, processId, said) => {
  let started: number | undefined;
  let text = '';
  const push = afterMarker(marker, {
    onStart: (id) => {
      started = id;
    },
    onText: (more) => {
      text += more;
    },
  });
  for (const piece of pieces) push(piece);
  expect({ started, text }).toEqual({ started: processId, text: said });
});
