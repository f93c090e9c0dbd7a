/**
 * What happens when things break: on a lab of its own beside the shared one, in another folder (which also proves
 * that two labs do not meet).
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { readBox } from '../../../lab/box.ts';
import { command } from '../../../lab/command.ts';
import { labFolders } from '../../../lab/folders.ts';
import { bringDown, bringUp, control, type Lab, readLab } from '../../../lab/lab.ts';
import { readNetwork } from '../../../lab/network.ts';
import { isAlive } from '../../../lab/process-identity.ts';
import { logIn, onHost } from './ssh-login.ts';

const shared = labFolders();
const before = process.env.TENANTRY_LAB;
const folder = mkdtempSync('/tmp/lab-');
const PARTS = ['postgres18', 'host1'] as const;

let lab: Lab;
let folders: ReturnType<typeof labFolders>;

beforeAll(async () => {
  process.env.TENANTRY_LAB = folder;
  process.env.TENANTRY_LAB_CACHE = shared.cache;
  folders = labFolders();
  lab = await bringUp(PARTS);
});

afterAll(async () => {
  await bringDown();
  rmSync(folder, { recursive: true, force: true });
  if (before === undefined) delete process.env.TENANTRY_LAB;
  else process.env.TENANTRY_LAB = before;
});

async function ask(sql: string): Promise<unknown> {
  const client = new pg.Client({
    connectionString: lab.postgres.v18.superuserUrl,
    connectionTimeoutMillis: 2000,
  });
  client.on('error', () => {}); // the server may go away under it
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

/** What a connection attempt is told: nothing within a second is `no answer`. */
function knock(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const say = (what: string) => {
      socket.destroy();
      resolve(what);
    };
    socket.once('connect', () => say('open'));
    socket.once('timeout', () => say('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => say(error.code ?? 'error'));
  });
}

describe('PostgreSQL', () => {
  beforeAll(async () => {
    await ask('CREATE TABLE kept AS SELECT 42 AS answer');
  });

  test('stopped: connections are refused; started again: the data is there', async () => {
    const { host, port } = lab.postgres.v18;
    await control('postgres18').stop();
    expect(await knock(host, port)).toBe('ECONNREFUSED');
    await control('postgres18').start();
    expect(await ask('SELECT answer FROM kept')).toBe(42);
  });

  test('crashed: it recovers', async () => {
    await control('postgres18').crash();
    await control('postgres18').start();
    expect(await ask('SELECT answer FROM kept')).toBe(42);
    const log = readFileSync(join(folders.run, 'postgres18/lab/log/postgres.log'), 'utf8');
    expect(log).toMatch(/database system was not properly shut down/);
  });

  test('silenced: no answer; unplugged: no answer either; then both mended', async () => {
    const { host, port } = lab.postgres.v18;
    await control('postgres18').silence();
    expect(await knock(host, port)).toBe('no answer');
    await control('postgres18').hear();
    expect(await knock(host, port)).toBe('open');
    await control('postgres18').unplug();
    expect(await knock(host, port)).not.toBe('open');
    await control('postgres18').plugIn();
    expect(await untilOpen(host, port)).toBe('open');
  });
});

describe('a host', () => {
  test('without its engine says so over SSH, and works again afterwards', async () => {
    await control('host1').stop();
    await expect(onHost(lab.host1, 'docker ps')).rejects.toThrow(/Cannot connect to the Docker daemon/);
    await control('host1').start();
    expect(await onHost(lab.host1, 'docker ps -q')).toBe('');
  });

  test('without its sshd refuses, while open connections stay', async () => {
    const ssh = await logIn(lab.host1);
    await control('host1').stopSsh();
    expect(await knock(lab.host1.address, lab.host1.sshPort)).toBe('ECONNREFUSED');
    expect((await ssh.execCommand('echo still here')).stdout).toBe('still here');
    ssh.dispose();
    await control('host1').startSsh();
    expect(await knock(lab.host1.address, lab.host1.sshPort)).toBe('open');
  });

  test('that was rebooted has its files, its keys and its restarted containers', async () => {
    await control('host1').run(['sh', '-c', SLEEPER]);
    await control('host1').run(['touch', '/srv/kept']);
    await control('host1').reboot();
    expect(await onHost(lab.host1, 'ls /srv')).toBe('kept');
    expect(await onHost(lab.host1, 'docker ps --format "{{.Names}} {{.Image}}"')).toBe('sleeper sleeper');
  });
});

describe('up', () => {
  const processOf = (name: 'postgres18' | 'host1') => readBox(folders, name)?.init.pid;

  test('again: nothing is touched', async () => {
    const known = [processOf('postgres18'), processOf('host1'), readNetwork(folders)?.holder.pid];
    expect(known).not.toContain(undefined);
    const again = await bringUp(PARTS);
    expect([processOf('postgres18'), processOf('host1'), readNetwork(folders)?.holder.pid]).toEqual(known);
    expect(again.host1.password).toBe(lab.host1.password);
  });

  test('starts again what has stopped, with its data', async () => {
    await control('postgres18').crash();
    await control('host1').stopSsh();
    const said: string[] = [];
    lab = await bringUp(PARTS, (part, text) => said.push(`${part}: ${text}`));
    expect(said.filter((line) => line.endsWith('(started again)'))).toHaveLength(2);
    expect(await ask('SELECT answer FROM kept')).toBe(42);
    expect(await onHost(lab.host1, 'ls /srv')).toBe('kept');
  });

  test('leaves a swarm whose process was killed', async () => {
    const program = `const { makeSwarm } = await import(${JSON.stringify(import.meta.resolve('../../../lab/lab.ts'))});
      await makeSwarm('host1', []); process.kill(process.pid, 'SIGKILL')`;
    await expect(command([process.execPath, '--input-type=module', '-e', program])).rejects.toThrow();
    const inSwarm = () => onHost(lab.host1, "docker info --format '{{.Swarm.LocalNodeState}}'");
    expect(await inSwarm()).toBe('active');
    await bringUp(PARTS);
    expect(await inSwarm()).toBe('inactive');
  });

  test('makes anew what has died, and leaves the rest', async () => {
    const host = processOf('host1');
    process.kill(processOf('postgres18') ?? Number.NaN, 'SIGKILL');
    lab = await bringUp(PARTS);
    expect(await ask("SELECT to_regclass('kept')")).toBeNull();
    expect(processOf('host1')).toBe(host);
  });

  test('from two processes at once makes each part once', async () => {
    process.kill(processOf('postgres18') ?? Number.NaN, 'SIGKILL');
    const up = () =>
      command([process.execPath, '--disable-warning=ExperimentalWarning', 'lab/lab.ts', 'up', ...PARTS]);
    const said = await Promise.all([up(), up()]);
    expect(said.join('').match(/postgres18 .*\(was up\)/g)).toHaveLength(1);
    expect(said.join('')).toMatch(/waiting for another up or down/);
    lab = readLab();
  });

  test('after everything was killed cleans up and starts anew', async () => {
    const network = readNetwork(folders);
    const boxes = PARTS.map((name) => readBox(folders, name));
    for (const pid of [network?.holder.pid, ...boxes.map((box) => box?.init.pid)]) {
      process.kill(pid ?? Number.NaN, 'SIGKILL');
    }
    lab = await bringUp(PARTS);
    expect(await ask('SELECT 1')).toBe(1);
    expect(await onHost(lab.host1, 'docker ps -qa; ls /srv')).toBe('');
  });
});

test('down leaves nothing behind, and the other lab alone', async () => {
  const network = readNetwork(folders);
  const processes = [
    network?.holder,
    ...PARTS.flatMap((name) => [readBox(folders, name)?.init, readBox(folders, name)?.keeper]),
  ];
  expect(processes.every((identity) => isAlive(identity))).toBe(true);
  await control('host1').run(['sh', '-c', SLEEPER]);
  expect(controlGroups()).not.toEqual([]);
  expect(commandLines().filter((line) => line.includes(folder))).not.toEqual([]);

  await bringDown();

  expect(processes.some((identity) => isAlive(identity))).toBe(false);
  expect(existsSync(folders.run)).toBe(false);
  expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(folder);
  expect(await command(['ip', '-brief', 'link'])).not.toContain(folders.mark);
  expect(controlGroups()).toEqual([]);
  expect(commandLines().filter((line) => line.includes(folder))).toEqual([]);
  expect(() => readLab()).toThrow(/no lab is up .* — npm run lab -- up/);
  await bringDown(); // twice is no error
  if (existsSync(shared.run)) expect(readNetwork(shared)).toBeDefined();
});

/** Of every process of this machine, boxes included. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // ended meanwhile
      }
    });
}

/** The control groups of this lab's containers. */
function controlGroups(): string[] {
  const root = '/sys/fs/cgroup';
  const hierarchies = existsSync(join(root, 'cgroup.procs')) ? ['.'] : readdirSync(root);
  return hierarchies
    .flatMap((name) => readdirSync(join(root, name)))
    .filter((name) => name.includes(folders.mark));
}

/** A container of two files of the host's own, that comes back after a reboot. */
const SLEEPER = `set -e
tar -c -h -C / usr/bin/sleep lib/x86_64-linux-gnu/libc.so.6 lib64/ld-linux-x86-64.so.2 2>/dev/null | docker import - sleeper >/dev/null
docker run -d --name sleeper --restart always sleeper /usr/bin/sleep infinity`;

async function untilOpen(host: string, port: number): Promise<string> {
  let said = '';
  for (let tries = 0; tries < 20 && said !== 'open'; tries++) said = await knock(host, port);
  return said;
}
