import { describe, expect, test } from '@jest/globals';
import { djangoVariables } from '../../src/database/django-variables.ts';
import { type DatabaseParts, parseDatabaseUrl } from '../../src/database/url.ts';
import type { Scheme } from '../../src/database/url-scheme.ts';
import { UserError } from '../../src/ground/errors.ts';

describe('a connection URL', () => {
  test.each<Record<keyof Omit<DatabaseParts, 'params'> | 'url' | 'why', string>>`
    url                                                | host             | port      | name       | user     | password     | why
    ${'postgresql://app:secret@db.internal:5432/shop'} | ${'db.internal'} | ${'5432'} | ${'shop'}  | ${'app'} | ${'secret'}  | ${'everything given'}
    ${'postgres://db/shop'}                            | ${'db'}          | ${''}     | ${'shop'}  | ${''}    | ${''}        | ${'no port, no user'}
    ${'postgresql://'}                                 | ${''}            | ${''}     | ${''}      | ${''}    | ${''}        | ${'nothing given'}
    ${'postgresql://u:p%40ss@db/shop'}                 | ${'db'}          | ${''}     | ${'shop'}  | ${'u'}   | ${'p@ss'}    | ${'@ in a password is %40'}
    ${'postgresql://u:p:s?s#s@db/shop'}                | ${'db'}          | ${''}     | ${'shop'}  | ${'u'}   | ${'p:s?s#s'} | ${': ? # need no escaping in a password'}
    ${'postgresql://u:p+q@db/shop'}                    | ${'db'}          | ${''}     | ${'shop'}  | ${'u'}   | ${'p+q'}     | ${'a plus is a plus'}
    ${'postgresql://[::1]:6543/shop'}                  | ${'::1'}         | ${'6543'} | ${'shop'}  | ${''}    | ${''}        | ${'IPv6 in brackets'}
    ${'postgresql:///shop?host=/run/pg'}               | ${'/run/pg'}     | ${''}     | ${'shop'}  | ${''}    | ${''}        | ${'a socket by parameter'}
    ${'postgresql://%2Frun%2Fpg/shop'}                 | ${'/run/pg'}     | ${''}     | ${'shop'}  | ${''}    | ${''}        | ${'a socket in the place of the host'}
    ${'postgresql://a:1,b,[::2]:3/shop'}               | ${'a,b,::2'}     | ${'1,,3'} | ${'shop'}  | ${''}    | ${''}        | ${'several hosts, each with its port'}
    ${'postgresql://db/shop?user=app&password=x%20y'}  | ${'db'}          | ${''}     | ${'shop'}  | ${'app'} | ${'x y'}     | ${'user and password by parameter'}
    ${'postgresql://a:b@db/shop?user=c'}               | ${'db'}          | ${''}     | ${'shop'}  | ${'c'}   | ${'b'}       | ${'a parameter wins'}
    ${'postgresql://db/a/b'}                           | ${'db'}          | ${''}     | ${'a/b'}   | ${''}    | ${''}        | ${'a / in a name'}
    ${'postgresql://db/日%20本'}                       | ${'db'}          | ${''}     | ${'日 本'} | ${''}    | ${''}        | ${'Unicode, and an escaped space'}
    ${'postgresql:// u @ db / shop '}                  | ${'db'}          | ${''}     | ${'shop'}  | ${'u'}   | ${''}        | ${'spaces around parts do not count'}
    ${'postgis://u:p@db/shop'}                         | ${'db'}          | ${''}     | ${'shop'}  | ${'u'}   | ${'p'}       | ${"Django's own scheme"}
  `('$url: $why', ({ url, why: _why, ...parts }) => {
    expect(parseDatabaseUrl(url)).toMatchObject(parts);
  });

  test.each<{ query: string; params: DatabaseParts['params'] }>`
    query                                 | params
    ${'sslmode=require'}                  | ${{ sslmode: 'require' }}
    ${'ssl=true'}                         | ${{ sslmode: 'require' }}
    ${'requiressl=1'}                     | ${{ sslmode: 'require' }}
    ${'requiressl=0'}                     | ${{ sslmode: 'prefer' }}
    ${'sslmode=disable&sslmode=require&'} | ${{ sslmode: 'require' }}
    ${'options=-c%20a%3Db'}               | ${{ options: '-c a=b' }}
    ${'connect_timeout='}                 | ${{ connect_timeout: '' }}
    ${''}                                 | ${{}}
  `('?$query gives $params', ({ query, params }) => {
    expect(parseDatabaseUrl(`postgresql://db/shop?${query}`).params).toEqual(params);
  });

  test('what libpq stores keeps an empty value apart from a missing one', () => {
    expect(parseDatabaseUrl('postgresql://db/?user=').options).toEqual({ host: 'db', user: '' });
    expect(parseDatabaseUrl('postgresql://@db/').options).toEqual({ host: 'db' });
  });

  test.each<{ url: string; misread: boolean; why: string }>`
    url                                | misread  | why
    ${'postgresql://u:p@db/shop'}      | ${false} | ${'one @'}
    ${'postgresql://u:p%40q@db/shop'}  | ${false} | ${'an escaped @'}
    ${'postgresql://u:p@q@db/shop'}    | ${true}  | ${'the host would be q@db'}
    ${'postgresql://u:p/q@db/shop'}    | ${true}  | ${'the port would be p, the database q@db/shop'}
    ${'postgresql://db/shop?user=a@b'} | ${true}  | ${'harmless, and nobody knows'}
  `('$url is perhaps misread: $misread ($why)', ({ url, misread }) => {
    expect(parseDatabaseUrl(url).perhapsMisread).toBe(misread);
  });
});

function refusal(url: string): UserError {
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    if (error instanceof UserError) return error;
  }
  throw new Error(`${url} was accepted`);
}

describe('a URL that libpq refuses', () => {
  test.each<{ url: string; observed: string }>`
    url                                   | observed
    ${'postgresql://u:50%@db/shop'}       | ${'the % at character 18 is not followed by two hexadecimal digits'}
    ${'postgresql://日本:50%@db/shop'}    | ${'the % at character 19 is not followed by two hexadecimal digits'}
    ${'postgresql://🐘:50%@db/shop'}      | ${'the % at character 18 is not followed by two hexadecimal digits'}
    ${'postgresql://u:a%00b@db/shop'}     | ${'%00 at character 17 stands for a NUL, which no part can hold'}
    ${'postgresql://u:a%C3@db/shop'}      | ${'the percent-encoded bytes at character 17 are not UTF-8'}
    ${'postgresql://db/%C3%A9%FF'}        | ${'the percent-encoded bytes at character 23 are not UTF-8'}
    ${'postgresql://a,%C3,b/'}            | ${'the percent-encoded bytes at character 19 are not UTF-8'}
    ${'postgresql://u:a b@db/shop'}       | ${'there is a space at character 17'}
    ${'postgresql://u:p@[::1/shop'}       | ${'the [ at character 18, where a host begins, has no ]'}
    ${'postgresql://u:p@[]/shop'}         | ${'there is nothing between the brackets at character 18'}
    ${'postgresql://u:p@[::1]5432/shop'}  | ${'the ] before character 23 is followed by something else than a :, / or ?, a comma, or the end'}
    ${'postgresql://db/shop?sslmode'}     | ${'the query parameter at character 22 has no ='}
    ${'postgresql://db/shop?options=a=b'} | ${'the = at character 31 is the second one in its query parameter'}
    ${'postgresql://db/shop?sslmod=x'}    | ${'the query parameter at character 22 is none that libpq knows'}
    ${'postgresql://db/shop\0'}           | ${'character 21 is a NUL'}
    ${'postgresql://db/shop\ud83d'}       | ${'character 21 is half of a character'}
  `('$url: $observed', ({ url, observed }) => {
    const error = refusal(url);
    expect(error.message).toBe(`The database URL cannot be read — ${observed}`);
    expect(error.code).toBe('database-url-invalid');
  });

  test.each<{ text: string; observed: string }>`
    text                              | observed
    ${''}                             | ${'it is empty'}
    ${' postgresql://db'}             | ${'it begins with a space or a line break'}
    ${'"postgresql://db"'}            | ${'it begins with a quotation mark'}
    ${'DATABASE_URL=postgresql://db'} | ${'it begins with a name and =, like a line of an env file'}
    ${'psql postgresql://db'}         | ${'it begins with the command psql'}
    ${'jdbc:postgresql://db'}         | ${'it begins with jdbc:'}
    ${'postgresql+psycopg://db'}      | ${'it begins with a scheme of SQLAlchemy, which names a driver'}
    ${'PostgreSQL://db'}              | ${'its scheme has capital letters, and libpq takes only small ones'}
    ${'postgresql:/db'}               | ${'its scheme is not followed by ://'}
    ${'mysql://db'}                   | ${'it is the URL of another kind of database'}
    ${'host=db password=hunter2'}     | ${'it is a list of name=value, and only a URL is taken'}
    ${'hunter2'}                      | ${'it does not begin with postgresql:// or postgres://'}
  `('$text: $observed', ({ text, observed }) => {
    const error = refusal(text);
    expect(error.message).toBe(`The database URL cannot be read — ${observed}`);
    expect(error.sentence).not.toContain('hunter2');
  });

  test('a parameter of another program is named, with what to write instead', () => {
    expect(refusal('postgresql://u:p@db/shop?schema=acme').hint).toBe(
      'its name is schema: leave it out: the schema is chosen per tenant',
    );
  });

  test('but not when an @ behind it says that it may be a piece of the password', () => {
    const { sentence } = refusal('postgresql://u:my/own?schema=acme@db/shop');
    expect(sentence).not.toContain('schema');
    expect(sentence).toContain('/ as %2F');
  });
});

test.each<{ scheme: Scheme; original: string | undefined }>`
  scheme          | original
  ${'postgresql'} | ${undefined}
  ${'psql'}       | ${undefined}
  ${'postgis'}    | ${'django.contrib.gis.db.backends.postgis'}
`('beneath the engine of django-tenants, $scheme:// asks for $original', ({ scheme, original }) => {
  const variables = djangoVariables(parseDatabaseUrl(`${scheme}://u:p@db:5/shop`));
  expect(variables).toMatchObject({
    DB_ENGINE: 'django_tenants.postgresql_backend',
    DB_PORT: '5',
    DB_PASSWORD: 'p',
  });
  expect(variables.DB_ORIGINAL_BACKEND).toBe(original);
});
