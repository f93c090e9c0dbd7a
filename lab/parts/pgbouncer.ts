import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Box, readBox } from '../box.ts';
import { inBox, logTail, startService, stopService, tryInBox } from '../in-box.ts';
import type { Parts, PostgresServer } from '../state.ts';
import { freshBox, newPassword, type Part, type PartContext, runningBox, until } from './part.ts';

type Poolers = Parts['pgbouncer'];
const PORTS = { transaction: 6432, session: 6433 } as const;
const MODES = ['transaction', 'session'] as const;

/** Two PgBouncers in front of PostgreSQL 15, one per pool mode, for every database and every role. */
export const pgbouncer: Part<Poolers> = {
  needs: ['postgres15'],
  async create(context) {
    const server = postgresOf(context);
    const box = await freshBox(context, 'pgbouncer');
    await configure(context, box, server);
    await startPgbouncer(box);
    await until(
      () => logsIn(box, server),
      () => `PgBouncer lets nobody in: ${logTail(box, 'pgbouncer-transaction')}`,
    );
    const at = (mode: keyof typeof PORTS) => ({ host: box.address, port: PORTS[mode] });
    return { transaction: at('transaction'), session: at('session') };
  },
  async answers(context) {
    const box = readBox(context.folders, 'pgbouncer');
    return box !== undefined && (await logsIn(box, postgresOf(context)));
  },
  restart: async ({ folders }) => startPgbouncer(runningBox(folders, 'pgbouncer')),
  describe: ({ transaction, session }) =>
    `${transaction.host}, transactions on ${transaction.port}, sessions on ${session.port}`,
};

export async function startPgbouncer(box: Box): Promise<void> {
  for (const mode of MODES) {
    const service = `pgbouncer-${mode}`;
    await stopService(box, service);
    await startService(box, service, ['/usr/sbin/pgbouncer', '-q', `/lab/pgbouncer/${mode}.ini`], {
      user: 'postgres',
    });
    await until(
      async () => (await tryInBox(box, ['nc', '-z', '127.0.0.1', String(PORTS[mode])])).code === 0,
      () => `PgBouncer does not listen: ${logTail(box, service)}`,
    );
  }
}

export async function stopPgbouncer(box: Box): Promise<void> {
  for (const mode of MODES) await stopService(box, `pgbouncer-${mode}`);
}

function postgresOf({ parts }: PartContext): PostgresServer {
  if (parts.postgres15 === undefined) throw new Error('postgres15 is not up — npm run lab -- up postgres15');
  return parts.postgres15;
}

async function configure({ folders }: PartContext, box: Box, server: PostgresServer): Promise<void> {
  const password = newPassword();
  // Reads the other roles' secrets from pg_shadow, in whatever database was asked for.
  const sql = `DROP ROLE IF EXISTS pgbouncer; CREATE ROLE pgbouncer LOGIN SUPERUSER PASSWORD '${password}';`;
  await inBox(
    runningBox(folders, 'postgres15'),
    ['psql', '-qX', '-h', '/run/postgresql', '-U', server.superuser, 'postgres'],
    {
      stdin: sql,
      env: { PGPASSWORD: server.superuserPassword, PGOPTIONS: '--client-min-messages=warning' },
    },
  );
  const folder = join(box.shared, 'pgbouncer');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'users'), `"pgbouncer" "${password}"\n`);
  for (const mode of MODES) writeFileSync(join(folder, `${mode}.ini`), settings(server, mode));
}

function settings(server: PostgresServer, mode: keyof typeof PORTS): string {
  return `[databases]
* = host=${server.host} port=${server.port}
[pgbouncer]
listen_addr = *
listen_port = ${PORTS[mode]}
unix_socket_dir =
pool_mode = ${mode}
auth_type = scram-sha-256
auth_file = /lab/pgbouncer/users
auth_user = pgbouncer
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1
max_client_conn = 500
default_pool_size = 20
server_idle_timeout = 10
ignore_startup_parameters = extra_float_digits
`;
}

/** The whole way: a role's own password, through the pooler, to an answer of the server. */
async function logsIn(box: Box, server: PostgresServer): Promise<boolean> {
  const results = await Promise.all(
    MODES.map((mode) =>
      tryInBox(
        box,
        [
          'psql',
          '-qXAt',
          '-h',
          '127.0.0.1',
          '-p',
          String(PORTS[mode]),
          '-U',
          server.superuser,
          '-c',
          'SELECT 1',
          'postgres',
        ],
        {
          env: { PGPASSWORD: server.superuserPassword, PGCONNECT_TIMEOUT: '5' },
        },
      ),
    ),
  );
  return results.every((result) => result.stdout.trim() === '1');
}
