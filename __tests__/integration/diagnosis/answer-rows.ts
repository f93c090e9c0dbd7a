import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { UserError } from '../../../src/ground/errors.ts';
import { probeUntilHealthy, unhealthy } from '../../../src/health/check.ts';
import { ask } from '../../../src/health/http.ts';
import { KeptLog } from '../lab-server.ts';
import { type Row, row } from './row.ts';
import type { Scene } from './scene.ts';

const signal = new AbortController().signal;
const name = 'diagnosed-web';

/** Of an address that must not be healthy. */
async function checked(scene: Scene, url: URL, host?: string): Promise<UserError> {
  const plan = {
    attempts: 1,
    interval: 10,
    initialWait: 0,
    expected: { status: [[200, 299]] as const, headers: {} },
  };
  return scene.failure(async () => {
    const findings = await probeUntilHealthy([{ url, host, headers: {} }], plan, {
      ask: (probe) => ask(probe, 1_500, signal),
      log: new KeptLog(),
      signal,
    });
    throw unhealthy(findings, plan);
  });
}

/** The Django application of the image, behind gunicorn, on the host. */
async function shop(scene: Scene, path: string, host?: string): Promise<UserError> {
  await scene.root(
    `docker rm -f ${name} >/dev/null 2>&1; docker run -d --name ${name} -p 18996:8000 -e SECRET_KEY=x ${scene.image} gunicorn --bind 0.0.0.0:8000 shop:application; for n in $(seq 50); do curl -s -o /dev/null http://127.0.0.1:18996/ && break; sleep 0.2; done`,
  );
  try {
    return await checked(scene, new URL(`http://${scene.host.address}:18996${path}`), host);
  } finally {
    await scene.root(`docker rm -f ${name}`);
  }
}

async function answering(scene: Scene, listener: RequestListener): Promise<UserError> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await checked(scene, new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** What an address answers. */
export const answerRows: readonly Row[] = [
  row(
    53,
    'unknown host name',
    'Django behind gunicorn, another Host',
    { code: 'health-host-refused', says: 'ALLOWED_HOSTS' },
    (scene) => shop(scene, '/health/', 'other.test'),
  ),
  row(
    54,
    'redirect to https',
    '301 with Location',
    { code: 'health-redirect', says: 'X-Forwarded-Proto: https' },
    (scene) =>
      answering(scene, (_, answer) => answer.writeHead(301, { location: 'https://shop.test/' }).end()),
  ),
  row(
    55,
    'no such page',
    'Django behind gunicorn, a path that is not there',
    { code: 'health-status', says: 'answers 404' },
    (scene) => shop(scene, '/nothing/', 'shop.test'),
  ),
  row(55, 'needs a login', '401', { code: 'health-status', says: 'needs a login' }, (scene) =>
    answering(scene, (_, answer) => answer.writeHead(401).end()),
  ),
  row(
    56,
    'server error',
    'Django behind gunicorn, a database that is not there',
    { code: 'health-server-error', says: 'answers 500' },
    (scene) => shop(scene, '/database/', 'shop.test'),
  ),
  row(
    57,
    'refused',
    'a port on which nothing listens',
    { code: 'health-refused', says: 'refuses connections' },
    (scene) => checked(scene, new URL('http://127.0.0.1:9/')),
  ),
  row(
    57,
    'cut off',
    'a server that hangs up',
    { code: 'health-cut-off', says: 'hangs up without an answer' },
    async (scene) => {
      const server = createTcpServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const failure = await checked(
        scene,
        new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
      );
      server.close();
      return failure;
    },
  ),
  row(
    57,
    'no answer',
    'a server that takes the request and stays silent',
    { code: 'health-no-answer', says: 'does not answer within 1.5 s' },
    (scene) => answering(scene, () => {}),
  ),
];
