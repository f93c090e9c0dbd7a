/** Stops a deployment at one of its steps, exactly and once, so that something can happen there. */
import type { Machine } from '../../src/machine/machine.ts';
import type { Way } from './ways.ts';

/** In the folder of the switch: there while a program on the server waits, and a trace that it did. */
export const waiting = 'held';
export const met = 'held.once';

export interface Hold {
  readonly way: Way;
  readonly step: string;
  /** Resolves when a runner may go on. */
  readonly wait: () => Promise<void>;
  /** Also after the connection was made anew. */
  hasWaited: boolean;
  /** What a runner has begun. */
  readonly begun: string[];
}

/**
 * A machine on which one step waits. A program on the server gets a line of its own for that: it waits in its
 * `note`, until the file is removed. A runner waits before it gives the command, until `wait` resolves.
 */
export function holding(machine: Machine, hold: Hold): Machine {
  const {
    way: { driver },
    step,
  } = hold;
  return {
    name: machine.name,
    async run(argv, options) {
      const { stdin } = options;
      if (driver.kind === 'runner') {
        const told = typeof stdin === 'string' ? (stdin.split('\r\n', 1)[0] ?? '') : '';
        const command = [argv.join(' '), told].filter((part) => part !== '').join('\n');
        const begins = driver.stepOf(command, hold.begun);
        if (begins !== undefined) hold.begun.push(begins);
        if (begins === step && !hold.hasWaited) {
          hold.hasWaited = true;
          await hold.wait();
        }
      }
      if (driver.kind === 'program' && typeof stdin === 'string' && isProgram.test(stdin)) {
        return machine.run(argv, { ...options, stdin: withHold(stdin, step) });
      }
      return machine.run(argv, options);
    },
    writeFile(path, content, options) {
      if (driver.kind !== 'program' || typeof content !== 'string' || !isProgram.test(content)) {
        return machine.writeFile(path, content, options);
      }
      return machine.writeFile(path, withHold(content, step), options);
    },
    readFile: (path) => machine.readFile(path),
    close: () => machine.close(),
  };
}

const isProgram = /^note\(\) \{/m;

function withHold(program: string, step: string): string {
  const line = `  if [ "$1" = ${step} ] && mkdir ${met}; then : >${waiting}; while [ -e ${waiting} ]; do sleep 0.02 9>&-; done; fi 2>/dev/null`;
  return program.replace(/^note\(\) \{[\s\S]*?\n(?=\})/m, (body) => `${body}${line}\n`);
}
