import { rebootBox } from './box.ts';
import type { CommandResult } from './command.ts';
import { labFolders } from './folders.ts';
import { type InBoxOptions, inBox, tryInBox } from './in-box.ts';
import { type LabNetwork, readNetwork, setCable } from './network.ts';
import { startEngine, stopEngine } from './parts/engine.ts';
import { HOST_ENGINES, startSsh, stopSsh } from './parts/host.ts';
import { reloadNginx, startNginx, stopNginx } from './parts/nginx.ts';
import { runningBox } from './parts/part.ts';
import { startPgbouncer, stopPgbouncer } from './parts/pgbouncer.ts';
import { startPostgres, stopPostgres } from './parts/postgres.ts';
import { startRegistry, stopRegistry } from './parts/registry.ts';
import type { HostName, PartName } from './state.ts';

/** Breaks a part on purpose and mends it. */
export interface ControlledPart {
  /** Stops the server (of a host: its Docker engine). Connections are refused from then on. */
  stop(): Promise<void>;
  /** Starts it again and waits until it answers. */
  start(): Promise<void>;
  /** Drops every packet that arrives, as a firewall does: connections get no answer. */
  silence(): Promise<void>;
  /** The end of `silence`. */
  hear(): Promise<void>;
  /** Pulls the network cable: after a while this machine finds no route to it. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
  /** The words before a command of this machine for which its network is the part's: files stay this machine's. */
  onItsNetwork(): readonly string[];
  /** Runs a program in the box, as root unless told otherwise. @throws Error when it fails */
  run(argv: readonly string[], options?: InBoxOptions): Promise<string>;
  /** The same, returning the result whatever it is. */
  tryRun(argv: readonly string[], options?: InBoxOptions): Promise<CommandResult>;
}

export interface ControlledHost extends ControlledPart {
  /** The listener only: connections that are open stay open. */
  stopSsh(): Promise<void>;
  startSsh(): Promise<void>;
  /**
   * A power cut and a new start; containers come back as their restart policies say, and what /etc/rc.local starts.
   */
  reboot(): Promise<void>;
}

export interface ControlledPostgres extends ControlledPart {
  /** Ends the server as a crash does. `start` recovers it. */
  crash(): Promise<void>;
}

export interface ControlledWebServer extends ControlledPart {
  /** Reads its sites again. @throws Error with nginx's own words; the old sites stay */
  reload(): Promise<void>;
}

/** The parts that are a box of their own. */
export type ControllablePart = Exclude<PartName, 'base-image'>;

export function control(name: HostName): ControlledHost;
export function control(name: 'postgres15' | 'postgres18'): ControlledPostgres;
export function control(name: 'nginx'): ControlledWebServer;
export function control(name: ControllablePart): ControlledPart;
export function control(
  name: ControllablePart,
): ControlledPart | ControlledHost | ControlledPostgres | ControlledWebServer {
  const folders = labFolders();
  const box = () => runningBox(folders, name);
  const network = (): LabNetwork => {
    const found = readNetwork(folders);
    if (found === undefined) throw new Error('no lab is up — npm run lab -- up');
    return found;
  };
  const common = {
    silence: async () => void (await inBox(box(), ['nft', '-f', '-'], { stdin: SILENCE })),
    hear: async () => void (await inBox(box(), ['nft', 'delete', 'table', 'inet', 'lab_silence'])),
    unplug: async () => setCable(network(), name, 'down'),
    plugIn: async () => setCable(network(), name, 'up'),
    onItsNetwork: () => ['nsenter', '--target', String(box().init.pid), '--net', '--'],
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
      };
    case 'host1':
    case 'host2':
    case 'host3': {
      const engine = HOST_ENGINES[name];
      return {
        ...common,
        stop: async () => stopEngine(box()),
        start: async () => startEngine(box(), engine),
        stopSsh: async () => stopSsh(box()),
        startSsh: async () => startSsh(box()),
        reboot: async () => {
          const started = await rebootBox(folders, network(), box());
          await Promise.all([startSsh(started), startEngine(started, engine)]);
          await tryInBox(started, ['sh', '/etc/rc.local']);
        },
      };
    }
    case 'nginx':
      return {
        ...common,
        stop: async () => stopNginx(box()),
        start: async () => startNginx(box()),
        reload: async () => reloadNginx(box()),
      };
    case 'registry':
      return { ...common, stop: async () => stopRegistry(box()), start: async () => startRegistry(box()) };
    case 'builder':
      return {
        ...common,
        stop: async () => stopEngine(box()),
        start: async () => startEngine(box(), '20.10'),
      };
    case 'pgbouncer':
      return { ...common, stop: async () => stopPgbouncer(box()), start: async () => startPgbouncer(box()) };
  }
}

/** Before anything else looks at a packet; neighbours are still found, so nobody says "no route". */
const SILENCE = `table inet lab_silence {
  chain arriving { type filter hook prerouting priority -400; policy accept; iifname "eth0" drop; }
}
`;
