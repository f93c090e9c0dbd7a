import { showDuration } from '../ground/duration.ts';
import { codeOf, messageOf, UserError } from '../ground/errors.ts';
import type { FailureCode } from '../ground/failure-codes.ts';
import { listed } from '../ground/words.ts';
import type { HostKeyPins, ShownKey } from './host-key.ts';
import type { PrivateKey } from './private-key.ts';
import { type SshAccount, type SshLogin, showAccount, showAddress } from './ssh-server.ts';

/** What was tried when a login failed; nothing in it is secret. */
export interface LoginAttempt {
  readonly account: SshAccount;
  /** How the names of its inputs begin. */
  readonly inputs: 'ssh' | 'ssh-jump';
  /** The server that we went through, for a person. */
  readonly through: string | undefined;
  /** Fingerprint and `authorized_keys` line of the key that was offered, as far as they are known. */
  readonly key: Omit<PrivateKey, 'text'> | undefined;
  /** Whether an agent was asked for its keys. */
  readonly hasAgent?: boolean;
  readonly password: boolean;
  readonly connectTimeout: number;
}

/** Turns the error of a failed login into the sentence for it (the codes are in docs/troubleshooting.md). */
export function sshVerdict(error: unknown, attempt: LoginAttempt): UserError {
  const { host, port, user } = attempt.account;
  const address = showAddress(attempt.account);
  const seenFrom = attempt.through === undefined ? '' : ` from ${attempt.through}`;
  const text = messageOf(error);
  const observed = `${codeOf(error) ?? ''} ${text}`;
  const verdict = (code: FailureCode, message: string, hint: string) =>
    new UserError(message, hint, { code, cause: error });

  if (attempt.hasAgent === true && levelOf(error) === 'agent') {
    return verdict(
      'ssh-no-credentials',
      `Cannot log in as ${showAccount(attempt.account)} — neither a key nor a password is given, and the agent of this machine does not answer (${text})`,
      `set ${attempt.inputs}-key, or start an agent with your key (SSH_AUTH_SOCK)`,
    );
  }
  if (/ENOTFOUND|EAI_AGAIN|Name or service not known|name resolution/.test(observed)) {
    return verdict(
      'ssh-name-not-resolved',
      `Cannot find ${host} — the name does not resolve${seenFrom}`,
      'check the input host; a private name needs a runner or an ssh-jump inside that network',
    );
  }
  if (/ECONNREFUSED|Connection refused/.test(observed)) {
    return verdict(
      'ssh-refused',
      `${host} refused the connection${seenFrom} — nothing listens on port ${port}`,
      'start sshd there, or set ssh-port to the port it listens on',
    );
  }
  if (/administratively prohibited|Channel open failure: open failed/.test(observed)) {
    return verdict(
      'ssh-jump-forbidden',
      `${attempt.through} does not forward to ${address} — ${text}`,
      'allow it in its sshd_config (AllowTcpForwarding, PermitOpen)',
    );
  }
  if (/no matching .*algorithm|no matching host key/i.test(observed)) {
    return verdict(
      'ssh-no-common-algorithm',
      `${address} and this client have no algorithm in common — ${text}`,
      'update sshd on the server',
    );
  }
  if (/Too many authentication failures/.test(observed)) {
    return verdict(
      'ssh-too-many-attempts',
      `${address} ended the login of ${user} — too many attempts`,
      'give only the key or only the password that works, and look at MaxAuthTries in sshd_config',
    );
  }
  if (/no passphrase given/.test(observed)) {
    return verdict(
      'ssh-passphrase-missing',
      `${attempt.inputs}-key cannot be used — it is protected by a passphrase`,
      'set ssh-passphrase, or give a key without one',
    );
  }
  const isUnreadable = /Cannot parse privateKey|does not contain a \(valid\) private key/.test(observed);
  if (isUnreadable && attempt.key?.isEncrypted === true) {
    // What a wrong passphrase makes of a key is garbage: each format complains in its own words.
    return verdict(
      'ssh-passphrase-wrong',
      `${attempt.inputs}-key cannot be used — ssh-passphrase does not open it`,
      'correct ssh-passphrase, or give a key without one',
    );
  }
  if (isUnreadable) {
    return verdict(
      'ssh-key-unreadable',
      `${attempt.inputs}-key cannot be read — ${text.replace('Cannot parse privateKey: ', '')}`,
      'paste the whole private key file into the secret; a key of another kind is converted by "ssh-keygen -p -f FILE"',
    );
  }
  if (/All configured authentication methods failed/.test(observed)) return rejected(attempt, error);
  if (/before handshake|ECONNRESET|EPIPE|Connection lost/.test(observed)) {
    return verdict(
      'ssh-not-ssh',
      `${address} hung up before the login${seenFrom} — port ${port} is not SSH, or sshd turned us away`,
      'check ssh-port; if it is right, look at MaxStartups and fail2ban on the server, and try again later',
    );
  }
  if (/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|Timed out|No route to host|timed out/.test(observed)) {
    return verdict(
      'ssh-no-answer',
      `No answer from ${address}${seenFrom} within ${showDuration(attempt.connectTimeout)}`,
      'a firewall may block this runner: allow it, set ssh-jump to a server that is allowed, or use a runner inside the network',
    );
  }
  return verdict(
    'ssh-failed',
    `Cannot log in as ${showAccount(attempt.account)} — ${text}`,
    'try the same login by hand: the server says more in its own log (journalctl -u ssh)',
  );
}

/** Which part of the login ssh2 complains about. */
function levelOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'level' in error ? error.level : undefined;
}

function rejected({ account, key, password, hasAgent }: LoginAttempt, cause: unknown): UserError {
  const { user } = account;
  if (hasAgent === true) {
    return new UserError(
      `${showAddress(account)} does not let ${user} in — it took none of the keys that the agent has`,
      `look at them with "ssh-add -L", and add one to ~${user}/.ssh/authorized_keys there, or set ssh-key`,
      { code: 'ssh-key-rejected', cause },
    );
  }
  if (key === undefined) {
    return new UserError(
      `${showAddress(account)} does not let ${user} in — the password was refused`,
      'correct ssh-password; many servers allow keys only (PasswordAuthentication in sshd_config): then set ssh-key',
      { code: 'ssh-password-rejected', cause },
    );
  }
  const name = key.fingerprint === undefined ? 'the key' : `the key ${key.fingerprint}`;
  const line = key.publicKey === undefined ? 'its public key' : `this line: ${key.publicKey}`;
  return new UserError(
    `${showAddress(account)} does not let ${user} in — ${name}${password ? ' and the password were' : ' was'} refused`,
    `add to ~${user}/.ssh/authorized_keys there ${line} (folder mode 700, file mode 600), or correct ssh-user`,
    { code: 'ssh-key-rejected', cause },
  );
}

/** The server showed other keys than those that are pinned. Never accepted without a person. */
export function hostKeyMismatch(
  account: SshAccount,
  pins: HostKeyPins,
  shown: readonly ShownKey[],
): UserError {
  return new UserError(
    `${showAddress(account)} is not the server it was — it shows ${showKeys(shown)}, expected ${listed(pins.fingerprints)}`,
    `the server was set up anew, or someone stands between: compare with "${keygenCommand(shown)}" on the server itself, then update ssh-fingerprint or ssh-known-hosts`,
    { code: 'ssh-host-key-mismatch' },
  );
}

/** Nothing is pinned: nothing is told to the server. */
export function hostKeyUnknown(server: SshLogin, shown: readonly ShownKey[], input: string): UserError {
  const observed =
    (server.knownHosts ?? []).length === 0
      ? 'nothing says whether that is your server'
      : 'ssh-known-hosts has no line for it';
  return new UserError(
    `${showAddress(server)} shows ${showKeys(shown)} — ${observed}`,
    `compare with "${keygenCommand(shown)}" on the server itself, then set ${input}: ${shown[0]?.fingerprint ?? 'SHA256:…'}`,
    { code: 'ssh-host-key-unknown' },
  );
}

function showKeys(keys: readonly ShownKey[]): string {
  return keys.length === 0
    ? 'no key of the pinned kind'
    : listed(keys.map((key) => `${key.fingerprint} (${key.type})`));
}

function keygenCommand(shown: readonly ShownKey[]): string {
  const kind = /ed25519|ecdsa|rsa/.exec(shown[0]?.type ?? '')?.[0] ?? 'ed25519';
  return `ssh-keygen -lf /etc/ssh/ssh_host_${kind}_key.pub`;
}
