/**
 * `npm run bench -- diagnosis summaries FOLDER`: the job summaries of ten failures, brought about for real, as files of
 * Markdown: to be rendered and read as a user would see them.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { imageForAnotherProcessor } from '../../__tests__/integration/deployment/test-images.ts';
import { Scene } from '../../__tests__/integration/diagnosis/scene.ts';
import { sshInputs } from '../../__tests__/integration/lab-server.ts';
import { scratchDatabase } from '../../__tests__/integration/scratch-database.ts';
import { manifestOf } from '../../src/actions/manifests.ts';
import { actions } from '../../src/index.ts';
import type { StepHost } from '../../src/step/host.ts';
import { runStep } from '../../src/step/run.ts';

type Inputs = Readonly<Record<string, string>>;

interface Case {
  readonly name: string;
  readonly action: 'deploy-container' | 'health-check';
  readonly given: Inputs;
  /** As root on the server, before. */
  readonly before?: string;
  readonly after?: string;
}

export async function writeSummaries(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const scene = await Scene.up();
  const { address, username, password } = scene.lab.registry;
  const login = { registry: address, 'registry-username': username, 'registry-password': password };
  const repository = `${address}/test/diagnosis`;
  const deployment: Inputs = {
    ...login,
    image: `${repository}:v2`,
    container: 'diagnosed-shop',
    environment: 'production',
    ports: '18994:8000',
    'health-url': 'http://{host}:18994/health/',
    'health-timeout': '5s',
    'stop-timeout': '1s',
    bake: '1s',
    env: 'SECRET_KEY=not-a-real-one\nDEBUG=no',
    command: 'gunicorn\n--bind\n0.0.0.0:8000\nshop:application',
    'health-host': 'shop.test',
  };
  await scene.root(`
    echo '${password}' | docker login --username ${username} --password-stdin ${address} 2>/dev/null
    for tag in v1 v2; do docker tag ${scene.image} ${repository}:$tag; docker push --quiet ${repository}:$tag; done
    ${imageForAnotherProcessor(`${repository}:arm`)}
    docker push --quiet ${repository}:arm; docker logout ${address}
    docker ps -aq --filter name=diagnosed | xargs -r docker rm -f >/dev/null; rm -rf /home/deploy/.tenantry/diagnosed-shop`);
  const tell = async ({ action, given }: Pick<Case, 'action' | 'given'>) => {
    let summary = '';
    const host = silentHost({ ...sshInputs(scene.host), ...given }, folder, (text) => {
      summary += text;
    });
    const isDone = await runStep(action, await actions[action](), manifestOf(action), host);
    return { isDone, summary };
  };
  const first = await tell({
    action: 'deploy-container',
    given: { ...deployment, image: `${repository}:v1` },
  });
  if (!first.isDone) throw new Error(first.summary);
  const tenants = await tenantsOfShop();
  const cases: Case[] = [
    ...deploymentCases(deployment, repository),
    {
      name: 'page-of-a-tenant',
      action: 'health-check',
      given: {
        url: tenants.url,
        tenants: 'all',
        'tenant-path': '/health/',
        'database-url': tenants.databaseUrl,
        attempts: '2',
        interval: '10ms',
      },
    },
    {
      name: 'server-error',
      action: 'health-check',
      given: {
        url: `http://${scene.host.address}:18994/database/`,
        'host-header': 'shop.test',
        container: 'diagnosed-shop',
        attempts: '1',
      },
    },
    {
      name: 'doctor',
      action: 'health-check',
      given: { mode: 'doctor', 'database-url': 'postgresql://shop:no-secret@db.nowhere.invalid/shop' },
      before: 'gpasswd -d deploy docker',
      after: 'gpasswd -a deploy docker',
    },
  ];
  for (const { name, before, after, ...asked } of cases) {
    if (before !== undefined) await scene.root(before);
    const { isDone, summary } = await tell(asked);
    if (after !== undefined) await scene.root(after);
    writeFileSync(join(folder, `${name}.md`), summary);
    console.log(`${isDone ? '✕ did not fail' : ' '} ${name}: ${join(folder, `${name}.md`)}`);
  }
  await tenants.close();
  await scene.root('rm -rf /home/deploy/.tenantry/diagnosed-shop');
  await scene.clear();
}

function deploymentCases(deployment: Inputs, repository: string): Case[] {
  const deploying = (name: string, changes: Inputs, before?: string): Case => ({
    name,
    action: 'deploy-container',
    given: { ...deployment, ...changes },
    ...(before === undefined ? {} : { before }),
  });
  const python = (program: string) => ({ command: `python3\n-u\n-c\n${program}` });
  return [
    deploying('variable-missing', { env: 'DEBUG=no' }),
    deploying('memory-limit', { memory: '40MiB', ...python('x = [bytearray(10**6) for _ in range(10**6)]') }),
    deploying('another-port', { command: 'gunicorn\n--bind\n0.0.0.0:9000\nshop:application' }),
    deploying(
      'volume-not-writable',
      {
        user: '1000',
        volumes: '/srv/diagnosed/media:/app/media',
        'shared-volumes': 'true',
        ...python("open('/app/media/x', 'w')"),
      },
      'mkdir -p /srv/diagnosed/media',
    ),
    deploying('wrong-processor', { image: `${repository}:arm` }),
    deploying('key-refused', { 'ssh-key': otherKey() }),
    deploying('unknown', {
      ...python("import ctypes; print('loading rates: 3 feeds of 4'); ctypes.string_at(0)"),
    }),
  ];
}

/** One that no server knows. */
function otherKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString();
}

/** Forty tenants in a database, of whose pages three are broken. */
async function tenantsOfShop() {
  const database = await scratchDatabase();
  await database.sql(`
    create table tenants (id int primary key, schema_name text);
    create table domains (id int primary key, domain text, is_primary bool, tenant_id int references tenants);
    insert into tenants select n, 't' || n from generate_series(1, 40) n;
    insert into domains select n, 't' || n || '.shop.test', true, n from generate_series(1, 40) n`);
  const server = createServer(({ headers }, response) => {
    const isBroken = ['t5.shop.test', 't9.shop.test', 't31.shop.test'].includes(headers.host ?? '');
    response.statusCode = isBroken ? 500 : 200;
    response.end(isBroken ? '<h1>Server Error (500)</h1>' : 'ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/health/`,
    databaseUrl: database.env.DATABASE_URL ?? '',
    async close() {
      server.closeAllConnections();
      server.close();
      await database.drop();
    },
  };
}

function silentHost(given: Inputs, folder: string, summary: (text: string) => void): StepHost {
  return {
    given: new Map(Object.entries(given)),
    origin: { run: 'https://github.com/acme/shop/actions/runs/1', actor: 'ana', commit: '' },
    reportFolder: folder,
    mask() {},
    line() {},
    debug() {},
    fold() {},
    warning() {},
    fail() {},
    output() {},
    exportVariable() {},
    async summary(text) {
      summary(text);
    },
  };
}
