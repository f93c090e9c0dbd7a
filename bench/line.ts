/** Time and peak memory of each action's process over the whole line, on the lab. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { runDoor } from '../__tests__/end-to-end/door.ts';
import { command } from '../lab/command.ts';
import { bringUp, type Lab } from '../lab/lab.ts';
import { buildShop, shopFolder, shopPython, workshopOf } from '../lab/shop.ts';
import type { ActionName } from '../src/actions/names.ts';
import { connect } from '../src/database/connection.ts';
import { parseDatabaseUrl } from '../src/database/url.ts';
import { machine } from './statistics.ts';

const platform = 'shop.test';
const container = 'bench-shop';
const port = 8701;

export async function bench(): Promise<void> {
  const lab = await bringUp(['postgres15', 'registry', 'builder', 'base-image', 'host1']);
  const python = await shopPython();
  const { image } = await buildShop(workshopOf(lab), `bench-${Date.now().toString(36)}`);
  const name = `bench_${Date.now().toString(36)}`;
  await superuser(lab, `create database ${name}`);
  const url = lab.postgres.v15.superuserUrl.replace(/\/postgres$/, `/${name}`);
  const project = {
    'database-url': url,
    'working-directory': shopFolder,
    python,
    env: `SECRET_KEY=bench\nPUBLIC_DOMAIN=${platform}`,
  };
  const stops: [ActionName, Record<string, string>][] = [
    ['parse-db-url', { 'database-url': url, 'test-connection': 'true' }],
    ['migrate-schemas', project],
    ['provision-tenant', { ...project, 'schema-name': 'acme', domain: `acme.${platform}` }],
    ['migrate-schemas', project],
    ['deploy-container', deployment(lab, image, url)],
    [
      'health-check',
      {
        url: `http://${lab.host1.address}:${port}/health/`,
        'host-header': platform,
        tenants: 'all',
        'tenant-path': '/health/',
        'database-url': url,
      },
    ],
  ];
  console.log(`${machine(availableParallelism())}; one run\n`);
  try {
    for (const [action, inputs] of stops) {
      const started = performance.now();
      const end = await runDoor(action, inputs);
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      const memory = (end.peakMemory / 2 ** 20).toFixed(0);
      console.log(
        `${action.padEnd(18)}${end.outputs.result?.padEnd(12)}${seconds.padStart(6)} s ${memory.padStart(6)} MiB at its peak`,
      );
    }
  } finally {
    await command([lab.docker, 'rm', '--force', container], {
      env: { ...process.env, DOCKER_HOST: lab.host1.dockerHost },
    });
    await superuser(lab, `drop database ${name} with (force)`);
  }
}

function deployment(lab: Lab, image: string, url: string): Record<string, string> {
  return {
    host: lab.host1.address,
    'ssh-user': lab.host1.user,
    'ssh-key': readFileSync(lab.host1.privateKeyPath, 'utf8'),
    'ssh-fingerprint': lab.host1.hostKeyFingerprint,
    registry: lab.registry.address,
    'registry-username': lab.registry.username,
    'registry-password': lab.registry.password,
    image,
    container,
    ports: `${port}:8000`,
    env: `SECRET_KEY=bench\nDATABASE_URL=${url}\nALLOWED_HOSTS=.${platform}`,
  };
}

async function superuser(lab: Lab, statement: string): Promise<void> {
  const database = await connect(parseDatabaseUrl(lab.postgres.v15.superuserUrl), {
    applicationName: 'tenantry bench',
    connectTimeout: 10_000,
    signal: new AbortController().signal,
  });
  try {
    await database.query(statement);
  } finally {
    await database.close();
  }
}
