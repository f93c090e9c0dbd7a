import { describe, expect, test } from '@jest/globals';

import {
  caddyIncludes,
  pointerConfig,
  turnsIn,
  whyNoPointer,
} from '../../../src/deployment/proxies/caddy-pointer.ts';
import { isSameButForPointer } from '../../../src/deployment/proxies/caddy-proof.ts';
import { pointerText } from '../../../src/deployment/proxies/caddy-text.ts';

const slots = { serving: 8000, free: 24_384 };
const proxy = (dial: string, more: object = {}) => ({
  handler: 'reverse_proxy',
  upstreams: [{ dial }],
  ...more,
});
const config = (...routes: object[]) => ({
  apps: { http: { servers: { srv0: { listen: [':80'], routes } } } },
});
const plain = config({ handle: [{ handler: 'encode' }, proxy('127.0.0.1:8000', { flush_interval: -1 })] });

test('before each place stands what chooses the port; each slot stands in for the other', () => {
  const changed = pointerConfig(plain, 'my-shop', slots);
  expect(changed).toEqual(
    config({
      handle: [
        { handler: 'encode' },
        {
          handler: 'subroute',
          routes: [
            { handle: [{ handler: 'vars', tenantry_my_shop: 8000, tenantry_my_shop_other: 24_384 }] },
            {
              handle: [{ handler: 'vars', tenantry_my_shop: 24_384, tenantry_my_shop_other: 8000 }],
              match: [{ file: { root: '/var/lib/tenantry/my-shop', try_files: ['caddy-second'] } }],
            },
          ],
        },
        {
          handler: 'reverse_proxy',
          flush_interval: -1,
          upstreams: [
            { dial: '127.0.0.1:{http.vars.tenantry_my_shop}' },
            { dial: '127.0.0.1:{http.vars.tenantry_my_shop_other}' },
          ],
          load_balancing: { selection_policy: { policy: 'first' }, retries: 12, try_interval: 10_000_000 },
          health_checks: { passive: { fail_duration: 100_000_000 } },
          transport: { protocol: 'http', keep_alive: { idle_timeout: 500_000_000 } },
        },
      ],
    }),
  );
  expect(turnsIn(changed, [8000, 24_384])).toEqual({ first: 8000, second: 24_384 });
  expect(turnsIn(changed, [24_384, 8000])).toEqual({ first: 8000, second: 24_384 });
  expect(turnsIn(changed, [9000, 25_384])).toBeUndefined();
  expect(turnsIn(plain, [8000, 24_384])).toBeUndefined();
});

describe('a changed configuration says the same but for the port', () => {
  const shop = { ...slots, container: 'shop' };
  const [choose, handOver] = (
    pointerConfig(config({ handle: [proxy('127.0.0.1:8000')] }), 'shop', slots) as typeof plain
  ).apps.http.servers.srv0.routes.flatMap((route) => (route as { handle: object[] }).handle) as [
    object,
    object,
  ];
  const before = config(
    { handle: [{ handler: 'encode' }] },
    { match: [{ path: ['/x'] }], handle: [proxy('localhost:8000')] },
    { handle: [proxy('127.0.0.1:8000')] },
  );

  test('the choice may stand in a route of its own, as the Caddyfile has it', () => {
    const changed = config(
      { handle: [{ handler: 'encode' }, choose] },
      { match: [{ path: ['/x'] }], handle: [handOver] },
      { handle: [handOver] },
    );
    expect(isSameButForPointer(changed, before, shop)).toBe(true);
    expect(isSameButForPointer(pointerConfig(before, 'shop', slots), before, shop)).toBe(true);
  });

  test.each<[why: string, changed: object]>([
    [
      'a place was left as it is',
      config(
        { handle: [{ handler: 'encode' }, choose] },
        { match: [{ path: ['/x'] }], handle: [handOver] },
        { handle: [proxy('127.0.0.1:9000')] },
      ),
    ],
    [
      'something is gone',
      config({ handle: [choose] }, { match: [{ path: ['/x'] }], handle: [handOver] }, { handle: [handOver] }),
    ],
    [
      'the choice comes after a place',
      config(
        { handle: [{ handler: 'encode' }] },
        { match: [{ path: ['/x'] }], handle: [handOver] },
        { handle: [choose, handOver] },
      ),
    ],
    [
      'the choice is for some requests only',
      config(
        { handle: [{ handler: 'encode' }] },
        { match: [{ path: ['/x'] }], handle: [choose, handOver] },
        { handle: [handOver] },
      ),
    ],
  ])('no: %s', (_why, changed) => {
    expect(isSameButForPointer(changed, before, shop)).toBe(false);
  });
});

describe('no variable', () => {
  const ask = {
    apps: {
      ...plain.apps,
      tls: { automation: { on_demand: { ask: 'http://127.0.0.1:8000/check' } } },
    },
  };
  const permission = {
    apps: {
      ...plain.apps,
      tls: {
        automation: { on_demand: { permission: { endpoint: 'http://127.0.0.1:8000/', module: 'http' } } },
      },
    },
  };
  test.each<[config: object, why: RegExp | undefined]>([
    [plain, undefined],
    [ask, /on_demand_tls/],
    [permission, /on_demand_tls/],
    [config({ handle: [proxy('127.0.0.1:8000', { health_checks: {} })] }), /health_checks of its own/],
    [
      config({ handle: [{ ...proxy(''), upstreams: [{ dial: '127.0.0.1:8000' }, { dial: 'other:1' }] }] }),
      /other upstreams/,
    ],
    [config({ handle: [{ handler: 'forward', to: 'http://127.0.0.1:8000' }] }), /stands in to/],
    [
      config({ handle: [{ handler: 'x', uri: '{http.matchers.file.relative}' }, proxy('127.0.0.1:8000')] }),
      /file matcher/,
    ],
  ])('%j: %s', (seen, why) => {
    if (why === undefined) expect(whyNoPointer(seen, 8000)).toBeUndefined();
    else expect(whyNoPointer(seen, 8000)).toMatch(why);
  });
});

describe('the Caddyfile', () => {
  const includes = { slot: 'S', upstreams: 'U' };
  test.each<[why: string, before: string, after: string]>([
    [
      'a line becomes a block',
      'shop.test {\n\tencode gzip\n\treverse_proxy 127.0.0.1:8000 # the shop\n}\n',
      'shop.test {\n\tencode gzip\n\timport S\n\treverse_proxy {\n\t\timport U\n\t} # the shop\n}\n',
    ],
    [
      'a block gets a line',
      'shop.test {\n\treverse_proxy /api/* http://localhost:8000 {\n\t\theader_up A "{b"\n\t}\n}\n',
      'shop.test {\n\timport S\n\treverse_proxy /api/* {\n\t\timport U\n\t\theader_up A "{b"\n\t}\n}\n',
    ],
    [
      'to, in a block',
      'shop.test {\n\treverse_proxy {\n\t\tto 127.0.0.1:8000\n\t}\n}\n',
      'shop.test {\n\timport S\n\treverse_proxy {\n\t\timport U\n\t}\n}\n',
    ],
    [
      'once a block: two places in one, one in another, and a stranger',
      'a {\n\treverse_proxy @x 127.0.0.1:8000\n\treverse_proxy 127.0.0.1:8000\n\thandle /b {\n\t\treverse_proxy 127.0.0.1:8000\n\t}\n}\nb {\n\treverse_proxy 127.0.0.1:9000\n}\n',
      'a {\n\timport S\n\treverse_proxy @x {\n\t\timport U\n\t}\n\treverse_proxy {\n\t\timport U\n\t}\n\thandle /b {\n\t\timport S\n\t\treverse_proxy {\n\t\t\timport U\n\t\t}\n\t}\n}\nb {\n\treverse_proxy 127.0.0.1:9000\n}\n',
    ],
    [
      'one site without braces, of the same port',
      'localhost:8000\nreverse_proxy 127.0.0.1:8000',
      'localhost:8000\nimport S\nreverse_proxy {\n\timport U\n}',
    ],
  ])('%s', (_why, before, after) => {
    expect(pointerText(before, 8000, includes)).toMatchObject({ text: after });
  });

  test.each<[text: string, obstacle: string]>([
    [
      '{\n\ton_demand_tls {\n\t\task http://127.0.0.1:8000/\n\t}\n}\n',
      'ask http://127.0.0.1:8000/ takes no variable',
    ],
    ['a {\n\treverse_proxy 127.0.0.1:8000 b:1\n}\n', 'reverse_proxy 127.0.0.1:8000 b:1 takes no variable'],
    [
      'a {\n\treverse_proxy b:1 {\n\t\tto 127.0.0.1:8000 b:1\n\t}\n}\n',
      'to 127.0.0.1:8000 b:1 takes no variable',
    ],
    ['a {\n\treverse_proxy \\\n 127.0.0.1:8000\n}\n', 'the file cannot be read as Caddy reads it'],
    ['a {\n', 'the file cannot be read as Caddy reads it'],
  ])('%j: %s', (text, obstacle) => {
    expect(pointerText(text, 8000, includes)).toEqual({ obstacle });
  });
});

test('what is included, for people to read', () => {
  const [slot, upstreams] = caddyIncludes('shop', { first: 8000, second: 24_384 });
  expect(slot).toMatchObject({
    path: '/etc/caddy/tenantry/shop/slot',
    text: expect.stringContaining('try_files caddy-second'),
  });
  expect(upstreams?.text).toContain(
    'to 127.0.0.1:{http.vars.tenantry_shop} 127.0.0.1:{http.vars.tenantry_shop_other}',
  );
});
