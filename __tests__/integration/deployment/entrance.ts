import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { control, type HostName, type Lab } from '../../../lab/lab.ts';
import { localMachine } from '../../../src/machine/local.ts';
import { lastWords, type RunOptions, succeeded } from '../../../src/machine/machine.ts';

/**
 * An nginx on one node that follows the tasks of a service by their name: the entrance where the kernel lacks what
 * Swarm's own needs. It asks Docker's name server every second; a task leaves that list two seconds before it is told
 * to end.
 */
const configuration = (service: string) => `
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  resolver 127.0.0.11 valid=1s ipv6=off;
  server {
    listen 80;
    location / {
      set $tasks http://tasks.${service}:8000;
      proxy_pass $tasks;
      proxy_connect_timeout 2s;
    }
  }
}
`;

/** Builds it, and starts it as a service on one node of a swarm, on a port of that node. */
export async function startEntrance(
  lab: Lab,
  {
    manager,
    node,
    service,
    network,
    port,
  }: { manager: HostName; node: HostName; service: string; network: string; port: number },
): Promise<void> {
  const image = `${lab.registry.address}/test/entrance:1`;
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-entrance-'));
  const docker = async (args: readonly string[], options: Partial<RunOptions> = {}) => {
    const argv = [lab.docker, '--config', join(folder, 'config'), '--host', lab.builder.dockerHost, ...args];
    const result = await localMachine.run(argv, { timeout: 120_000, ...options });
    if (!succeeded(result)) throw new Error(`docker ${args[0]}: ${lastWords(result)}`);
  };
  const { address, username, password } = lab.registry;
  try {
    mkdirSync(join(folder, 'context'));
    const program = await control(manager).run(['base64', '/usr/sbin/nginx']);
    writeFileSync(join(folder, 'context/nginx'), Buffer.from(program, 'base64'), { mode: 0o755 });
    writeFileSync(join(folder, 'context/nginx.conf'), configuration(service));
    writeFileSync(join(folder, 'context/Dockerfile'), dockerfile(lab.baseImage));
    await docker(['login', '--username', username, '--password-stdin', address], { stdin: password });
    await docker(['build', '--quiet', '--tag', image, join(folder, 'context')], {
      env: { DOCKER_BUILDKIT: '0' },
    });
    await docker(['push', '--quiet', image]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const onManager = (argv: readonly string[], stdin = '') => control(manager).run(argv, { stdin });
  await onManager(['docker', 'login', '--username', username, '--password-stdin', address], password);
  await onManager([
    ...['docker', 'service', 'create', '--quiet', '--with-registry-auth', '--name', 'entrance'],
    ...['--network', network, '--publish', `mode=host,published=${port},target=80`],
    ...['--constraint', `node.hostname==${node}`, image],
  ]);
  await onManager(['docker', 'logout', address]);
}

function dockerfile(base: string): string {
  return [
    `FROM ${base}`,
    'RUN mkdir -p /var/log/nginx /var/lib/nginx',
    'COPY nginx /usr/sbin/nginx',
    'COPY nginx.conf /nginx.conf',
    `CMD ["/usr/sbin/nginx", "-c", "/nginx.conf", "-g", "daemon off; user root;"]`,
    '',
  ].join('\n');
}
