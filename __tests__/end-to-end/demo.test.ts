/**
 * `npm run demo -- --once`, as a person would start it: as root at each push, in each of its three scenes in a whole
 * run.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readBox } from '../../lab/box.ts';
import { command, tryCommand } from '../../lab/command.ts';
import { boxRootFolder } from '../../lab/debian-root.ts';
import { labFolders } from '../../lab/folders.ts';
import { bringUp, type Lab, provideWheels } from '../../lab/lab.ts';
import { whole } from '../integration/breadth.ts';

const root = join(import.meta.dirname, '../..');
const demo = ['npm', 'run', '-s', 'demo', '--', '--once'];
/** Debian's nobody: may read, and that is all. */
const nobody = { uid: 65_534, gid: 65_534 };

let lab: Lab;
let checkout: string;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  lab = await bringUp(['postgres18', 'registry', 'builder', 'base-image', 'host1']);
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  chmodSync(folder, 0o755);
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  checkout = join(folder, 'tenantry');
}, 300_000);

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

test('as root it simulates the servers, runs the whole line, and leaves the lab as it was', async () => {
  const { code, stdout } = await tryCommand(demo, { cwd: root });
  expect(stdout).toContain('the platform and 3 tenants answer 200');
  expect(stdout).toMatch(/[1-9]\d* requests meanwhile, 0 lost, 0 ms without a container/);
  expect(stdout).toMatch(/http:\/\/acme\.shop\.localhost:\d+\//);
  expect(code).toBe(0);
  expect(await shopsOn(lab.host1.dockerHost)).toEqual([]);
}, 300_000);

const withoutRoot = {
  'without root and Docker it says so, and runs the database half': databaseHalf,
  "without root it uses this machine's own Docker engine": ownEngine,
};
for (const [name, scene] of whole(Object.entries(withoutRoot))) {
  test(name, async () => {
    // Where nobody may read it, whatever folder this checkout stands in.
    await command(['cp', '--archive', '--reflink=auto', root, checkout]);
    try {
      await scene();
    } finally {
      rmSync(checkout, { recursive: true, force: true });
    }
  }, 300_000);
}

async function databaseHalf(): Promise<void> {
  const { code, stdout } = await asNobody(demo);
  expect(stdout).toContain('There is no Docker engine here');
  expect(stdout).toContain('3 tenants: 3 up to date, proven by the catalogue');
  expect(stdout).not.toContain('deploy-container');
  expect(code).toBe(0);
}

async function ownEngine(): Promise<void> {
  // A machine with an engine: the network of a host of the lab, and its engine at a socket that nobody may use.
  const socket = join(checkout, '..', 'docker.sock');
  closers.push(await offerSocket(socket, lab.host1.dockerHost.replace('unix://', '')));
  await provideImages();
  await provideWheels(join(root, 'examples/shop/requirements.txt'), join(checkout, 'examples/shop/wheels'));
  const programs = join(checkout, '..', 'bin');
  mkdirSync(programs);
  copyFileSync(lab.docker, join(programs, 'docker'));
  chmodSync(join(programs, 'docker'), 0o755);
  // In that network there is no package index, so the project's Python is made before.
  await asNobody([
    'node',
    '--disable-warning=ExperimentalWarning',
    '--eval',
    "import('./lab/shop.ts').then((shop) => shop.shopPython())",
  ]);
  const box = readBox(labFolders(), 'host1');
  const { code, stdout, stderr } = await asNobody(demo, {
    env: { DOCKER_HOST: `unix://${socket}`, PATH: `${programs}:${process.env.PATH}` },
    within: ['nsenter', `--net=/proc/${box?.init.pid}/ns/net`],
  });
  expect(code === 0 ? '' : stderr).toBe('');
  expect(stdout).toContain("this machine's Docker behind SSH");
  expect(stdout).toContain('the platform and 3 tenants answer 200');
  expect(code).toBe(0);
  expect(await shopsOn(lab.host1.dockerHost)).toEqual([]);
  expect(await namesOn(lab.host1.dockerHost)).not.toContain('tenantry-demo-registry');
}

test('a stop that fails ends it, and it fails as a whole', async () => {
  for (const part of ['package.json', 'package-lock.json', 'scripts', 'lab', 'src', 'examples']) {
    cpSync(join(root, part), join(checkout, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  mkdirSync(join(checkout, 'dist'));
  writeFileSync(join(checkout, 'dist/cli.cjs'), 'process.exit(3);');
  const { code, stderr } = await tryCommand(demo, { cwd: checkout });
  expect(stderr).toContain('parse-db-url failed: its sentence stands above');
  expect(code).toBe(1);
}, 120_000);

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** What the command is run by. */
  readonly within?: readonly string[];
}

function asNobody(argv: readonly string[], { env = {}, within = [] }: Surroundings = {}) {
  const home = join(checkout, '..', 'home');
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o777);
  const user = ['setpriv', `--reuid=${nobody.uid}`, `--regid=${nobody.gid}`, '--clear-groups'];
  return tryCommand([...within, ...user, ...argv], {
    cwd: checkout,
    env: { ...process.env, HOME: home, TENANTRY_LAB: '', TENANTRY_LAB_CACHE: '', DOCKER_HOST: '', ...env },
  });
}

/** Another way to a socket, open to everybody. @returns what ends it */
async function offerSocket(path: string, to: string): Promise<() => void> {
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: to, allowHalfOpen: true });
    client.pipe(engine).pipe(client);
    for (const side of [client, engine]) side.on('error', () => client.destroy() && engine.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o666);
  return () => server.close();
}

/** What Docker Hub would give: a Python, and a registry. */
async function provideImages(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'images-'));
  try {
    const archive = join(folder, 'base.tar');
    await docker(lab.builder.dockerHost, ['save', '--output', archive, lab.baseImage]);
    await docker(lab.host1.dockerHost, ['load', '--quiet', '--input', archive]);
    await docker(lab.host1.dockerHost, ['tag', lab.baseImage, 'python:3.11-slim']);
    const context = join(folder, 'registry');
    mkdirSync(context);
    cpSync(join(boxRootFolder(labFolders()), 'usr/bin/docker-registry'), join(context, 'docker-registry'));
    const configuration = [
      'version: 0.1',
      'storage:',
      '  filesystem:',
      '    rootdirectory: /data',
      'http:',
      '  addr: ":5000"',
    ];
    writeFileSync(join(context, 'config.yml'), `${configuration.join('\n')}\n`);
    const dockerfile = [
      'FROM python:3.11-slim',
      'COPY docker-registry config.yml /',
      'CMD ["/docker-registry", "serve", "/config.yml"]',
    ];
    writeFileSync(join(context, 'Dockerfile'), `${dockerfile.join('\n')}\n`);
    await docker(lab.host1.dockerHost, ['build', '--quiet', '--tag', 'registry:2', context]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function docker(host: string, args: readonly string[]): Promise<string> {
  return command([lab.docker, ...args], { env: { ...process.env, DOCKER_HOST: host, DOCKER_BUILDKIT: '0' } });
}

async function namesOn(host: string): Promise<string[]> {
  return (await docker(host, ['ps', '--all', '--format', '{{.Names}}'])).trim().split('\n');
}

/** Containers of the demo's shop, whatever release they are of. */
async function shopsOn(host: string): Promise<string[]> {
  const list = ['ps', '--all', '--filter', 'label=tenantry.app=shop', '--format', '{{.Names}}'];
  return (await docker(host, list)).split('\n').filter((name) => name !== '');
}
