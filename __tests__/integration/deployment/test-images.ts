import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Lab } from '../../../lab/lab.ts';
import { localMachine } from '../../../src/machine/local.ts';
import { ending, lastWords, type RunOptions, succeeded } from '../../../src/machine/machine.ts';

/**
 * A web server that says its version at /, after two seconds at /slow, and how it is at /health. What it does wrong
 * stands in its environment.
 */
const application = `
import http.server, os, signal, sys, threading, time

version, fault = os.environ['VERSION'], os.environ.get('FAULT', '')
started = time.monotonic()
life = float(os.environ.get('LIFE', '0'))
ending, at_work = threading.Event(), threading.Semaphore(1000)
if fault == 'stubborn':
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)) # until it serves
print('starting', version, flush=True)
if fault == 'crash':
    raise RuntimeError('ImproperlyConfigured: SECRET_KEY is not set')
if fault == 'end':
    sys.exit(0)
if fault == 'no-database':
    for turn in range(5):
        print('connection to server at "db" (10.0.0.9), port 5432 failed: Connection refused', flush=True)
        time.sleep(1)
    sys.exit('django.db.utils.OperationalError: connection to server at "db" (10.0.0.9), port 5432 failed: Connection refused')
time.sleep(float(os.environ.get('BOOT', '0')))

def die():
    print('RuntimeError: out of luck', file=sys.stderr, flush=True)
    os._exit(1)

if fault == 'dies':
    threading.Timer(life, die).start()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        with at_work:
            self.answer()
    def answer(self):
        sick = fault == 'sick' or fault == 'sickens' and time.monotonic() - started > life
        body = (version + ' ' + os.environ.get('GREETING', '')).encode()
        if self.path == '/slow':
            time.sleep(2)
        self.send_response(500 if sick and self.path == '/health' else 200)
        self.send_header('Content-Length', str(len(body)))
        if ending.is_set():
            self.send_header('Connection', 'close')
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256

server = Server(('0.0.0.0', 9000 if fault == 'port' else 8000), Handler)

def end():
    # As servers do: no new connections, answers to the end, and whoever is still connected is told to go.
    ending.set()
    server.shutdown()
    server.server_close()
    time.sleep(0.3)
    for _ in range(1000):
        at_work.acquire(timeout=3)
    os._exit(0)

if fault != 'stubborn':
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=end).start())
server.serve_forever()
threading.Event().wait()
`;

export interface TestImage {
  readonly tag: string;
  /**
   * `dies` and `sickens` after `life` seconds (in its health only); `port`: it listens on another one; `stubborn`:
   * it does not listen to SIGTERM; `no-database`: it asks for one for five seconds, and ends.
   */
  readonly fault?: 'crash' | 'end' | 'sick' | 'dies' | 'sickens' | 'port' | 'stubborn' | 'no-database';
  readonly life?: number;
  /** Seconds until it answers. */
  readonly boot?: number;
  /** More lines of its Dockerfile. */
  readonly lines?: readonly string[];
}

/** Builds images of the test application in the lab's builder and pushes them; returns the repository. */
export async function pushTestImages(
  lab: Lab,
  repository: string,
  images: readonly TestImage[],
): Promise<string> {
  const name = `${lab.registry.address}/${repository}`;
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-images-'));
  const config = join(folder, 'config');
  const docker = (args: readonly string[], options: Partial<RunOptions> = {}) =>
    must([lab.docker, '--config', config, '--host', lab.builder.dockerHost, ...args], options);
  try {
    writeFileSync(join(folder, 'app.py'), application);
    const { address, username, password } = lab.registry;
    await docker(['login', '--username', username, '--password-stdin', address], { stdin: password });
    const pushing: Promise<string>[] = [];
    for (const image of images) {
      writeFileSync(join(folder, 'Dockerfile'), dockerfile(lab.baseImage, image));
      await docker(['build', '--quiet', '--tag', `${name}:${image.tag}`, folder], {
        env: { DOCKER_BUILDKIT: '0' },
      });
      pushing.push(docker(['push', '--quiet', `${name}:${image.tag}`]));
    }
    await Promise.all(pushing);
    return name;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function dockerfile(
  base: string,
  { tag, fault = '' as never, life = 0, boot = 0, lines = [] }: TestImage,
): string {
  return [
    `FROM ${base}`,
    // What all have in common comes first: it is made once.
    'COPY app.py /app.py',
    'CMD ["python3", "/app.py"]',
    `ENV VERSION=${tag} FAULT="${fault}" BOOT=${boot} LIFE=${life}`,
    ...lines,
    '',
  ].join('\n');
}

async function must(argv: readonly string[], options: Partial<RunOptions>): Promise<string> {
  const result = await localMachine.run(argv, { timeout: 300_000, ...options });
  if (succeeded(result)) return result.stdout;
  throw new Error(`${argv.join(' ')}: ${ending(result)}: ${lastWords(result)}`);
}

/** Docker itself builds none here: an image of one file, whose own word on its processor is changed. */
export function imageForAnotherProcessor(name: string): string {
  return `
    cd /root && mkdir -p image/files && echo hello >image/files/hello
    tar cC image/files . | docker import - ${name} && docker save ${name} | tar xC image
    python3 - <<'PYTHON'
import hashlib, json
manifest = json.load(open('image/manifest.json'))
config = json.load(open('image/' + manifest[0]['Config']))
config['architecture'] = 'arm64'
text = json.dumps(config).encode()
manifest[0]['Config'] = hashlib.sha256(text).hexdigest() + '.json'
open('image/' + manifest[0]['Config'], 'wb').write(text)
json.dump(manifest, open('image/manifest.json', 'w'))
PYTHON
    docker rmi ${name}; tar cC image --exclude=./files . | docker load; rm -r image`;
}
