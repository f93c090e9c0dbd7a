/**
 * `npm run demo`: the whole line on real servers on this machine. Brings up PostgreSQL, a registry, a builder and a
 * server with Docker and SSH, then does with the program what the actions do in a workflow. `--once` ends by itself.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { tryCommand } from '../lab/command.ts';
import { bringDown, bringUp, type Lab, readLab } from '../lab/lab.ts';
import { buildShop, type ShopImage, shopFolder, shopPython } from '../lab/shop.ts';
import { connect } from '../src/database/connection.ts';
import { parseDatabaseUrl } from '../src/database/url.ts';
import { composeUrl } from '../src/database/url-compose.ts';
import { showDuration } from '../src/ground/duration.ts';
import { type DatabaseServer, startOwnDatabase } from './demo-database.ts';

const root = join(import.meta.dirname, '..');
const platform = 'shop.localhost';
const tenants = ['acme', 'globex', 'initech'];
const secretKey = 'a-secret-of-the-demo-only';

/** What was done, for the table at the end. */
const stops: { readonly name: string; readonly milliseconds: number; readonly said: string }[] = [];

async function stop<T>(name: string, work: () => Promise<T>, say: (result: T) => string): Promise<T> {
  console.log(`\n${styleText('bold', `── ${name}`)}`);
  const started = performance.now();
  const result = await work();
  stops.push({ name, milliseconds: performance.now() - started, said: say(result) });
  return result;
}

/** Runs one action through the program, as on a laptop; its log goes through, its outputs come back. */
async function tenantry(
  action: string,
  inputs: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const args = Object.entries(inputs).map(([name, value]) =>
    value === 'true' ? `--${name}` : `--${name}=${value}`,
  );
  const env = Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [
      `TENANTRY_${name.toUpperCase().replaceAll('-', '_')}`,
      value,
    ]),
  );
  console.log(styleText('dim', `$ tenantry ${action} ${args.map(shortened).join(' ')}`));
  const child = spawn(process.execPath, ['dist/cli.cjs', action, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${action} failed: its sentence stands above`);
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function shortened(argument: string): string {
  const shown = argument.replace(`${root}/`, '').replace(/\n/g, ' ⏎ ');
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
}

interface Scene {
  readonly python: string;
  readonly databaseUrl: string;
}

async function databaseHalf({ python, databaseUrl }: Scene): Promise<void> {
  const project = { 'working-directory': shopFolder, python };
  const secrets = {
    'database-url': databaseUrl,
    env: `SECRET_KEY=${secretKey}\nPUBLIC_DOMAIN=${platform}\nDEBUG=1`,
  };
  await stop(
    'parse-db-url',
    () => tenantry('parse-db-url', { 'test-connection': 'true' }, secrets),
    (outputs) => `${outputs['redacted-url']} answers`,
  );
  const migrated = () => tenantry('migrate-schemas', project, secrets);
  await stop('migrate-schemas', migrated, () => 'the shared schema of a fresh database');
  await stop(
    'provision-tenant',
    async () => {
      for (const name of tenants) {
        await tenantry(
          'provision-tenant',
          {
            ...project,
            'schema-name': name,
            'tenant-name': `${name[0]?.toUpperCase()}${name.slice(1)}`,
            domain: `${name}.${platform}`,
          },
          secrets,
        );
      }
    },
    () => `${tenants.join(', ')}: rows, domains, schemas, tables`,
  );
  await stop('migrate-schemas', migrated, (outputs) => {
    return `${outputs['tenants-total']} tenants: ${outputs['tenants-migrated']} migrated, ${outputs['tenants-skipped']} up to date, proven`;
  });
}

async function serverHalf(lab: Lab, databaseUrl: string, building: Promise<ShopImage>): Promise<void> {
  const server = lab.host1;
  const { image, digest } = await stop(
    'build and push',
    () => building,
    (built) => `${built.image} is ${built.digest.slice(0, 19)}… (begun with the database half)`,
  );
  const release = image.slice(image.lastIndexOf(':') + 1);
  const deploy = () =>
    tenantry(
      'deploy-container',
      {
        host: server.address,
        'ssh-user': server.user,
        'ssh-port': String(server.sshPort),
        'ssh-fingerprint': server.hostKeyFingerprint,
        registry: lab.registry.address,
        'registry-username': lab.registry.username,
        image,
        container: 'shop',
        environment: 'demo',
        ports: '8000:8000',
        volumes: 'shop-media:/app/media',
        'health-url': 'http://{host}:8000/health/',
        'health-host': platform,
      },
      {
        'ssh-key': readFileSync(server.privateKeyPath, 'utf8'),
        'registry-password': lab.registry.password,
        env: `SECRET_KEY=${secretKey}\nDATABASE_URL=${databaseUrl}\nALLOWED_HOSTS=.${platform}\nDEBUG=1`,
      },
    );
  await stop('deploy-container', deploy, (outputs) => {
    return `${outputs.release} (${digest.slice(7, 19)}) over SSH to ${server.user}@${server.address}`;
  });
  await stop(
    'deploy-container again',
    deploy,
    (outputs) => `${outputs.result}: the same digest runs already`,
  );
  await stop(
    'health-check',
    () =>
      tenantry(
        'health-check',
        {
          url: `http://${server.address}:8000/health/`,
          'host-header': platform,
          'expect-header': `X-Release: ${release}`,
          tenants: 'all',
          'tenant-path': '/health/',
        },
        { 'database-url': databaseUrl },
      ),
    (outputs) =>
      `the platform and ${tenants.length} tenants answer ${outputs.status}, slowest ${outputs['latency-ms']} ms`,
  );
}

/** A port of this machine that leads to the server, so that a browser here finds `acme.shop.localhost`. */
async function openDoor(address: string, port: number): Promise<Server> {
  const door = createServer((visitor) => {
    const inside = connectTcp(port, address);
    visitor.pipe(inside).pipe(visitor);
    for (const socket of [visitor, inside]) socket.on('error', () => visitor.destroy() && inside.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    door.once('error', reject);
    door.listen(0, '127.0.0.1', () => resolve());
  });
  return door;
}

function printTable(total: number): void {
  console.log(`\n${styleText('bold', 'What happened')}`);
  for (const { name, milliseconds, said } of stops) {
    console.log(`  ${name.padEnd(24)}${showDuration(milliseconds).padStart(10)}   ${said}`);
  }
  console.log(`  ${'total'.padEnd(24)}${showDuration(total).padStart(10)}`);
}

async function keyPressed(): Promise<void> {
  console.log('\nPress a key to end and take everything down.');
  process.stdin.setRawMode(true);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('data', resolve));
  process.stdin.setRawMode(false);
  process.stdin.pause();
}

/** Whether servers can be simulated here: network namespaces and mounts need root, packages need Debian's tools. */
function whyNoServers(): string | undefined {
  if (process.platform !== 'linux') return `this is ${process.platform}; the simulated server needs Linux`;
  if (process.getuid?.() !== 0) return 'the simulated server needs root (sudo npm run demo)';
  return undefined;
}

async function withLab(once: boolean): Promise<void> {
  const started = performance.now();
  const wasUp = isUp();
  try {
    const lab = await stop(
      'servers',
      () =>
        bringUp(['postgres18', 'registry', 'builder', 'base-image', 'host1'], (part, text, seconds) => {
          console.log(
            `${part.padEnd(12)}${text}${seconds === undefined ? ' …' : `   ${seconds.toFixed(1)} s`}`,
          );
        }),
      () => 'PostgreSQL 18, a registry, a builder, a server with Docker and SSH',
    );
    const python = await stop('Python of the project', shopPython, () => 'Django, django-tenants, psycopg');
    const building = buildShop(lab, `demo-${Date.now().toString(36)}`);
    building.catch(() => {}); // told when it is waited for
    const databaseUrl = await freshDatabase(lab.postgres.v18);
    await databaseHalf({ python, databaseUrl });
    await serverHalf(lab, databaseUrl, building);
    const door = await openDoor(lab.host1.address, 8000);
    printTable(performance.now() - started);
    const { port } = door.address() as { port: number };
    console.log('\nThese answer now:');
    for (const name of [platform, ...tenants.map((tenant) => `${tenant}.${platform}`)])
      console.log(`  http://${name}:${port}/`);
    if (!once) await keyPressed();
    door.close();
  } finally {
    if (wasUp) await removeContainer();
    else await bringDown();
  }
}

/** Where the lab was up before, it stays; only what the demo started in it goes. */
async function removeContainer(): Promise<void> {
  const lab = readLab();
  const env = { ...process.env, DOCKER_HOST: lab.host1.dockerHost };
  await tryCommand([lab.docker, 'rm', '--force', 'shop'], { env });
}

function isUp(): boolean {
  try {
    readLab();
    return true;
  } catch {
    return false;
  }
}

/** An empty database of the demo's own, whose password has every character that breaks scripts. */
async function freshDatabase({ host, port, superuserUrl }: DatabaseServer): Promise<string> {
  const name = `demo_${Date.now().toString(36)}`;
  const password = 'p@ss:w/rd%#?';
  const server = await connect(parseDatabaseUrl(superuserUrl), {
    applicationName: 'tenantry/demo',
    connectTimeout: 10_000,
    signal: new AbortController().signal,
  });
  try {
    await server.query(`create role ${name} login password '${password}'`);
    await server.query(`create database ${name} owner ${name}`);
  } finally {
    await server.close();
  }
  return composeUrl({ host, port: String(port), name, user: name, password, params: {} });
}

/** Without servers: the half of the line that needs a database only. */
async function withoutLab(why: string): Promise<void> {
  console.log(`${why}: this runs the database half of the line.`);
  const started = performance.now();
  const server = await stop('database', startOwnDatabase, () => 'PostgreSQL 18, from npm');
  try {
    const python = await stop('Python of the project', shopPython, () => 'Django, django-tenants, psycopg');
    await databaseHalf({ python, databaseUrl: await freshDatabase(server) });
    printTable(performance.now() - started);
  } finally {
    await server.stop();
  }
}

const once = process.argv.includes('--once') || !process.stdin.isTTY;
const why = whyNoServers();
try {
  await (why === undefined ? withLab(once) : withoutLab(why));
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
