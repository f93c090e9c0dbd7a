import { labFolders } from './folders.ts';
import {
  type Engine,
  type ImageRegistry,
  type LabHost,
  type PartName,
  type Parts,
  type Pooler,
  type PostgresServer,
  readState,
  statePath,
  type WebServer,
} from './state.ts';

/**
 * The lab as tests use it. A part that is not up says so, with the command,
 * when it is asked for.
 */
export interface Lab {
  readonly postgres: { readonly v15: PostgresServer; readonly v18: PostgresServer };
  readonly pgbouncer: { readonly transaction: Pooler; readonly session: Pooler };
  readonly registry: ImageRegistry;
  readonly builder: Engine;
  readonly host1: LabHost;
  readonly host2: LabHost;
  /** Comes up on demand only. */
  readonly host3: LabHost;
  /** The hosts that are up. */
  readonly hosts: readonly LabHost[];
  readonly nginx: WebServer;
  /** Name of the Debian and Python image in the builder's engine. */
  readonly baseImage: string;
  /** A `docker` client on this machine. */
  readonly docker: string;
  /** This machine's address on the lab's network: what a host calls to reach a server of a test. */
  readonly machineAddress: string;
}

/** Reads what the last `up` wrote. @throws Error with the command to run when no lab is up */
export function readLab(): Lab {
  const folders = labFolders();
  const state = readState(folders);
  if (state === undefined) {
    throw new Error(`no lab is up (there is no ${statePath(folders)}) — npm run lab -- up`);
  }
  const part = <Name extends PartName>(name: Name): Parts[Name] => {
    const entry = state.parts[name];
    if (entry === undefined) throw new Error(`the lab's ${name} is not up — npm run lab -- up ${name}`);
    return entry as Parts[Name];
  };
  return {
    postgres: {
      get v15() {
        return part('postgres15');
      },
      get v18() {
        return part('postgres18');
      },
    },
    get pgbouncer() {
      return part('pgbouncer');
    },
    get registry() {
      return part('registry');
    },
    get builder() {
      return part('builder');
    },
    get host1() {
      return part('host1');
    },
    get host2() {
      return part('host2');
    },
    get host3() {
      return part('host3');
    },
    get hosts() {
      return [state.parts.host1, state.parts.host2, state.parts.host3].filter((host) => host !== undefined);
    },
    get nginx() {
      return part('nginx');
    },
    get baseImage() {
      return part('base-image').name;
    },
    docker: state.docker,
    machineAddress: state.machineAddress,
  };
}
