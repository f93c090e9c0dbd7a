import { rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bringUp, control, type Lab } from '../../../lab/lab.ts';

let lab: Lab;
let site: string;
const server = createServer((_request, response) => response.end('from this machine'));

beforeAll(async () => {
  lab = await bringUp(['nginx']);
  site = join(lab.nginx.configDirectory, 'lab-test.conf');
  await new Promise<void>((resolve) => server.listen(0, lab.machineAddress, resolve));
});

afterAll(async () => {
  server.close();
  rmSync(site, { force: true });
  await control('nginx').reload();
});

function ask(hostName: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    request({ host: lab.nginx.host, port: lab.nginx.port, headers: { host: hostName } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    })
      .on('error', reject)
      .end();
  });
}

test('nginx serves a site that was put into the folder, to its name only', async () => {
  const { port } = server.address() as { port: number };
  writeFileSync(
    site,
    `server { listen 80; server_name shop.test; location / { proxy_pass http://${lab.machineAddress}:${port}; } }\n`,
  );
  await control('nginx').reload();
  // A reload is finished by the workers, a moment after the command; one that ends may hang up.
  const isServed = () =>
    ask('shop.test').then(
      ({ status }) => status === 200,
      () => false,
    );
  for (let tries = 0; tries < 50 && !(await isServed()); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await ask('shop.test')).toEqual({ status: 200, body: 'from this machine' });
  expect(await ask('other.test')).toMatchObject({ status: 404 });
});

test('a wrong site is refused in its own words, and the old ones stay', async () => {
  const before = await ask('shop.test');
  writeFileSync(join(lab.nginx.configDirectory, 'wrong.conf'), 'server { nonsense; }\n');
  try {
    await expect(control('nginx').reload()).rejects.toThrow(/unknown directive "nonsense"/);
  } finally {
    rmSync(join(lab.nginx.configDirectory, 'wrong.conf'));
  }
  expect(await ask('shop.test')).toEqual(before);
});
