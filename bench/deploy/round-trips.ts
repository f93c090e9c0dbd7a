import type { Machine } from '../../src/machine/machine.ts';

/** A machine that counts what is asked of it: each is one round trip at least. */
export function counted(machine: Machine, count: () => void): Machine {
  return {
    name: machine.name,
    run(argv, options) {
      count();
      return machine.run(argv, options);
    },
    writeFile(path, content, options) {
      count();
      return machine.writeFile(path, content, options);
    },
    readFile(path) {
      count();
      return machine.readFile(path);
    },
    close: () => machine.close(),
  };
}
