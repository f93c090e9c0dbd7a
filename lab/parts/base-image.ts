import { cp } from 'node:fs/promises';
import { boxPath, inBox } from '../in-box.ts';
import { BASE_IMAGE, ensurePackedBase } from '../packed-base.ts';
import type { ImageRegistry, Parts } from '../state.ts';
import { engineRequest, engineSocket } from './engine.ts';
import { type Part, runningBox } from './part.ts';
import { REGISTRY_STORAGE, REGISTRY_USER } from './registry.ts';

const NAME = `${BASE_IMAGE.repository}:${BASE_IMAGE.tag}`;

/**
 * Debian 12 with Python 3.11: what the example applications are built on. The builder has it from the registry, so
 * what is built on it is pushed without it.
 */
export const baseImage: Part<Parts['base-image']> = {
  needs: ['registry', 'builder'],
  async create({ folders, parts }) {
    const registry = runningBox(folders, 'registry');
    await cp(await ensurePackedBase(folders), boxPath(registry, REGISTRY_STORAGE), { recursive: true });
    await inBox(registry, ['chown', '-R', `${REGISTRY_USER}:`, REGISTRY_STORAGE]);

    const engine = engineSocket(runningBox(folders, 'builder'));
    const { address, username, password } = parts.registry as ImageRegistry;
    const remote = `${address}/${BASE_IMAGE.repository}`;
    // With its padding: without, an engine takes it for no login.
    const login = Buffer.from(JSON.stringify({ username, password, serveraddress: address }))
      .toString('base64')
      .replaceAll('+', '-')
      .replaceAll('/', '_');
    const from = new URLSearchParams({ fromImage: remote, tag: BASE_IMAGE.tag });
    const said = await engineRequest(engine, 'POST', `/images/create?${from}`, {
      headers: { 'x-registry-auth': login },
    });
    if (said.includes('"error"')) throw new Error(`docker pull: ${said.trim().split('\n').at(-1)}`);
    const to = new URLSearchParams({ repo: BASE_IMAGE.repository, tag: BASE_IMAGE.tag });
    await engineRequest(engine, 'POST', `/images/${remote}:${BASE_IMAGE.tag}/tag?${to}`);
    await engineRequest(engine, 'DELETE', `/images/${remote}:${BASE_IMAGE.tag}`);
    return { name: NAME };
  },
  async answers({ folders }) {
    await engineRequest(engineSocket(runningBox(folders, 'builder')), 'GET', `/images/${NAME}/json`);
    return true;
  },
  describe: (entry) => entry.name,
};
