import type { SshServer } from '../machine/ssh-server.ts';
import type { Inputs } from '../step/action.ts';
import type { serverFields } from './fields.ts';

/** A server, as the inputs for servers describe it. */
export function serverOf(inputs: Omit<Inputs<typeof serverFields>, 'host'>, host: string): SshServer {
  const { sshJump, sshJumpKey, sshJumpFingerprint } = inputs;
  return {
    host,
    port: inputs.sshPort,
    user: inputs.sshUser,
    key: inputs.sshKey,
    passphrase: inputs.sshPassphrase,
    password: inputs.sshPassword,
    agent: process.env.SSH_AUTH_SOCK,
    fingerprint: inputs.sshFingerprint,
    knownHosts: inputs.sshKnownHosts,
    connectTimeout: inputs.sshConnectTimeout,
    jump: sshJump && {
      ...sshJump,
      key: sshJumpKey,
      fingerprint: sshJumpFingerprint,
      knownHosts: inputs.sshKnownHosts,
    },
  };
}
