import { createHash } from 'node:crypto';

import { UserError } from '../ground/errors.ts';
import { keyTypeOf, knownKeys } from './known-hosts.ts';
import type { SshLogin } from './ssh-server.ts';

/** What a server must show before we tell it anything. */
export interface HostKeyPins {
  /** `SHA256:…` of every key that is accepted. Never empty. */
  readonly fingerprints: readonly string[];
  accepts(key: Buffer): boolean;
}

/** A host key that a server showed. */
export interface ShownKey {
  readonly type: string;
  readonly fingerprint: string;
}

/** SSH's names for the signatures of each kind of key; a server shows one key for each kind that is asked. */
export const hostKeyKinds: Readonly<Record<string, readonly string[]>> = {
  ed25519: ['ssh-ed25519'],
  ecdsa: ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  rsa: ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
};

/** The kind (a name of `hostKeyKinds`) of a key type. */
export function kindOf(keyType: string): string | undefined {
  return Object.keys(hostKeyKinds).find((kind) => hostKeyKinds[kind]?.includes(keyType));
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

export function shownKey(key: Buffer): ShownKey {
  return { type: keyTypeOf(key) ?? 'unknown', fingerprint: fingerprintOf(key) };
}

/**
 * What the inputs pin for this server; undefined when they pin nothing.
 * @throws UserError `ssh-fingerprint-invalid`, `ssh-known-hosts-invalid`
 */
export function readPins(server: SshLogin): HostKeyPins | undefined {
  const fingerprints = new Set(readFingerprints(server.fingerprint ?? []));
  const known = knownKeys((server.knownHosts ?? []).join('\n'), server);
  if (known.unreadable.length > 0 && known.accepted.length === 0 && fingerprints.size === 0) {
    throw new UserError(
      `ssh-known-hosts: line ${known.unreadable[0]} cannot be read, and no other line is for ${server.host}`,
      `put in the output of: ssh-keyscan -p ${server.port} ${server.host} (after comparing its fingerprints on the server itself)`,
      { code: 'ssh-known-hosts-invalid' },
    );
  }
  const revoked = new Set(known.revoked.map(fingerprintOf));
  for (const key of known.accepted) fingerprints.add(fingerprintOf(key));
  for (const fingerprint of revoked) fingerprints.delete(fingerprint);
  if (fingerprints.size === 0) return undefined;
  return {
    fingerprints: [...fingerprints],
    accepts: (key) => fingerprints.has(fingerprintOf(key)),
  };
}

/** Takes bare fingerprints and whole lines of `ssh-keygen -l`. */
function readFingerprints(given: readonly string[]): string[] {
  const lines = given.flatMap((text) => text.split(/[\r\n,]+/)).filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, digest] = /(?:^|\s)SHA256:([A-Za-z0-9+/]{43})=?(?:\s|$)/.exec(line) ?? [];
    if (digest !== undefined) return `SHA256:${digest}`;
    throw new UserError(
      `ssh-fingerprint: "${line.trim().slice(0, 60)}" is not a SHA-256 fingerprint`,
      'write SHA256: and its 43 characters, as "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" prints it on the server',
      { code: 'ssh-fingerprint-invalid' },
    );
  });
}
