import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LabFolders } from './folders.ts';
import type { Station } from './network.ts';

/** A PostgreSQL server. Passwords are SCRAM; every address of the lab and of this machine may log in. */
export interface PostgresServer {
  /** Reachable from this machine, from the hosts and from their containers. */
  readonly host: string;
  readonly port: number;
  readonly superuser: string;
  readonly superuserPassword: string;
  /** To the database `postgres`. */
  readonly superuserUrl: string;
  /** Folder on this machine with `.s.PGSQL.<port>`, for connections by socket. */
  readonly socketDirectory: string;
  /** The authority that signed the server's certificate (v15 only, which speaks TLS on request). */
  readonly caFile?: string;
  readonly majorVersion: number;
}

/** A PgBouncer in front of PostgreSQL 15: any database, any role, the same passwords. */
export interface Pooler {
  readonly host: string;
  readonly port: number;
}

/** A Docker engine of its own in a box of its own. */
export interface Engine {
  /** `unix:///…`, usable on this machine by root. */
  readonly dockerHost: string;
  /** As the engine says it: `20.10.24+dfsg1`. */
  readonly version: string;
}

export type EngineKind = '20.10' | 'current';

export type HostName = 'host1' | 'host2' | 'host3';

/** A simulated server: sshd, a Docker engine, a user who may use both. */
export interface LabHost extends Omit<Engine, 'version'> {
  readonly name: HostName;
  readonly address: string;
  readonly address6: string;
  readonly sshPort: number;
  readonly user: string;
  readonly password: string;
  /** Ed25519, no passphrase. */
  readonly privateKeyPath: string;
  /** RSA in PEM form, with a passphrase. Also accepted. */
  readonly encryptedKeyPath: string;
  readonly passphrase: string;
  /** Of the Ed25519 host key: `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly hostKeyFingerprint: string;
  readonly hostKeyFingerprints: { readonly ed25519: string; readonly rsa: string; readonly ecdsa: string };
  /** The Ed25519 host key as a line of `known_hosts`. */
  readonly knownHostsLine: string;
  /** All three host keys as lines of `known_hosts`. */
  readonly knownHosts: string;
  readonly engine: EngineKind;
  readonly engineVersion: string;
}

export interface ImageRegistry {
  /** `IP:PORT`, without TLS; the lab's engines take it as an insecure registry. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

/** An nginx that includes every `*.conf` of a folder of this machine. */
export interface WebServer {
  readonly host: string;
  readonly port: number;
  readonly configDirectory: string;
  readonly logDirectory: string;
}

/** What each part says about itself once it is up. */
export interface Parts {
  postgres15: PostgresServer;
  postgres18: PostgresServer;
  pgbouncer: { readonly transaction: Pooler; readonly session: Pooler };
  registry: ImageRegistry;
  builder: Engine;
  host1: LabHost;
  host2: LabHost;
  host3: LabHost;
  nginx: WebServer;
  'base-image': { readonly name: string };
}

export type PartName = keyof Parts;

export interface LabState {
  readonly schema: 1;
  /** This machine's address on the lab's network. */
  readonly machineAddress: string;
  readonly subnet: string;
  /** A `docker` client: this machine's own, else the one of the lab's root. */
  readonly docker: string;
  readonly parts: Partial<Parts>;
}

export type { Station };

export const statePath = (folders: LabFolders) => join(folders.run, 'lab.json');

export function readState(folders: LabFolders): LabState | undefined {
  try {
    const state = JSON.parse(readFileSync(statePath(folders), 'utf8')) as LabState;
    return state.schema === 1 ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Written beside and renamed: a reader never sees half of it. It holds passwords, so only its owner reads it. */
export function writeState(folders: LabFolders, state: LabState): void {
  const path = statePath(folders);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
