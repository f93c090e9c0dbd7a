import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { command } from '../../../lab/command.ts';
import { bringUp, control, type Lab } from '../../../lab/lab.ts';
import { buildShop, workshopOf } from '../../../lab/shop.ts';
import type { ActionName } from '../../../src/actions/names.ts';
import { each } from '../breadth.ts';
import {
  migrationFile,
  ordersHead,
  ShopFleets,
  type StepSeen,
  step,
  tenantsNamed,
} from '../migrations/shop-fleet.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { shopTemplate } from '../shop-template.ts';

/**
 * The same work in each place: on the runner, in the image on the runner, in the image on a server. With the tunnel the
 * runner is the box of its engine: a container there has its 127.0.0.1.
 */
type PlaceName = 'runner' | 'image' | 'image, through a server' | 'server';

let lab: Lab;
let fleets: ShopFleets;
const images = { first: '', second: '' };
const folder = { second: '' };

/** Waits as long as public.trap says so, which the scene has made. */
const trap = (how: string) =>
  `migrations.RunSQL("""DO $$ BEGIN WHILE EXISTS (SELECT FROM public.trap WHERE how = '${how}') LOOP PERFORM pg_sleep(0.05); END LOOP; END $$""")`;

const pending = {
  'orders/migrations/0005_note.py': migrationFile(
    ordersHead,
    `migrations.AddField("order", "note", models.TextField(null=True)), ${trap('tenant')}`,
  ),
  'customers/migrations/0002_region.py': migrationFile(
    '("customers", "0001_initial")',
    `migrations.AddField("customer", "region", models.TextField(null=True)), ${trap('shared')}`,
  ),
};

beforeAll(async () => {
  lab = await bringUp(['postgres15', 'host1', 'builder', 'registry', 'base-image']);
  process.env.DOCKER_HOST = lab.builder.dockerHost; // the runner's engine
  process.env.PATH = `${join(lab.docker, '..')}:${process.env.PATH}`;
  fleets = await ShopFleets.make();
  folder.second = await fleets.shopWith(pending);
  images.first = (await buildShop(workshopOf(lab), 'places-1')).image;
  images.second = (await buildShop(workshopOf(lab), 'places-2', folder.second)).image;
}, 900_000);
let database: ScratchDatabase | undefined;
afterEach(async () => {
  await database?.drop();
  database = undefined;
});
afterAll(() => fleets?.end());

const secretKey = 'canary-of-the-secret-key';

function inputsOf(place: PlaceName, image: keyof typeof images): Record<string, string> {
  const { address, user, privateKeyPath, hostKeyFingerprint } = lab.host1;
  const { username, password } = lab.registry;
  const common = {
    'database-url': database?.env.DATABASE_URL ?? '',
    'connect-through': 'direct',
    env: `SECRET_KEY=${secretKey}\nPUBLIC_DOMAIN=shop.example`,
    'lock-timeout': '0s',
  };
  if (place === 'runner') {
    return {
      ...common,
      ...(image === 'second' ? { 'working-directory': folder.second } : { 'working-directory': shop }),
      python: fleets.python,
    };
  }
  const inImage = {
    ...common,
    'run-in': place === 'server' ? 'server' : 'image',
    image: images[image],
    'registry-username': username,
    'registry-password': password,
  };
  if (place === 'image') return inImage;
  return {
    ...inImage,
    ...(place === 'server' ? {} : { 'connect-through': 'ssh' }),
    host: address,
    'ssh-user': user,
    'ssh-key': readFileSync(privateKeyPath, 'utf8'),
    'ssh-fingerprint': hostKeyFingerprint,
  };
}

const shop = join(import.meta.dirname, '../../../examples/shop');

/** The words before a program that is the runner's. */
const runnerOf = (place: PlaceName) =>
  place === 'image, through a server' ? control('builder').onItsNetwork() : [];

/** A step as the runner of the place runs it. */
async function stepFrom(
  place: PlaceName,
  name: ActionName,
  inputs: Readonly<Record<string, string>>,
): Promise<StepSeen> {
  const before = runnerOf(place);
  if (before.length === 0) return step(name, inputs);
  const program = [process.execPath, join(import.meta.dirname, 'step-elsewhere.ts')];
  const stdin = JSON.stringify({ name, inputs });
  return JSON.parse(await command([...before, ...program], { stdin, env: process.env }));
}

function migrate(
  place: PlaceName,
  image: keyof typeof images,
  more: Record<string, string> = {},
): Promise<StepSeen> {
  return stepFrom(place, 'migrate-schemas', { ...inputsOf(place, image), backup: 'false', ...more });
}

/** A run as a program of its own, to be killed. */
function start(place: PlaceName, more: Record<string, string> = {}): ChildProcess {
  const given: Record<string, string> = { ...inputsOf(place, 'second'), ...more };
  const cli = join(import.meta.dirname, '../../../src/cli.ts');
  const secret = new Set(['database-url', 'ssh-key', 'registry-password', 'env']);
  const words = Object.entries(given).flatMap(([name, value]) =>
    secret.has(name) ? [] : [`--${name}`, value],
  );
  const env = Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => secret.has(name))
      .map(([name, value]) => [`TENANTRY_${name.replaceAll('-', '_').toUpperCase()}`, value]),
  );
  const code = `import { cli } from ${JSON.stringify(cli)}; process.exitCode = await cli(${JSON.stringify(['migrate-schemas', '--no-backup', ...words])}, process.env);`;
  const [program = '', ...args] = [
    ...runnerOf(place),
    process.execPath,
    '--input-type=module',
    '--eval',
    code,
  ];
  return spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const engineOf = (place: PlaceName) => (place === 'server' ? lab.host1.dockerHost : lab.builder.dockerHost);
const docker = (place: PlaceName, ...args: string[]) =>
  command([lab.docker, '--host', engineOf(place), ...args]);

/** The containers of runs. */
async function workContainers(place: PlaceName): Promise<string[]> {
  if (place === 'runner') return [];
  const names = await docker(
    place,
    'ps',
    '--all',
    '--format',
    '{{.Names}}',
    '--filter',
    'name=^/?tenantry-work-[0-9a-f]{12}-',
  );
  return names.split('\n').filter((name) => name !== '');
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 600) throw new Error(`it never came to that: ${what}`);
    await sleep(100);
  }
}

const inTrap = async (name: string) => {
  const found = await database?.sql(
    `select from pg_stat_activity where datname = current_database() and application_name ~ '/${name}$' and state = 'active' and query like '%public.trap%'`,
  );
  return (found ?? []).length > 0;
};

const places: readonly PlaceName[] = ['server', 'image', 'image, through a server', 'runner'];

describe.each(each(places, 'server'))('in the place %s', (place) => {
  test('fresh, up to date, one pending, killed and run again', async () => {
    database = await scratchDatabase();
    await database.sql('CREATE TABLE public.trap (how text)');

    const fresh = await migrate(place, 'first');
    expect(fresh.annotations).toEqual([]);
    expect(fresh.outputs).toMatchObject({ result: 'migrated', 'tenants-total': '0' });

    await database.sql(tenantsNamed('acme', 'beta', 'zeta', 'omega'));
    const tenants = await migrate(place, 'first');
    expect(tenants.annotations).toEqual([]);
    expect(tenants.outputs).toMatchObject({ 'tenants-migrated': '4', 'tenants-failed': '0' });
    // The worker of the ladder works there, too.
    const engines = (tenants.report.schemas as { engine?: string }[]).map(({ engine }) => engine);
    expect(engines).toEqual(expect.arrayContaining(['worker', 'django']));

    const again = await migrate(place, 'first');
    expect(again.outputs).toMatchObject({ result: 'up-to-date', 'tenants-skipped': '4' });
    expect(await workContainers(place)).toEqual([]);

    // Killed while the shared schema is migrated: in a container that goes on.
    await database.sql(`INSERT INTO public.trap VALUES ('shared')`);
    const first = start(place);
    await until(() => inTrap('public'), 'the shared schema in the trap');
    if (place !== 'runner') await seeNothingSecret(place);
    first.kill('SIGKILL');
    await once(first, 'close');
    const next = migrate(place, 'second');
    if (outlives(place)) await until(async () => commandLines().some(isFollowing), 'the next run follows it');
    await database.sql('DELETE FROM public.trap');
    const seen = await next;
    expect(seen.annotations).toEqual([]);
    expect(seen.outputs).toMatchObject({
      result: 'migrated',
      'tenants-migrated': '4',
      'tenants-failed': '0',
    });
    if (outlives(place)) {
      expect(seen.log.join('\n')).toMatch(
        /manage\.py migrate_schemas --shared --noinput, begun by .*, goes on without it in the container tenantry-work-/,
      );
      expect(seen.log.join('\n')).toMatch(/has come to its end without it: exit 0/);
    }
    // The tunnel was the runner's: without it the command has no database any more.
    if (place === 'image, through a server')
      expect(seen.warnings.join('\n')).toMatch(
        /--shared --noinput, begun by .*, has ended without it: exit 1/,
      );

    // A new tenant goes the same way, here through the root door.
    const { env = '', ...given } = inputsOf(place, 'second');
    const made = await stepFrom(place, 'tenantry', {
      ...given,
      steps: 'provision',
      'project-env': env,
      'schema-name': 'hill',
      domain: 'hill.example',
    });
    expect(made.annotations).toEqual([]);
    expect(made.outputs).toMatchObject({ result: 'done', 'tenant-state': 'created' });
    expect(await database.sql(`SELECT FROM pg_tables WHERE schemaname = 'hill'`)).not.toEqual([]);
    expect(await workContainers(place)).toEqual([]);
  }, 600_000);

  test('killed in a tenant: the worker and its container end by themselves, and nobody else’s do', async () => {
    database = await scratchDatabase({ template: await shopTemplate() });
    await database.sql(`CREATE TABLE public.trap AS SELECT 'tenant' AS how`);
    const run = start(place, { engine: 'worker', canary: '0%', parallel: '1' });
    await until(() => inTrap('acme'), 'a tenant in the trap');
    run.kill('SIGKILL');
    await once(run, 'close');
    await until(async () => !(await inTrap('acme')), 'the end of its statement');
    await until(async () => (await workContainers(place)).length === 0, 'the end of its container');

    await database.sql('DELETE FROM public.trap');
    const again = await migrate(place, 'second');
    expect(again.annotations).toEqual([]);
    expect(again.outputs).toMatchObject({ 'tenants-migrated': '3', 'tenants-failed': '0' });
  }, 600_000);
});

/** Whether the command that was begun goes on to its end when the runner is killed. */
const outlives = (place: PlaceName) => place === 'image' || place === 'server';

/** Of all processes, those on the servers of the lab included. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8');
      } catch {
        return ''; // it has ended meanwhile
      }
    });
}

const isFollowing = (line: string) => /^docker\0logs\0--follow\0.*tenantry-work-/.test(line);

/** Neither a list of processes nor Docker shows a secret while a command runs. */
async function seeNothingSecret(place: PlaceName): Promise<void> {
  const password = lab.postgres.v15.superuserPassword;
  const names = await workContainers(place);
  expect(names.length).toBeGreaterThan(1);
  for (const text of [...commandLines(), await docker(place, 'container', 'inspect', ...names)]) {
    expect(text).not.toContain(secretKey);
    expect(text).not.toContain(password);
  }
  expect(await docker(place, 'logs', names.find((name) => name.split('-').length > 4) ?? '')).not.toContain(
    secretKey,
  );
}
