import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import ssh2 from 'ssh2';

import { control } from '../../../lab/lab.ts';
import { connectSsh } from '../../../src/machine/ssh.ts';
import type { SshServer } from '../../../src/machine/ssh-server.ts';
import { KeptLog, sshServerOf } from '../lab-server.ts';
import { type Row, row } from './row.ts';
import type { Scene } from './scene.ts';

const signal = new AbortController().signal;

async function login(scene: Scene, changes: Partial<SshServer>) {
  return scene.failure(async () => {
    const machine = await connectSsh(sshServerOf(scene.host, changes), { signal, log: new KeptLog() });
    try {
      await machine.run(['true'], { timeout: 10_000 });
    } finally {
      await machine.close();
    }
  });
}

function rsaKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;
}

/** An SSH server of an earlier time. */
async function oldServer(work: (port: number) => Promise<import('../../../src/ground/errors.ts').UserError>) {
  const server = new ssh2.Server(
    { hostKeys: [rsaKey()], algorithms: { kex: ['diffie-hellman-group1-sha1'] } },
    (client) => client.on('error', () => {}),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

/** The way to the server. */
export const serverRows: readonly Row[] = [
  row(
    1,
    'name does not resolve',
    'host: nowhere.invalid',
    { code: 'ssh-name-not-resolved', says: 'nowhere.invalid' },
    (scene) => login(scene, { host: 'nowhere.invalid' }),
  ),
  row(2, 'port closed', 'ssh-port: 2', { code: 'ssh-refused', says: 'nothing listens on port 2' }, (scene) =>
    login(scene, { port: 2 }),
  ),
  row(
    3,
    'filtered',
    'every packet to the host dropped',
    { code: 'ssh-no-answer', says: 'a firewall may block this runner' },
    async (scene) => {
      const box = control(scene.host.name);
      await box.silence();
      try {
        return await login(scene, { connectTimeout: 2_000 });
      } finally {
        await box.hear();
      }
    },
  ),
  row(
    4,
    'not SSH',
    'a server that hangs up',
    { code: 'ssh-not-ssh', says: 'hung up before the login' },
    async (scene) => {
      const server = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const failure = await login(scene, { host: '127.0.0.1', port: (server.address() as AddressInfo).port });
      server.close();
      return failure;
    },
  ),
  row(
    5,
    'another host key',
    'another fingerprint pinned',
    { code: 'ssh-host-key-mismatch', says: 'is not the server it was' },
    (scene) => login(scene, { fingerprint: [`SHA256:${'A'.repeat(43)}`] }),
  ),
  row(
    6,
    'key refused',
    'a key that is not in authorized_keys',
    { code: 'ssh-key-rejected', says: 'authorized_keys' },
    (scene) => login(scene, { key: rsaKey() }),
  ),
  row(
    7,
    'key unreadable',
    'the public half as ssh-key',
    { code: 'ssh-key-unreadable', says: 'paste the whole private key' },
    (scene) =>
      login(scene, {
        key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      }),
  ),
  row(
    8,
    'passphrase missing',
    'an encrypted key without one',
    { code: 'ssh-passphrase-missing', says: 'set ssh-passphrase' },
    (scene) => login(scene, { key: readFileSync(scene.host.encryptedKeyPath, 'utf8') }),
  ),
  row(
    8,
    'passphrase wrong',
    'an encrypted key with another one',
    { code: 'ssh-passphrase-wrong', says: 'does not open it' },
    (scene) => login(scene, { key: readFileSync(scene.host.encryptedKeyPath, 'utf8'), passphrase: 'wrong' }),
  ),
  row(
    9,
    'no common algorithm',
    'a server with diffie-hellman-group1-sha1 only',
    { code: 'ssh-no-common-algorithm', says: 'update sshd' },
    (scene) => oldServer((port) => login(scene, { host: '127.0.0.1', port })),
  ),
  row(
    10,
    'too many attempts',
    'MaxAuthTries 1, a wrong key and a wrong password',
    { code: 'ssh-too-many-attempts', says: 'MaxAuthTries' },
    async (scene) => {
      await scene.root(
        'setsid /usr/sbin/sshd -D -p 2299 -o MaxAuthTries=1 -o PidFile=/srv/diagnosed/sshd.pid >/dev/null 2>&1 & sleep 1',
      );
      try {
        return await login(scene, { port: 2299, key: rsaKey(), password: 'wrong' });
      } finally {
        await scene.root('kill "$(cat /srv/diagnosed/sshd.pid)"');
      }
    },
  ),
  row(
    11,
    'connection lost',
    'the session killed while a command runs',
    { code: 'connection-lost', says: 'may still be working' },
    (scene) =>
      scene.failure(() =>
        scene.connected(async (machine) => {
          const running = machine.run(['sleep', '20'], { timeout: 30_000 });
          running.catch(() => {});
          await sleep(500);
          await scene.root('pkill -KILL -u deploy -x sshd; true');
          await running;
        }),
      ),
  ),
  row(
    13,
    'no shell',
    'nologin as the shell of the account',
    { code: 'ssh-shell-unusable', says: 'not available' },
    async (scene) => {
      await scene.root('usermod -s /usr/sbin/nologin deploy');
      try {
        return await login(scene, {});
      } finally {
        await scene.root('usermod -s /bin/bash deploy');
      }
    },
  ),
];
