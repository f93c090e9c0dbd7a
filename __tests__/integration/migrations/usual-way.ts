/** The inputs that say where an action works, as action.yml has them: on this machine, straight to the database. */
export const usualWay = {
  connectThrough: 'direct',
  host: undefined,
  sshUser: undefined,
  sshPort: 22,
  sshKey: undefined,
  sshPassphrase: undefined,
  sshPassword: undefined,
  sshFingerprint: undefined,
  sshKnownHosts: undefined,
  sshJump: undefined,
  sshJumpKey: undefined,
  sshJumpFingerprint: undefined,
  sshConnectTimeout: 20_000,
} as const;
