import { describe, expect, test } from '@jest/globals';

import { caddyPatch, movedFile, saysTheSame } from '../../../src/deployment/proxies/caddy-config.ts';

const slots = { serving: 8000, free: 24_384 };

const route = (dial: string) => ({ handle: [{ handler: 'reverse_proxy', upstreams: [{ dial }] }] });
const config = (routes: unknown, more: object = {}) => ({
  apps: { http: { servers: { srv0: { listen: [':8000'], routes } } }, ...more },
});

describe('one request that moves all places', () => {
  test('one place: its upstream alone', () => {
    expect(caddyPatch(config([route('127.0.0.1:9000'), route('127.0.0.1:8000')]), slots)).toEqual({
      path: '/apps/http/servers/srv0/routes/1/handle/0/upstreams/0',
      serving: { dial: '127.0.0.1:8000' },
      free: { dial: '127.0.0.1:24384' },
    });
  });

  test('two places: what holds both, with all else as it is', () => {
    expect(
      caddyPatch(config([route('localhost:8000'), route('127.0.0.1:9000'), route('127.0.0.1:8000')]), slots),
    ).toEqual({
      path: '/apps/http/servers/srv0/routes',
      serving: [route('localhost:8000'), route('127.0.0.1:9000'), route('127.0.0.1:8000')],
      free: [route('localhost:24384'), route('127.0.0.1:9000'), route('127.0.0.1:24384')],
    });
  });

  test('whom Caddy asks about certificates moves along', () => {
    const ask = { tls: { automation: { on_demand: { ask: 'http://127.0.0.1:8000/check' } } } };
    expect(caddyPatch(config([route('127.0.0.1:8000')], ask), slots)).toMatchObject({
      path: '/apps',
      free: { tls: { automation: { on_demand: { ask: 'http://127.0.0.1:24384/check' } } } },
    });
  });

  test.each(['192.0.2.1:8000', '127.0.0.1:80001', ':8000'])('%s is not the application', (dial) => {
    expect(caddyPatch(config([route(dial)]), slots)).toBeUndefined();
  });
});

test.each<[string, before: string, after: string]>([
  [
    'an upstream',
    'shop.test {\n\treverse_proxy 127.0.0.1:8000\n}',
    'shop.test {\n\treverse_proxy 127.0.0.1:24384\n}',
  ],
  [
    'an address with a scheme and a path',
    'ask http://localhost:8000/check',
    'ask http://localhost:24384/check',
  ],
  [
    'a site of the same port',
    'localhost:8000 {\n\treverse_proxy localhost:8000 localhost:80001\n}',
    'localhost:8000 {\n\treverse_proxy localhost:24384 localhost:80001\n}',
  ],
  ['JSON', '{"upstreams": [{"dial": "127.0.0.1:8000"}]}', '{"upstreams": [{"dial": "127.0.0.1:24384"}]}'],
])('the file: %s', (_what, before, after) => {
  expect(movedFile(before, slots)).toBe(after);
});

test('the file says what runs, in whatever order, or it does not', () => {
  expect(saysTheSame({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toBe(true);
  expect(saysTheSame({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  expect(saysTheSame(undefined, { a: 1 })).toBe(false);
});
