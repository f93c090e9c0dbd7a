import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Bind, Box } from '../box.ts';
import type { LabFolders } from '../folders.ts';
import { boxPath, inBox, logTail, serviceRuns, startService, stopService } from '../in-box.ts';
import { addressOf, type LabNetwork, type Station } from '../network.ts';
import type { EngineKind } from '../state.ts';
import { until } from './part.ts';

/** Port of the image registry, at its own address. */
export const REGISTRY_PORT = 5000;

export const registryAddress = (network: LabNetwork) => `${addressOf(network, 'registry')}:${REGISTRY_PORT}`;

/** Where the programs of the current engine are shown in a box. */
export const CURRENT_ENGINE = '/usr/local/lib/docker-current';

/** Containers of a box are in a control group of the box's own, so that `down` finds what they leave. */
export const controlGroup = (folders: LabFolders, name: Station) => `tenantry-lab-${folders.mark}-${name}`;

/** The engine's data must not be on the box's overlay: an overlay cannot be the top of another. */
export function engineData(folders: LabFolders, name: Station): Bind {
  return { from: join(folders.run, name, 'docker'), to: '/var/lib/docker' };
}

/** The engine's socket, on this side. */
export const engineSocket = (box: Box) => join(box.shared, 'docker.sock');
export const dockerHost = (box: Box) => `unix://${engineSocket(box)}`;

/** Writes `daemon.json`; `startEngine` then starts what is configured. */
export function configureEngine(folders: LabFolders, network: LabNetwork, box: Box): void {
  mkdirSync(boxPath(box, '/etc/docker'), { recursive: true });
  writeFileSync(
    boxPath(box, '/etc/docker/daemon.json'),
    JSON.stringify(
      {
        hosts: ['unix:///run/docker.sock', 'unix:///lab/docker.sock'],
        'insecure-registries': [registryAddress(network)],
        'cgroup-parent': `/${controlGroup(folders, box.name)}`,
        'log-driver': 'json-file',
        'shutdown-timeout': 5,
        // Nothing of the lab speaks to the outside: names that containers ask for are refused at once.
        dns: [box.address],
      },
      null,
      2,
    ),
  );
}

export async function startEngine(box: Box, kind: EngineKind): Promise<void> {
  if (!(await serviceRuns(box, 'dockerd'))) {
    await inBox(box, ['rm', '-f', '/run/docker.pid', '/run/docker/containerd/containerd.pid']);
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    await startService(box, 'dockerd', ['dockerd'], {
      env: kind === 'current' ? { PATH: `${CURRENT_ENGINE}:${path}` } : { PATH: path },
    });
  }
  await until(
    () => engineAnswers(box),
    () => `the Docker engine of ${box.name} does not answer: ${logTail(box, 'dockerd')}`,
    60_000,
  );
}

/** Containers go with it, as on a server without live-restore. */
export async function stopEngine(box: Box): Promise<void> {
  await stopService(box, 'dockerd', 'TERM', 30_000);
}

export async function engineAnswers(box: Box): Promise<boolean> {
  return (await engineRequest(engineSocket(box), 'GET', '/_ping')).trim() === 'OK';
}

export async function engineVersion(box: Box): Promise<string> {
  const said = JSON.parse(await engineRequest(engineSocket(box), 'GET', '/version')) as { Version: string };
  return said.Version;
}

/**
 * One request to an engine's API, by its socket, without a body.
 * @throws Error when the status is not 2xx
 */
export function engineRequest(
  socketPath: string,
  method: string,
  path: string,
  { headers = {} }: { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers });
    call.on('error', reject);
    call.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${status} ${text.trim()}`));
      });
    });
    call.end();
  });
}
