import { inBox, type InBoxOptions, tryInBox } from './box.ts';
import type { CommandResult } from './command.ts';
import { labFolders } from './folders.ts';
import { readNetwork, setCable } from './network.ts';
import { startEngine, stopEngine } from './parts/engine.ts';
import { startSsh, stopSsh } from './parts/host.ts';
import { runningBox } from './parts/part.ts';
import { startPostgres, stopPostgres } from './parts/postgres.ts';
import { startRegistry, stopRegistry } from './parts/registry.ts';
import type { PartName } from './state.ts';

/** Breaks a part on purpose and mends it. */
export interface ControlledPart {
  /** Stops the server (PostgreSQL, registry, or the host's Docker engine): connections are refused. */
  stop(): Promise<void>;
  /** Starts it again and waits until it answers. */
  start(): Promise<void>;
  /** Pulls the cable: packets vanish, connections get no answer. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
  /** Runs a program in the box, as root unless told otherwise. @throws Error when it fails */
  run(argv: readonly string[], options?: InBoxOptions): Promise<string>;
  /** The same, returning the result whatever it is. */
  tryRun(argv: readonly string[], options?: InBoxOptions): Promise<CommandResult>;
}

export interface ControlledHost extends ControlledPart {
  stopSsh(): Promise<void>;
  startSsh(): Promise<void>;
}

export interface ControlledPostgres extends ControlledPart {
  /** Ends the server as a crash would. */
  crash(): Promise<void>;
}

type Boxed = Exclude<PartName, 'base-image'>;

export function control(name: 'host1' | 'host2'): ControlledHost;
export function control(name: 'postgres15' | 'postgres18'): ControlledPostgres;
export function control(name: Boxed): ControlledPart;
export function control(name: Boxed): ControlledPart {
  const folders = labFolders();
  const box = () => runningBox(folders, name);
  const cable = async (state: 'up' | 'down') => {
    const network = readNetwork(folders);
    if (network === undefined) throw new Error('no lab is up — npm run lab -- up');
    await setCable(network, name, state);
  };
  const common = {
    unplug: () => cable('down'),
    plugIn: () => cable('up'),
    run: async (argv: readonly string[], options?: InBoxOptions) => inBox(box(), argv, options),
    tryRun: async (argv: readonly string[], options?: InBoxOptions) => tryInBox(box(), argv, options),
  };
  switch (name) {
    case 'postgres15':
    case 'postgres18':
      return {
        ...common,
        stop: async () => stopPostgres(box()),
        start: async () => startPostgres(box()),
        crash: async () => stopPostgres(box(), 'immediate'),
      } as ControlledPostgres;
    case 'registry':
      return { ...common, stop: async () => stopRegistry(box()), start: async () => startRegistry(box()) };
    case 'builder':
      return { ...common, stop: async () => stopEngine(box()), start: async () => startEngine(box(), '20.10') };
    case 'host1':
    case 'host2':
      return {
        ...common,
        stop: async () => stopEngine(box()),
        start: async () => startEngine(box(), name === 'host1' ? '20.10' : 'current'),
        stopSsh: async () => stopSsh(box()),
        startSsh: async () => startSsh(box()),
      } as ControlledHost;
    default:
      throw new Error(`${name} cannot be controlled yet`);
  }
}
