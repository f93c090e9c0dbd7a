import { describe, expect, test } from '@jest/globals';

import { redactUrl, secretsInUrl } from '../../src/database/url-secrets.ts';

describe('a URL that may be shown', () => {
  test.each<{ url: string; shown: string }>`
    url                                                                      | shown
    ${'postgresql://app:hunter2@db:5432/shop?sslmode=require'}               | ${'postgresql://app:***@db:5432/shop?sslmode=require'}
    ${'postgresql://app@db/shop'}                                            | ${'postgresql://app@db/shop'}
    ${'postgresql://db/shop?password=hunter2&sslmode=require&sslpassword=x'} | ${'postgresql://db/shop?password=***&sslmode=require&sslpassword=***'}
    ${'postgresql://a:old@db/shop?password=new'}                             | ${'postgresql://a:***@db/shop?password=***'}
    ${'postgis://a:p%40q@[::1]/shop'}                                        | ${'postgis://a:***@[::1]/shop'}
    ${'postgresql://app:hunter@2@db/shop'}                                   | ${'postgresql://***'}
    ${'postgresql://app:hunter/2@db/shop'}                                   | ${'postgresql://***'}
    ${'postgresql://app:100%@db/shop'}                                       | ${'postgresql://***'}
    ${'host=db password=hunter2'}                                            | ${'***'}
    ${''}                                                                    | ${'***'}
  `('$url is shown as $shown', ({ url, shown }) => {
    expect(redactUrl(url)).toBe(shown);
  });
});

describe('what must be masked because of a URL', () => {
  test('the URL, the password as it is written, decoded, and as we would encode it', () => {
    const url = "postgresql://app:it's%2fme@db/shop";
    expect(secretsInUrl(url)).toEqual([
      'postgresql://app:it%27s%2Fme@db/shop',
      url,
      'it%27s%2Fme',
      "it's%2fme",
      "it's/me",
    ]);
  });

  test('every secret of the query, and of a password that a parameter replaces', () => {
    const found = secretsInUrl('postgresql://a:old@db/?password=n%65w&oauth_client_secret=shh');
    expect(found).toEqual(expect.arrayContaining(['old', 'n%65w', 'new', 'shh']));
  });

  test('without a password, the URL', () => {
    expect(secretsInUrl('postgresql://db/shop')).toEqual(['postgresql://db/shop']);
  });

  test.each<{ url: string; pieces: string[] }>`
    url                                         | pieces
    ${'postgresql://app:hunter@rabbit@db/shop'} | ${['hunter@rabbit', 'hunter', 'rabbit', 'rabbit@db']}
    ${'postgresql://app:hunter/rabbit@db/shop'} | ${['hunter/rabbit', 'hunter', 'rabbit', 'rabbit@db/shop']}
    ${'postgresql://app:hunter%40%@db/shop'}    | ${['hunter%40%']}
    ${'app:hunter@db'}                          | ${['hunter']}
  `('of $url, what may be a password', ({ url, pieces }) => {
    expect(secretsInUrl(url)).toEqual(expect.arrayContaining(pieces));
  });
});
