/**
 * `npm run demo`: the whole line on real servers on this machine, with the program doing what the actions do in a
 * workflow. `--once` ends by itself. As root on Linux the lab simulates the servers; else this machine's own Docker
 * engine is used; without either, the half that needs only a database is run.
 */
import { styleText } from 'node:util';

import { shopFolder, shopPython } from '../../lab/shop.ts';
import { showDuration } from '../../src/ground/duration.ts';
import { databaseSceneReason, sceneFor } from './choose-scene.ts';
import { freshDatabase } from './fresh-database.ts';
import { openDoor } from './open-door.ts';
import { tenantry } from './program.ts';
import type { Scene, Site } from './scene.ts';
import { visitedDuring } from './visitors.ts';

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

async function databaseHalf(databaseUrl: string, python: string): Promise<void> {
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
        const tenant = { 'schema-name': name, domain: `${name}.${platform}` };
        await tenantry('provision-tenant', { ...project, ...tenant }, secrets);
      }
    },
    () => `${tenants.join(', ')}: rows, domains, schemas, tables`,
  );
  await stop('migrate-schemas', migrated, (outputs) => {
    return `${outputs['tenants-total']} tenants: ${outputs['tenants-skipped']} up to date, proven by the catalogue`;
  });
}

async function serverHalf(
  site: Site,
  databaseUrl: string,
  building: ReturnType<Site['build']>,
): Promise<void> {
  const { server, registry, web } = site;
  const { image, digest } = await stop(
    'build and push',
    () => building,
    (built) => `${built.image}, begun with the database half`,
  );
  const deploy = (greeting?: string) =>
    tenantry(
      'deploy-container',
      {
        host: server.host,
        'ssh-user': server.user,
        'ssh-port': String(server.port),
        'ssh-fingerprint': server.fingerprint,
        ...(registry.username === undefined ? {} : { 'registry-username': registry.username }),
        image,
        container: 'shop',
        environment: 'demo',
        ports: site.publish,
        ...(site.extraHosts === '' ? {} : { 'extra-hosts': site.extraHosts }),
        volumes: 'shop-media:/app/media',
        // Both versions may write there while traffic moves: that allows to move it without a gap.
        'shared-volumes': 'true',
        bake: '3s',
        'drain-timeout': '3s',
        'health-url': `http://${web.host}:${web.port}/health/`,
        'health-host': platform,
      },
      {
        'ssh-key': server.privateKey,
        ...(registry.password === undefined ? {} : { 'registry-password': registry.password }),
        env: [
          `SECRET_KEY=${secretKey}`,
          `DATABASE_URL=${site.urlInside(databaseUrl)}`,
          `ALLOWED_HOSTS=.${platform}`,
          'DEBUG=1',
          ...(greeting === undefined ? [] : [`GREETING=${greeting}`]),
        ].join('\n'),
      },
    );
  await stop(
    'deploy-container',
    () => deploy(),
    (outputs) => {
      return `${outputs.release} (${digest.slice(7, 19)}) over SSH to ${server.user}@${server.host}`;
    },
  );
  await stop(
    'deploy-container again',
    () => deploy(),
    (outputs) => `${outputs.result}: the same digest runs already`,
  );
  const visited = { url: `http://${web.host}:${web.port}/health/`, host: platform };
  await stop(
    'deploy-container, visited',
    () => visitedDuring(visited, () => deploy('Welcome')),
    ({ result, visits: { sent, lost } }) => {
      const instead = lost.length === 0 ? '' : ` (${[...new Set(lost)].join('; ')})`;
      const gap = `${result['downtime-ms']} ms without a container`;
      return `another setting: ${sent} requests meanwhile, ${lost.length} lost${instead}, ${gap}`;
    },
  );
  await stop(
    'health-check',
    () =>
      tenantry(
        'health-check',
        {
          url: `http://${web.host}:${web.port}/health/`,
          'host-header': platform,
          'expect-header': `X-Release: ${image.slice(image.lastIndexOf(':') + 1)}`,
          tenants: 'all',
          'tenant-path': '/health/',
        },
        { 'database-url': databaseUrl },
      ),
    ({ status, 'latency-ms': slowest }) =>
      `the platform and ${tenants.length} tenants answer ${status}, slowest ${slowest} ms`,
  );
}

function printTable(total: number): void {
  console.log(`\n${styleText('bold', 'What happened')}`);
  for (const { name, milliseconds, said } of stops) {
    console.log(`  ${name.padEnd(24)}${showDuration(milliseconds).padStart(10)}   ${said}`);
  }
  console.log(`  ${'total'.padEnd(24)}${showDuration(total).padStart(10)}`);
}

async function showWhatAnswers({ web }: Site, once: boolean): Promise<void> {
  const door = await openDoor(web);
  console.log('\nThese answer now:');
  for (const name of [platform, ...tenants.map((tenant) => `${tenant}.${platform}`)]) {
    console.log(`  http://${name}:${door.port}/`);
  }
  if (!once) await keyPressed();
  door.close();
}

async function keyPressed(): Promise<void> {
  console.log('\nPress a key to end and take everything down.');
  process.stdin.setRawMode(true);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('data', resolve));
  process.stdin.setRawMode(false);
  process.stdin.pause();
}

async function play(once: boolean): Promise<void> {
  const started = performance.now();
  let scene: Scene | undefined;
  try {
    scene = await stop(
      'servers',
      () => sceneFor((line) => console.log(line)),
      ({ about }) => about,
    );
    const { site } = scene;
    if (site === undefined) console.log(databaseSceneReason);
    const building = site?.build(`demo-${Date.now().toString(36)}`);
    building?.catch(() => {}); // told when it is waited for
    const python = await stop('Python of the project', shopPython, () => 'Django, django-tenants, psycopg');
    const databaseUrl = await freshDatabase(scene.superuserUrl);
    await databaseHalf(databaseUrl, python);
    if (site !== undefined && building !== undefined) await serverHalf(site, databaseUrl, building);
    printTable(performance.now() - started);
    if (site !== undefined) await showWhatAnswers(site, once);
  } finally {
    await scene?.close();
  }
}

try {
  await play(process.argv.includes('--once') || !process.stdin.isTTY);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  // Not exitCode: a package that looks after its database ends the process by itself, with 0.
  process.exit(1);
}
