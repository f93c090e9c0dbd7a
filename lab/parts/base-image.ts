import { spawn } from 'node:child_process';
import { ensureBase } from '../debian-root.ts';
import type { Parts } from '../state.ts';
import { engineRequest, engineSocket } from './engine.ts';
import { type Part, runningBox } from './part.ts';

const IMAGE = { repository: 'tenantry-lab/python', tag: 'bookworm' };
const NAME = `${IMAGE.repository}:${IMAGE.tag}`;

/** Debian 12 with Python 3.11, imported into the builder's engine: what the example applications are built on. */
export const baseImage: Part<Parts['base-image']> = {
  needs: ['builder'],
  async create({ folders }) {
    const folder = await ensureBase(folders);
    const tar = spawn('tar', ['--create', '--numeric-owner', '--directory', folder, '.'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const query = new URLSearchParams({ fromSrc: '-', repo: IMAGE.repository, tag: IMAGE.tag });
    query.append('changes', 'CMD ["/bin/bash"]');
    query.append(
      'changes',
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8',
    );
    const socket = engineSocket(runningBox(folders, 'builder'));
    const said = await engineRequest(socket, 'POST', `/images/create?${query}`, tar.stdout);
    if (said.includes('"error"')) throw new Error(`docker import: ${said.trim().split('\n').at(-1)}`);
    return { name: NAME };
  },
  async answers({ folders }) {
    await engineRequest(engineSocket(runningBox(folders, 'builder')), 'GET', `/images/${NAME}/json`);
    return true;
  },
  describe: (entry) => entry.name,
};
