import { Readable, type Writable } from 'node:stream';

/** Gives a program its whole input, and closes it. An input that breaks off leaves the program an early end. */
export function giveInput(program: Writable, input: string | Buffer | Readable = ''): void {
  if (!(input instanceof Readable)) {
    program.end(input);
    return;
  }
  input.on('error', () => program.end());
  program.on('close', () => input.destroy());
  input.pipe(program);
}
