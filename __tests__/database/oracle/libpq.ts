import { join } from 'node:path';

import { command, tryCommand } from '../../../lab/command.ts';
import { installMachinePackages } from '../../../lab/debian-packages.ts';
import { venv } from '../../../lab/python.ts';
import type { Refusal } from '../../../src/database/url-refusal.ts';

/** The package that brings libpq 18 with it, and calls it. */
const requirements = 'psycopg[binary]==3.3.9\n';

export type Answer =
  | { readonly accepted: Readonly<Record<string, string>> }
  | { readonly refused: string; readonly message: string };

export interface Libpq {
  /** 180006 is 18.6. */
  readonly version: number;
  /** Each parameter with the variable of the environment that stands in for it. */
  readonly parameters: Readonly<Record<string, string | null>>;
  readonly answers: readonly Answer[];
}

/** Asks libpq, through psycopg's `conninfo_to_dict`, how it reads each text. */
export async function askLibpq(texts: readonly string[]): Promise<Libpq> {
  const python = await pythonWithPsycopg();
  const output = await command([python, join(import.meta.dirname, 'libpq.py')], {
    stdin: texts.map((text) => `${JSON.stringify(text)}\n`).join(''),
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', PYTHONUTF8: '1' },
  });
  const [hello = '', ...lines] = output.trimEnd().split('\n');
  const { libpq: version, parameters } = JSON.parse(hello) as { libpq: number } & Pick<Libpq, 'parameters'>;
  return { version, parameters, answers: lines.map((line) => JSON.parse(line) as Answer) };
}

async function pythonWithPsycopg(): Promise<string> {
  // Debian's python3 comes without what makes an environment.
  const ready = await tryCommand(['python3', '-c', 'import venv, ensurepip']).catch(() => undefined);
  if (ready?.code !== 0) await installMachinePackages(['python3-venv']);
  return venv(requirements);
}

const beginnings: readonly (readonly [string, Refusal])[] = [
  ['unexpected spaces found in', 'space'],
  ['invalid percent-encoded token', 'percent'],
  ['forbidden value %00 in', 'percent-zero'],
  ['end of string reached when looking for matching "]"', 'bracket-open'],
  ['IPv6 host address may not be empty', 'bracket-empty'],
  ['unexpected character', 'bracket-after'],
  ['extra key/value separator "="', 'two-equals'],
  ['missing key/value separator "="', 'no-equals'],
  ['invalid URI query parameter', 'parameter'],
];

/** libpq's reason in our words; psycopg's own two reasons are about Unicode. */
export function reasonOf({ refused, message }: { refused: string; message: string }): Refusal | string {
  if (refused === 'UnicodeDecodeError') return 'not-utf-8';
  if (refused === 'UnicodeEncodeError') return 'not-unicode';
  return beginnings.find(([beginning]) => message.startsWith(beginning))?.[1] ?? message;
}
