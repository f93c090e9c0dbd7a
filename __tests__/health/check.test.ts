import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';

import type { Log } from '../../src/ground/log.ts';
import { probeUntilHealthy, unhealthy } from '../../src/health/check.ts';
import { ask } from '../../src/health/http.ts';
import { type Expectation, type Probe, parseStatusRanges } from '../../src/health/probe.ts';
import { sampled } from '../../src/health/tenants.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const { signal } = new AbortController();
const good: Expectation = { status: parseStatusRanges('200-299'), headers: {} };

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/health/`);
}

function quietLog(said: string[] = []): Log {
  return { step() {}, info: (line) => said.push(line), debug() {}, warning() {}, details() {} };
}

function check(
  probes: Probe[],
  { attempts = 1, expected = good, said = [] as string[], timeout = 2_000 } = {},
) {
  const plan = { attempts, interval: 10, initialWait: 0, expected };
  return probeUntilHealthy(probes, plan, {
    ask: (probe) => ask(probe, timeout, signal),
    log: quietLog(said),
    signal,
  }).then((findings) => ({ findings, sentence: () => unhealthy(findings, plan) }));
}

describe('an address', () => {
  test('is healthy as soon as it answers as expected; the reason is shown as it changes', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests += 1;
      response.statusCode = requests < 3 ? 503 : 200;
      response.end('starting');
    });
    const said: string[] = [];
    const { findings } = await check([{ url, headers: {} }], { attempts: 5, said });
    expect(findings[0]).toMatchObject({ attempts: 3, complaint: undefined, answer: { status: 200 } });
    expect(said).toEqual([`try 1 of 5: ${url.href}: answers 503 instead of 200-299: "starting"`]);
  });

  test('is asked with the Host header that it is to be known by', async () => {
    const url = await serve((request, response) => response.end(`you asked for ${request.headers.host}`));
    const expected = { ...good, text: 'you asked for acme.shop.test' };
    const { findings } = await check([{ url, host: 'acme.shop.test', headers: {} }], { expected });
    expect(findings[0]?.complaint).toBeUndefined();
  });
});

describe('what is not healthy, in one sentence', () => {
  test.each<{ status: number; headers: Record<string, string>; body: string; code: string; said: string }>`
    status | headers                               | body                             | code                     | said
    ${500} | ${{}}                                 | ${'<h1>Server Error (500)</h1>'} | ${'health-server-error'} | ${'answers 500 instead of 200-299: "Server Error (500)"'}
    ${404} | ${{}}                                 | ${''}                            | ${'health-status'}       | ${'answers 404 instead of 200-299'}
    ${400} | ${{}}                                 | ${'<h1>Bad Request (400)</h1>'}  | ${'health-host-refused'} | ${'add the host name to ALLOWED_HOSTS'}
    ${301} | ${{ location: 'https://shop.test/' }} | ${''}                            | ${'health-redirect'}     | ${'it redirects to https://shop.test/'}
  `('$status: $code', async ({ status, headers, body, code, said }) => {
    const url = await serve((_, response) => response.writeHead(status, headers).end(body));
    const error = (await check([{ url, headers: {} }])).sentence();
    expect(error.code).toBe(code);
    expect(error.sentence).toContain(said);
  });

  test.each<{ expected: Expectation; code: string; said: string }>`
    expected                                      | code               | said
    ${{ ...good, text: 'ok' }}                    | ${'health-text'}   | ${'does not contain "ok"'}
    ${{ ...good, headers: { 'X-Release': 'b' } }} | ${'health-header'} | ${'X-Release is "a", not "b"'}
    ${{ ...good, headers: { 'X-Other': 'b' } }}   | ${'health-header'} | ${'the answer has no header X-Other'}
  `('$code: $said', async ({ expected, code, said }) => {
    const url = await serve((_, response) => response.writeHead(200, { 'x-release': 'a' }).end('fine'));
    const error = (await check([{ url, headers: {} }], { expected })).sentence();
    expect(error.code).toBe(code);
    expect(error.message).toContain(said);
  });

  test('nothing listens', async () => {
    const url = await serve(() => {});
    for (const close of closers.splice(0)) close();
    const error = (await check([{ url, headers: {} }])).sentence();
    expect(error.code).toBe('health-refused');
    expect(error.message).toBe(`${url.href} is not healthy after 1 try — ${url.host} refuses connections`);
  });

  test('it never answers', async () => {
    const url = await serve(() => {});
    expect((await check([{ url, headers: {} }], { timeout: 50 })).sentence().code).toBe('health-no-answer');
  });

  test('it hangs up', async () => {
    const server = createTcpServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect((await check([{ url, headers: {} }])).sentence().code).toBe('health-cut-off');
  });

  test('the name does not resolve', async () => {
    const url = new URL('http://nowhere.invalid/');
    expect((await check([{ url, headers: {} }])).sentence().code).toBe('health-name-not-resolved');
  });

  test('many addresses: equal observations are one group', async () => {
    const url = await serve((request, response) => {
      response.statusCode = request.headers.host?.startsWith('bad') ? 500 : 200;
      response.end();
    });
    const hosts = ['a', 'bad1', 'b', 'bad2', 'c'].map((name) => ({ url, host: `${name}.test`, headers: {} }));
    expect((await check(hosts)).sentence().message).toBe(
      '2 of 5 addresses are not healthy after 1 try — 3 answer 200; bad1.test and bad2.test: answers 500 instead of 200-299',
    );
  });
});

test.each<{ text: string; ranges: unknown }>`
  text              | ranges
  ${'200'}          | ${[[200, 200]]}
  ${'200-299, 304'} | ${[[200, 299], [304, 304]]}
`('status $text', ({ text, ranges }) => {
  expect(parseStatusRanges(text)).toEqual(ranges);
});

test.each(['', '20', '299-200', '200-', '2xx', '600'])('status "%s" is refused', (text) => {
  expect(() => parseStatusRanges(text)).toThrow('is not a status code or a range like 200-299');
});

test('a sample of tenants has as many as asked for, each once', () => {
  const tenants = ['a', 'b', 'c', 'd'];
  expect(sampled(tenants, 'none')).toEqual([]);
  expect(sampled(tenants, 'all')).toEqual(tenants);
  expect(sampled(tenants, 9)).toEqual(tenants);
  expect(new Set(sampled(tenants, 3)).size).toBe(3);
  expect(sampled(tenants, 2, () => 0.999)).toEqual(['d', 'c']);
});
