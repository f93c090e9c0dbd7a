import pg from 'pg';

import { postgresPrograms } from '../../lab/postgres-programs.ts';
import { readLab } from '../../lab/read-lab.ts';
import { connect } from '../../src/database/connection.ts';
import type { Database } from '../../src/database/session.ts';
import { parseDatabaseUrl } from '../../src/database/url.ts';

/** A database of one test, on the lab's PostgreSQL 15 where no other is wanted. */
export interface ScratchDatabase {
  readonly name: string;
  /** For the code under test: a connection of its own. */
  readonly database: Database;
  /** What a project reads to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** One or more statements, as the owner of everything; rows of the last one. */
  sql<Row = Record<string, unknown>>(text: string): Promise<Row[]>;
  /** One more session for the code under test. */
  another(signal: AbortSignal): Promise<Database>;
  drop(): Promise<void>;
}

type Server = 'v15' | 'v18';

interface Wanted {
  readonly server?: Server;
  /** A database whose content is copied. Nobody may be connected to it. */
  readonly template?: string;
  /** Connects the project and the code under test as this role, which must exist; its password is its name. */
  readonly role?: string | undefined;
}

let made = 0;

export async function scratchDatabase({
  template,
  role,
  server: version = 'v15',
}: Wanted = {}): Promise<ScratchDatabase> {
  process.env.PGBIN ??= postgresPrograms(); // this machine may have no pg_dump
  made += 1;
  const name = `scratch_${process.pid}_${Date.now().toString(36)}_${made}`;
  await asSuperuser(
    'postgres',
    (client) =>
      client.query(`CREATE DATABASE ${name}${template === undefined ? '' : ` TEMPLATE ${template}`}`),
    version,
  );
  const env = databaseEnvironment(name, { server: version, role });
  const url = parseDatabaseUrl(env.DATABASE_URL);
  const another = (signal: AbortSignal) =>
    connect(url, { applicationName: 'tenantry test', connectTimeout: 20_000, signal });
  const database = await another(new AbortController().signal);
  return {
    name,
    database,
    another,
    env,
    sql: (text) =>
      asSuperuser(
        name,
        async (client) => {
          const result: unknown = await client.query(text);
          const last = Array.isArray(result) ? result.at(-1) : result;
          return last.rows;
        },
        version,
      ),
    async drop() {
      await database.close();
      await asSuperuser('postgres', (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`), version);
    },
  };
}

/** What a project reads to reach a database. */
export function databaseEnvironment(
  name: string,
  { server: version = 'v15', role }: Pick<Wanted, 'server' | 'role'> = {},
) {
  const { host, port, superuser, superuserPassword } = readLab().postgres[version];
  const user = role ?? superuser;
  const password = role ?? superuserPassword;
  return {
    DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${name}`,
    DB_HOST: host,
    DB_PORT: String(port),
    DB_NAME: name,
    DB_USER: user,
    DB_PASSWORD: password,
  };
}

/** Makes a role that may log in with its name as password, unless it is there. */
export async function scratchRole(role: string): Promise<void> {
  await asSuperuser('postgres', (client) =>
    client.query(
      `DO $$ BEGIN CREATE ROLE ${role} LOGIN PASSWORD '${role}'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    ),
  );
}

export async function asSuperuser<T>(
  database: string,
  work: (client: pg.Client) => Promise<T>,
  version: Server = 'v15',
): Promise<T> {
  const { host, port, superuser, superuserPassword } = readLab().postgres[version];
  const client = new pg.Client({ host, port, user: superuser, password: superuserPassword, database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
