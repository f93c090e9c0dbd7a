import { connect, createServer, type Socket } from 'node:net';

/** A place that is further away than it is: what goes there, and what comes back, is on its way for some time. */
export interface FarAway {
  readonly port: number;
  /** How often somebody answered and was answered, in all connections together. */
  turns(): number;
  close(): Promise<void>;
}

/** @param roundTrip milliseconds */
export async function farAway(
  { host, port }: { readonly host: string; readonly port: number },
  roundTrip: number,
): Promise<FarAway> {
  const open = new Set<Socket>();
  let turns = 0;
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host, port, noDelay: true });
    let last: 'near' | 'far' = 'far';
    const carry = (from: Socket, to: Socket, side: 'near' | 'far') => {
      open.add(from);
      from.on('data', (bytes: Buffer) => {
        if (side === 'near' && last === 'far') turns += 1;
        last = side;
        later(() => !to.destroyed && to.write(bytes));
      });
      from.on('end', () => later(() => to.end()));
      from.on('error', () => to.destroy());
      from.on('close', () => open.delete(from));
    };
    const later = (then: () => unknown) => (roundTrip === 0 ? then() : setTimeout(then, roundTrip / 2));
    turns += 1; // to connect
    carry(near, far, 'near');
    carry(far, near, 'far');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    turns: () => turns,
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
