import { readFileSync } from 'node:fs';

import type { LabHost } from '../../lab/lab.ts';
import type { Log } from '../../src/ground/log.ts';
import type { SshServer } from '../../src/machine/ssh-server.ts';

/** A host of the lab, as an action's inputs would name it. */
export function sshServerOf(host: LabHost, changes: Partial<SshServer> = {}): SshServer {
  return {
    host: host.address,
    port: host.sshPort,
    user: host.user,
    key: readFileSync(host.privateKeyPath, 'utf8'),
    fingerprint: [host.hostKeyFingerprint],
    connectTimeout: 20_000,
    ...changes,
  };
}

/** The inputs that lead an action to a host of the lab. */
export function sshInputs(host: LabHost): Record<string, string> {
  return {
    host: host.address,
    'ssh-user': host.user,
    'ssh-key': readFileSync(host.privateKeyPath, 'utf8'),
    'ssh-fingerprint': host.hostKeyFingerprint,
  };
}

/** Keeps what an action tells, so that a test can read it. */
export class KeptLog implements Log {
  readonly lines: string[] = [];
  step(label: string, text: string): void {
    this.lines.push(`${label} ${text}`);
  }
  info(text: string): void {
    this.lines.push(text);
  }
  debug(text: string): void {
    this.lines.push(`debug: ${text}`);
  }
  warning(text: string): void {
    this.lines.push(`warning: ${text}`);
  }
  details(title: string, text: string): void {
    this.lines.push(title, text);
  }
  get text(): string {
    return this.lines.join('\n');
  }
}

/** The failure of something that must fail. */
export async function failureOf<E extends Error>(
  work: Promise<unknown>,
  kind: new (...args: never[]) => E,
): Promise<E> {
  try {
    await work;
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
