import { describe, expect, test } from '@jest/globals';
import { type DatabaseParts, parseDatabaseUrl } from '../../src/database/url.ts';
import { composeUrl } from '../../src/database/url-compose.ts';
import { libpqParameters, partOfParameter } from '../../src/database/url-parameters.ts';
import { UserError } from '../../src/ground/errors.ts';
import { seededRandom } from './oracle/random.ts';

const none: DatabaseParts = { host: '', port: '', name: '', user: '', password: '', params: {} };

describe('a URL from parts', () => {
  test.each<{ parts: Partial<DatabaseParts>; url: string }>`
    parts                                                                               | url
    ${{}}                                                                               | ${'postgresql://'}
    ${{ host: 'db', name: 'shop' }}                                                     | ${'postgresql://db/shop'}
    ${{ host: 'db', port: '5432', name: 'shop', user: 'app', password: 'a@b:c/d%e f' }} | ${'postgresql://app:a%40b%3Ac%2Fd%25e%20f@db:5432/shop'}
    ${{ host: 'db', password: 'x' }}                                                    | ${'postgresql://:x@db'}
    ${{ host: '::1', port: '5432', name: 'shop' }}                                      | ${'postgresql://[::1]:5432/shop'}
    ${{ host: 'fe80::1%eth0' }}                                                         | ${'postgresql://[fe80::1%25eth0]'}
    ${{ host: '/run/pg', name: 'shop' }}                                                | ${'postgresql://%2Frun%2Fpg/shop'}
    ${{ host: 'a,b', port: '1,2', name: 'shop' }}                                       | ${'postgresql://a:1,b:2/shop'}
    ${{ host: 'a,b', port: '5432', name: 'shop' }}                                      | ${'postgresql:///shop?host=a%2Cb&port=5432'}
    ${{ host: 'a,b' }}                                                                  | ${'postgresql:///?host=a%2Cb'}
    ${{ host: 'db', params: { sslmode: 'require', options: '-c a=b' } }}                | ${'postgresql://db/?sslmode=require&options=-c%20a%3Db'}
    ${{ host: 'db', name: "it's (odd)*!" }}                                             | ${'postgresql://db/it%27s%20%28odd%29%2A%21'}
  `('$parts is $url', ({ parts, url }) => {
    expect(composeUrl({ ...none, ...parts })).toBe(url);
    expect(parseDatabaseUrl(url)).toMatchObject({ ...none, ...parts });
  });

  test('keeps the scheme that is asked for', () => {
    expect(composeUrl({ ...none, host: 'db' }, 'postgis')).toBe('postgis://db');
  });

  test('whatever is in the parts, they are read back the same', () => {
    const random = seededRandom(42);
    const characters = [...'abc019 @:/?#[]%,&=+;\'"\\\t\n\u0001\u007fé日🐘', '%40', '::1', '[::1]', '\u0085'];
    const parameters = [...libpqParameters].filter((name) => !partOfParameter.has(name));
    const text = () => Array.from({ length: random.below(8) }, () => random.pick(characters)).join('');
    const changed: unknown[] = [];
    for (let times = 0; times < 20_000; times += 1) {
      const params = Object.fromEntries(
        Array.from({ length: random.below(3) }, () => [random.pick(parameters), text()]),
      );
      const parts = { host: text(), port: text(), name: text(), user: text(), password: text(), params };
      const { host, port, name, user, password, params: readParams } = parseDatabaseUrl(composeUrl(parts));
      const read = { host, port, name, user, password, params: readParams };
      if (!sameParts(parts, read)) changed.push({ parts, read });
    }
    expect(changed.slice(0, 5)).toEqual([]);
  });
});

function sameParts(
  { params: ours, ...one }: DatabaseParts,
  { params: theirs, ...other }: DatabaseParts,
): boolean {
  const sorted = (params: object) => Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([one, sorted(ours)]) === JSON.stringify([other, sorted(theirs)]);
}

describe('parts that make no URL', () => {
  test.each<{ parts: Partial<DatabaseParts>; sentence: string }>`
    parts                                  | sentence
    ${{ params: { host: 'x' } }}           | ${'The database URL cannot be composed — params has host, which has an input of its own — give it as host'}
    ${{ params: { dbname: 'x' } }}         | ${'The database URL cannot be composed — params has dbname, which has an input of its own — give it as name'}
    ${{ params: { sslmod: 'x' } }}         | ${'The database URL cannot be composed — params has sslmod, which libpq does not know — did you mean sslmode?'}
    ${{ params: { ssl: 'yes' } }}          | ${'The database URL cannot be composed — params has ssl, which libpq does not know — write sslmode=require (libpq knows ssl only as ssl=true)'}
    ${{ name: 'a\0b' }}                    | ${'The database URL cannot be composed — name holds a NUL or half a character — copy the text again'}
    ${{ user: 'x\ud800', password: '\0' }} | ${'The database URL cannot be composed — user and password holds a NUL or half a character — copy the text again'}
  `('$sentence', ({ parts, sentence }) => {
    const compose = () => composeUrl({ ...none, ...parts });
    expect(compose).toThrow(UserError);
    expect(compose).toThrow(expect.objectContaining({ sentence, code: 'database-parts-invalid' }));
  });
});
