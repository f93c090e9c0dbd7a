/** The two ways from a commit whose image is built to tenants that answer. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { command } from '../../lab/command.ts';
import type { ShopImage } from '../../lab/shop.ts';
import { runAction } from '../fleet/action.ts';
import type { Scene } from './scene.ts';

/** A step, and the milliseconds that it took. */
export type Taken = readonly (readonly [step: string, milliseconds: number])[];

async function timed(steps: readonly (readonly [string, () => Promise<unknown>])[]): Promise<Taken> {
  const taken: [string, number][] = [];
  for (const [step, work] of steps) {
    const started = performance.now();
    await work();
    taken.push([step, performance.now() - started]);
  }
  return taken;
}

export interface Way {
  readonly name: string;
  /** The version from before serves, deployed in this way. */
  prepare(): Promise<unknown>;
  /** Everything from the commit whose image is built to tenants that answer. */
  deploy(): Promise<Taken>;
}

/** What people have in their workflows, as it goes when all goes well. */
export function script(scene: Scene): Way {
  const { lab, python, project, container, environment, port, domain, before, next } = scene;
  const manage = (...args: string[]) =>
    command([python, 'manage.py', ...args], { cwd: project, env: { ...process.env, ...environment } });
  const knownHosts = join(tmpdir(), 'bench-line-known-hosts');
  writeFileSync(knownHosts, lab.host1.knownHosts);
  const options = ['-i', lab.host1.privateKeyPath, '-o', `UserKnownHostsFile=${knownHosts}`];
  const ssh = (text: string) =>
    command(['ssh', ...options, `${lab.host1.user}@${lab.host1.address}`, text], { label: 'ssh' });
  const variables = Object.entries(environment).map(([name, value]) => `-e '${name}=${value}'`);
  const run = (image: string) =>
    `docker run -d --name ${container} --restart unless-stopped -p ${port}:8000 ${variables.join(' ')} ${image}`;
  const healthLoop = () => untilHealthy(`http://${lab.host1.address}:${port}/health/`, domain);
  return {
    name: 'script',
    async prepare() {
      await ssh(run(before.image));
      await healthLoop();
    },
    deploy: () =>
      timed([
        ['migrate_schemas --shared', () => manage('migrate_schemas', '--shared', '--noinput')],
        ['create_super_tenant', () => manage('create_super_tenant')],
        ['migrate_schemas --tenant', () => manage('migrate_schemas', '--tenant', '--noinput')],
        [
          'pull; stop; rm; run',
          () =>
            ssh(`set -e; docker pull ${next.image}; docker stop ${container}; docker rm -f ${container}
              ${run(next.image)}`),
        ],
        ['health loop', healthLoop],
      ]),
  };
}

const program = promisify(execFile);

/** Twenty tries; most scripts sleep for five seconds between them, and lose more by it. */
async function untilHealthy(url: string, host: string): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    const asked = program('curl', ['-fsS', '-o', '/dev/null', '-H', `Host: ${host}`, url]);
    if ((await asked.catch(() => undefined)) !== undefined) return;
    await sleep(1_000);
  }
  throw new Error(`${url} did not answer`);
}

/** The same by the actions, each a process as in a workflow: with a backup, proofs, and every tenant's domain asked. */
export function actions(scene: Scene, dist: string): Way {
  const { lab, python, project, container, environment, port, domain, before, next, databaseUrl } = scene;
  const { DATABASE_URL: _url, ...others } = environment;
  const lines = (values: Readonly<Record<string, string>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n');
  const server = {
    host: lab.host1.address,
    'ssh-user': lab.host1.user,
    'ssh-key': readFileSync(lab.host1.privateKeyPath, 'utf8'),
    'ssh-fingerprint': lab.host1.hostKeyFingerprint,
  };
  const act = (action: string, inputs: Readonly<Record<string, string>>) =>
    runAction({ dist, action, inputs });
  const deployContainer = ({ image, digest }: ShopImage) =>
    act('deploy-container', {
      ...server,
      'registry-username': lab.registry.username,
      'registry-password': lab.registry.password,
      image: `${image}@${digest}`,
      container,
      ports: `${port}:8000`,
      env: lines(environment),
      'health-url': `http://{host}:${port}/health/`,
      'health-host': domain,
      bake: '0s', // a wish of the user, not a cost
    });
  return {
    name: 'actions',
    prepare: () => deployContainer(before),
    deploy: () =>
      timed([
        [
          'migrate-schemas',
          () =>
            act('migrate-schemas', {
              ...server,
              'database-url': databaseUrl,
              'working-directory': project,
              python,
              env: lines(others),
              'backup-to': 'server',
            }),
        ],
        ['deploy-container', () => deployContainer(next)],
        [
          'health-check',
          () =>
            act('health-check', {
              url: `http://${lab.host1.address}:${port}/health/`,
              'host-header': domain,
              tenants: 'all',
              'tenant-path': '/health/',
              'database-url': databaseUrl,
            }),
        ],
      ]),
  };
}
