import { beforeAll, describe, expect, test } from '@jest/globals';

import { tryCommand } from '../../../lab/command.ts';
import { installMachinePackages } from '../../../lab/debian-packages.ts';
import { localMachine } from '../../../src/machine/local.ts';
import { shellLine } from '../../../src/machine/quoting.ts';
import { remoteCommand } from '../../../src/machine/ssh-script.ts';

/** sshd hands a command to the account's login shell as `SHELL -c LINE`; so does this. */
const loginShells: [shell: string, debianPackage: string][] = [
  ['dash', 'dash'],
  ['bash', 'bash'],
  ['rbash', 'bash'],
  ['fish', 'fish'],
  ['csh', 'tcsh'],
  ['tcsh', 'tcsh'],
];
const marker = 'tenantry-0123456789abcdef';

beforeAll(async () => {
  const missing = new Set<string>();
  for (const [shell, debianPackage] of loginShells) {
    const found = await tryCommand(['sh', '-c', 'command -v "$1"', 'sh', shell]);
    if (found.code !== 0) missing.add(debianPackage);
  }
  await installMachinePackages([...missing]);
}, 600_000);

/** Texts of everything that a shell could read otherwise; the same ones every time. */
function oddTexts(count: number): string[] {
  const pieces = [
    ...'\'"`$\\!*?[]{}()<>|&;#~^=%-@:,. \t\nabcäé€\u{1f600}\u0001\u007f',
    '$HOME',
    '$(id)',
    '!!',
    '\\n',
    '~root',
    '--',
    '$$',
    "'\\''",
  ];
  let seed = 20_260_101;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join(''),
  );
}

async function run(argv: readonly string[], stdin = ''): Promise<string> {
  const { stdout, stderr, exitCode } = await localMachine.run(argv, { timeout: 60_000, stdin });
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${stderr}`);
  return stdout;
}

test('2,000 texts come through a real sh to the letter', async () => {
  const texts = oddTexts(2_000);
  const printed = await run(['sh', '-c', shellLine(['printf', '%s\\0', ...texts])]);
  expect(printed.split('\0').slice(0, -1)).toEqual(texts);
});

describe.each(loginShells)('a login shell %s', (shell) => {
  test('hands on arguments, environment, input and folder to the letter', async () => {
    const texts = oddTexts(300);
    const [value = ''] = oddTexts(40).toSorted((one, other) => other.length - one.length);
    const { line, script } = remoteCommand(
      ['sh', '-c', 'printf "%s\\0" "$ODD" "$(pwd)" "$@"; cat', 'sh', ...texts],
      { marker, env: { ODD: value }, workingDirectory: '/var/tmp' },
    );
    const printed = await run([shell, '-c', line], `${script}the input\n`);
    const begin = printed.indexOf('\n') + 1;
    expect(printed.slice(0, begin)).toMatch(new RegExp(`^${marker} \\d+\\n$`));
    const parts = printed.slice(begin).split('\0');
    expect(parts.slice(0, 2)).toEqual([value, '/var/tmp']);
    expect(parts.slice(2, -1)).toEqual(texts);
    expect(parts.at(-1)).toBe('the input\n');
  });

  test('tells an exit code, and that a program or a folder is not there', async () => {
    const ended = async (argv: readonly string[], workingDirectory?: string) => {
      const { line, script } = remoteCommand(argv, { marker, workingDirectory });
      const { exitCode, stderr } = await localMachine.run([shell, '-c', line], {
        timeout: 60_000,
        stdin: script,
      });
      return `${exitCode} ${stderr.trim()}`.trim();
    };
    expect(await ended(['sh', '-c', 'exit 3'])).toBe('3');
    expect(await ended(['nonesuch'])).toBe(`127 ${marker}-no-program`);
    expect(await ended(['true'], '/nonesuch')).toBe(`126 ${marker}-no-folder`);
  });
});
