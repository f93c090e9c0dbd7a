import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { beforeAll, describe, expect, test } from '@jest/globals';

import { command } from '../../../lab/command.ts';
import { bringUp, type LabHost } from '../../../lab/lab.ts';
import { UserError } from '../../../src/ground/errors.ts';
import type { Machine } from '../../../src/machine/machine.ts';
import { connectSsh } from '../../../src/machine/ssh.ts';
import type { SshServer } from '../../../src/machine/ssh-server.ts';
import { failureOf, KeptLog, sshServerOf } from '../lab-server.ts';

let host: LabHost;
const signal = new AbortController().signal;

beforeAll(async () => {
  host = (await bringUp(['host1'])).host1;
}, 600_000);

const login = (changes: Partial<SshServer> = {}, log = new KeptLog()): Promise<Machine> =>
  connectSsh(sshServerOf(host, changes), { signal, log });

async function whoami(machine: Machine): Promise<string> {
  try {
    return (await machine.run(['id', '-un'], { timeout: 20_000 })).stdout.trim();
  } finally {
    await machine.close();
  }
}

const key = () => readFileSync(host.privateKeyPath, 'utf8');
const wrongFingerprint = `SHA256:${'A'.repeat(43)}`;

describe('lets in', () => {
  const ways: [name: string, changes: () => Partial<SshServer>][] = [
    ['with a key', () => ({})],
    ['with a key whose line breaks became spaces', () => ({ key: key().replaceAll('\n', ' ') })],
    ['with a key whose line breaks became \\n', () => ({ key: key().replaceAll('\n', '\\n') })],
    ['with a key with Windows line ends', () => ({ key: key().replaceAll('\n', '\r\n') })],
    ['with a key in base64', () => ({ key: Buffer.from(key()).toString('base64') })],
    [
      'with an RSA key behind a passphrase',
      () => ({ key: readFileSync(host.encryptedKeyPath, 'utf8'), passphrase: host.passphrase }),
    ],
    [
      'with such a key on one line',
      () => ({
        key: readFileSync(host.encryptedKeyPath, 'utf8').replaceAll('\n', ' '),
        passphrase: host.passphrase,
      }),
    ],
    ['with a password', () => ({ key: undefined, password: host.password })],
    ['by known_hosts', () => ({ fingerprint: undefined, knownHosts: host.knownHosts.split('\n') })],
    [
      'by known_hosts with one key only, the RSA one',
      () => ({
        fingerprint: undefined,
        knownHosts: host.knownHosts.split('\n').filter((line) => line.includes(' ssh-rsa ')),
      }),
    ],
    ['by the fingerprint of the ECDSA key', () => ({ fingerprint: [host.hostKeyFingerprints.ecdsa] })],
    [
      'by one right fingerprint of two',
      () => ({ fingerprint: [wrongFingerprint, host.hostKeyFingerprints.rsa] }),
    ],
    [
      'through a jump host with its own key and fingerprint',
      () => ({
        jump: {
          host: host.address,
          port: host.sshPort,
          user: host.user,
          key: readFileSync(host.encryptedKeyPath, 'utf8'),
          passphrase: host.passphrase,
          fingerprint: [host.hostKeyFingerprints.rsa],
        },
      }),
    ],
  ];
  test.each(ways)('%s', async (_name, changes) => {
    expect(await whoami(await login(changes()))).toBe(host.user);
  });
});

test('lets in with the key that an agent has, also through a jump host', async () => {
  const agent = await startAgent(host.privateKeyPath);
  try {
    const { address, sshPort: port, user, hostKeyFingerprint } = host;
    const jump = { host: address, port, user, fingerprint: [hostKeyFingerprint] };
    for (const way of [{}, { jump }]) {
      expect(await whoami(await login({ key: undefined, agent: agent.socket, ...way }))).toBe(host.user);
    }
  } finally {
    await agent.stop();
  }
});

/** An SSH agent of this machine, with a key or without one. */
async function startAgent(keyPath?: string): Promise<{ socket: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-agent-'));
  const socket = join(folder, 'socket');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  while (!existsSync(socket)) await sleep(20);
  if (keyPath !== undefined) {
    await command(['ssh-add', keyPath], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  }
  return {
    socket,
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe('refuses, and says why', () => {
  const jump = () => ({ host: host.address, port: host.sshPort, user: host.user });
  const refusals: [name: string, changes: () => Partial<SshServer>, code: string, says: () => string][] = [
    [
      'a server without a pinned key, telling its fingerprints',
      () => ({ fingerprint: undefined }),
      'ssh-host-key-unknown',
      () => host.hostKeyFingerprint,
    ],
    [
      'a server with another host key, telling both',
      () => ({ fingerprint: [wrongFingerprint] }),
      'ssh-host-key-mismatch',
      () => host.hostKeyFingerprints.ecdsa,
    ],
    [
      'a server whose key is known for another name only',
      () => ({ fingerprint: undefined, knownHosts: [host.knownHostsLine.replace(host.address, 'other')] }),
      'ssh-host-key-unknown',
      () => 'ssh-known-hosts has no line for it',
    ],
    [
      'a key that the server does not know, with the line to add',
      () => ({ user: 'root' }),
      'ssh-key-rejected',
      () => 'this line: ssh-ed25519 AAAA',
    ],
    [
      'garbage for a key',
      () => ({ key: 'garbage' }),
      'ssh-key-unreadable',
      () => 'paste the whole private key',
    ],
    [
      'the public half of a key',
      () => ({ key: readFileSync(`${host.privateKeyPath}.pub`, 'utf8') }),
      'ssh-key-unreadable',
      () => 'public half',
    ],
    [
      'half a key',
      () => ({ key: `${key().slice(0, 140)}\n-----END OPENSSH PRIVATE KEY-----` }),
      'ssh-key-unreadable',
      () => 'ssh-key cannot be read',
    ],
    [
      'a key without its passphrase',
      () => ({ key: readFileSync(host.encryptedKeyPath, 'utf8') }),
      'ssh-passphrase-missing',
      () => 'set ssh-passphrase',
    ],
    [
      'a key with a wrong passphrase',
      () => ({ key: readFileSync(host.encryptedKeyPath, 'utf8'), passphrase: 'wrong' }),
      'ssh-passphrase-wrong',
      () => 'does not open it',
    ],
    [
      'a wrong password',
      () => ({ key: undefined, password: 'wrong' }),
      'ssh-password-rejected',
      () => 'the password was refused',
    ],
    ['no key and no password', () => ({ key: undefined }), 'ssh-no-credentials', () => 'set ssh-key'],
    ['a port where nothing listens', () => ({ port: 2 }), 'ssh-refused', () => 'nothing listens on port 2'],
    [
      'a name that does not resolve',
      () => ({ host: 'nowhere.invalid' }),
      'ssh-name-not-resolved',
      () => 'nowhere.invalid',
    ],
    [
      'a jump host with another host key',
      () => ({ jump: { ...jump(), fingerprint: [wrongFingerprint] } }),
      'ssh-host-key-mismatch',
      () => 'is not the server it was',
    ],
    [
      'a port where nothing listens, seen from the jump host',
      () => ({ port: 2, jump: { ...jump(), fingerprint: [host.hostKeyFingerprint] } }),
      'ssh-refused',
      () => `from ${host.user}@`,
    ],
  ];
  test.each(refusals)('%s', async (_name, changes, code, says) => {
    const failure = await failureOf(login(changes()), UserError);
    expect(failure.code).toBe(code);
    expect(failure.sentence).toContain(says());
    expect(failure.sentence).not.toContain(host.password);
  });

  test('an agent with other keys, and one that does not answer', async () => {
    const agent = await startAgent();
    try {
      const other = await failureOf(login({ key: undefined, agent: agent.socket }), UserError);
      expect(other.code).toBe('ssh-key-rejected');
      expect(other.sentence).toContain('ssh-add -L');
    } finally {
      await agent.stop();
    }
    const gone = await failureOf(login({ key: undefined, agent: agent.socket }), UserError);
    expect(gone.code).toBe('ssh-no-credentials');
    expect(gone.sentence).toContain('does not answer');
  });

  test('a cancelled login ends at once', async () => {
    const cancelled = AbortSignal.abort(new UserError('cancelled', 'run again', { code: 'cancelled' }));
    const attempt = connectSsh(sshServerOf(host), { signal: cancelled, log: new KeptLog() });
    expect((await failureOf(attempt, UserError)).code).toBe('cancelled');
  });
});
