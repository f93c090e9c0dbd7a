import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { styleText } from 'node:util';

const root = join(import.meta.dirname, '../..');

/**
 * Runs one action through the program, as on a laptop: its log goes through, its outputs come back.
 * @throws Error when it fails; its own sentence has been printed then
 */
export async function tenantry(
  action: string,
  inputs: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const args = Object.entries(inputs).map(([name, value]) =>
    value === 'true' ? `--${name}` : `--${name}=${value}`,
  );
  const env = Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [
      `TENANTRY_${name.toUpperCase().replaceAll('-', '_')}`,
      value,
    ]),
  );
  console.log(styleText('dim', `$ tenantry ${action} ${args.map(shortened).join(' ')}`));
  const child = spawn(process.execPath, ['dist/cli.cjs', action, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${action} failed: its sentence stands above`);
  const lines = text.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function shortened(argument: string): string {
  const shown = argument.replace(`${root}/`, '').replaceAll('\n', ' ⏎ ');
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
}
