import { control } from '../../../lab/lab.ts';
import { parseImage } from '../../../src/docker/image.ts';
import type { RegistryLogin } from '../../../src/docker/registry.ts';
import { dockerVerdict } from '../../../src/docker/verdict.ts';
import type { UserError } from '../../../src/ground/errors.ts';
import { otherPlatformImage } from './deployment.ts';
import { type Row, row } from './row.ts';
import type { Scene } from './scene.ts';

function pull(scene: Scene, image: string, login?: Partial<RegistryLogin>): Promise<UserError> {
  const { address, username, password } = scene.lab.registry;
  const full = login && { registry: address, username, password, ...login };
  return scene.failure(() => scene.withDocker((docker) => docker.pull(parseImage(image), full)));
}

/** What somebody types, where no action does it. */
async function byHand(scene: Scene, script: string): Promise<UserError> {
  return scene.failure(() =>
    scene.connected(async (machine) => {
      const result = await machine.run(['sh', '-c', script], { timeout: 60_000 });
      if (result.exitCode === 0) return;
      throw dockerVerdict({ failed: 'It failed', server: machine.name, result });
    }),
  );
}

/** Breaks something, and mends it whatever comes. */
async function whileBroken<T>(
  scene: Scene,
  breaking: string,
  mending: string,
  work: () => Promise<T>,
): Promise<T> {
  await scene.root(breaking);
  try {
    return await work();
  } finally {
    await scene.root(mending);
  }
}

const platform = (scene: Scene) => scene.failure(() => scene.withDocker((docker) => docker.platform()));

/** What Docker and registries do not do. */
export const dockerRows: readonly Row[] = [
  row(
    14,
    'Docker missing',
    'no docker on the PATH',
    { code: 'docker-missing', says: 'install Docker' },
    (scene) =>
      whileBroken(
        scene,
        'p=$(command -v docker); mv "$p" "$p.away"; echo "$p" >/srv/diagnosed/place',
        'p=$(cat /srv/diagnosed/place); mv "$p.away" "$p"',
        () => platform(scene),
      ),
  ),
  row(
    15,
    'daemon down',
    'its engine stopped',
    { code: 'docker-not-running', says: 'sudo systemctl start docker' },
    async (scene) => {
      const engine = control(scene.host.name);
      await engine.stop();
      try {
        return await platform(scene);
      } finally {
        await engine.start();
      }
    },
  ),
  row(
    16,
    'not in the group docker',
    'the account taken out of the group',
    { code: 'docker-not-allowed', says: 'sudo usermod -aG docker deploy' },
    (scene) =>
      whileBroken(scene, 'gpasswd -d deploy docker', 'gpasswd -a deploy docker', () => platform(scene)),
  ),
  row(
    17,
    'not logged in',
    'pull without a login',
    { code: 'registry-login-missing', says: 'set registry-username' },
    (scene) => pull(scene, `${scene.lab.registry.address}/test/private:1`),
  ),
  row(
    18,
    'wrong password of the registry',
    'login with another password',
    { code: 'registry-login-refused', says: 'an expired token' },
    (scene) => pull(scene, scene.image, { password: 'wrong' }),
  ),
  row(
    19,
    'tag missing',
    'a tag that nobody pushed',
    { code: 'image-not-found', says: 'check that the build pushed this tag' },
    (scene) => pull(scene, scene.image.replace(/:1$/, ':none'), {}),
  ),
  row(
    20,
    'registry unreachable',
    'a port on which nothing listens',
    { code: 'registry-unreachable', says: 'connection refused' },
    (scene) => pull(scene, '127.0.0.1:5999/shop:1'),
  ),
  row(
    20,
    'registry without a name',
    'a name that does not resolve',
    { code: 'registry-unreachable', says: 'lookup' },
    (scene) => pull(scene, 'registry.nowhere.invalid/shop:1'),
  ),
  row(
    20,
    'certificate of the registry',
    'a certificate of its own making',
    { code: 'registry-certificate', says: '/etc/docker/certs.d' },
    (scene) =>
      whileBroken(scene, standIn('tls'), stopStandIn, () => pull(scene, `${scene.host.address}:5998/shop:1`)),
  ),
  row(
    21,
    'rate limit',
    'a stand-in for a registry that answers 429',
    { code: 'registry-rate-limit', says: 'log in to the registry' },
    (scene) => whileBroken(scene, standIn('limit'), stopStandIn, () => pull(scene, '127.0.0.1:5998/shop:1')),
  ),
  row(
    22,
    'image for another processor, before its start',
    'an image for arm64, deployed',
    { code: 'image-wrong-architecture', says: 'platforms: linux/amd64 in the build step' },
    otherPlatformImage,
  ),
  row(
    24,
    'keeper of logins missing',
    'credsStore of a program that is not there',
    { code: 'registry-login-not-kept', says: 'take credsStore' },
    (scene) =>
      byHand(
        scene,
        `mkdir -p /tmp/diagnosed && echo '{"credsStore":"nobody"}' >/tmp/diagnosed/config.json && echo ${scene.lab.registry.password} | docker --config /tmp/diagnosed login --username ${scene.lab.registry.username} --password-stdin ${scene.lab.registry.address}`,
      ),
  ),
  row(
    25,
    'name of the image',
    'capitals in its name',
    { code: 'image-name-invalid', says: 'in small letters' },
    (scene) => byHand(scene, 'docker pull ghcr.io/Acme/Shop:1'),
  ),
  row(
    30,
    "Docker's rules removed",
    'the chain DOCKER flushed and deleted',
    { code: 'firewall-rules-missing', says: 'sudo systemctl restart docker' },
    async (scene) => {
      const engine = control(scene.host.name);
      await scene.root('iptables -t nat -F && iptables -t nat -X DOCKER');
      try {
        return await scene.create({
          ports: [{ address: undefined, hostPort: 18_998, containerPort: 1, protocol: 'tcp' }],
        });
      } finally {
        await engine.stop();
        await engine.start();
      }
    },
  ),
  row(
    37,
    'no addresses left for a network',
    'networks until Docker has none',
    { code: 'address-pool-exhausted', says: 'docker network prune' },
    (scene) =>
      whileBroken(
        scene,
        'n=0; while [ $n -lt 40 ] && docker network create diagnosed-$n >/dev/null 2>&1; do n=$((n + 1)); done',
        'docker network ls -q --filter name=diagnosed- | xargs -r docker network rm >/dev/null',
        () => byHand(scene, 'docker network create diagnosed-last'),
      ),
  ),
];

const stopStandIn = 'kill "$(cat /srv/diagnosed/pid)"';

/** A registry that is none, on port 5998. */
function standIn(kind: 'tls' | 'limit'): string {
  const program = `
import http.server, json, ssl
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({'errors': [{'code': 'TOOMANYREQUESTS', 'message': 'You have reached your pull rate limit.'}]}).encode()
        self.send_response(200 if self.path == '/v2/' else 429)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_HEAD = do_GET
server = http.server.ThreadingHTTPServer(('0.0.0.0', 5998), Handler)
if '${kind}' == 'tls':
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain('/srv/diagnosed/cert.pem', '/srv/diagnosed/key.pem')
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
`;
  return `
    cd /srv/diagnosed
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=registry 2>/dev/null || true
    cat >standin.py <<'END'
${program}
END
    setsid python3 standin.py >/dev/null 2>&1 &
    echo $! >pid
    sleep 1`;
}
