import type { Machine } from './machine.ts';

/** A machine whose connection can be made anew after it was lost; whoever uses it keeps the same object. */
export interface RenewableMachine extends Machine {
  /** Connects again. The old connection is closed. */
  renew(signal: AbortSignal): Promise<void>;
}

export async function renewableMachine(
  connect: (signal: AbortSignal) => Promise<Machine>,
  signal: AbortSignal,
): Promise<RenewableMachine> {
  let machine = await connect(signal);
  return {
    name: machine.name,
    run: (argv, options) => machine.run(argv, options),
    writeFile: (path, content, options) => machine.writeFile(path, content, options),
    readFile: (path) => machine.readFile(path),
    close: () => machine.close(),
    async renew(until) {
      const lost = machine;
      machine = await connect(until);
      await lost.close();
    },
  };
}
