import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { readLab } from '../../../lab/read-lab.ts';
import { testConnection } from '../../../src/database/connection.ts';
import { type DatabaseUrl, parseDatabaseUrl } from '../../../src/database/url.ts';
import { composeUrl } from '../../../src/database/url-compose.ts';
import { UserError } from '../../../src/ground/errors.ts';
import { type OwnPostgres, ownPostgres } from './own-postgres.ts';
import { freePort, relay, type StrangeServer, serverThat, webServer } from './strange-servers.ts';

const password = 'CANARY-p@ss:w/rd';

/** Roles by what the rules let them do. */
const rules = `
host all trusted all trust
host all missing all trust
host all no_login all trust
host all limited all trust
hostssl all careful all scram-sha-256
hostssl all certified all cert
host all app all scram-sha-256
`;
const roles = `
CREATE ROLE trusted LOGIN; CREATE ROLE no_login; CREATE ROLE limited LOGIN CONNECTION LIMIT 0; CREATE ROLE certified LOGIN;
CREATE ROLE app LOGIN PASSWORD '${password}'; CREATE ROLE careful LOGIN PASSWORD '${password}'; CREATE ROLE stranger LOGIN;
CREATE DATABASE private; REVOKE CONNECT ON DATABASE private FROM PUBLIC;
CREATE DATABASE closed ALLOW_CONNECTIONS false;
`;

let postgres: OwnPostgres;
let starting: OwnPostgres;
const strange: StrangeServer[] = [];

beforeAll(async () => {
  [postgres, starting] = await Promise.all([
    ownPostgres({ rules, settings: 'max_connections = 20' }),
    ownPostgres({ rules, standby: 'off' }),
  ]);
  await postgres.sql(roles);
});
afterAll(async () => {
  await Promise.all([...strange.map((server) => server.close()), postgres?.remove(), starting?.remove()]);
});

interface Given {
  readonly host?: string;
  readonly port?: number | string;
  readonly name?: string;
  readonly user?: string;
  readonly password?: string;
  readonly params?: Record<string, string>;
}

/** A URL to the test's own server, but for what is given. */
function urlOf({ port = postgres.port, params = {}, ...given }: Given): DatabaseUrl {
  const parts = { host: postgres.host, name: 'postgres', user: 'app', password, ...given };
  return parseDatabaseUrl(composeUrl({ ...parts, port: String(port), params }));
}

const test1 = (url: DatabaseUrl, connectTimeout = 5_000) =>
  testConnection(url, {
    applicationName: 'tenantry test',
    connectTimeout,
    signal: new AbortController().signal,
  });

async function verdict(given: Given, connectTimeout?: number): Promise<UserError> {
  const outcome = await test1(urlOf(given), connectTimeout).catch((error: unknown) => error);
  if (!(outcome instanceof UserError))
    throw new Error(`no verdict, but ${JSON.stringify(outcome) ?? String(outcome)}`);
  expect(outcome.sentence).not.toContain('CANARY');
  return outcome;
}

describe('a connection that works', () => {
  test.each<{ params: Record<string, string>; encryption: string | undefined }>`
    params                                                | encryption
    ${{}}                                                 | ${'TLSv1.3'}
    ${{ sslmode: 'disable' }}                             | ${undefined}
    ${{ sslmode: 'allow' }}                               | ${undefined}
    ${{ sslmode: 'require' }}                             | ${'TLSv1.3'}
    ${{ ssl_max_protocol_version: 'TLSv1.2' }}            | ${'TLSv1.2'}
    ${{ sslmode: 'require', channel_binding: 'require' }} | ${'TLSv1.3'}
  `('with $params is encrypted: $encryption', async ({ params, encryption }) => {
    const report = await test1(urlOf({ params }));
    expect(report).toMatchObject({
      label: `postgres on ${postgres.host}:${postgres.port}`,
      serverVersion: expect.stringMatching(/^15\.\d+$/),
      encryption,
      pooler: 'none',
      standby: false,
    });
  });

  test.each(['verify-ca', 'verify-full'])('with sslmode=%s and the right authority', async (sslmode) => {
    const { encryption } = await test1(urlOf({ params: { sslmode, sslrootcert: postgres.caFile } }));
    expect(encryption).toBe('TLSv1.3');
  });

  test('verify-ca takes a certificate with other names, verify-full does not', async () => {
    const params = { sslrootcert: postgres.caFile, hostaddr: postgres.host };
    const host = 'db.example';
    expect(await test1(urlOf({ host, params: { ...params, sslmode: 'verify-ca' } }))).toMatchObject({
      encryption: 'TLSv1.3',
    });
    const refused = await verdict({ host, params: { ...params, sslmode: 'verify-full' } });
    expect(refused).toMatchObject({
      code: 'database-certificate-not-trusted',
      message: expect.stringMatching(
        /^The certificate of db\.example:\d+ is not trusted — it is made out to .*localhost/,
      ),
    });
  });

  test('allow turns to TLS for a role that must have it', async () => {
    const { encryption } = await test1(urlOf({ user: 'careful', params: { sslmode: 'allow' } }));
    expect(encryption).toBe('TLSv1.3');
  });

  test('with a certificate of the role, whose key has a passphrase', async () => {
    const { file, keyFile } = await postgres.clientCertificate('certified', password);
    const params = { sslmode: 'require', sslcert: file, sslkey: keyFile };
    const given = { user: 'certified', password: '' };
    expect(await test1(urlOf({ ...given, params: { ...params, sslpassword: password } }))).toMatchObject({
      encryption: 'TLSv1.3',
    });
    expect(await verdict({ ...given, params: { ...params, sslpassword: 'other' } })).toMatchObject({
      code: 'database-tls-failed',
    });
  });

  test('by a socket', async () => {
    const { superuserPassword, socketDirectory, port } = readLab().postgres.v15;
    const report = await test1(
      urlOf({
        host: socketDirectory,
        port,
        user: 'postgres',
        password: superuserPassword,
        params: { sslmode: 'require' },
      }),
    );
    expect(report).toMatchObject({
      encryption: undefined,
      label: `postgres on the socket in ${socketDirectory} (port ${port})`,
    });
  });

  test('to PostgreSQL 18, which offers no TLS here', async () => {
    const { host, port, superuserPassword } = readLab().postgres.v18;
    const report = await test1(urlOf({ host, port, user: 'postgres', password: superuserPassword }));
    expect(report).toMatchObject({ serverVersion: expect.stringMatching(/^18\./), encryption: undefined });
  });

  test('to the second host, when nothing listens on the first', async () => {
    const nothing = await freePort();
    const report = await test1(
      urlOf({ host: `127.0.0.1,${postgres.host}`, port: `${nothing},${postgres.port}` }),
    );
    expect(report.label).toBe(`postgres on ${postgres.host}:${postgres.port}`);
  });

  test('with settings for the session', async () => {
    const report = await test1(urlOf({ params: { options: '-c statement_timeout=5s' } }));
    expect(report.pooler).toBe('none');
  });
});

describe('a verdict', () => {
  test.each<{ given: Given; code: string; why: string }>`
    given                                                                     | code                                  | why
    ${{ password: 'CANARY-other' }}                                           | ${'database-wrong-password'}          | ${'wrong password'}
    ${{ user: 'nobody_of_this_name' }}                                        | ${'database-access-refused'}          | ${'no rule for this role'}
    ${{ user: 'stranger' }}                                                   | ${'database-access-refused'}          | ${'a role without a rule'}
    ${{ user: 'missing' }}                                                    | ${'database-no-such-role'}            | ${'no such role, where no password is asked for'}
    ${{ user: 'no_login' }}                                                   | ${'database-access-refused'}          | ${'a role that may not log in'}
    ${{ user: 'certified' }}                                                  | ${'database-access-refused'}          | ${'a rule that wants a certificate'}
    ${{ name: 'nowhere' }}                                                    | ${'database-no-such-database'}        | ${'no such database'}
    ${{ name: 'private' }}                                                    | ${'database-access-refused'}          | ${'no right to connect'}
    ${{ name: 'closed' }}                                                     | ${'database-access-refused'}          | ${'a database that takes no connections'}
    ${{ user: 'limited' }}                                                    | ${'database-too-many-connections'}    | ${'more connections than the role may have'}
    ${{ password: '' }}                                                       | ${'database-no-password'}             | ${'no password given'}
    ${{ user: 'careful', params: { sslmode: 'disable' } }}                    | ${'database-tls-required'}            | ${'TLS needed'}
    ${{ user: 'certified', params: { sslmode: 'disable' } }}                  | ${'database-access-refused'}          | ${'with TLS and no certificate, it would not be let in either'}
    ${{ user: 'stranger', params: { sslmode: 'disable' } }}                   | ${'database-access-refused'}          | ${'no rule, with TLS or without'}
    ${{ params: { sslmode: 'disable', channel_binding: 'require' } }}         | ${'database-tls-failed'}              | ${'channel binding needs TLS'}
    ${{ params: { sslmode: 'verify-full', sslrootcert: 'system' } }}          | ${'database-certificate-not-trusted'} | ${'an authority that this machine does not know'}
    ${{ params: { sslmode: 'verify-full', sslrootcert: '/nowhere/ca.pem' } }} | ${'database-tls-file'}                | ${'a missing file'}
    ${{ params: { options: '-c no_such_setting=1' } }}                        | ${'database-not-connected'}           | ${'a setting that the server refuses'}
    ${{ params: { target_session_attrs: 'standby' } }}                        | ${'database-other-session'}           | ${'a primary where a standby is wanted'}
    ${{ host: 'no-such-host.invalid' }}                                       | ${'database-name-not-resolved'}       | ${'a name that does not resolve'}
    ${{ host: '/nowhere' }}                                                   | ${'database-refused'}                 | ${'a folder without a socket'}
  `('$code: $why', async ({ given, code }) => {
    expect(await verdict(given)).toMatchObject({ code });
  });

  test('the role is wrong or the password: a server with SCRAM does not tell, and we say so', async () => {
    const { host, port } = readLab().postgres.v15;
    expect(await verdict({ host, port, user: 'nobody_of_this_name' })).toMatchObject({
      code: 'database-wrong-password',
      message: expect.stringContaining('or there is no such role: the server does not tell which'),
    });
  });

  test('TLS refused: a server without it', async () => {
    const { host, port } = readLab().postgres.v18;
    expect(await verdict({ host, port, params: { sslmode: 'require' } })).toMatchObject({
      code: 'database-tls-refused',
    });
  });

  test('refused: nothing listens', async () => {
    expect(await verdict({ host: '127.0.0.1', port: await freePort() })).toMatchObject({
      code: 'database-refused',
    });
  });

  test('refused everywhere: a name with several addresses', async () => {
    expect(await verdict({ host: 'localhost', port: await freePort() })).toMatchObject({
      code: 'database-refused',
      message: expect.stringMatching(/^localhost:\d+ refused the connection/),
    });
  });

  test('no answer: an address that nobody has', async () => {
    const nobody = readLab().machineAddress.replace(/\d+$/, '253');
    expect(await verdict({ host: nobody }, 500)).toMatchObject({
      code: 'database-no-answer',
      message: expect.stringMatching(/^No answer from .*:\d+ within 0\.5 s — /),
    });
  });

  test('starting up: a server that lets nobody in yet', async () => {
    expect(await verdict({ port: starting.port })).toMatchObject({
      code: 'database-starting-up',
      waiting: 'helps',
    });
  });

  test('too many connections: every place is taken', async () => {
    const sessions = await fillUp();
    try {
      expect(await verdict({ user: 'trusted' })).toMatchObject({ code: 'database-too-many-connections' });
    } finally {
      await Promise.all(sessions.map((session) => session.close()));
    }
  });
});

/** Takes every connection of the server that a role without rights may have. */
async function fillUp() {
  const { connect } = await import('../../../src/database/connection.ts');
  const options = { applicationName: 'filling', connectTimeout: 5_000, signal: new AbortController().signal };
  const sessions = [];
  for (let places = 20 - 3; places > 0; places -= 1) {
    sessions.push(await connect(urlOf({ user: 'trusted' }), options));
  }
  return sessions;
}

describe('something else listens there', () => {
  const on127 = async (server: Promise<StrangeServer>) => {
    strange.push(await server);
    return { host: '127.0.0.1', port: (await server).port };
  };

  test.each<{ sslmode: string }>`
    sslmode
    ${'prefer'}
    ${'disable'}
    ${'require'}
  `('a web server, with sslmode=$sslmode', async ({ sslmode }) => {
    const place = await on127(webServer());
    expect(await verdict({ ...place, params: { sslmode } })).toMatchObject({
      code: 'not-postgresql',
      message: expect.stringContaining('it says "HTTP/1.1 400 Bad Request"'),
    });
  });

  test.each(['prefer', 'disable'])('an SSH server, with sslmode=%s', async (sslmode) => {
    const { address, sshPort } = readLab().host1;
    expect(await verdict({ host: address, port: sshPort, params: { sslmode } })).toMatchObject({
      code: 'not-postgresql',
      message: expect.stringMatching(/it says "SSH-2\.0-OpenSSH/),
    });
  });

  test('a web server that waits for the end of a line: the image registry', async () => {
    const [host, port] = readLab().registry.address.split(':');
    expect(await verdict({ host: host ?? '', port: port ?? '' }, 500)).toMatchObject({
      code: 'not-postgresql',
      message: expect.stringContaining('it says "HTTP/'),
    });
  });

  test('a server that greets in another protocol', async () => {
    const place = await on127(serverThat((socket) => socket.write(Buffer.from('J\0\0\0\n8.0.36\0'))));
    expect(await verdict(place)).toMatchObject({
      code: 'not-postgresql',
      message: expect.stringContaining('8.0.36'),
    });
  });

  test('one that says nothing', async () => {
    const place = await on127(serverThat(() => {}));
    expect(await verdict(place, 500)).toMatchObject({
      code: 'database-no-answer',
      message: expect.stringContaining('took the connection and gave no answer within 0.5 s'),
    });
  });

  test.each(['prefer', 'disable'])('one that hangs up, with sslmode=%s', async (sslmode) => {
    const place = await on127(serverThat((socket) => socket.end()));
    expect(await verdict({ ...place, params: { sslmode } })).toMatchObject({
      code: 'database-hung-up',
      waiting: 'helps',
    });
  });

  test('one that claims to know TLS and does not', async () => {
    const place = await on127(
      serverThat((socket) =>
        socket.once('data', () =>
          socket.write('S', () => socket.on('data', () => socket.write('no handshake'))),
        ),
      ),
    );
    expect(await verdict({ ...place, params: { sslmode: 'require' } })).toMatchObject({
      code: 'database-tls-failed',
    });
  });

  test('one that slips something in before the encryption', async () => {
    const place = await on127(serverThat((socket) => socket.on('data', () => socket.write('Sselect 1'))));
    expect(await verdict({ ...place, params: { sslmode: 'require' } })).toMatchObject({
      code: 'not-postgresql',
    });
  });
});

describe('a standby', () => {
  let standby: OwnPostgres;
  beforeAll(async () => {
    standby = await ownPostgres({ rules: 'host all all all trust', standby: 'on' });
  });
  afterAll(() => standby?.remove());
  const both = () => ({
    host: `${standby.host},${postgres.host}`,
    port: `${standby.port},${postgres.port}`,
    user: 'postgres',
  });

  test('is told by the test', async () => {
    expect(await test1(urlOf({ port: standby.port, user: 'postgres' }))).toMatchObject({ standby: true });
  });

  test.each<{ wish: string; code: string }>`
    wish            | code
    ${'primary'}    | ${'database-other-session'}
    ${'read-write'} | ${'database-other-session'}
  `('is not taken for target_session_attrs=$wish', async ({ wish, code }) => {
    const given = { port: standby.port, user: 'postgres', params: { target_session_attrs: wish } };
    expect(await verdict(given)).toMatchObject({ code, message: expect.stringMatching(/standby|read-only/) });
  });

  test.each(['standby', 'read-only', 'prefer-standby', 'any'])(
    'is the first that is taken for %s',
    async (wish) => {
      const report = await test1(urlOf({ ...both(), params: { target_session_attrs: wish } }));
      expect(report.standby).toBe(true);
    },
  );

  test('prefer-standby takes a primary when there is no other', async () => {
    const report = await test1(urlOf({ params: { target_session_attrs: 'prefer-standby' } }));
    expect(report.standby).toBe(false);
  });
});

describe('a pooler', () => {
  const through = (mode: 'transaction' | 'session'): Given => {
    const { superuser, superuserPassword } = readLab().postgres.v15;
    return { ...readLab().pgbouncer[mode], user: superuser, password: superuserPassword };
  };

  test('by transaction is refused', async () => {
    const refused = await verdict(through('transaction'));
    expect(refused).toMatchObject({
      code: 'database-pooler-transaction-mode',
      message: expect.stringContaining('search_path would leak between tenants'),
    });
  });

  test('by transaction is refused every time, whatever it has left of earlier sessions', async () => {
    const refusals = await Promise.all(Array.from({ length: 4 }, () => verdict(through('transaction'))));
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['database-pooler-transaction-mode']));
  });

  test('by session is fine, and told', async () => {
    expect(await test1(urlOf(through('session')))).toMatchObject({ pooler: 'session' });
  });

  test('that has no second connection to tell its mode by', async () => {
    const target = readLab().pgbouncer.session;
    let taken = 0;
    const narrow = await serverThat((socket) => {
      taken += 1;
      if (taken > 1) socket.end();
      else relay(socket, target);
    });
    strange.push(narrow);
    // With sslmode=disable, a session is one connection.
    const given = {
      ...through('session'),
      host: '127.0.0.1',
      port: narrow.port,
      params: { sslmode: 'disable' },
    };
    expect(await verdict(given)).toMatchObject({
      code: 'database-pooler-unknown-mode',
      message: expect.stringContaining('closed it without a word'),
    });
  });

  test('that refuses settings of the session', async () => {
    const params = { options: '-c statement_timeout=5s' };
    expect(await verdict({ ...through('session'), params })).toMatchObject({
      code: 'database-pooler-refuses-options',
    });
  });

  test('that does not know the role', async () => {
    expect(await verdict({ ...through('session'), user: 'nobody_of_this_name' })).toMatchObject({
      code: 'database-wrong-password',
    });
  });

  test('with a wrong password', async () => {
    expect(await verdict({ ...through('session'), password: 'CANARY-other' })).toMatchObject({
      code: 'database-wrong-password',
    });
  });

  test('in front of a database that does not exist', async () => {
    const given = { ...through('session'), name: 'nowhere' };
    // PgBouncer lets the first one wait for its next try, and tells whoever comes before that.
    await verdict(given, 1_000);
    expect(await verdict(given)).toMatchObject({ code: 'database-pooler-cannot-connect', waiting: 'helps' });
  });
});
