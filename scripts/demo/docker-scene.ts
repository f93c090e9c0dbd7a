import { setTimeout as sleep } from 'node:timers/promises';

import { command, tryCommand } from '../../lab/command.ts';
import { buildShop } from '../../lab/shop.ts';
import { freePort, startOwnDatabase } from './own-database.ts';
import { startOwnServer } from './own-server.ts';
import { removeShop, type Scene } from './scene.ts';

const registryContainer = 'tenantry-demo-registry';
/** How a container names the machine that it runs on. */
const inside = 'host.docker.internal';

/** Whether this machine's user has a Docker engine. */
export async function dockerAnswers(): Promise<boolean> {
  const asked = await tryCommand(['docker', 'version', '--format', '{{.Server.Version}}'], {
    timeout: 10_000,
  }).catch(() => undefined);
  return asked?.code === 0;
}

/**
 * This machine's own Docker engine, without root: the server is an SSH server of the demo's own on 127.0.0.1, whose
 * commands run as whoever started the demo.
 */
export async function dockerScene(progress: (line: string) => void): Promise<Scene> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const database = await startOwnDatabase({ forContainers: true });
    closing.push(() => database.stop());
    progress(`postgres18  PostgreSQL 18 on 127.0.0.1:${database.port}`);
    const server = await startOwnServer();
    closing.push(() => server.stop());
    progress(`server      ${server.user}@127.0.0.1:${server.port}, this machine's Docker`);
    closing.push(() => tryCommand(['docker', 'rm', '--force', '--volumes', registryContainer]));
    closing.push(() => removeShop('docker', process.env));
    const registry = { address: await startRegistry() };
    progress(`registry    ${registry.address}`);
    const web = { host: '127.0.0.1', port: await freePort() };
    return {
      about: "PostgreSQL 18, a registry, this machine's Docker behind SSH",
      superuserUrl: database.superuserUrl,
      site: {
        server: { host: '127.0.0.1', ...server },
        registry,
        build: (release) => buildShop({ docker: 'docker', registry }, release),
        urlInside: (url) => url.replace('127.0.0.1', inside),
        extraHosts: `${inside}:host-gateway`,
        publish: `127.0.0.1:${web.port}:8000`,
        web,
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A registry on 127.0.0.1, which Docker takes without TLS. @returns its address */
async function startRegistry(): Promise<string> {
  await tryCommand(['docker', 'rm', '--force', '--volumes', registryContainer]);
  await command([
    'docker',
    'run',
    '--detach',
    '--name',
    registryContainer,
    '--publish',
    '127.0.0.1::5000',
    'registry:2',
  ]);
  const published = await command(['docker', 'port', registryContainer, '5000/tcp']);
  const address = `127.0.0.1:${published.trim().split('\n')[0]?.split(':').at(-1)}`;
  for (let tries = 0; tries < 50; tries += 1) {
    if (
      await fetch(`http://${address}/v2/`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return address;
    await sleep(200);
  }
  throw new Error(`the registry does not answer on ${address} — docker logs ${registryContainer} says why`);
}
