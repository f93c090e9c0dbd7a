import { mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { type Box, readBox } from '../box.ts';
import { inBox, logTail, startService, stopService } from '../in-box.ts';
import type { ImageRegistry } from '../state.ts';
import { REGISTRY_PORT } from './engine.ts';
import { freshBox, newPassword, type Part, runningBox, until } from './part.ts';

export const REGISTRY_USER = 'docker-registry';
/** Where it keeps the images. */
export const REGISTRY_STORAGE = '/var/lib/docker-registry';

/** An image registry with a password (Debian's `docker-registry`), without TLS. Deleting is allowed. */
export const registry: Part<ImageRegistry> = {
  needs: [],
  async create(context) {
    const box = await freshBox(context, 'registry');
    const username = 'lab';
    const password = newPassword();
    const etc = join(box.shared, 'registry');
    mkdirSync(etc, { recursive: true });
    writeFileSync(join(etc, 'config.yml'), CONFIG);
    writeFileSync(
      join(etc, 'htpasswd'),
      await inBox(box, ['htpasswd', '-niBC', '5', username], { stdin: `${password}\n` }),
    );
    await inBox(box, ['install', '-d', '-o', REGISTRY_USER, '-g', REGISTRY_USER, REGISTRY_STORAGE]);
    await startRegistry(box);
    return { address: `${box.address}:${REGISTRY_PORT}`, username, password };
  },
  async answers({ folders }) {
    const box = readBox(folders, 'registry');
    return box !== undefined && (await asksForPassword(box));
  },
  restart: async ({ folders }) => startRegistry(runningBox(folders, 'registry')),
  describe: (entry) => entry.address,
};

export async function startRegistry(box: Box): Promise<void> {
  if (!(await asksForPassword(box).catch(() => false))) {
    await stopRegistry(box);
    await startService(box, 'registry', ['docker-registry', 'serve', '/lab/registry/config.yml'], {
      user: REGISTRY_USER,
    });
  }
  await until(
    () => asksForPassword(box),
    () => `the registry does not answer: ${logTail(box, 'registry')}`,
  );
}

export async function stopRegistry(box: Box): Promise<void> {
  await stopService(box, 'registry');
}

const CONFIG = `version: 0.1
log: { level: info, accesslog: { disabled: false } }
storage:
  filesystem: { rootdirectory: ${REGISTRY_STORAGE} }
  delete: { enabled: true }
  cache: { blobdescriptor: inmemory }
http: { addr: ':${REGISTRY_PORT}' }
auth:
  htpasswd: { realm: tenantry-lab, path: /lab/registry/htpasswd }
`;

function asksForPassword(box: Box): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get({ host: box.address, port: REGISTRY_PORT, path: '/v2/', timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 401);
    })
      .on('timeout', function (this: { destroy(): void }) {
        this.destroy();
        reject(new Error('no answer'));
      })
      .on('error', reject);
  });
}
