/** The whole line on real servers, through the doors as the runner opens them; then each stop broken on purpose. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { command } from '../../lab/command.ts';
import { bringUp, control, type Lab } from '../../lab/lab.ts';
import { buildShop, type ShopImage, shopFolder, shopPython, workshopOf } from '../../lab/shop.ts';
import { composeUrl } from '../../src/database/url-compose.ts';
import { ask } from '../../src/health/http.ts';
import { formsOf } from '../../src/step/masking.ts';
import { root } from '../workflows/files.ts';
import { type DoorOptions, runDoor, type StepEnd } from './door.ts';
import { typeCommands } from './typed-commands.ts';

/** Every character that breaks scripts, and a word to look for. */
const databasePassword = 'canary-p@ss:w/rd%41#?&=+ "x\'';
const secretKey = 'canary-secret-key $HOME `id`';
const platform = 'shop.test';
const port = 8700;

let lab: Lab;
let python: string;
let image: ShopImage;
let database: { name: string; url: string };
const ends: { name: string; end: StepEnd; isFailure: boolean }[] = [];

beforeAll(async () => {
  lab = await bringUp(['postgres15', 'registry', 'builder', 'base-image', 'host1']);
  python = await shopPython();
  image = await buildShop(workshopOf(lab), `line-${Date.now().toString(36)}`);
  database = await freshDatabase();
  await removeContainers();
}, 600_000);

afterAll(async () => {
  if (lab === undefined) return;
  await removeContainers();
  await superuser([
    `drop database if exists ${database.name} with (force)`,
    `drop role if exists ${database.name}`,
  ]);
}, 60_000);

describe('from a commit to tenants that answer', () => {
  test('the URL is read, and its parts are right', async () => {
    const end = await step('parse-db-url', {
      'database-url': database.url,
      'export-env': 'true',
      'test-connection': 'true',
    });
    expect(end.exitCode).toBe(0);
    expect(end.outputs).toMatchObject({
      result: 'parsed',
      password: databasePassword,
      name: database.name,
      engine: 'django_tenants.postgresql_backend',
    });
    expect(end.outputs['redacted-url']).toContain(':***@');
    expect(end.exported).toContain(databasePassword);
  });

  test('a fresh database is migrated: shared schema and super tenant', async () => {
    const end = await step('migrate-schemas', project());
    expect(end.annotations).toEqual([]);
    expect(end.exitCode).toBe(0);
    expect(end.outputs).toMatchObject({ result: 'migrated', 'tenants-failed': '0' });
  });

  test('a tenant is created, complete; again, nothing changes', async () => {
    const inputs = { ...project(), 'schema-name': 'acme', domain: `acme.${platform}`, fields: 'plan: team' };
    const first = await step('provision-tenant', inputs);
    expect(first.annotations).toEqual([]);
    expect(first.outputs).toMatchObject({ result: 'created', state: 'created' });
    const again = await step('provision-tenant', inputs);
    expect(again.outputs).toMatchObject({ result: 'unchanged', state: 'unchanged' });
  });

  test('every tenant is proven, and skipped because it is up to date', async () => {
    const end = await step('migrate-schemas', project());
    expect(end.outputs).toMatchObject({
      result: 'up-to-date',
      'tenants-migrated': '0',
      'tenants-failed': '0',
    });
    expect(end.summary).toMatch(/^## Tenantry: migrate-schemas\n\n> ✅ /);
  });

  test('the container is deployed by its digest', async () => {
    const end = await step('deploy-container', deployment());
    expect(end.annotations).toEqual([]);
    expect(end.outputs).toMatchObject({ result: 'deployed', 'image-digest': image.digest });
    expect(await whatServes(`acme.${platform}`)).toEqual({
      status: 200,
      release: releaseOf(image),
      schema: 'acme',
    });
  });

  test('every tenant answers on its own domain', async () => {
    const end = await step('health-check', health());
    expect(end.annotations).toEqual([]);
    expect(end.outputs).toMatchObject({ result: 'healthy', status: '200', 'tenants-failed': '0' });
    expect(end.log).toContain('1 of 1 tenant');
  });

  test('the root action does it in one step, with another tenant', async () => {
    const { env: projectEnv, ...rest } = project();
    const end = await step('tenantry', {
      ...rest,
      'project-env': projectEnv ?? '',
      'schema-name': 'globex',
      domain: `globex.${platform}`,
      ...deployment(),
      ...health(),
    });
    expect(end.annotations).toEqual([]);
    expect(end.outputs).toMatchObject({ result: 'done', 'tenant-state': 'created', 'tenants-failed': '0' });
    expect(end.summary).toContain('flowchart LR');
    expect(await whatServes(`globex.${platform}`)).toMatchObject({ status: 200, schema: 'globex' });
  });

  test('a dry run of the line changes nothing', async () => {
    const before = await containerId();
    const { env: projectEnv, ...rest } = project();
    const end = await step('tenantry', {
      ...rest,
      'project-env': projectEnv ?? '',
      'schema-name': 'initech',
      domain: `initech.${platform}`,
      ...deployment(),
      ...health(),
      'dry-run': 'true',
    });
    expect(end.annotations).toEqual([]);
    expect(end.outputs.result).toBe('planned');
    expect(await containerId()).toBe(before);
    expect(await schemas()).not.toContain('initech');
  });

  test('the quick start, every command as it stands', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quick-start-'));
    const shop = join(folder, 'shop');
    try {
      cpSync(shopFolder, shop, { recursive: true, filter: (path) => !path.endsWith('/wheels') });
      symlinkSync(root, join(folder, 'tenantry'));
      const printed = await typeCommands('docs/guides/quick-start.md', {
        folder: shop,
        environment: {
          PATH: [dirname(process.execPath), dirname(python), process.env.PATH].join(delimiter),
          HOME: folder,
          PUBLIC_DOMAIN: platform,
        },
        names: {
          'web-1.example.com': lab.host1.address,
          'SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDaszBqFjaGVuIG8gc': lab.host1.hostKeyFingerprint,
          'postgresql://shop:p%40ss@db.example.com:5432/shop': database.url.replaceAll("'", '%27'),
        },
        onServer: (script) => {
          const key = readFileSync(join(shop, 'deploy_key.pub'), 'utf8').trim();
          return control('host1').run(['bash', '-euc', script.replace(/ssh-ed25519 .* tenantry/, key)]);
        },
      });
      expect(printed.match(/^result=.*/gm)).toEqual(['result=ready', 'result=verified', 'result=planned']);
      expect(existsSync(join(shop, '.github/workflows/deploy.yml'))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** What a user gets for each way in which a stop can be broken, while the old container serves on. */
describe('broken on purpose', () => {
  const cases: { what: string; code: string; said: RegExp; run: () => Promise<StepEnd> }[] = [
    {
      what: 'a wrong password',
      code: 'database-wrong-password',
      said: /password/,
      run: () =>
        step('migrate-schemas', { ...project(), 'database-url': database.url.replace('canary', 'wrong') }),
    },
    {
      what: 'a database that is stopped',
      code: 'database-refused',
      said: /refused|refuses/,
      run: async () => {
        const postgres = control('postgres15');
        await postgres.stop();
        try {
          return await step('migrate-schemas', {
            ...project(),
            'wait-attempts': '2',
            'wait-interval': '100ms',
          });
        } finally {
          await postgres.start();
        }
      },
    },
    {
      what: 'a database host that does not exist',
      code: 'database-name-not-resolved',
      said: /nowhere\.invalid/,
      run: () =>
        step('migrate-schemas', {
          ...project(),
          'database-url': 'postgresql://shop:canary@nowhere.invalid/shop',
          'wait-attempts': '2',
          'wait-interval': '100ms',
        }),
    },
    {
      what: 'a folder without manage.py',
      code: 'manage-py-missing',
      said: /manage\.py/,
      run: () => step('migrate-schemas', { ...project(), 'working-directory': join(shopFolder, 'orders') }),
    },
    {
      what: 'a project without django-tenants',
      code: 'not-django-tenants',
      said: /django-tenants/,
      run: () =>
        step('migrate-schemas', {
          ...project(),
          'working-directory': join(import.meta.dirname, '../projects/plain'),
        }),
    },
    {
      what: 'a folder that cannot be written to',
      code: 'cannot-write-report',
      said: /nothing was done/,
      run: () => step('migrate-schemas', project(), { RUNNER_TEMP: '/dev/null' }),
    },
    {
      what: 'a server whose host key is another one',
      code: 'ssh-host-key-mismatch',
      said: /SHA256:/,
      run: () => step('deploy-container', { ...deployment(), 'ssh-fingerprint': `SHA256:${'A'.repeat(43)}` }),
    },
    {
      what: 'a server that does not exist',
      code: 'ssh-name-not-resolved',
      said: /nowhere\.invalid/,
      run: () => step('deploy-container', { ...deployment(), host: 'nowhere.invalid' }),
    },
    {
      what: 'an image that was never pushed',
      code: 'image-not-found',
      said: /never-pushed/,
      run: () =>
        step('deploy-container', { ...deployment(), image: `${lab.registry.address}/shop:never-pushed` }),
    },
    {
      what: 'a wrong password for the registry',
      code: 'registry-login-refused',
      said: /registry/i,
      run: () =>
        step('deploy-container', { ...deployment({ RELEASE: 'x' }), 'registry-password': 'canary-wrong' }),
    },
    {
      what: 'a container that answers 500',
      code: 'container-slow',
      said: /Internal Server Error/,
      run: () =>
        step('deploy-container', { ...deployment({ SHOP_HEALTH_STATUS: '500' }), 'health-timeout': '15s' }),
    },
    {
      what: 'a container that ends at once',
      code: 'env-missing',
      said: /SECRET_KEY/,
      run: () => step('deploy-container', { ...deployment({ SECRET_KEY: '' }), 'health-timeout': '45s' }),
    },
    {
      what: 'an address that answers 404',
      code: 'health-status',
      said: /404/,
      run: () =>
        step('health-check', {
          ...health(),
          url: `${address()}/nothing-here/`,
          attempts: '2',
          interval: '100ms',
        }),
    },
    {
      what: 'a tenant whose table is gone',
      code: 'tenant-tables-missing',
      said: /globex.*orders_orderline/,
      run: async () => {
        await superuser(['alter table globex.orders_orderline rename to hidden'], database.name);
        try {
          return await step('migrate-schemas', project());
        } finally {
          await superuser(['alter table globex.hidden rename to orders_orderline'], database.name);
        }
      },
    },
    {
      what: 'a misspelt input',
      code: 'input-invalid',
      said: /did you mean dry-run\?/,
      run: () => step('migrate-schemas', { ...project(), dryrun: 'true' }),
    },
  ];

  test.each(cases)('$what', async ({ code, said, run }) => {
    const before = await containerId();
    const end = await run();
    expect(end.outputs['failure-code']).toBe(code);
    expect(end.exitCode).toBe(1);
    expect(end.annotations).toHaveLength(1);
    expect(end.annotations[0]).toMatch(said);
    expect(end.annotations[0]).toMatch(/ — .+ — /);
    expect(end.outputs['failure-reason']).toBe(end.annotations[0]);
    if (code !== 'container-slow' && code !== 'env-missing') expect(await containerId()).toBe(before);
    expect(await whatServes(`acme.${platform}`)).toEqual({
      status: 200,
      release: releaseOf(image),
      schema: 'acme',
    });
  });

  test('a check that fails after the switch takes the containers back, and says what the database is like', async () => {
    const before = await served(`acme.${platform}`);
    const { env: projectEnv, ...rest } = project();
    const end = await step('tenantry', {
      ...rest,
      'project-env': projectEnv ?? '',
      ...deployment({ BANNER: 'new' }),
      ...health(),
      attempts: '1',
      'expect-text': 'a word that no version says',
    });
    expect(end.outputs).toMatchObject({ result: 'failed', 'failure-code': 'health-text' });
    expect(end.annotations).toHaveLength(1);
    expect(end.annotations[0]).toMatch(
      /^check: .+; done before: migrate \([a-z-]+\) and deploy \(deployed\); .*the containers are back at [^;]+, and the database stays as it is/,
    );
    expect(end.summary).toContain('go back');
    expect(await served(`acme.${platform}`)).toEqual(before);
    const running = async () =>
      (await docker(['ps', '--quiet', '--filter', 'label=tenantry.app=line-shop'])).trim().split('\n');
    const [newest = ''] = await running();
    expect(await docker(['inspect', '--format', '{{.Config.Env}}', newest])).not.toContain('BANNER');
    // The one that was taken back lets its connections come to their end.
    while ((await running()).length > 1) await sleep(500);
  });

  test('a migration that fails stops the line before the deployment', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shop-'));
    try {
      cpSync(shopFolder, folder, { recursive: true });
      rmSync(join(folder, 'wheels'), { recursive: true, force: true });
      const bad = readFileSync(join(import.meta.dirname, 'bad_migration.py'), 'utf8');
      writeFileSync(join(folder, 'orders/migrations/0099_unique_number.py'), bad);
      const before = await containerId();
      const { env: projectEnv, ...rest } = project();
      const end = await step('tenantry', {
        ...rest,
        'working-directory': folder,
        'project-env': projectEnv ?? '',
        ...deployment({ RELEASE: 'never' }),
        ...health(),
      });
      expect(end.exitCode).toBe(1);
      expect(end.outputs['failure-code']).toBe('tenant-migration-failed');
      expect(end.annotations[0]).toMatch(/orders\.0099_unique_number/);
      expect(await containerId()).toBe(before);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a cancelled deployment says so, and the old container serves again', async () => {
    let pid = 0;
    const end = await step(
      'deploy-container',
      deployment({ SHOP_BOOT_DELAY: '40' }),
      {},
      {
        onStart: (started) => {
          pid = started;
        },
        onLine: (line) => {
          // The variable is new: this line of the plan comes just before the old container is stopped.
          if (line.includes('+ SHOP_BOOT_DELAY')) setTimeout(() => process.kill(pid, 'SIGINT'), 3_000);
        },
      },
    );
    expect(end.outputs).toMatchObject({ result: 'cancelled', 'failure-code': 'cancelled' });
    expect(end.annotations).toHaveLength(1);
    expect(end.annotations[0]).toContain('the old version');
    expect(await served(`acme.${platform}`)).toEqual({
      status: 200,
      release: releaseOf(image),
      schema: 'acme',
    });
  });
});

describe('secrets', () => {
  test('are in no log, output, summary, report or argument list, on success and on failure', () => {
    const secrets = [
      ...formsOf(databasePassword),
      ...formsOf(secretKey),
      ...formsOf(lab.registry.password),
      ...formsOf(readFileSync(lab.host1.privateKeyPath, 'utf8')),
    ];
    expect(ends.some(({ isFailure }) => isFailure)).toBe(true);
    expect(ends.some(({ isFailure }) => !isFailure)).toBe(true);
    const found = ends.flatMap(({ name, end }) => {
      const outputs = Object.entries(end.outputs).filter(
        ([output]) => !['password', 'database-url'].includes(output),
      );
      const told = {
        log: end.log,
        outputs: JSON.stringify(outputs),
        summary: end.summary,
        report: end.report,
        processes: end.argumentLists,
      };
      return Object.entries(told).flatMap(([place, text]) =>
        secrets
          .filter((secret) => text.includes(secret))
          .map((secret) => `${name}: ${place}: ${secret.slice(0, 6)}…`),
      );
    });
    expect(found).toEqual([]);
  });

  test('the search would find one', () => {
    const lists = ends.map(({ end }) => end.argumentLists).join('\n');
    expect(lists).toContain('manage.py');
    expect(lists).toContain('docker');
  });
});

async function step(
  name: Parameters<typeof runDoor>[0],
  inputs: Record<string, string>,
  env: Record<string, string> = {},
  options: Omit<DoorOptions, 'env'> = {},
): Promise<StepEnd> {
  const end = await runDoor(name, inputs, { env, ...options });
  ends.push({ name, end, isFailure: end.exitCode !== 0 });
  return end;
}

function project(): Record<string, string> {
  return {
    'database-url': database.url,
    'working-directory': shopFolder,
    python,
    env: `SECRET_KEY=${secretKey}\nPUBLIC_DOMAIN=${platform}`,
  };
}

function deployment(env: Record<string, string> = {}): Record<string, string> {
  const variables = {
    SECRET_KEY: secretKey,
    DATABASE_URL: database.url,
    ALLOWED_HOSTS: `.${platform}`,
    ...env,
  };
  return {
    host: lab.host1.address,
    'ssh-user': lab.host1.user,
    'ssh-key': readFileSync(lab.host1.privateKeyPath, 'utf8'),
    'ssh-fingerprint': lab.host1.hostKeyFingerprint,
    registry: lab.registry.address,
    'registry-username': lab.registry.username,
    'registry-password': lab.registry.password,
    image: image.image,
    container: 'line-shop',
    ports: `${port}:8000`,
    'health-url': `http://{host}:${port}/health/`,
    'health-host': platform,
    bake: '1s',
    env: Object.entries(variables)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
  };
}

function health(): Record<string, string> {
  return {
    url: `${address()}/health/`,
    'host-header': platform,
    tenants: 'all',
    'tenant-path': '/health/',
    'database-url': database.url,
    attempts: '5',
    interval: '1s',
  };
}

function address(): string {
  return `http://${lab.host1.address}:${port}`;
}

async function whatServes(host: string): Promise<unknown> {
  const { signal } = new AbortController();
  const answer = await ask({ url: new URL(`${address()}/health/`), host, headers: {} }, 5_000, signal);
  if (answer.kind === 'silence') return answer.observed;
  const { release, schema } = JSON.parse(answer.body);
  return { status: answer.status, release, schema };
}

/** The same, as soon as a container that was just started again is ready. */
async function served(host: string): Promise<unknown> {
  let seen = await whatServes(host);
  for (let tries = 0; typeof seen === 'string' && tries < 30; tries += 1) {
    await sleep(500);
    seen = await whatServes(host);
  }
  return seen;
}

function releaseOf({ image: name }: ShopImage): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

async function containerId(): Promise<string> {
  const label = 'label=tenantry.app=line-shop';
  const args = ['ps', '--all', '--no-trunc', '--filter', label, '--format', '{{.ID}} {{.State}}'];
  return (await docker(args)).trim();
}

function docker(args: readonly string[]): Promise<string> {
  return command([lab.docker, ...args], { env: { ...process.env, DOCKER_HOST: lab.host1.dockerHost } });
}

async function removeContainers(): Promise<void> {
  const names = await docker(['ps', '--all', '--filter', 'name=line-shop', '--format', '{{.Names}}']);
  for (const name of names.split('\n').filter(Boolean)) await docker(['rm', '--force', name]);
}

async function freshDatabase(): Promise<{ name: string; url: string }> {
  const name = `line_${Date.now().toString(36)}`;
  const { host, port: serverPort } = lab.postgres.v15;
  await superuser([
    `create role ${name} login password '${databasePassword.replaceAll("'", "''")}'`,
    `create database ${name} owner ${name}`,
  ]);
  const url = composeUrl({
    host,
    port: String(serverPort),
    name,
    user: name,
    password: databasePassword,
    params: {},
  });
  return { name, url };
}

async function schemas(): Promise<string[]> {
  const said = await superuser(['select nspname from pg_namespace'], database.name);
  return said.split('\n');
}

/** Statements of the test's own, by psql, each a transaction. */
async function superuser(statements: readonly string[], name = 'postgres'): Promise<string> {
  const { host, port: serverPort, superuser: user, superuserPassword } = lab.postgres.v15;
  const args = statements.flatMap((statement) => ['--command', statement]);
  return command(
    ['psql', '--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1', ...args],
    {
      env: {
        ...process.env,
        PGHOST: host,
        PGPORT: String(serverPort),
        PGUSER: user,
        PGPASSWORD: superuserPassword,
        PGDATABASE: name,
      },
    },
  );
}
