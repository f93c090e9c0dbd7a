import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A server of this process on 127.0.0.1 that is no PostgreSQL, or stands in front of one. */
export interface StrangeServer {
  readonly port: number;
  /** Ends every connection at once, and listens no more. */
  close(): Promise<void>;
}

/** Takes each connection and does this with it. */
export function serverThat(treats: (socket: Socket) => void, port = 0): Promise<StrangeServer> {
  return listening(
    createServer((socket) => {
      socket.on('error', () => {});
      treats(socket);
    }),
    port,
  );
}

export function webServer(): Promise<StrangeServer> {
  return listening(
    createHttpServer((_, response) => response.end('hello')),
    0,
  );
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Passes every byte on, both ways. */
export function relay(socket: Socket, { host, port }: Target): void {
  const onward = connect(port, host);
  onward.on('error', () => socket.destroy());
  onward.on('close', () => socket.destroy());
  socket.on('close', () => onward.destroy());
  socket.pipe(onward).pipe(socket);
}

export function relayTo(target: Target, port = 0): Promise<StrangeServer> {
  return serverThat((socket) => relay(socket, target), port);
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = await serverThat(() => {});
  await server.close();
  return server.port;
}

async function listening(server: Server, port: number): Promise<StrangeServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
