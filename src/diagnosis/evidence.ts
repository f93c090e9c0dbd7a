/** What was seen of a failure: everything that a rule may look at, and nothing that a rule may ask for. */
import type { FailureCode } from '../ground/failure-codes.ts';
import type { ContainerLog } from './container-log.ts';

export interface Evidence {
  /** The server for a person, `deploy@web-1`. */
  readonly server: string;
  /** The container's name there, for commands. */
  readonly name?: string | undefined;
  /** What Docker said to a command that failed, or of a container that it could not start. */
  readonly docker?: string | undefined;
  readonly container?: SeenContainer | undefined;
  readonly log?: ContainerLog | undefined;
  /** What a probe was told, in the words of the probe. */
  readonly answer?: SeenAnswer | undefined;
  readonly host?: SeenHost | undefined;
  /** What could not be read, and why. */
  readonly unread: readonly string[];
}

export interface SeenAnswer {
  readonly code: FailureCode;
  readonly observed: string;
  readonly hint: string;
}

export interface SeenContainer {
  /** As the kernel's control groups are called after it. */
  readonly id?: string | undefined;
  readonly status: string;
  /** undefined where it was started again since. */
  readonly exitCode: number | undefined;
  /** Docker's own word on why it could not be started. */
  readonly error: string;
  readonly outOfMemory: boolean;
  readonly restarts: number;
  readonly startedAt: Date;
  /** Before `startedAt` when it runs. */
  readonly finishedAt: Date;
  /** Limit in bytes; 0 is none. */
  readonly memory: number;
  /** The numeric user that it runs as; undefined when that is not known. */
  readonly uid?: number | undefined;
  /** The program that it starts. */
  readonly program?: string | undefined;
  readonly health?: SeenHealth | undefined;
  readonly ports: readonly SeenPort[];
  readonly mounts: readonly SeenMount[];
  readonly network?: string | undefined;
  /** TCP ports that something in it listens on; undefined when that is not known. */
  readonly listening?: readonly Listening[] | undefined;
  /** `linux/arm64`: what its image is built for. */
  readonly platform?: string | undefined;
}

export interface SeenHealth {
  readonly status: string;
  /** Of the last check. */
  readonly output: string;
}

/** TCP only. */
export interface SeenPort {
  readonly hostPort: number;
  readonly containerPort: number;
}

export interface Listening {
  readonly port: number;
  /** Nobody from outside can reach it. */
  readonly isLocal: boolean;
}

export interface SeenMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** What lies at the source; undefined when that is not known. */
  readonly owner?: { readonly uid: number; readonly gid: number; readonly mode: string } | undefined;
  readonly isFolder?: boolean | undefined;
}

export interface SeenHost {
  readonly account?: string | undefined;
  readonly platform?: string | undefined;
  /** Bytes. */
  readonly memory?: { readonly total: number; readonly available: number } | undefined;
  /** The fullest place where Docker keeps things. Shares of 1. */
  readonly disk?: SeenDisk | undefined;
  /** Milliseconds that its clock is ahead of ours. */
  readonly clockAhead?: number | undefined;
  readonly isSelinux?: boolean | undefined;
  /** Who has which port, as far as that can be seen. */
  readonly listening: readonly { readonly port: number; readonly program?: string | undefined }[];
  readonly publishers: readonly { readonly port: number; readonly container: string }[];
  /** Lines of the kernel about memory and denials. */
  readonly kernel: readonly KernelLine[];
}

export interface SeenDisk {
  readonly folder: string;
  readonly freeBytes: number;
  readonly usedBytes: number;
  readonly usedFiles: number;
}

export interface KernelLine {
  readonly at: Date | undefined;
  readonly text: string;
}

export const nothingSeen: Omit<Evidence, 'server'> = { unread: [] };
