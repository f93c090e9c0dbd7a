/** What both ways start from: a platform with tenants on one server, and the next version of it. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { newColumn } from '../../__tests__/end-to-end/shop-changes.ts';
import { change } from '../../__tests__/end-to-end/shop-repository.ts';
import { command } from '../../lab/command.ts';
import { bringUp, control, type Lab } from '../../lab/lab.ts';
import { buildShop, type ShopImage, shopFolder, shopPython, workshopOf } from '../../lab/shop.ts';
import { connect } from '../../src/database/connection.ts';
import { parseDatabaseUrl } from '../../src/database/url.ts';

export interface Scene {
  readonly lab: Lab;
  readonly python: string;
  /** The folder with the next version's manage.py. */
  readonly project: string;
  /** The version that serves at first, and the next one; the server has both images. */
  readonly before: ShopImage;
  readonly next: ShopImage;
  readonly domain: string;
  readonly port: number;
  readonly container: string;
  readonly databaseUrl: string;
  /** What the application needs, on the runner and in its container. */
  readonly environment: Readonly<Record<string, string>>;
  /** Nothing serves, and the database has nothing of the next version. */
  reset(): Promise<void>;
  takeDown(): Promise<void>;
}

const name = `bench_line_${Date.now().toString(36)}`;
const container = 'bench-line';
const domain = 'shop.test';
const port = 8_701;

export async function makeScene(tenants: number): Promise<Scene> {
  const lab = await bringUp(['postgres15', 'registry', 'builder', 'base-image', 'host1']);
  const python = await shopPython();
  const folder = await mkdtemp(join(tmpdir(), 'bench-line-'));
  const project = join(folder, 'shop');
  await cp(shopFolder, project, { recursive: true, filter: (path) => !/__pycache__|\/wheels$/.test(path) });
  const before = await buildShop(workshopOf(lab), `${name}-before`, project);
  const databaseUrl = lab.postgres.v15.superuserUrl.replace(/\/postgres$/, `/${name}`);
  const environment = {
    DATABASE_URL: databaseUrl,
    SECRET_KEY: 'only for measuring',
    ALLOWED_HOSTS: `.${domain}`,
    PUBLIC_DOMAIN: domain,
  };
  await asSuperuser(lab, `create database ${name}`);
  await platform({ python, project, environment }, tenants);
  await asSuperuser(lab, `alter database ${name} rename to ${name}_template`);
  await change(project, newColumn);
  const next = await buildShop(workshopOf(lab), `${name}-next`, project);
  const onHost = (...args: string[]) => command([lab.docker, '--host', lab.host1.dockerHost, ...args]);
  await loginAndPull(lab, [before.image, next.image]);
  const clear = async () => {
    const all = await onHost('ps', '--all', '--quiet', '--filter', `name=^/?${container}`);
    for (const id of all.split('\n').filter((line) => line !== '')) await onHost('rm', '--force', id);
    await control('host1').run(['rm', '-rf', `/home/${lab.host1.user}/.tenantry/${container}`]);
    await asSuperuser(lab, `drop database if exists ${name} with (force)`);
  };
  return {
    ...{ lab, python, project, before, next, domain, port, container, databaseUrl, environment },
    async reset() {
      await clear();
      await asSuperuser(lab, `create database ${name} template ${name}_template`);
    },
    async takeDown() {
      await clear();
      await asSuperuser(lab, `drop database if exists ${name}_template`);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A platform with tenants, each with a domain, as the version from before has made them. */
async function platform(
  { python, project, environment }: Pick<Scene, 'python' | 'project' | 'environment'>,
  tenants: number,
): Promise<void> {
  const env = { ...process.env, ...environment };
  const manage = (args: readonly string[], stdin = '') =>
    command([python, 'manage.py', ...args], { cwd: project, env, stdin });
  await manage(['migrate_schemas', '--shared']);
  await manage(['create_super_tenant']);
  const making = `from customers.models import Customer, Domain
for number in range(${tenants}):
    tenant = Customer.objects.create(schema_name=f"t{number}", name=f"Tenant {number}")
    Domain.objects.create(tenant=tenant, domain=f"t{number}.${domain}", is_primary=True)
`;
  await manage(['shell'], making);
  await manage(['migrate_schemas', '--tenant']);
}

/** So that nobody's time has the network in it. */
async function loginAndPull({ host1, registry }: Lab, images: readonly string[]): Promise<void> {
  const login = ['docker', 'login', '--username', registry.username, '--password-stdin', registry.address];
  const pulls = images.map((image) => `docker pull --quiet ${image}`).join(' && ');
  const script = `export HOME=/home/${host1.user}; ${login.join(' ')} && ${pulls}`;
  await control('host1').run(['sh', '-c', script], { user: host1.user, stdin: registry.password });
}

async function asSuperuser(lab: Lab, statement: string): Promise<void> {
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
