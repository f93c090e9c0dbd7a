/** Ways in which a deployment fails, each brought about for real, with what is to be said of it. */
import { type Row, row } from './row.ts';
import { plain, python } from './scene.ts';

const app = (port: number, address = '0.0.0.0') =>
  python(
    `import http.server; http.server.ThreadingHTTPServer(('${address}', ${port}), http.server.SimpleHTTPRequestHandler).serve_forever()`,
  );
const refused = {
  code: 'health-refused',
  observed: '10.0.0.1:18999 refuses connections',
  hint: 'look',
} as const;
const cutOff = { code: 'health-cut-off', observed: '10.0.0.1:18999 hangs up', hint: 'look' } as const;
const port = (containerPort: number) => ({
  address: undefined,
  hostPort: 18_999,
  containerPort,
  protocol: 'tcp' as const,
});
const gunicorn = 'gunicorn --bind 0.0.0.0:8000 shop:application';

/** What Docker does not do. */
export const startRows: readonly Row[] = [
  {
    row: 26,
    failure: 'port held by a container',
    provoked: 'two containers publish 18999',
    code: 'port-taken',
    says: 'port 18999 of the server belongs to the container diagnosed-other',
    async provoke(scene) {
      await scene.root(
        `docker rm -f diagnosed-other >/dev/null 2>&1; docker run -d --name diagnosed-other -p 18999:1 ${scene.image} sleep 60`,
      );
      const failure = await scene.create({ ports: [port(8000)] });
      await scene.root('docker rm -f diagnosed-other');
      return failure;
    },
  },
  {
    row: 27,
    failure: 'port held by a process',
    provoked: 'a web server of the host listens on 18999',
    code: 'port-taken',
    says: 'port 18999 of the server belongs to python3 (pid ',
    async provoke(scene) {
      await scene.root(
        'cd /srv/diagnosed && { setsid python3 -m http.server 18999 >/dev/null 2>&1 & echo $! >pid; sleep 1; }',
      );
      const failure = await scene.create({ ports: [port(8000)] });
      await scene.root('kill "$(cat /srv/diagnosed/pid)"');
      return failure;
    },
  },
  {
    row: 28,
    failure: 'name of another container',
    provoked: 'docker run --name of one that is there',
    code: 'container-name-taken',
    says: 'a container with the name diagnosed-other exists',
    async provoke(scene) {
      await scene.root(`docker run -d --name diagnosed-other ${scene.image} sleep 60`);
      const failure = await scene.failure(() =>
        scene.withDocker((docker) =>
          docker.create({ ...plain, image: scene.image, name: 'diagnosed-other' }),
        ),
      );
      await scene.root('docker rm -f diagnosed-other');
      return failure;
    },
  },
  {
    row: 29,
    failure: 'network missing',
    provoked: 'a network that nobody made',
    code: 'network-missing',
    says: 'docker network create diagnosed-net',
    provoke: (scene) => scene.create({ networks: ['diagnosed-net'] }),
  },
  {
    row: 31,
    failure: 'program not in the image',
    provoked: 'command: gunicornx',
    code: 'command-not-in-image',
    says: 'the image has no program gunicornx',
    provoke: (scene) => scene.create({ command: ['gunicornx'] }),
  },
  {
    row: 31,
    failure: 'program not in the image, by a shell',
    provoked: "sh -c 'gunicornx shop.wsgi'",
    code: 'command-not-in-image',
    says: 'the image has no program gunicornx',
    provoke: (scene) => scene.container('', "sh -c 'gunicornx shop.wsgi'"),
  },
  {
    row: 32,
    failure: 'script not executable',
    provoked: 'a script with mode 644',
    code: 'command-not-executable',
    says: 'chmod +x /closed.sh',
    provoke: (scene) => scene.create({ command: ['/closed.sh'] }),
  },
  {
    row: 33,
    failure: 'script with Windows line ends',
    provoked: 'a script with CRLF',
    code: 'container-script-broken',
    says: '/windows.sh cannot be executed although it is there',
    provoke: (scene) => scene.container('', '/windows.sh'),
  },
  {
    row: 34,
    failure: 'folder instead of a file, mounted',
    provoked: 'docker run -v of a file that is missing, where the image has a file',
    code: 'mount-source-wrong-kind',
    says: 'sudo rmdir /srv/diagnosed/missing.env',
    async provoke(scene) {
      await scene.root('mkdir -p /srv/diagnosed/missing.env');
      return scene.create({
        mounts: [
          {
            type: 'bind',
            source: '/srv/diagnosed/missing.env',
            target: '/etc/hosts.allow2/../passwd',
            readOnly: false,
          },
        ],
      });
    },
  },
  {
    row: 34,
    failure: 'folder instead of a file, read',
    provoked: 'docker run -v of a file that is missing',
    code: 'mount-source-wrong-kind',
    says: '/srv/diagnosed/made.env is a folder on the server',
    provoke: (scene) =>
      scene.container('-v /srv/diagnosed/made.env:/app/.env', python("open('/app/.env').read()")),
  },
  {
    row: 35,
    failure: 'more processors than there are',
    provoked: '--cpus 999',
    code: 'limit-impossible',
    says: 'ange of CPUs is from',
    provoke: (scene) => scene.create({ cpus: 999 }),
  },
  {
    row: 35,
    failure: 'less memory than allowed',
    provoked: '--memory 1m',
    code: 'limit-impossible',
    says: 'inimum memory limit',
    provoke: (scene) => scene.create({ memory: 2 ** 20 }),
  },
  {
    row: 38,
    failure: 'environment file missing',
    provoked: '--env-file that is not there',
    code: 'env-file-unreadable',
    says: '/srv/diagnosed/none.env: no such file or directory',
    provoke: (scene) => scene.create({ envFile: '/srv/diagnosed/none.env' }),
  },
  {
    row: 38,
    failure: 'environment file unreadable',
    provoked: '--env-file of root with mode 600',
    code: 'env-file-unreadable',
    says: 'permission denied',
    async provoke(scene) {
      await scene.root('echo A=b >/srv/diagnosed/root.env; chmod 600 /srv/diagnosed/root.env');
      return scene.create({ envFile: '/srv/diagnosed/root.env' });
    },
  },
  {
    row: 40,
    failure: 'invalid line in the environment file',
    provoked: '"export FOO=1" in --env-file',
    code: 'env-invalid',
    says: 'one KEY=VALUE a line',
    async provoke(scene) {
      await scene.root("echo 'export FOO=1' >/srv/diagnosed/bad.env; chmod 644 /srv/diagnosed/bad.env");
      return scene.create({ envFile: '/srv/diagnosed/bad.env' });
    },
  },
];

/** What containers do once they are started. */
export const containerRows: readonly Row[] = [
  row(
    22,
    'image for another processor',
    'an ELF file for aarch64',
    { code: 'image-wrong-architecture', says: 'platforms: in the build step' },
    (scene) => scene.container('', '/foreign'),
  ),
  row(
    23,
    'disk full',
    'writes more than a disk of 1 MiB holds',
    { code: 'disk-full', says: 'is full' },
    (scene) => scene.container('--tmpfs /data:size=1m', python("open('/data/x', 'wb').write(b'x' * 2**21)")),
  ),
  row(
    39,
    'mounted .env unreadable',
    'a .env of root with mode 600, user 1000',
    { code: 'mounted-file-unreadable', says: 'sudo chown 1000 /srv/diagnosed/app.env' },
    async (scene) => {
      await scene.root('echo A=b >/srv/diagnosed/app.env; chmod 600 /srv/diagnosed/app.env');
      return scene.container(
        '--user 1000 -v /srv/diagnosed/app.env:/app/.env',
        python("open('/app/.env').read()"),
      );
    },
  ),
  row(
    39,
    'mounted .env unreadable, Node',
    'the same, read by Node',
    { code: 'mounted-file-unreadable', says: 'runs as user 65534 and may not read /app/.env' },
    async (scene) => {
      await scene.root('echo A=b >/srv/diagnosed/app.env; chmod 600 /srv/diagnosed/app.env');
      return scene.container(
        '--user nobody -e FAULT=denied -v /srv/diagnosed/app.env:/app/.env',
        'node /app/server.js',
      );
    },
  ),
  row(
    42,
    'variable missing, KeyError',
    "os.environ['STRIPE_KEY']",
    { code: 'env-missing', says: 'add STRIPE_KEY to the input env' },
    (scene) => scene.container('', python("import os; os.environ['STRIPE_KEY']")),
  ),
  row(
    42,
    'variable missing, Django behind gunicorn',
    'shop.py without SECRET_KEY',
    { code: 'env-missing', says: 'SECRET_KEY is not set (shop.py:14)' },
    (scene) => scene.container('', gunicorn, { wait: 500 }),
  ),
  row(
    42,
    'variable missing, Node',
    'an Error of the application',
    { code: 'env-missing', says: 'API_URL is not set (server.js:' },
    (scene) => scene.container('-e FAULT=variable', 'node /app/server.js'),
  ),
  row(
    43,
    'volume not writable',
    'a folder of root, user 1000',
    { code: 'volume-not-writable', says: 'sudo chown -R 1000 /srv/diagnosed/media' },
    async (scene) => {
      await scene.root('mkdir -p /srv/diagnosed/media');
      return scene.container(
        '--user 1000 -v /srv/diagnosed/media:/app/media',
        python("open('/app/media/x', 'w')"),
      );
    },
  ),
  row(
    44,
    'memory limit',
    'takes more than its 40 MiB',
    { code: 'container-out-of-memory', says: 'more than its 40 MiB' },
    (scene) => scene.container('-m 40m', python('x = []\nwhile True: x.append(bytearray(10**6))')),
  ),
  row(
    47,
    'crash loop',
    'raises at its start, restart: always',
    { code: 'container-stopped', says: 'RuntimeError: no queue' },
    async (scene) => {
      const failure = await scene.container('--restart always', python("raise RuntimeError('no queue')"), {
        until: 'looping',
      });
      if (!/stops again and again \(\d+ restarts\)/.test(failure.message)) throw new Error(failure.message);
      return failure;
    },
  ),
  row(
    48,
    'ended without an error',
    'a command that is no server',
    { code: 'container-ended', says: 'without an error: done' },
    (scene) => scene.container('', 'echo done'),
  ),
  row(
    49,
    'health check fails',
    'HEALTHCHECK that says why',
    { code: 'container-unhealthy', says: 'its health check says: queue is down' },
    (scene) =>
      scene.container(
        "--health-cmd 'echo queue is down; exit 1' --health-interval 1s --health-retries 1",
        'sleep 60',
        { until: 'unhealthy' },
      ),
  ),
  row(
    49,
    'health check without its program',
    'HEALTHCHECK with curl, image without',
    { code: 'container-unhealthy', says: 'its health check calls curl, which is not in the image' },
    (scene) =>
      scene.container(
        "--health-cmd 'curl -f localhost' --health-interval 1s --health-retries 1",
        'sleep 60',
        { until: 'unhealthy' },
      ),
  ),
  row(
    50,
    'slow start',
    'migrates for longer than it is waited for',
    { code: 'container-slow', says: 'its last line: Running migrations' },
    (scene) =>
      scene.container('-p 18999:8000', python("print('Running migrations'); import time; time.sleep(60)"), {
        until: 'running',
        wait: 500,
      }),
  ),
  row(
    50,
    'slow start, with a health check',
    'health check still starting',
    { code: 'container-slow', says: 'has not passed yet; its last line: Running migrations' },
    (scene) =>
      scene.container(
        "--health-cmd 'exit 1' --health-interval 30s",
        python("print('Running migrations'); import time; time.sleep(60)"),
        { until: 'running', wait: 500 },
      ),
  ),
  row(
    51,
    'another port',
    'listens on 9000, 8000 is published',
    { code: 'container-wrong-port', says: 'it listens on 9000, and 8000 is published' },
    (scene) => scene.container('-p 18999:8000', app(9000), { until: 'running', answer: cutOff, wait: 800 }),
  ),
  row(
    52,
    'listens for itself',
    'listens on 127.0.0.1',
    { code: 'container-listens-locally', says: 'let it listen on 0.0.0.0:8000' },
    (scene) =>
      scene.container('-p 18999:8000', app(8000, '127.0.0.1'), {
        until: 'running',
        answer: cutOff,
        wait: 800,
      }),
  ),
  row(
    52,
    'listens for itself, Node',
    'HOST=localhost',
    { code: 'container-listens-locally', says: 'let it listen on 0.0.0.0:8000' },
    (scene) =>
      scene.container('-p 18999:8000 -e HOST=127.0.0.1', 'node /app/server.js', {
        until: 'running',
        answer: refused,
        wait: 800,
      }),
  ),
  row(
    58,
    'database on localhost, psycopg',
    'connects to 127.0.0.1',
    { code: 'database-on-localhost', says: 'host.docker.internal' },
    (scene) =>
      scene.container('', python("import psycopg; psycopg.connect('postgresql://u:p@127.0.0.1/shop')")),
  ),
  row(
    58,
    'database on localhost, Django behind gunicorn',
    'DB_HOST=localhost',
    { code: 'database-on-localhost', says: '(shop.py:' },
    (scene) =>
      scene.container('-e SECRET_KEY=x -e ASK_FIRST=1 -e DB_HOST=localhost', gunicorn, { wait: 500 }),
  ),
  row(
    58,
    'database on localhost, Node',
    'connects to 127.0.0.1',
    { code: 'database-on-localhost', says: 'ECONNREFUSED 127.0.0.1:5432' },
    (scene) => scene.container('-e FAULT=database -e DB_HOST=127.0.0.1', 'node /app/server.js'),
  ),
  row(
    59,
    'name does not resolve, psycopg',
    'a host that is in no network',
    {
      code: 'container-name-not-resolved',
      says: 'a name does not resolve in the container, which is in the network default',
    },
    (scene) =>
      scene.container('', python("import psycopg; psycopg.connect('postgresql://u:p@db-of-nobody/shop')")),
  ),
  row(
    59,
    'name does not resolve, Django behind gunicorn',
    'DB_HOST=db-of-nobody',
    { code: 'container-name-not-resolved', says: 'a name does not resolve in the container' },
    (scene) =>
      scene.container('-e SECRET_KEY=x -e ASK_FIRST=1 -e DB_HOST=db-of-nobody', gunicorn, { wait: 500 }),
  ),
  row(
    59,
    'name does not resolve, Node',
    'a host that is in no network',
    { code: 'container-name-not-resolved', says: 'db-of-nobody does not resolve' },
    (scene) => scene.container('-e FAULT=database -e DB_HOST=db-of-nobody', 'node /app/server.js'),
  ),
];

/** Failures that no rule is for. What is said of them is what was seen, under a name that claims nothing. */
export const otherRows: readonly Row[] = [
  row(
    0,
    'segmentation fault',
    'kills itself by SIGSEGV',
    { code: 'container-stopped', says: 'exit 139, SIGSEGV' },
    (scene) => scene.container('--init', "sh -c 'kill -SEGV $$'"),
  ),
  row(0, 'abort', 'os.abort()', { code: 'container-stopped', says: 'SIGABRT' }, (scene) =>
    scene.container('--init', python('import os; os.abort()')),
  ),
  row(
    0,
    'module of Python missing',
    'import not_there',
    { code: 'container-stopped', says: "ModuleNotFoundError: No module named 'not_there'" },
    (scene) => scene.container('', python('import not_there')),
  ),
  row(
    0,
    'module of Node missing',
    "require('not-there')",
    { code: 'container-stopped', says: "Cannot find module 'not-there'" },
    (scene) => scene.container('-e FAULT=module', 'node /app/server.js'),
  ),
  row(
    0,
    'gunicorn finds no application',
    'gunicorn shop:nothing',
    { code: 'container-stopped', says: 'nothing' },
    (scene) => scene.container('-e SECRET_KEY=x', 'gunicorn --bind 0.0.0.0:8000 shop:nothing', { wait: 500 }),
  ),
  row(
    0,
    'uvicorn finds no application',
    'uvicorn nowhere:app',
    { code: 'container-stopped', says: 'Could not import module "nowhere"' },
    (scene) => scene.container('', 'uvicorn nowhere:app'),
  ),
  row(
    0,
    'wrong password of the database',
    'psycopg with a wrong password',
    { code: 'container-stopped', says: 'password authentication failed' },
    (scene) =>
      scene.container(
        '',
        python(
          `import psycopg; psycopg.connect('postgresql://postgres:wrong@${scene.lab.postgres.v15.host}/postgres')`,
        ),
      ),
  ),
  row(
    0,
    'no such database',
    'psycopg, a database that nobody made',
    { code: 'container-stopped', says: 'database "nobodys" does not exist' },
    (scene) =>
      scene.container(
        '',
        python(
          `import psycopg; psycopg.connect('${scene.lab.postgres.v15.superuserUrl.replace(/\/postgres$/, '/nobodys')}')`,
        ),
      ),
  ),
  row(
    0,
    'another server refuses',
    'psycopg to a port of another machine',
    { code: 'container-stopped', says: 'Connection refused' },
    (scene) =>
      scene.container(
        '',
        python(`import psycopg; psycopg.connect('postgresql://u:p@${scene.lab.postgres.v15.host}:1/shop')`),
      ),
  ),
  row(
    0,
    'port taken in the container',
    'binds a port twice',
    { code: 'container-stopped', says: 'Address already in use' },
    (scene) =>
      scene.container(
        '',
        python(
          "import socket\na = socket.create_server(('', 8000)); b = socket.socket(); b.bind(('', 8000))",
        ),
      ),
  ),
  row(
    0,
    'file of the image missing',
    "open('/app/none.json')",
    { code: 'container-stopped', says: "No such file or directory: '/app/none.json'" },
    (scene) => scene.container('', python("open('/app/none.json')")),
  ),
  row(
    0,
    'writes into a read-only container',
    '--read-only',
    { code: 'container-stopped', says: 'Read-only file system' },
    (scene) => scene.container('--read-only', python("open('/app/x', 'w')")),
  ),
  row(
    0,
    'no right in the image itself',
    'user 1000 writes to /etc',
    { code: 'container-stopped', says: "Permission denied: '/etc/x'" },
    (scene) => scene.container('--user 1000', python("open('/etc/x', 'w')")),
  ),
  row(
    0,
    'exit without a word',
    'exit 3',
    { code: 'container-stopped', says: 'exit 3, and not a word in its log' },
    (scene) => scene.container('', "sh -c 'exit 3'"),
  ),
  row(
    0,
    'told to end from outside',
    'SIGTERM to its process',
    { code: 'container-stopped', says: 'somebody told it to end' },
    async (scene) => {
      return scene.container('--init', "sh -c 'kill -TERM $$; sleep 5'");
    },
  ),
  row(
    0,
    'too many open files',
    '--ulimit nofile=16',
    { code: 'container-stopped', says: 'Too many open files' },
    (scene) =>
      scene.container('--ulimit nofile=16:16', python("x = [open('/etc/passwd') for _ in range(99)]")),
  ),
  row(
    0,
    'variable of the shell',
    "sh -u -c 'echo $RELEASE_DIR'",
    { code: 'container-stopped', says: 'RELEASE_DIR: parameter not set' },
    (scene) => scene.container('', "sh -u -c 'echo $RELEASE_DIR'"),
  ),
  row(
    0,
    'key of a dictionary',
    "{}['ORDER_ID']: a name as variables have it, and none of the environment",
    { code: 'container-stopped', says: "KeyError: 'ORDER_ID'" },
    (scene) => scene.container('', python("{}['ORDER_ID']")),
  ),
  row(
    0,
    'an error that ends in capitals',
    'raises of a state of its own',
    { code: 'container-stopped', says: 'ValueError: unknown state ORDER_PAID' },
    (scene) => scene.container('', python("raise ValueError('unknown state ORDER_PAID')")),
  ),
  row(
    0,
    'a bug of Node',
    'undefined.missing',
    { code: 'container-stopped', says: 'TypeError: Cannot read properties of undefined' },
    (scene) => scene.container('-e FAULT=bug', 'node /app/server.js'),
  ),
  row(
    0,
    'complains of localhost, ends of something else',
    'a warning about redis, then an error',
    { code: 'container-stopped', says: 'ValueError: the price is negative' },
    (scene) =>
      scene.container(
        '',
        python(
          "print('redis: Connection refused 127.0.0.1:6379, going on without')\nraise ValueError('the price is negative')",
        ),
      ),
  ),
  row(
    0,
    'answers 404, with an old traceback',
    'a page that does not exist',
    { code: 'health-status', says: 'answers 404' },
    (scene) =>
      scene.container(
        '-p 18999:8000',
        `${app(8000).replace("python3 -u -c '", `python3 -u -c 'import sys, traceback\ntry: {}["SECRET_KEY"]\nexcept KeyError: traceback.print_exc()\n`)}`,
        {
          until: 'running',
          answer: {
            code: 'health-status',
            observed: 'answers 404 instead of 200-299',
            hint: 'check the path',
          },
          wait: 500,
        },
      ),
  ),
  row(
    0,
    'health check that hangs',
    'HEALTHCHECK of 10 s, timeout 1 s',
    { code: 'container-unhealthy', says: 'Health check exceeded timeout' },
    (scene) =>
      scene.container(
        "--health-cmd 'sleep 10' --health-interval 1s --health-timeout 1s --health-retries 1",
        'sleep 60',
        { until: 'unhealthy' },
      ),
  ),
];
