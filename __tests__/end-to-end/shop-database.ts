import { randomBytes } from 'node:crypto';
import pg from 'pg';

import type { Lab } from '../../lab/lab.ts';

/** A database of one shop, which belongs to a role of its own. */
export interface ShopDatabase {
  readonly url: string;
  /** Of the role: every character that a URL, a shell or an env file could trip over. */
  readonly password: string;
  /** As the role. */
  sql(statement: string): Promise<unknown[]>;
  /** Takes an advisory lock, until it is released. */
  hold(lock: number): Promise<{ release(): Promise<void> }>;
  /** Whether the last thing that some session did was to try for it. */
  isAsked(lock: number): Promise<boolean>;
  drop(): Promise<void>;
}

/** @param name of the database and of the role, which may make databases, as the shop's own tests do */
export async function shopDatabase(lab: Lab, name: string): Promise<ShopDatabase> {
  const { host, port, superuserUrl } = lab.postgres.v15;
  const password = `p@ss:w/rd%40 #&?$'"${randomBytes(6).toString('hex')}`;
  await query(superuserUrl, `CREATE ROLE ${name} LOGIN CREATEDB PASSWORD ${pg.escapeLiteral(password)}`);
  await query(superuserUrl, `CREATE DATABASE ${name} OWNER ${name}`);
  const url = `postgresql://${name}:${encodeURIComponent(password)}@${host}:${port}/${name}`;
  return {
    url,
    password,
    sql: (statement) => query(url, statement),
    async hold(lock) {
      const client = new pg.Client({ connectionString: url });
      client.on('error', () => {}); // the database may be dropped before it is released
      await client.connect();
      await client.query('SELECT pg_advisory_lock($1)', [lock]);
      return { release: () => client.end() };
    },
    async isAsked(lock) {
      const asking = `SELECT FROM pg_stat_activity
        WHERE query LIKE '%pg_try_advisory_lock(${lock})%' AND pid <> pg_backend_pid()`;
      return (await query(url, asking)).length > 0;
    },
    async drop() {
      await query(superuserUrl, `DROP DATABASE ${name} WITH (FORCE)`);
      await query(superuserUrl, `DROP ROLE ${name}`);
    },
  };
}

async function query(connectionString: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}
