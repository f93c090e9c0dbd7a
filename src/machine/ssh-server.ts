/** Where and as whom to log in. */
export interface SshAccount {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** An account with what proves who we are, and what proves that it is the right server. */
export interface SshLogin extends SshAccount {
  /** A private key as text. Line breaks that were lost on the way are mended. */
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly password?: string | undefined;
  /** Socket of an agent that has keys (`SSH_AUTH_SOCK`): asked where there is neither a key nor a password. */
  readonly agent?: string | undefined;
  /** `SHA256:…` of every host key that is accepted. */
  readonly fingerprint?: readonly string[] | undefined;
  /** Lines as in `~/.ssh/known_hosts`. */
  readonly knownHosts?: readonly string[] | undefined;
}

export interface SshServer extends SshLogin {
  /** The server to go through. Without a key of its own it is given this server's key. */
  readonly jump?: SshLogin | undefined;
  /** Milliseconds until a connection must be there. */
  readonly connectTimeout: number;
}

/** `deploy@web-1`, and with the port when it is not 22. */
export function showAccount({ user, host, port }: SshAccount): string {
  return `${user}@${showAddress({ host, port })}`;
}

/** `web-1`, `web-1:2222`, `[2001:db8::1]:2222`. */
export function showAddress({ host, port }: Pick<SshAccount, 'host' | 'port'>): string {
  if (port === 22) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Reads `user@host:port`; without a port it is 22, an IPv6 address stands in brackets.
 * @throws RangeError that says how to write it.
 */
export function parseJump(text: string): SshAccount {
  const match = /^([^\s@:/]+)@(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s@:/[\]]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const [, user = '', bracketed, plain, portText = '22'] = match ?? [];
  const port = Number(portText);
  if (match === null || port < 1 || port > 65_535) {
    throw new RangeError(
      `"${text.trim()}" cannot be read — write it as user@host or user@host:port, like jump@bastion.example.com:22`,
    );
  }
  return { user, host: bracketed ?? plain ?? '', port };
}
