import { describe, expect, test } from '@jest/globals';

import { takeOverNginx } from '../../../src/deployment/proxies/nginx-sites.ts';
import { readNginxText } from '../../../src/deployment/proxies/nginx-text.ts';

const slots = { serving: 8000, free: 24_384 };
const path = '/etc/nginx/sites-enabled/shop';

function takeOver(text: string, has: { hasConfD?: boolean; hasFileCache?: boolean } = {}) {
  const seen = { files: [{ path, text }], hasConfD: true, hasFileCache: false, ...has };
  return takeOverNginx('shop', slots, seen);
}

const site = (location: string) => `server {
  listen 80;
  location / { ${location} }
}
`;
const plain = site('proxy_set_header Host $host; proxy_pass http://127.0.0.1:8000;');

describe('the text of nginx', () => {
  test('words, quotes, comments, blocks: where each directive stands', () => {
    const text = `user "www data"; # proxy_pass }\nmap $a $b { default 1; "~x;{" 2; }\nset $c a\${d}e#f;`;
    const directives = readNginxText(text) ?? [];
    expect(directives.map(({ name, words }) => [name, ...words])).toEqual([
      ['user', 'www data'],
      ['map', '$a', '$b'],
      ['set', '$c', `a\${d}e#f`],
    ]);
    expect(directives[1]?.children?.map(({ name, words }) => [name, ...words])).toEqual([
      ['default', '1'],
      ['~x;{', '2'],
    ]);
    expect(text.slice(directives[1]?.start, directives[1]?.end)).toBe('map $a $b { default 1; "~x;{" 2; }');
  });

  test.each(['a { b;', 'a; }', 'a', '{ a; }', 'content_by_lua_block { x = "{" }'])(
    'not understood: %s',
    (text) => {
      expect(readNginxText(text)).toBeUndefined();
    },
  );
});

test('only the address: one line changes, and the slot is looked up with each request', () => {
  expect(takeOver(plain)).toEqual({
    form: 'pointer',
    sites: [
      {
        path,
        before: plain,
        after: site('proxy_set_header Host $host; include /etc/nginx/tenantry/shop/location.conf;'),
      },
    ],
    files: [
      {
        path: '/etc/nginx/conf.d/tenantry-shop.conf',
        text: expect.stringContaining('server 127.0.0.1:24384 max_fails=0 backup;'),
      },
      {
        path: '/etc/nginx/tenantry/shop/location.conf',
        text: expect.stringContaining('if (-f /var/lib/tenantry/shop/second)'),
      },
    ],
    changesPath: false,
    lines: [`${path}:3: proxy_pass http://127.0.0.1:8000;`],
  });
});

describe('by reload, where a variable would change more than the address', () => {
  test.each<[why: string, text: string, changesPath: boolean]>([
    ['a path', site('proxy_set_header Host $host; proxy_pass http://127.0.0.1:8000/;'), true],
    ['no Host header', site('proxy_pass http://127.0.0.1:8000;'), false],
    [
      'a Host header that the location does not inherit',
      'server { proxy_set_header Host $host; location / { proxy_set_header X y; proxy_pass http://localhost:8000; } }',
      false,
    ],
    [
      'try_files beside it',
      site('include proxy_params; try_files $uri @x; proxy_pass http://127.0.0.1:8000;'),
      false,
    ],
    [
      'redirects are rewritten',
      site('include proxy_params; proxy_redirect default; proxy_pass http://127.0.0.1:8000;'),
      false,
    ],
    ['a condition', site('include proxy_params; if ($x) { proxy_pass http://127.0.0.1:8000; }'), false],
    ['an upstream', 'upstream app { server 127.0.0.1:8000 fail_timeout=1s; keepalive 8; }', false],
  ])('%s', (_why, text, changesPath) => {
    expect(takeOver(text)).toMatchObject({ form: 'reload', changesPath });
  });
  test('the server', () => {
    expect(takeOver(plain, { hasFileCache: true })).toMatchObject({ form: 'reload' });
    expect(takeOver(plain, { hasConfD: false })).toMatchObject({ form: 'reload' });
  });
});

test('by reload: each directive becomes a file of its own, with the port left open', () => {
  const text = `upstream app { server 127.0.0.1:8000 weight=2; }
server { location /a { proxy_pass http://app; } location /b { proxy_pass http://localhost:8000/b/; } location /c { proxy_pass http://localhost:8000/b/; } }
`;
  expect(takeOver(text)).toMatchObject({
    sites: [
      {
        after: `upstream app { include /etc/nginx/tenantry/shop/1.conf; }
server { location /a { proxy_pass http://app; } location /b { include /etc/nginx/tenantry/shop/2.conf; } location /c { include /etc/nginx/tenantry/shop/2.conf; } }
`,
      },
    ],
    files: [
      { path: '/etc/nginx/tenantry/shop/1.conf', text: '# slot @SLOT@\nserver 127.0.0.1:@SLOT@ weight=2;\n' },
      {
        path: '/etc/nginx/tenantry/shop/2.conf',
        text: '# slot @SLOT@\nproxy_pass http://localhost:@SLOT@/b/;\n',
      },
    ],
  });
});

test.each([
  [
    'a variable has it',
    'server { set $backend http://127.0.0.1:8000; location / { proxy_pass $backend; } }',
    /\(set\)/,
  ],
  ['another server', site('proxy_pass http://192.0.2.1:8000;'), /\(proxy_pass\)/],
  ['Lua', 'server { content_by_lua_block { "{" } } # :8000', /cannot be read/],
])('not taken over: %s', (_why, text, obstacle) => {
  expect(takeOver(text)).toEqual({ obstacle: expect.stringMatching(obstacle) });
});

test('another port, or the port that nginx itself listens on, is nothing of ours', () => {
  expect(
    takeOver('server { listen 127.0.0.1:8000; location / { proxy_pass http://127.0.0.1:80001; } }'),
  ).toBeUndefined();
});
