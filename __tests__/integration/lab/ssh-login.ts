import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { NodeSSH } from 'node-ssh';
import type { LabHost } from '../../../lab/lab.ts';

export type Way = 'key' | 'encrypted key' | 'password';

/** Logs in to a host of the lab, which must show the key that the lab has recorded. */
export async function logIn(host: LabHost, way: Way = 'key', password = host.password): Promise<NodeSSH> {
  const credentials = {
    key: () => ({ privateKey: readFileSync(host.privateKeyPath, 'utf8') }),
    'encrypted key': () => ({
      privateKey: readFileSync(host.encryptedKeyPath, 'utf8'),
      passphrase: host.passphrase,
    }),
    password: () => ({ password }),
  }[way]();
  return new NodeSSH().connect({
    host: host.address,
    port: host.sshPort,
    username: host.user,
    ...credentials,
    algorithms: { serverHostKey: ['ssh-ed25519'] },
    hostVerifier: (key: Buffer) =>
      `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}` ===
      host.hostKeyFingerprint,
  });
}

/** Runs a command line on a host and returns what it printed. @throws Error with what it said when it fails */
export async function onHost(host: LabHost, commandLine: string, stdin = ''): Promise<string> {
  const ssh = await logIn(host);
  try {
    const { code, stdout, stderr } = await ssh.execCommand(commandLine, { stdin });
    if (code !== 0)
      throw new Error(`${commandLine} on ${host.name}: exit code ${code}\n${stdout}\n${stderr}`);
    return stdout.trim();
  } finally {
    ssh.dispose();
  }
}
