import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Config, NodeSSH } from 'node-ssh';
import { showDuration } from '../ground/duration.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { type HostKeyPins, hostKeyKinds, kindOf, readPins, type ShownKey, shownKey } from './host-key.ts';
import type { Machine } from './machine.ts';
import { type PrivateKey, readPrivateKey } from './private-key.ts';
import { sshMachine } from './ssh-machine.ts';
import { type SshLogin, type SshServer, showAccount, showAddress } from './ssh-server.ts';
import { forwardedStream, type SshClient } from './ssh-session.ts';
import { hostKeyMismatch, hostKeyUnknown, type LoginAttempt, sshVerdict } from './ssh-verdict.ts';

/** A connection counts as lost when the sign of life after `count` unanswered ones is due. */
export interface Keepalive {
  /** Milliseconds between two signs of life. */
  readonly interval: number;
  readonly count: number;
}

/** Lost after 40 s: commands on a server go on without us, so a pause of the network is better sat out. */
const patient: Keepalive = { interval: 10_000, count: 3 };
/** Milliseconds that a server has to say goodbye. */
const closeTimeout = 2_000;

export interface SshPorts {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Logs in to a server; every command of the machine then runs over this one connection. The server must first
 * show a pinned host key: before that nothing is told to it.
 * @throws UserError `ssh-…`, each in docs/troubleshooting.md.
 */
export async function connectSsh(
  server: SshServer,
  ports: SshPorts,
  keepalive: Keepalive = patient,
): Promise<Machine> {
  const { client, name, close } = await openLink(server, ports, keepalive);
  return sshMachine(client, { name, signal: ports.signal, close });
}

/**
 * The same for whoever only goes through the server: the account needs no right to run anything there.
 * @throws UserError `ssh-…`
 */
export async function openLink(
  server: SshServer,
  { signal, log }: SshPorts,
  keepalive: Keepalive = patient,
): Promise<SshLink> {
  const target = loginOf(server, 'ssh');
  const jump = server.jump && loginOf({ ...keyOf(server), ...definite(server.jump) }, 'ssh-jump');
  const way = { connectTimeout: server.connectTimeout, keepalive, signal, log };
  const opened: OpenClient[] = [];
  const close = async () => {
    for (const open of opened.toReversed()) await end(open);
  };
  try {
    if (jump === undefined) {
      opened.push(await logIn(target, way));
    } else {
      const first = await logIn(jump, way);
      opened.push(first);
      const openStream = () => forwardedStream(first.client, server, server.connectTimeout);
      opened.push(await logIn(target, { ...way, through: showAccount(jump.server), openStream }));
    }
    const { client } = opened.at(-1) as OpenClient;
    return { name: showAccount(server), client, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An open connection to a server. */
export interface SshLink {
  /** For people: `deploy@bastion`. */
  readonly name: string;
  readonly client: SshClient;
  close(): Promise<void>;
}

/** A login with its inputs read: whatever is wrong with them is said before anything is connected. */
interface Login {
  readonly server: SshLogin;
  readonly pins: HostKeyPins | undefined;
  readonly key: PrivateKey | undefined;
  readonly agent: string | undefined;
  /** How the names of its inputs begin. */
  readonly inputs: 'ssh' | 'ssh-jump';
}

function loginOf(server: SshLogin, inputs: Login['inputs']): Login {
  const given = (text: string | undefined) => text !== undefined && text.trim() !== '';
  const key = given(server.key) ? readPrivateKey(server.key ?? '', `${inputs}-key`) : undefined;
  const agent =
    key === undefined && !given(server.password) && given(server.agent) ? server.agent : undefined;
  if (key === undefined && !given(server.password) && agent === undefined) {
    throw new UserError(
      `Cannot log in as ${showAccount(server)} — neither a key nor a password is given, and no agent runs here`,
      `set ${inputs}-key${inputs === 'ssh' ? ' (better) or ssh-password' : ''}, or start an agent with your key (SSH_AUTH_SOCK)`,
      { code: 'ssh-no-credentials' },
    );
  }
  return { server, pins: readPins(server), key, agent, inputs };
}

/** A jump host without a key of its own gets the server's, or its agent. */
function keyOf({ key, passphrase, agent }: SshLogin): Pick<SshLogin, 'key' | 'passphrase' | 'agent'> {
  return { key, passphrase, agent };
}

/** Without the parts that are undefined, so that they do not hide what they are spread over. */
function definite<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}

interface Way {
  readonly connectTimeout: number;
  readonly keepalive: Keepalive;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The server that is gone through, for a person. */
  readonly through?: string;
  /** A new stream through that server. */
  readonly openStream?: () => Promise<Duplex>;
}

/**
 * A server shows one host key a handshake: the first of the kinds that the client asks for. When that one is
 * not pinned another kind may be, so the others are asked for, too, before the server is refused.
 */
async function logIn(login: Login, way: Way): Promise<OpenClient> {
  const shown: ShownKey[] = [];
  let kinds = Object.keys(hostKeyKinds);
  while (kinds.length > 0) {
    const outcome = await handshake(login, way, kinds);
    if ('client' in outcome) return outcome;
    if (outcome.refused === undefined) break; // no key of the kinds that are left
    const { refused } = outcome;
    way.log.debug(`${showAddress(login.server)} shows ${refused.fingerprint} (${refused.type})`);
    shown.push(refused);
    kinds = kinds.filter((kind) => kind !== kindOf(refused.type));
  }
  if (login.pins !== undefined) throw hostKeyMismatch(login.server, login.pins, shown);
  throw hostKeyUnknown(login.server, shown, `${login.inputs}-fingerprint`);
}

interface OpenClient {
  readonly client: SshClient;
  /** Resolved when the connection is closed, by whomever. */
  readonly closed: Promise<void>;
}

type Handshake = OpenClient | { readonly refused: ShownKey | undefined };

async function handshake(
  { server, pins, key, agent, inputs }: Login,
  way: Way,
  kinds: readonly string[],
): Promise<Handshake> {
  way.signal.throwIfAborted();
  const session = new (await import('node-ssh')).NodeSSH(); // slow to load: not before it is needed
  let refused: ShownKey | undefined;
  const attempt: LoginAttempt = {
    account: server,
    inputs,
    through: way.through,
    key,
    hasAgent: agent !== undefined,
    password: server.password !== undefined,
    connectTimeout: way.connectTimeout,
  };
  try {
    const sock = await way.openStream?.();
    const connecting = session.connect({
      host: server.host,
      port: server.port,
      username: server.user,
      ...(sock === undefined ? {} : { sock: sock as Config['sock'] }),
      ...credentials(server, key),
      ...(agent === undefined ? {} : { agent }),
      readyTimeout: way.connectTimeout,
      keepaliveInterval: way.keepalive.interval,
      keepaliveCountMax: way.keepalive.count,
      algorithms: { serverHostKey: kinds.flatMap((kind) => hostKeyKinds[kind] ?? []) },
      hostVerifier: (shown: Buffer) => {
        sendAtOnce(session);
        if (pins?.accepts(shown) === true) return true;
        refused = shownKey(shown);
        return false;
      },
    } as Config);
    await within(connecting, way);
    // ssh2's client, whose types are not part of node-ssh's package.
    const client = session.connection as SshClient | null;
    if (client === null) throw new Error('Connection lost before handshake');
    return { client, closed: new Promise((resolve) => client.once('close', resolve)) };
  } catch (error) {
    abandon(session);
    way.signal.throwIfAborted();
    if (refused !== undefined) return { refused };
    if (kinds.length < Object.keys(hostKeyKinds).length && /no matching/.test(messageOf(error))) {
      return { refused: undefined };
    }
    throw error instanceof UserError ? error : sshVerdict(error, attempt);
  }
}

type KeyboardQuestion = [
  name: string,
  instructions: string,
  language: string,
  prompts: readonly { readonly echo?: boolean }[],
  finish: (answers: string[]) => void,
];

function credentials({ password, passphrase }: SshLogin, key: PrivateKey | undefined): Partial<Config> {
  return {
    ...(key === undefined ? {} : { privateKey: key.text }),
    ...(key === undefined || passphrase === undefined ? {} : { passphrase }),
    ...(password === undefined
      ? {}
      : {
          password,
          tryKeyboard: true,
          // A question whose answer may be seen is not the one for the password.
          onKeyboardInteractive: (...[, , , prompts, finish]: KeyboardQuestion) =>
            finish(prompts.map(({ echo }) => (echo === true ? '' : password))),
        }),
  };
}

/** Ends the waiting when the time is up or the step is cancelled; ssh2's own limit does not cover every phase. */
async function within(connecting: Promise<unknown>, { connectTimeout, signal }: Way): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const interrupted = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Timed out after ${showDuration(connectTimeout)}`)),
      connectTimeout + 1_000,
    );
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([connecting, interrupted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    connecting.catch(() => {}); // told already, or no longer asked for
  }
}

/**
 * Without it a message waits until the one before is acknowledged, which the other side puts off for 40 ms: a command
 * cost 135 ms instead of 15. From the first moment at which ssh2 has its socket.
 */
function sendAtOnce(session: NodeSSH): void {
  (session.connection as SshClient | null)?.setNoDelay(true);
}

/** Drops a connection that failed. What it still has to say is of no interest, but must not end the process. */
function abandon(session: NodeSSH): void {
  const client = session.connection as SshClient | null;
  client?.on('error', () => {});
  client?.destroy();
}

async function end({ client, closed }: OpenClient): Promise<void> {
  client.on('error', () => {}); // it is over anyway
  client.end();
  if (await Promise.race([closed.then(() => true), sleep(closeTimeout, false, { ref: false })])) return;
  client.destroy();
}
