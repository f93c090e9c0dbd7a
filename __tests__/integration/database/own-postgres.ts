import { writeFileSync } from 'node:fs';

import type { Box } from '../../../lab/box.ts';
import { labFolders } from '../../../lab/folders.ts';
import { boxPath, inBox, logTail, startService, stopService, tryInBox } from '../../../lab/in-box.ts';
import { runningBox, until } from '../../../lab/parts/part.ts';

/** A PostgreSQL 15 of one test, beside the lab's own, with rules and settings that the others must not have. */
export interface OwnPostgres {
  readonly host: string;
  readonly port: number;
  /** The server's certificate is made out to the host's address, by the authority of the lab's PostgreSQL 15. */
  readonly caFile: string;
  sql(text: string, database?: string): Promise<string>;
  /** A certificate for a role, by the same authority; its key has a passphrase. */
  clientCertificate(
    role: string,
    passphrase: string,
  ): Promise<{ readonly file: string; readonly keyFile: string }>;
  /** Ends it as a crash would. */
  crash(): Promise<void>;
  /** Ends it in order: sessions are told, and ended. */
  stop(): Promise<void>;
  /** Starts it again, with what it had. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

interface Wanted {
  /** Lines of pg_hba.conf; `local` may always log in. */
  readonly rules: string;
  readonly settings?: string;
  /** `on`: a standby that may be asked; `off`: one that lets nobody in. */
  readonly standby?: 'on' | 'off';
}

const programs = '/usr/lib/postgresql/15/bin';
let made = 0;

export async function ownPostgres({ rules, settings = '', standby }: Wanted): Promise<OwnPostgres> {
  const box = runningBox(labFolders(), 'postgres15');
  made += 1;
  const name = `own-${process.pid}-${made}`;
  const folder = `/tmp/${name}`;
  const port = 10_000 + ((process.pid * 8 + made) % 20_000);
  const write = (file: string, text: string) => writeFileSync(boxPath(box, `${folder}/${file}`), text);

  await inBox(
    box,
    [
      `${programs}/initdb`,
      '-D',
      folder,
      '-U',
      'postgres',
      '--auth=trust',
      '--no-sync',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
    ],
    {
      user: 'postgres',
    },
  );
  write('pg_hba.conf', `local all all trust\n${rules}\n`);
  write(
    'postgresql.auto.conf',
    [
      `port = ${port}`,
      `listen_addresses = '*'`,
      `unix_socket_directories = '${folder}'`,
      'fsync = off',
      'ssl = on',
      `ssl_cert_file = '/lab/tls/server.crt'`,
      `ssl_key_file = '/lab/tls/server.key'`,
      `ssl_ca_file = '/lab/tls/ca.crt'`,
      settings,
      standby === undefined ? '' : `hot_standby = ${standby}`,
      '',
    ].join('\n'),
  );
  if (standby !== undefined) write('standby.signal', '');
  const start = async () => {
    await startService(box, name, [`${programs}/postgres`, '-D', folder], { user: 'postgres' });
    await until(
      () => answers(box, folder, port, standby),
      () => `${name} does not answer: ${logTail(box, name)}`,
    );
  };
  await start();

  return {
    host: box.address,
    port,
    caFile: `${box.shared}/tls/ca.crt`,
    sql: (text, database = 'postgres') =>
      inBox(
        box,
        [
          'psql',
          '-qXAt',
          '-v',
          'ON_ERROR_STOP=1',
          '-h',
          folder,
          '-p',
          String(port),
          '-U',
          'postgres',
          database,
        ],
        {
          stdin: text,
        },
      ),
    async clientCertificate(role, passphrase) {
      const script = `
set -e; cd /lab/tls
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -passout stdin -keyout "$1.key" -out "$1.csr" -subj "/CN=$2"
openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -set_serial "0x$3" -days 2 -out "$1.crt"
chmod 644 "$1.key" "$1.crt"`;
      const serial = Date.now().toString(16);
      await inBox(box, ['sh', '-c', script, 'sh', name, role, serial], { stdin: passphrase });
      return { file: `${box.shared}/tls/${name}.crt`, keyFile: `${box.shared}/tls/${name}.key` };
    },
    crash: () => stopService(box, name, 'QUIT'),
    stop: () => stopService(box, name, 'INT'),
    start,
    async remove() {
      await stopService(box, name, 'QUIT');
      const certificate = ['key', 'csr', 'crt'].map((kind) => `/lab/tls/${name}.${kind}`);
      await inBox(box, ['rm', '-rf', folder, ...certificate]);
    },
  };
}

/** 0: it accepts connections; 1: it is there and rejects them. */
async function answers(box: Box, folder: string, port: number, standby: Wanted['standby']): Promise<boolean> {
  const { code } = await tryInBox(box, [`${programs}/pg_isready`, '-q', '-h', folder, '-p', String(port)]);
  return code === (standby === 'off' ? 1 : 0);
}
