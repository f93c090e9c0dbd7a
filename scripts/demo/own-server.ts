import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import ssh2, { type Connection, type Session } from 'ssh2';

export interface OwnServer {
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** Of its host key: `SHA256:…`. */
  readonly fingerprint: string;
  stop(): Promise<void>;
}

/**
 * An SSH server on 127.0.0.1 for one key, made for it. Its commands run as whoever started it, in a home of their own,
 * so that nothing of the demo stays in the real one.
 */
export async function startOwnServer(): Promise<OwnServer> {
  const { Server, utils } = ssh2;
  const hostKey = utils.generateKeyPairSync('ed25519');
  const userKey = utils.generateKeyPairSync('ed25519');
  const accepted = utils.parseKey(userKey.public);
  if (accepted instanceof Error || Array.isArray(accepted))
    throw new Error('ssh2 cannot read the key that it has made');
  const home = await mkdtemp(join(tmpdir(), 'tenantry-demo-home-'));
  const connections = new Set<Connection>();
  const server = new Server({ hostKeys: [hostKey.private] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => {}); // a visitor that hangs up
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (attempt) => {
      if (attempt.method !== 'publickey' || !attempt.key.data.equals(accepted.getPublicSSH())) {
        attempt.reject(['publickey']);
        return;
      }
      // First the client asks whether the key would do; then it proves that it has it.
      const { signature, blob, hashAlgo } = attempt;
      const isProven =
        signature === undefined || blob === undefined || accepted.verify(blob, signature, hashAlgo) === true;
      if (isProven) attempt.accept();
      else attempt.reject(['publickey']);
    });
    connection.on('session', (accept) => runCommands(accept(), home));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    user: userInfo().username,
    privateKey: userKey.private,
    fingerprint: `SHA256:${createHash('sha256').update(blobOf(hostKey.public)).digest('base64').replace(/=+$/, '')}`,
    async stop() {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The key itself, from the line of an `authorized_keys` file. */
function blobOf(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}

function runCommands(session: Session, home: string): void {
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    const child = spawn('sh', ['-c', command], { cwd: home, env: { ...process.env, HOME: home } });
    channel.pipe(child.stdin);
    child.stdin.on('error', () => {}); // a command that does not read its input
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    child.once('close', (code, signal) => {
      if (signal === null) channel.exit(code ?? 0);
      else channel.exit(signal.replace('SIG', ''), false, '');
      channel.end();
    });
  });
}
