import { describe, expect, test } from '@jest/globals';

import type { Observation } from '../../src/database/observation.ts';
import { type Circumstances, mostTellingOf, NoConnection } from '../../src/database/verdict.ts';

const circumstances: Circumstances = {
  server: 'db.internal:5432',
  host: 'db.internal',
  database: 'the database shop',
  user: 'app',
  sslMode: 'prefer',
  timeout: 5_000,
  discreet: false,
};

const server = (sqlState: string, message: string, routine = ''): Observation => ({
  kind: 'server',
  sqlState,
  message,
  routine,
});
const noEntry = 'no pg_hba.conf entry for host "10.0.0.9", user "app", database "shop", no encryption';

describe('what an observation means', () => {
  test.each<{
    observation: Observation;
    given: Partial<Circumstances>;
    code: string;
    waiting: string;
    sentence: string;
  }>`
    observation                                                                            | given                                                | code                                  | waiting            | sentence
    ${{ kind: 'name-not-resolved', code: 'ENOTFOUND' }}                                    | ${{}}                                                | ${'database-name-not-resolved'}       | ${'helps briefly'} | ${'The name db.internal does not resolve — there is no such host (ENOTFOUND) — correct the host in the database URL; a name of a private network resolves only inside it'}
    ${{ kind: 'name-not-resolved', code: 'EAI_AGAIN' }}                                    | ${{}}                                                | ${'database-name-not-resolved'}       | ${'helps'}         | ${'The name db.internal does not resolve — the name server gave no answer (EAI_AGAIN) — correct the host in the database URL; a name of a private network resolves only inside it'}
    ${{ kind: 'refused' }}                                                                 | ${{}}                                                | ${'database-refused'}                 | ${'helps'}         | ${'db.internal:5432 refused the connection — nothing listens there — start the database, or correct host and port; from other machines PostgreSQL is reached only with listen_addresses set'}
    ${{ kind: 'no-socket', code: 'ENOENT' }}                                               | ${{ server: 'the socket in /tmp (port 5432)' }}      | ${'database-refused'}                 | ${'helps'}         | ${'The socket in /tmp (port 5432) cannot be used — there is no such socket — start the database on this machine, or name a host in the database URL'}
    ${{ kind: 'no-answer' }}                                                               | ${{}}                                                | ${'database-no-answer'}               | ${'helps'}         | ${'No answer from db.internal:5432 within 5.0 s — a firewall may drop what this machine sends — let the address of this runner in, use a runner in the network of the database, or go through a bastion (connect-through: ssh)'}
    ${{ kind: 'no-answer' }}                                                               | ${{ tried: { attempts: 30, milliseconds: 62_000 } }} | ${'database-no-answer'}               | ${'helps'}         | ${'No answer from db.internal:5432 within 5.0 s (tried 30 times in 1 min 2 s) — a firewall may drop what this machine sends — let the address of this runner in, use a runner in the network of the database, or go through a bastion (connect-through: ssh)'}
    ${{ kind: 'unreachable', code: 'EHOSTUNREACH' }}                                       | ${{}}                                                | ${'database-no-answer'}               | ${'helps'}         | ${'db.internal:5432 cannot be reached — there is no way to it from here (EHOSTUNREACH) — let the address of this runner in, use a runner in the network of the database, or go through a bastion (connect-through: ssh)'}
    ${{ kind: 'name-not-resolved', code: 'Name or service not known' }}                    | ${{ through: 'deploy@bastion' }}                     | ${'database-name-not-resolved'}       | ${'helps briefly'} | ${'The name db.internal does not resolve on deploy@bastion — that server looks it up, and says: Name or service not known — correct the host in the database URL: the name, or address, by which that server knows it'}
    ${{ kind: 'no-answer' }}                                                               | ${{ through: 'deploy@bastion' }}                     | ${'database-no-answer'}               | ${'helps'}         | ${'No answer from db.internal:5432 within 5.0 s through deploy@bastion — a firewall may drop what that server sends — let deploy@bastion in where the database is, or go through another server'}
    ${{ kind: 'unreachable', code: 'No route to host' }}                                   | ${{ through: 'deploy@bastion' }}                     | ${'database-no-answer'}               | ${'helps'}         | ${'db.internal:5432 cannot be reached from deploy@bastion — there is no way to it from there (No route to host) — let deploy@bastion in where the database is, or go through another server'}
    ${{ kind: 'silent' }}                                                                  | ${{}}                                                | ${'database-no-answer'}               | ${'helps'}         | ${'db.internal:5432 took the connection and gave no answer within 5.0 s — it is busy, or no PostgreSQL — look at the server, and check host and port'}
    ${{ kind: 'closed' }}                                                                  | ${{}}                                                | ${'database-hung-up'}                 | ${'helps'}         | ${'db.internal:5432 took the connection and closed it without a word — a proxy with nothing behind it does so, or a server that is just starting — look at what listens there, and at its log'}
    ${{ kind: 'not-postgresql', said: 'HTTP/1.1 400 Bad Request' }}                        | ${{}}                                                | ${'not-postgresql'}                   | ${'is useless'}    | ${'What listens on db.internal:5432 is not PostgreSQL — it says "HTTP/1.1 400 Bad Request" — correct host and port in the database URL'}
    ${{ kind: 'tls-not-offered' }}                                                         | ${{ sslMode: 'require' }}                            | ${'database-tls-refused'}             | ${'is useless'}    | ${'db.internal:5432 offers no TLS — the URL asks for it with sslmode=require — switch TLS on in the server (ssl = on); in a network that you trust, sslmode=prefer does without'}
    ${{ kind: 'certificate', reason: 'it has expired' }}                                   | ${{}}                                                | ${'database-certificate-not-trusted'} | ${'is useless'}    | ${'The certificate of db.internal:5432 is not trusted — it has expired — give its authority with sslrootcert, and connect by a name that the certificate has'}
    ${{ kind: 'tls-failed', reason: 'wrong version number' }}                              | ${{}}                                                | ${'database-tls-failed'}              | ${'is useless'}    | ${'No TLS connection to db.internal:5432 — wrong version number — look at the log of the server; at least TLS 1.2 is needed'}
    ${{ kind: 'no-password' }}                                                             | ${{}}                                                | ${'database-no-password'}             | ${'is useless'}    | ${'db.internal:5432 asks for a password — the database URL has none — add it after the user (user:password@…); a password file is not read'}
    ${{ kind: 'other-session', found: 'it is a standby' }}                                 | ${{}}                                                | ${'database-other-session'}           | ${'helps'}         | ${'db.internal:5432 is not what target_session_attrs asks for — it is a standby — name the right server in the database URL, or all of them with commas between'}
    ${server('28P01', 'password authentication failed')}                                   | ${{}}                                                | ${'database-wrong-password'}          | ${'is useless'}    | ${'db.internal:5432 does not accept the password of app — it is wrong, or there is no such role: the server does not tell which — correct user and password in the database URL; in it, @ : / % are written %40 %3A %2F %25'}
    ${server('28000', 'Rolle »app« existiert nicht', 'InitializeSessionUserId')}           | ${{}}                                                | ${'database-no-such-role'}            | ${'is useless'}    | ${'There is no role app on db.internal:5432 — it said: Rolle »app« existiert nicht — create it, or correct the user in the database URL'}
    ${server('28000', 'role "app" is not permitted to log in', 'InitializeSessionUserId')} | ${{}}                                                | ${'database-access-refused'}          | ${'is useless'}    | ${'The role app may not log in to db.internal:5432 — it said: role "app" is not permitted to log in — ALTER ROLE … LOGIN, or use another role'}
    ${server('28000', noEntry, 'ClientAuthentication')}                                    | ${{}}                                                | ${'database-access-refused'}          | ${'is useless'}    | ${`db.internal:5432 has no rule that lets app into the database shop from here — it said: ${noEntry} — add a line for this role, database and address to its pg_hba.conf, or connect from an address that it knows`}
    ${server('28000', noEntry, 'ClientAuthentication')}                                    | ${{ tlsHelps: true, sslMode: 'disable' }}            | ${'database-tls-required'}            | ${'is useless'}    | ${`db.internal:5432 does not let app in without TLS — it said: ${noEntry} — set sslmode=require in the database URL (it says sslmode=disable)`}
    ${server('08P01', 'SSL required')}                                                     | ${{ sslMode: 'disable' }}                            | ${'database-tls-required'}            | ${'is useless'}    | ${'db.internal:5432 does not let app in without TLS — it said: SSL required — set sslmode=require in the database URL (it says sslmode=disable)'}
    ${server('28000', 'Peer authentication failed', 'auth_failed')}                        | ${{}}                                                | ${'database-access-refused'}          | ${'is useless'}    | ${'db.internal:5432 does not let app in — it said: Peer authentication failed — look at its log and its pg_hba.conf'}
    ${server('3D000', 'database "shop" does not exist')}                                   | ${{}}                                                | ${'database-no-such-database'}        | ${'is useless'}    | ${'The database shop does not exist on db.internal:5432 — it said: database "shop" does not exist — create it, or correct the name in the database URL'}
    ${server('53300', 'sorry, too many clients already')}                                  | ${{}}                                                | ${'database-too-many-connections'}    | ${'helps'}         | ${'db.internal:5432 has no connection free for app — it said: sorry, too many clients already — end idle connections, or raise max_connections (or the limit of the role or the database)'}
    ${server('57P03', 'the database system is starting up')}                               | ${{}}                                                | ${'database-starting-up'}             | ${'helps'}         | ${'db.internal:5432 is starting up or shutting down — it said: the database system is starting up — wait, and look at the log of the server'}
    ${server('42501', 'permission denied for database "shop"')}                            | ${{}}                                                | ${'database-access-refused'}          | ${'is useless'}    | ${'db.internal:5432 does not let app into the database shop — it said: permission denied for database "shop" — GRANT CONNECT ON DATABASE … TO the role, and let the database accept connections'}
    ${server('08P01', 'unsupported startup parameter: options')}                           | ${{}}                                                | ${'database-pooler-refuses-options'}  | ${'is useless'}    | ${'In front of db.internal:5432 is a pooler that refuses parameters of the session — it said: unsupported startup parameter: options — give the address of the database itself, or leave options out of the URL'}
    ${server('08P01', 'no such user')}                                                     | ${{}}                                                | ${'database-wrong-password'}          | ${'is useless'}    | ${'The pooler at db.internal:5432 does not accept app with this password — it said: no such user — correct user and password in the database URL; a pooler has a list of its own of who may use it'}
    ${server('08P01', 'no such database: shop')}                                           | ${{}}                                                | ${'database-no-such-database'}        | ${'is useless'}    | ${'The pooler at db.internal:5432 does not know the database shop — it said: no such database: shop — correct the name in the database URL, or add it to the pooler'}
    ${server('08P01', 'no more connections allowed (max_client_conn)')}                    | ${{}}                                                | ${'database-too-many-connections'}    | ${'helps'}         | ${'The pooler at db.internal:5432 has no connection free for app — it said: no more connections allowed (max_client_conn) — end idle connections, or raise max_client_conn of the pooler'}
    ${server('08P01', 'query_wait_timeout')}                                               | ${{}}                                                | ${'database-pooler-cannot-connect'}   | ${'helps'}         | ${'The pooler at db.internal:5432 gets no connection to the database shop — it said: query_wait_timeout — look at the log of the pooler: the database may be down, full, or of another name'}
    ${server('08P01', 'something else')}                                                   | ${{}}                                                | ${'database-not-connected'}           | ${'is useless'}    | ${'db.internal:5432 refused the connection — it said: something else (08P01) — look at the log of the server'}
    ${server('XX000', 'Tenant or user not found')}                                         | ${{}}                                                | ${'database-not-connected'}           | ${'is useless'}    | ${'db.internal:5432 refused the connection — it said: Tenant or user not found (XX000) — look at the log of the server'}
    ${{ kind: 'other', message: 'something new' }}                                         | ${{}}                                                | ${'database-not-connected'}           | ${'is useless'}    | ${'No connection to db.internal:5432 — something new — look at the log of the server'}
  `('$code: $sentence', ({ observation, given, code, waiting, sentence }) => {
    const verdict = new NoConnection(observation, { ...circumstances, ...given });
    expect(verdict).toMatchObject({ code, waiting, sentence });
  });

  test('when names may hold a piece of the password, neither they nor the words of the server are shown', () => {
    const { sentence } = new NoConnection(server('3D000', 'database "rabbit@db/shop" does not exist'), {
      ...circumstances,
      server: 'the server that the database URL names',
      database: 'the database that the URL names',
      discreet: true,
    });
    expect(sentence).toBe(
      'The database that the URL names does not exist on the server that the database URL names — what it said is not shown: it may hold a piece of the password — create it, or correct the name in the database URL; there is a second @ in it: in a user or password, write @ as %40',
    );
  });

  test('a verdict can be given again with how often it was tried', () => {
    const cause = new Error('cause');
    const verdict = new NoConnection({ kind: 'refused' }, circumstances, cause).after(3, 4_000);
    expect(verdict.message).toBe(
      'db.internal:5432 refused the connection (tried 3 times in 4.0 s) — nothing listens there',
    );
    expect(verdict.cause).toBe(cause);
  });
});

describe('the most telling of several failures', () => {
  const noRule = server('28000', noEntry, 'ClientAuthentication');
  const wrongPassword = server('28P01', 'password authentication failed');
  test.each<{ failures: Observation[]; told: Observation; why: string }>`
    failures                                                    | told                   | why
    ${[{ kind: 'refused' }, { kind: 'no-answer' }]}             | ${{ kind: 'refused' }} | ${'somebody answered'}
    ${[{ kind: 'unreachable', code: '' }, { kind: 'refused' }]} | ${{ kind: 'refused' }} | ${'IPv6 that leads nowhere'}
    ${[{ kind: 'refused' }, wrongPassword]}                     | ${wrongPassword}       | ${'the server itself'}
    ${[noRule, wrongPassword]}                                  | ${wrongPassword}       | ${'without TLS there was no rule'}
    ${[noRule, { kind: 'closed' }]}                             | ${noRule}              | ${'a rule tells more than nothing'}
  `('$why', ({ failures, told }) => {
    expect(mostTellingOf(failures.map((observation) => ({ observation })))?.observation).toEqual(told);
  });
});
