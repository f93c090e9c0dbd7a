import { describe, expect, test } from '@jest/globals';

import { readAnswer, renderRequest } from '../../src/docker/engine-api.ts';

test('a request: its length in bytes, its login in a header, its end where it ends', () => {
  const text = renderRequest({
    method: 'POST',
    path: '/services/create',
    body: { Name: 'köln' },
    login: { registry: 'docker.io', username: 'ana', password: 'ä"\n' },
  });
  const [head = '', body = ''] = text.split('\r\n\r\n');
  expect(head).toMatch(/^POST \/services\/create HTTP\/1\.0\r\n/);
  expect(body).toBe('{"Name":"köln"}');
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  const auth = /X-Registry-Auth: ([\w=-]+)/.exec(head)?.[1] ?? '';
  expect(JSON.parse(Buffer.from(auth, 'base64url').toString())).toEqual({
    username: 'ana',
    password: 'ä"\n',
    serveraddress: 'https://index.docker.io/v1/',
  });
  expect(renderRequest({ method: 'GET', path: '/nodes' })).toBe(
    'GET /nodes HTTP/1.0\r\nHost: docker\r\n\r\n',
  );
});

test.each(['', 'n', 'na'])('a login of any length is padded, as the engine wants it: an%s', (end) => {
  const login = { registry: 'registry.example.com:5000', username: `an${end}`, password: 'secret?>' };
  const head = renderRequest({ method: 'GET', path: '/distribution/shop:1/json', login });
  const auth = /^X-Registry-Auth: (.*)$/m.exec(head.replaceAll('\r', ''))?.[1] ?? '';
  expect(auth).toMatch(/^[\w-]+={0,2}$/);
  expect(auth.length % 4).toBe(0);
  expect(Buffer.from(auth, 'base64url').toString()).toContain(`"an${end}"`);
});

describe('an answer', () => {
  test.each([
    ['HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[]', { status: 200, body: '[]' }],
    ['HTTP/1.0 404 Not Found\r\nContent-Length: 2\r\n\r\n{}', { status: 404, body: '{}' }],
    ['HTTP/1.1 200 OK\r\n\r\n', { status: 200, body: '' }],
    ['HTTP/1.0 200 OK\r\n\r\na\r\n\r\nb', { status: 200, body: 'a\r\n\r\nb' }],
    ['HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{"a":', undefined],
    ['HTTP/1.0 200 OK\r\nContent-Le', undefined],
    ['Welcome to web-1!', undefined],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(readAnswer(text)).toEqual(expected);
  });
});
