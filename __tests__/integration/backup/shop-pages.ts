import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { ask } from '../../../src/health/http.ts';
import type { Fleet } from '../migrations/shop-fleet.ts';

/** The shop as visitors see it. */
export interface ShopPages {
  /** The home page of a tenant. */
  home(domain: string): Promise<{ readonly status: number | undefined; readonly text: string }>;
  end(): Promise<void>;
}

/** Serves the shop on this machine, from a folder of the project and the fleet's database. */
export async function serveShop(fleet: Fleet, folder: string): Promise<ShopPages> {
  const port = await freePort();
  const { python, workingDirectory, env } = fleet.project(folder);
  const server = spawn(python, ['manage.py', 'runserver', '--noreload', `127.0.0.1:${port}`], {
    cwd: workingDirectory,
    env: { ...process.env, ...env, ALLOWED_HOSTS: '.shop.example' },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  const home = async (domain: string) => {
    const url = new URL(`http://127.0.0.1:${port}/`);
    const answer = await ask({ url, host: domain, headers: {} }, 10_000, new AbortController().signal);
    return answer.kind === 'answer'
      ? { status: answer.status, text: answer.body }
      : { status: undefined, text: '' };
  };
  for (let tries = 0; tries < 100 && (await home('shop.example')).status === undefined; tries += 1) {
    await sleep(200);
  }
  return {
    home,
    async end() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
