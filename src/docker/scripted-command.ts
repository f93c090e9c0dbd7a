/** What `docker run` and `docker exec` make of a command whose script comes by standard input. */
import { constants } from 'node:os';
import { Readable } from 'node:stream';

import type { CommandResult, RunOptions } from '../machine/machine.ts';

/** Docker tells as a shell does by which signal a program was ended. */
export function endingOf(exitCode: number | null): Pick<CommandResult, 'exitCode' | 'signal'> {
  const number = (exitCode ?? 0) - 128;
  const signal = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return signal === undefined ? { exitCode, signal: null } : { exitCode: null, signal };
}

/** The process that a command is, in the line that it begins with. */
export function startIn(line: string, marker: string): number | undefined {
  return line.startsWith(`${marker} `) ? Number(line.slice(marker.length + 1)) : undefined;
}

/** The script, and then the command's own input. */
export function inputAfter(script: string, input: RunOptions['stdin'] = ''): string | Buffer | Readable {
  if (typeof input === 'string') return script + input;
  if (Buffer.isBuffer(input)) return Buffer.concat([Buffer.from(script), input]);
  return Readable.from(
    (async function* () {
      yield Buffer.from(script);
      yield* input;
    })(),
    { objectMode: false },
  );
}
