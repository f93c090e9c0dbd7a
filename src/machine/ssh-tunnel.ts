import { createServer, type Server } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';

import { messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { type Keepalive, openLink, type SshLink } from './ssh.ts';
import type { SshServer } from './ssh-server.ts';
import { forwardedStream, lossOf } from './ssh-session.ts';
import type { Tunnel } from './tunnel.ts';

/**
 * A cut cable is noticed 10 to 15 s later, for a lock is held meanwhile and nothing moves. Sooner would be wrong on a
 * slow line: the answer comes behind the 2 MiB that a stream may have on its way (SSH's window), 10 s at 1.7 Mbit/s.
 */
const keepalive: Keepalive = { interval: 5_000, count: 2 };

interface TunnelPorts {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Where a tunnel comes out, as the server sees it: it resolves the name. */
export interface FarEnd {
  readonly host: string;
  readonly port: number;
}

/**
 * Opens a tunnel from a free port of this machine through a server. The account there needs no shell, only the right
 * to forward. When the connection breaks all that goes through is cut off at once, and not left waiting.
 * @throws UserError `ssh-…`
 */
export async function openTunnel(server: SshServer, far: FarEnd, ports: TunnelPorts): Promise<Tunnel> {
  const tunnel = new SshTunnel(server, far, ports);
  await tunnel.begin();
  return tunnel;
}

class SshTunnel implements Tunnel {
  readonly #server: SshServer;
  readonly #far: FarEnd;
  readonly #ports: TunnelPorts;
  readonly #entrance: Server;
  readonly #streams = new Set<Duplex>();
  #link: Promise<SshLink> | undefined;
  #through = '';
  #port = 0;
  #lost: string | undefined;
  /** Why there is no way back to the server: it is tried once, not by everybody who comes. */
  #gone: unknown;
  #closed = false;

  constructor(server: SshServer, far: FarEnd, ports: TunnelPorts) {
    this.#server = server;
    this.#far = far;
    this.#ports = ports;
    this.#entrance = createServer({ noDelay: true }, (visitor) => {
      this.#keep(visitor);
      this.open().then(
        (stream) => pipeline(visitor, stream, visitor, () => stream.destroy()),
        (error) => {
          ports.log.debug(`The tunnel does not get through: ${messageOf(error)}`);
          visitor.resetAndDestroy();
        },
      );
    });
  }

  async begin(): Promise<void> {
    this.#through = (await this.#connected()).name;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#entrance.once('error', reject).listen(0, '127.0.0.1', resolve);
      });
    } catch (error) {
      await this.close();
      throw error;
    }
    const address = this.#entrance.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  get through(): string {
    return this.#through;
  }

  get port(): number {
    return this.#port;
  }

  get lost(): string | undefined {
    return this.#lost;
  }

  async open(): Promise<Duplex> {
    const { client } = await this.#connected();
    const stream = await forwardedStream(client, this.#far, this.#server.connectTimeout);
    return this.#keep(stream);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#entrance.close();
    this.#cut(new Error('the tunnel was closed'));
    const link = await this.#link?.catch(() => undefined);
    await link?.close();
  }

  /** The connection to the server; made anew when it has broken. */
  #connected(): Promise<SshLink> {
    if (this.#closed) return Promise.reject(new Error('the tunnel was closed'));
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    if (this.#link !== undefined) return this.#link;
    const link = openLink(this.#server, this.#ports, keepalive);
    this.#link = link;
    link.then(
      ({ client }) => lossOf(client).catch((error) => this.#broken(link, error)),
      (error) => {
        this.#link = undefined;
        if (this.#lost !== undefined) this.#gone = error;
      },
    );
    return link;
  }

  #broken(link: Promise<SshLink>, error: unknown): void {
    if (this.#closed || this.#link !== link) return;
    this.#link = undefined;
    this.#lost = messageOf(error);
    const sentence = `the SSH tunnel through ${this.#through} was lost (${this.#lost})`;
    this.#ports.log.warning(`${sentence[0]?.toUpperCase()}${sentence.slice(1)}`);
    this.#cut(new Error(sentence));
  }

  #keep<Stream extends Duplex>(stream: Stream): Stream {
    this.#streams.add(stream);
    // Whoever uses it hears of its end; nobody else has to.
    stream.on('error', () => {}).once('close', () => this.#streams.delete(stream));
    return stream;
  }

  #cut(why: Error): void {
    for (const stream of this.#streams) stream.destroy(why);
  }
}
