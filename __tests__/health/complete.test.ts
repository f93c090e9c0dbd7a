/** What a check can expect beside a status, and the ways on which it asks. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { healthFacts, tablesOf } from '../../src/actions/health-report.ts';
import { fromEachServer } from '../../src/actions/server-way.ts';
import type { Log } from '../../src/ground/log.ts';
import { toldTogether } from '../../src/health/check.ts';
import { parseJsonExpectation } from '../../src/health/content.ts';
import { ask } from '../../src/health/http.ts';
import { type Answered, complaintAbout, type Expectation } from '../../src/health/probe.ts';
import { watchOver } from '../../src/health/watch.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const { signal } = new AbortController();
const good: Expectation = { status: [[200, 299]], headers: {} };

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/health/`);
}

function answer(changes: Partial<Answered> = {}): Answered {
  return { kind: 'answer', status: 200, headers: {}, body: '', milliseconds: 10, ...changes };
}

const body = JSON.stringify({ status: 'ok', release: 'a1b2c3d', checks: [{ name: 'database', ms: 3 }] });

describe('what is expected', () => {
  test.each<
    [
      what: string,
      expected: Partial<Expectation>,
      said: Partial<Answered>,
      code: string | undefined,
      observed: string,
    ]
  >([
    ['JSON', { json: [parseJsonExpectation('status=ok')] }, { body }, undefined, ''],
    ['JSON, deeper', { json: [parseJsonExpectation('checks.0.ms=3')] }, { body }, undefined, ''],
    [
      'JSON, another value',
      { json: [parseJsonExpectation('status=bad')] },
      { body },
      'health-json',
      'status is ok, not bad',
    ],
    [
      'JSON, no such key',
      { json: [parseJsonExpectation('a.b=1')] },
      { body },
      'health-json',
      'the answer has no a.b',
    ],
    [
      'JSON, inherited',
      { json: [parseJsonExpectation('constructor.name=Object')] },
      { body },
      'health-json',
      'has no constructor.name',
    ],
    [
      'no JSON',
      { json: [parseJsonExpectation('status=ok')] },
      { body: '<html>' },
      'health-json',
      'the answer is no JSON',
    ],
    ['release, by a header', { release: 'v2' }, { headers: { 'x-release': 'v2' } }, undefined, ''],
    ['release, by JSON', { release: 'a1b2c3d' }, { body }, undefined, ''],
    ['release, as a word', { release: 'v2' }, { body: 'shop v2, well' }, undefined, ''],
    [
      'release, as part of a word',
      { release: 'v2' },
      { body: 'shop v22' },
      'health-other-release',
      'does not say that it is v2',
    ],
    [
      'another release',
      { release: 'v2' },
      { headers: { 'x-release': 'v1' } },
      'health-other-release',
      'v1 answers, not v2',
    ],
    [
      'another release, though the word is there',
      { release: 'v2' },
      { headers: { 'x-release': 'v1' }, body: 'v2' },
      'health-other-release',
      'v1 answers',
    ],
    ['slow', { maxLatency: 5 }, {}, 'health-slow', 'it took 10 ms to answer, more than 5 ms'],
    ['in time', { maxLatency: 10 }, {}, undefined, ''],
    [
      'a certificate that ends',
      { minCertificateDays: 14 },
      { certificateDays: 3 },
      'health-certificate',
      'ends in 3 days, less than 14',
    ],
    ['a certificate that does not', { minCertificateDays: 14 }, { certificateDays: 14 }, undefined, ''],
  ])('%s', (_, expected, said, code, observed) => {
    const complaint = complaintAbout(answer(said), { ...good, ...expected });
    expect(complaint?.code).toBe(code);
    expect(complaint?.observed ?? '').toContain(observed);
  });

  test.each(['status', '=ok', 'a..b=1', ''])('"%s" is no place in JSON', (line) => {
    expect(() => parseJsonExpectation(line)).toThrow('write it like checks.database=ok');
  });
});

describe('the way', () => {
  test('redirects are followed only where that is asked for; the name goes with the first address alone', async () => {
    const last = await serve((request, response) => response.end(`at last, ${request.headers.host}`));
    const first = await serve((_, response) => response.writeHead(302, { location: last.href }).end());
    const probe = { url: first, host: 'acme.shop.test', headers: {} };
    expect(await ask(probe, 2_000, signal)).toMatchObject({ status: 302 });
    expect(await ask(probe, 2_000, signal, { followRedirects: true })).toMatchObject({
      status: 200,
      body: `at last, ${last.host}`,
    });
  });

  test('a circle of redirects ends', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: '/again' }).end());
    expect(await ask({ url, headers: {} }, 5_000, signal, { followRedirects: true })).toMatchObject({
      status: 302,
    });
  });

  test('a stream from another place', async () => {
    const url = await serve((request, response) => response.end(`you asked for ${request.headers.host}`));
    const dialled: string[] = [];
    const dial = async (to: URL) => {
      dialled.push(to.host);
      return connect(Number(url.port), '127.0.0.1');
    };
    const probe = { url: new URL('http://only-there:8000/'), host: 'shop.test', headers: {} };
    expect(await ask(probe, 2_000, signal, { dial })).toMatchObject({ body: 'you asked for shop.test' });
    expect(dialled).toEqual(['only-there:8000']);
  });

  test.each([
    ['(SSH) Channel open failure: Connection refused', 'health-refused'],
    ['(SSH) Channel open failure: Name or service not known', 'health-name-not-resolved'],
    ['something else', 'health-no-answer'],
  ])('%s, in the words of a server, is %s', async (words, code) => {
    const dial = () => Promise.reject(new Error(words));
    expect(await ask({ url: new URL('http://x:1/'), headers: {} }, 2_000, signal, { dial })).toMatchObject({
      code,
    });
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-tls-'));
  const file = (name: string) => readFileSync(join(folder, name), 'utf8');
  beforeAll(() => {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '5', '-subj', '/CN=shop.test'],
        ...[
          '-addext',
          'subjectAltName=DNS:shop.test',
          '-keyout',
          join(folder, 'key.pem'),
          '-out',
          join(folder, 'cert.pem'),
        ],
      ],
      { stdio: 'ignore' },
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function serveTls(): Promise<URL> {
    const server = createTlsServer({ key: file('key.pem'), cert: file('cert.pem') }, (_, response) =>
      response.end('ok'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }

  test('an authority of its own is believed where it is given, for the name that is asked for', async () => {
    const url = await serveTls();
    const probe = { url, host: 'shop.test', headers: {} };
    const ca = file('cert.pem');
    expect(await ask(probe, 2_000, signal)).toMatchObject({ kind: 'silence', code: 'health-tls' });
    expect(await ask(probe, 2_000, signal, { ca })).toMatchObject({ status: 200, certificateDays: 4 });
    expect(await ask({ ...probe, host: 'other.test' }, 2_000, signal, { ca })).toMatchObject({
      code: 'health-tls',
    });
    const dial = async () => connect(Number(url.port), '127.0.0.1');
    expect(await ask(probe, 2_000, signal, { ca, dial })).toMatchObject({ status: 200, certificateDays: 4 });
    expect(await ask({ ...probe, host: 'other.test' }, 2_000, signal, { ca, dial })).toMatchObject({
      code: 'health-tls',
    });
  });
});

describe('a watch', () => {
  const log = (said: string[]): Log => ({
    step() {},
    info: (line) => said.push(line),
    debug() {},
    warning() {},
    details() {},
  });

  test('bears a slip, and tells of it', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests += 1;
      response.statusCode = requests === 2 ? 500 : 200;
      response.end();
    });
    const said: string[] = [];
    const watched = await watchOver(
      [{ url, headers: {} }],
      { interval: 5, watchFor: 500, expected: good },
      {
        ask: (probe) => ask(probe, 2_000, signal),
        log: log(said),
        signal,
      },
    );
    expect(watched.asked).toBeGreaterThan(2);
    expect(watched.failed).toBe(1);
    expect(said).toEqual([expect.stringMatching(/^after .*: 127\.0\.0\.1.*answers 500|answers 500/)]);
  });

  test('ends when it fails three times in a row', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests += 1;
      response.statusCode = requests > 2 ? 503 : 200;
      response.end();
    });
    const { ended } = await watchOver(
      [{ url, headers: {} }],
      { interval: 5, watchFor: 60_000, expected: good },
      {
        ask: (probe) => ask(probe, 2_000, signal),
        log: log([]),
        signal,
      },
    );
    expect(ended).toMatchObject({ failure: { code: 'health-unsteady' }, by: { answer: { status: 503 } } });
    expect(requests).toBe(5);
  });
});

test('many tenants are told in groups, by their schemas', () => {
  const finding = (tenant: string, status: number) => ({
    probe: { url: new URL('http://shop.test/'), host: `${tenant}.shop.test`, tenant, headers: {} },
    answer: answer({ status }),
    attempts: 1,
    complaint: complaintAbout(answer({ status, body: `<h1>${tenant} is unwell</h1>` }), good),
  });
  const findings = Array.from({ length: 1_000 }, (_, index) =>
    finding(`t${index}`, [5, 9, 77].includes(index) ? 500 : 200),
  );
  expect(toldTogether(findings)).toBe(
    '997 answer 200; t5, t9 and t77: answers 500 instead of 200-299: "t5 is unwell"',
  );
  // Who reads the summary sees those three first, and others by a click.
  const { first, rest } = tablesOf(findings);
  expect(first.map(([name]) => name)).toEqual(['t5.shop.test', 't9.shop.test', 't77.shop.test']);
  expect(rest).toHaveLength(50);
});

test('what several servers ask is told by the server, and a tenant is counted once', () => {
  const asked = { url: new URL('http://127.0.0.1:8000/'), headers: {} };
  const probes = fromEachServer({ from: 'server', host: ['web-1', 'web-2'] }, [
    asked,
    { ...asked, host: 'acme.shop.test', tenant: 'acme' },
  ]);
  const findings = probes.map((probe) => ({
    probe,
    answer: answer({ status: probe.tenant === undefined && probe.from === 'web-1' ? 200 : 500 }),
    attempts: 1,
  }));
  const judged = findings.map((each) => ({ ...each, complaint: complaintAbout(each.answer, good) }));
  expect(toldTogether(judged)).toBe(
    '1 answers 200; acme from web-1, http://127.0.0.1:8000/ from web-2 and acme from web-2: answers 500 instead of 200-299',
  );
  expect(healthFacts(judged)['tenants-failed']).toBe(1);
  expect(tablesOf(judged)).toMatchObject({ first: { length: 4 }, rest: [] });
  expect(fromEachServer({ from: 'server', host: ['web-1'] }, [asked])).toEqual([asked]);
  expect(fromEachServer({ from: 'runner', host: ['web-1', 'web-2'] }, [asked])).toEqual([asked]);
});
