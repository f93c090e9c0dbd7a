import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Box, readBox } from '../box.ts';
import { boxPath, inBox, logTail, serviceRuns, startService, stopService, tryInBox } from '../in-box.ts';
import type { WebServer } from '../state.ts';
import { freshBox, type Part, runningBox, until } from './part.ts';

const PORT = 80;

/** Debian's nginx as a proxy in front of the hosts; sites are `*.conf` files in a folder of this machine. */
export const nginx: Part<WebServer> = {
  needs: [],
  async create(context) {
    const box = await freshBox(context, 'nginx');
    const configDirectory = join(box.shared, 'sites');
    mkdirSync(configDirectory, { recursive: true });
    writeFileSync(boxPath(box, '/etc/nginx/nginx.conf'), CONFIG);
    await startNginx(box);
    return { host: box.address, port: PORT, configDirectory, logDirectory: join(box.shared, 'log') };
  },
  async answers({ folders }) {
    const box = readBox(folders, 'nginx');
    return box !== undefined && (await listens(box));
  },
  restart: async ({ folders }) => startNginx(runningBox(folders, 'nginx')),
  describe: ({ host, port }) => `nginx on ${host}:${port}`,
};

export async function startNginx(box: Box): Promise<void> {
  if (!(await serviceRuns(box, 'nginx'))) await startService(box, 'nginx', ['nginx', '-g', 'daemon off;']);
  await until(
    () => listens(box),
    () => `nginx does not answer: ${logTail(box, 'nginx')}`,
  );
}

/** Open requests are finished first, as `nginx -s quit` does. */
export async function stopNginx(box: Box): Promise<void> {
  await stopService(box, 'nginx', 'QUIT');
}

/** Reads the sites again. @throws Error with nginx's own words when they are wrong; the old ones stay */
export async function reloadNginx(box: Box): Promise<void> {
  await inBox(box, ['nginx', '-t', '-q']);
  await inBox(box, ['nginx', '-s', 'reload']);
}

async function listens(box: Box): Promise<boolean> {
  return (await tryInBox(box, ['nc', '-z', '127.0.0.1', String(PORT)])).code === 0;
}

const CONFIG = `
worker_processes 1;
error_log /lab/log/nginx-error.log;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
  access_log /lab/log/nginx-access.log;
  include /etc/nginx/mime.types;
  server {
    listen ${PORT} default_server;
    listen [::]:${PORT} default_server;
    return 404 "no site of this name\\n";
  }
  include /lab/sites/*.conf;
}
`;
