import type { Duplex, Readable } from 'node:stream';

import { showDuration } from '../ground/duration.ts';
import { LostConnection, messageOf, UserError } from '../ground/errors.ts';

/** The part of ssh2's client that is used here. */
export interface SshClient {
  exec(command: string, callback: (error: Error | undefined, channel: SshChannel) => void): unknown;
  forwardOut(
    fromHost: string,
    fromPort: number,
    toHost: string,
    toPort: number,
    callback: (error: Error | undefined, stream: Duplex) => void,
  ): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  once(event: 'close', listener: () => void): unknown;
  setNoDelay(noDelay: boolean): unknown;
  end(): unknown;
  destroy(): unknown;
}

export interface SshChannel extends Duplex {
  readonly stderr: Readable;
  close(): void;
}

/** An open connection. */
export interface SshSession {
  readonly name: string;
  readonly client: SshClient;
  /** Rejected when the connection is lost; whatever is pending then ends with it. */
  readonly lost: Promise<never>;
}

/** Milliseconds that opening a channel may take; a half-open connection never answers. */
export const channelTimeout = 20_000;
/** From now on a lost connection is told here, and never ends the process as an unhandled error. */
export function lossOf(client: SshClient): Promise<never> {
  const lost = new Promise<never>((_resolve, reject) => {
    client.on('error', reject);
    client.on('close', () => reject(new Error('the connection was closed')));
  });
  lost.catch(() => {});
  return lost;
}

/** A channel on which `line` runs. */
export async function openChannel(
  { client, lost }: SshSession,
  line: string,
  what: string,
): Promise<SshChannel> {
  let timer: NodeJS.Timeout | undefined;
  const opened = new Promise<SshChannel>((resolve, reject) => {
    timer = setTimeout(
      () => reject(new LostConnection(what, `no answer within ${showDuration(channelTimeout)}`)),
      channelTimeout,
    );
    client.exec(line, (error, channel) => {
      if (error === undefined || error === null) resolve(channel);
      else reject(channelRefused(what, error));
    });
  });
  try {
    return await Promise.race([
      opened,
      lost.catch((error) => {
        throw new LostConnection(what, messageOf(error), { cause: error });
      }),
    ]);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new LostConnection(what, messageOf(error), { cause: error }); // exec throws when not connected
  } finally {
    clearTimeout(timer);
    opened.catch(() => {});
  }
}

function channelRefused(what: string, error: Error): UserError {
  if (!/open failure|Unable to exec/i.test(error.message)) {
    return new LostConnection(what, messageOf(error), { cause: error });
  }
  return new UserError(
    `The server does not run ${what} — ${messageOf(error)}`,
    'look at MaxSessions, ForceCommand and the account in its sshd_config and log',
    { code: 'ssh-shell-unusable', cause: error },
  );
}

/**
 * A stream from a server to an address that it reaches.
 * @param timeout milliseconds
 * @throws Error in the words of the server: `(SSH) Channel open failure: Connection refused`
 */
export function forwardedStream(
  client: SshClient,
  { host, port }: { readonly host: string; readonly port: number },
  timeout: number,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let inTime = true;
    const timer = setTimeout(() => {
      inTime = false;
      reject(new Error(`Timed out after ${showDuration(timeout)}`));
    }, timeout);
    client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
      clearTimeout(timer);
      if (error !== undefined && error !== null) reject(error);
      else if (inTime) resolve(stream);
      else stream.destroy();
    });
  });
}
