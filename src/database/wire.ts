import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

import type { Place } from './connection-plan.ts';
import { Observed, type Phase } from './observation.ts';
import type { Encryption } from './tls-plan.ts';

/** One try: an address, and how to deal with encryption. */
export interface Try {
  readonly place: Place;
  /** An IP address; for sockets, nothing. */
  readonly address: string | undefined;
  readonly encryption: Encryption;
  /** Whether TLS begins at once, without PostgreSQL's own question before it. */
  readonly direct: boolean;
  readonly tls: () => ConnectionOptions;
  /** Opens a stream to the place, where the way leads through a server. */
  readonly dial?: (() => Promise<Duplex>) | undefined;
}

/** An open connection, on which the server waits for the first message. */
export interface OpenStream {
  readonly stream: Socket;
  readonly encrypted: boolean;
}

/**
 * All addresses of a place, as the system's resolver gives them; libpq, too, tries each of them.
 * @param signal ends the wait for a name server that does not answer
 */
export async function addressesOf(place: Place, signal: AbortSignal): Promise<(string | undefined)[]> {
  if (place.kind === 'socket') return [undefined];
  if (place.address !== undefined) return [place.address];
  const tooLate = once(signal, 'abort').then(() => {
    throw Object.assign(new Error('no answer in time'), { code: 'EAI_AGAIN' });
  });
  const found = await Promise.race([lookup(place.host, { all: true }), tooLate]);
  return found.map(({ address }) => address);
}

/**
 * Connects, and asks for TLS as libpq does. `onPhase` is told how far it has come.
 * @throws errors of Node, or Observed; the socket is destroyed then
 */
export async function openStream(
  { place, address, encryption, direct, tls, dial }: Try,
  { signal, onPhase }: { readonly signal: AbortSignal; readonly onPhase: (phase: Phase) => void },
): Promise<OpenStream> {
  onPhase('connect');
  const socket = dial === undefined ? connectTo(place, address) : await dialled(dial, signal);
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    if (dial === undefined) await happens(socket, 'connect');
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    if (encryption === 'plain') return { stream: socket, encrypted: false };
    if (!direct) {
      onPhase('greet');
      if (!(await offersTls(socket))) {
        if (encryption === 'tls') throw new Observed({ kind: 'tls-not-offered' });
        return { stream: socket, encrypted: false };
      }
    }
    onPhase('encrypt');
    const secured = connectTls({ ...tls(), socket });
    await happens(secured, 'secureConnect');
    return { stream: secured, encrypted: true };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function connectTo(place: Place, address: string | undefined): Socket {
  if (place.kind === 'socket') return connectSocket({ path: socketPath(place) });
  return connectSocket({ host: address ?? place.host, port: place.port });
}

/** A stream through a server, for those who know sockets: what only these have is of no use on it, and does nothing. */
async function dialled(dial: () => Promise<Duplex>, signal: AbortSignal): Promise<Socket> {
  const opening = dial();
  opening.then(
    (late) => signal.aborted && late.destroy(),
    () => {},
  );
  const tooLate = once(signal, 'abort').then(() => {
    throw signal.reason;
  });
  const stream = await Promise.race([opening, tooLate]);
  const nothing = () => stream;
  return Object.assign(stream, {
    setNoDelay: nothing,
    setKeepAlive: nothing,
    ref: nothing,
    unref: nothing,
  }) as unknown as Socket;
}

function socketPath({ folder, port }: Extract<Place, { kind: 'socket' }>): string {
  // A name with an @ is in Linux's abstract namespace, which begins with a NUL.
  return `${folder.replace(/^@/, '\0')}/.s.PGSQL.${port}`;
}

/** PostgreSQL's SSLRequest: a length of 8, and a number that no version of the protocol has. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

async function offersTls(socket: Socket): Promise<boolean> {
  socket.write(sslRequest);
  const answer: Buffer = await happens(socket, 'data');
  // Nothing may come behind the one letter: what somebody slipped in before the encryption would be believed after it.
  if (answer.length === 1 && answer[0] === 0x53) return true;
  if (answer.length === 1 && answer[0] === 0x4e) return false;
  if (looksLikePostgresql(answer)) throw new Observed({ kind: 'tls-failed', reason: textIn(answer) });
  throw new Observed({ kind: 'not-postgresql', said: textIn(answer) });
}

/** Waits for an event; an error, or the end of the connection, comes out as what it means. */
function happens(socket: Socket, event: 'connect' | 'secureConnect' | 'data'): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const ended = () => settle(() => reject(new Observed({ kind: 'closed' })));
    const failed = (error: unknown) => settle(() => reject(error));
    const happened = (value: Buffer) => settle(() => resolve(value));
    const settle = (outcome: () => void) => {
      socket.off('close', ended).off('end', ended).off('error', failed).off(event, happened);
      // Whatever is told later is no news; without a listener it would end the process.
      socket.on('error', () => {});
      outcome();
    };
    socket.once('close', ended).once('end', ended).once('error', failed).once(event, happened);
  });
}

/**
 * Looks at the first answer to the first message. Without it, a web server's answer would be taken for a
 * message of many megabytes, and waited for.
 */
export function watchFirstAnswer(stream: Socket): void {
  stream.prependOnceListener('data', (answer: Buffer) => {
    if (looksLikePostgresql(answer)) return;
    stream.destroy(new Observed({ kind: 'not-postgresql', said: textIn(answer) }));
  });
}

/**
 * What a server says to a line of text, for one that gave no answer to PostgreSQL's first message; undefined when it
 * says nothing within a second, or answers like PostgreSQL. PostgreSQL itself just closes such a connection.
 */
export async function answerToALine({ place, address, dial }: Try): Promise<string | undefined> {
  if (dial !== undefined) return undefined; // nothing that is worth another way through a server
  const socket = connectTo(place, address);
  const timer = setTimeout(() => socket.destroy(), 1_000);
  try {
    await happens(socket, 'connect');
    socket.write('GET / HTTP/1.0\r\n\r\n');
    const answer = await happens(socket, 'data');
    return looksLikePostgresql(answer) ? undefined : textIn(answer);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** A request for authentication, an error, a notice, or another version of the protocol; and a length that can be. */
function looksLikePostgresql(answer: Buffer): boolean {
  const letter = String.fromCharCode(answer[0] ?? 0);
  return (
    'RENv'.includes(letter) &&
    answer.length >= 5 &&
    answer.readInt32BE(1) >= 4 &&
    answer.readInt32BE(1) < 30_000
  );
}

/** The first words that can be read, for a person who recognises `HTTP/1.1 400` or `SSH-2.0`. */
function textIn(answer: Buffer): string {
  return /[\x20-\x7e]{4,60}/.exec(answer.toString('latin1'))?.[0].trim() ?? '';
}
