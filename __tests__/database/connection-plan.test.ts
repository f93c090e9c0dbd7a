import { describe, expect, test } from '@jest/globals';
import { serverName } from '../../src/database/attempts.ts';
import { planConnection } from '../../src/database/connection-plan.ts';
import { encryptionsOf, type SslMode } from '../../src/database/tls-plan.ts';
import { parseDatabaseUrl } from '../../src/database/url.ts';
import { UserError } from '../../src/ground/errors.ts';

const surroundings = { environment: {}, systemUser: 'runner', homeFolder: '/nowhere' };
const plan = (url: string, environment: Record<string, string> = {}) =>
  planConnection(parseDatabaseUrl(url), { ...surroundings, environment });

describe('where to connect', () => {
  test.each<{ url: string; places: string[] }>`
    url                                                | places
    ${'postgresql://db/shop'}                          | ${['db:5432']}
    ${'postgresql://db:6543/shop'}                     | ${['db:6543']}
    ${'postgresql://[::1]/shop'}                       | ${['[::1]:5432']}
    ${'postgresql://a,b:2/shop'}                       | ${['a:5432', 'b:2']}
    ${'postgresql:///shop?host=a,b&port=7'}            | ${['a:7', 'b:7']}
    ${'postgresql://%2Frun%2Fpg:7/shop'}               | ${['the socket in /run/pg (port 7)']}
    ${'postgresql:///shop'}                            | ${['the socket in /var/run/postgresql (port 5432)', 'the socket in /tmp (port 5432)']}
    ${'postgresql://db/shop?hostaddr=10.0.0.7'}        | ${['db:5432']}
    ${'postgresql:///shop?hostaddr=10.0.0.7,10.0.0.8'} | ${['10.0.0.7:5432', '10.0.0.8:5432']}
  `('$url: $places', ({ url, places }) => {
    expect(plan(url).places.map(serverName)).toEqual(places);
  });

  test('an address is used as it is given, and the name is kept for the certificate', () => {
    expect(plan('postgresql://db/shop?hostaddr=10.0.0.7').places).toEqual([
      { kind: 'tcp', host: 'db', address: '10.0.0.7', port: 5432 },
    ]);
  });
});

describe('as whom', () => {
  test.each<{ url: string; environment: Record<string, string>; found: object }>`
    url                                    | environment                                 | found
    ${'postgresql://app:x@db/shop'}        | ${{ PGUSER: 'other', PGPASSWORD: 'other' }} | ${{ user: 'app', password: 'x', database: 'shop' }}
    ${'postgresql://app@db'}               | ${{}}                                       | ${{ user: 'app', password: undefined, database: 'app' }}
    ${'postgresql://db'}                   | ${{}}                                       | ${{ user: 'runner', database: 'runner' }}
    ${'postgresql://db'}                   | ${{ PGUSER: 'app', PGDATABASE: 'shop' }}    | ${{ user: 'app', database: 'shop' }}
    ${'postgresql://db'}                   | ${{ PGPASSWORD: 'x', PGOPTIONS: '-c a=b' }} | ${{ password: 'x', backendOptions: '-c a=b' }}
    ${'postgresql://db?options='}          | ${{ PGOPTIONS: '-c a=b' }}                  | ${{ backendOptions: undefined }}
    ${'postgresql://db?connect_timeout=3'} | ${{}}                                       | ${{ connectTimeout: 3_000 }}
    ${'postgresql://db?connect_timeout=0'} | ${{}}                                       | ${{ connectTimeout: undefined }}
  `('$url with $environment: $found', ({ url, environment, found }) => {
    expect(plan(url, environment)).toMatchObject(found);
  });
});

describe('with TLS', () => {
  test.each<{ query: string; tls: object }>`
    query                                           | tls
    ${''}                                           | ${{ mode: 'prefer', roots: '/nowhere/.postgresql/root.crt', direct: false }}
    ${'sslmode=verify-full&sslrootcert=/ca.pem'}    | ${{ mode: 'verify-full', roots: '/ca.pem' }}
    ${'sslrootcert=system'}                         | ${{ mode: 'verify-full', roots: 'system' }}
    ${'sslmode=require&sslnegotiation=direct'}      | ${{ mode: 'require', direct: true }}
    ${'sslcert=/c.pem&sslkey=/k.pem&sslpassword=x'} | ${{ certificate: { file: '/c.pem', keyFile: '/k.pem', passphrase: 'x' } }}
    ${'sslcert=/c.pem&sslcertmode=disable'}         | ${{ certificate: undefined }}
    ${'ssl_min_protocol_version=TLSv1.3&sslsni=0'}  | ${{ minVersion: 'TLSv1.3', serverName: false }}
  `('?$query', ({ query, tls }) => {
    expect(plan(`postgresql://db/shop?${query}`).tls).toMatchObject(tls);
  });

  test('authorities that the action is given are looked at in full, unless the URL says otherwise', () => {
    const withAuthorities = (url: string) =>
      planConnection(parseDatabaseUrl(url), { ...surroundings, caFile: '/given.pem' }).tls;
    expect(withAuthorities('postgresql://db')).toMatchObject({ mode: 'verify-full', roots: '/given.pem' });
    expect(withAuthorities('postgresql://db?sslmode=verify-ca&sslrootcert=/other.pem')).toMatchObject({
      mode: 'verify-ca',
      roots: '/given.pem',
    });
  });

  test.each<{ mode: SslMode; tcp: string[]; socket: string[] }>`
    mode             | tcp                            | socket
    ${'disable'}     | ${['plain']}                   | ${['plain']}
    ${'allow'}       | ${['plain', 'tls']}            | ${['plain']}
    ${'prefer'}      | ${['tls-if-offered', 'plain']} | ${['plain']}
    ${'require'}     | ${['tls']}                     | ${['plain']}
    ${'verify-ca'}   | ${['tls']}                     | ${['plain']}
    ${'verify-full'} | ${['tls']}                     | ${['plain']}
  `('sslmode=$mode tries $tcp, on a socket $socket', ({ mode, tcp, socket }) => {
    expect(encryptionsOf(mode, 'tcp')).toEqual(tcp);
    expect(encryptionsOf(mode, 'socket')).toEqual(socket);
  });
});

describe('what libpq refuses when it connects, and what we cannot do', () => {
  test.each<{ url: string; code: string; observed: string }>`
    url                                                               | code                          | observed
    ${'postgresql://db:abc/shop'}                                     | ${'database-url-invalid'}     | ${'its port is not a number from 1 to 65535'}
    ${'postgresql://db:0/shop'}                                       | ${'database-url-invalid'}     | ${'its port is not a number from 1 to 65535'}
    ${'postgresql://db:65536/shop'}                                   | ${'database-url-invalid'}     | ${'its port is not a number from 1 to 65535'}
    ${'postgresql:///shop?host=a,b,c&port=1,2'}                       | ${'database-url-invalid'}     | ${'it has 3 hosts and 2 ports'}
    ${'postgresql://a,b/shop?hostaddr=10.0.0.7'}                      | ${'database-url-invalid'}     | ${'it has 2 hosts and 1 addresses'}
    ${'postgresql://db/shop?sslmode=on'}                              | ${'database-url-invalid'}     | ${'its sslmode has a value that libpq does not know'}
    ${'postgresql://db/shop?sslmode=require&sslrootcert=system'}      | ${'database-url-invalid'}     | ${'sslrootcert=system goes with sslmode=verify-full only'}
    ${'postgresql://db/shop?sslnegotiation=direct'}                   | ${'database-url-invalid'}     | ${'sslnegotiation=direct goes with sslmode=require or stricter only'}
    ${'postgresql://db/shop?connect_timeout=5s'}                      | ${'database-url-invalid'}     | ${'its connect_timeout is not a number'}
    ${'postgresql://db/shop?target_session_attrs=master'}             | ${'database-url-invalid'}     | ${'its target_session_attrs has a value that libpq does not know'}
    ${'postgresql://u:hunter@rabbit@db/shop'}                         | ${'database-url-invalid'}     | ${'there is a second @, so that what should be the end of the password is read as the host'}
    ${'postgresql://u:hunter/rabbit@db/shop'}                         | ${'database-url-invalid'}     | ${'its port is not a number from 1 to 65535'}
    ${'postgresql://db/shop?service=shop&require_auth=scram-sha-256'} | ${'database-url-unsupported'} | ${'service and require_auth'}
    ${'postgresql://db/shop?gssencmode=require'}                      | ${'database-url-unsupported'} | ${'gssencmode'}
  `('$url: $observed', ({ url, code, observed }) => {
    let refused: unknown;
    try {
      plan(url);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(UserError);
    expect(refused).toMatchObject({ code, message: expect.stringMatching(new RegExp(` — ${observed}$`)) });
    expect((refused as UserError).sentence).not.toMatch(/hunter|rabbit/);
  });

  test('what only tunes is let pass', () => {
    const url = 'postgresql://db/shop?keepalives=1&gssencmode=prefer&load_balance_hosts=random&krbsrvname=x';
    expect(plan(url).places).toHaveLength(1);
  });
});
