import { type AddressInfo, connect, createServer } from 'node:net';

/** A port of this machine that leads to the server, so that a browser here finds `acme.shop.localhost`. */
export async function openDoor(to: { readonly host: string; readonly port: number }) {
  const door = createServer((visitor) => {
    const inside = connect(to.port, to.host);
    visitor.pipe(inside).pipe(visitor);
    for (const socket of [visitor, inside]) {
      socket.on('error', () => {
        visitor.destroy();
        inside.destroy();
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    door.once('error', reject);
    door.listen(0, '127.0.0.1', () => resolve());
  });
  return { port: (door.address() as AddressInfo).port, close: () => door.close() };
}
