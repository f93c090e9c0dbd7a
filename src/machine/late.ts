import type { Machine } from './machine.ts';

/** A machine that is still being made ready: whoever uses it waits for it, or hears why there is none. */
export function lateMachine(name: string, opening: Promise<Machine>): Machine {
  opening.catch(() => {}); // whoever uses it is told
  return {
    name,
    run: async (argv, options) => (await opening).run(argv, options),
    async converse(argv, options) {
      const { converse } = await opening;
      if (converse === undefined) throw new Error(`${name} cannot keep a program`);
      return converse(argv, options);
    },
    writeFile: async (path, content, options) => (await opening).writeFile(path, content, options),
    readFile: async (path) => (await opening).readFile(path),
    async close() {
      const machine = await opening.catch(() => undefined);
      await machine?.close();
    },
  };
}
