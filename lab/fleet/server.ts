import pg from 'pg';

import { readLab } from '../read-lab.ts';

export type Client = pg.Client;

/** Sessions of the superuser on the lab's PostgreSQL 15. */
export async function asSuperuser<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, superuser, superuserPassword } = readLab().postgres.v15;
  const client = new pg.Client({ host, port, user: superuser, password: superuserPassword, database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What a fleet's project reads to reach a database. */
export function projectEnvironment(database: string): Record<string, string> {
  const { host, port, superuser, superuserPassword } = readLab().postgres.v15;
  return {
    DB_HOST: host,
    DB_PORT: String(port),
    DB_NAME: database,
    DB_USER: superuser,
    DB_PASSWORD: superuserPassword,
  };
}
