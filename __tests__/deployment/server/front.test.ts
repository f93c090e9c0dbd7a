import { describe, expect, test } from '@jest/globals';
import { chooseMechanism } from '../../../src/deployment/plan/mechanism.ts';
import { inServingSlot } from '../../../src/deployment/proxies/front-choice.ts';
import type { Asked } from '../../../src/deployment/request/asked.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { otherSlot } from '../../../src/deployment/server/slots.ts';
import { readSurvey } from '../../../src/deployment/server/survey.ts';
import { parsePort, parseVolume } from '../../../src/docker/container-spec.ts';
import { container } from '../container.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const server = `home /home/deploy
own 192.0.2.7
http curl
backend
filter iptables
filter6 ip6tables
allowed yes
proxy docker-proxy -proto tcp -host-ip 127.0.0.1 -host-port 8000 -container-ip 172.17.0.2 -container-port 8000
`;
const site = 'server { location / { include proxy_params; proxy_pass http://127.0.0.1:8000; } }';
const nginx = `front nginx - nginx: master process nginx
nginx-slot
nginx-allowed yes
nginx-conf-d yes
nginx-file /etc/nginx/sites-enabled/shop
nginx-text ${base64(site)}
`;
const taken = `front nginx - nginx: master process nginx
nginx-taken pointer 8000 24384 good
nginx-second yes
`;
const file = 'shop.test {\n\treverse_proxy 127.0.0.1:8000\n}\n';
const config =
  '{"apps":{"http":{"servers":{"srv0":{"routes":[{"handle":[{"handler":"reverse_proxy","upstreams":[{"dial":"127.0.0.1:8000"}]}]}]}}}}}';
const caddy = `front caddy - caddy run --environ --config /etc/caddy/Caddyfile
caddy-config ${config}
caddy-file /etc/caddy/Caddyfile
caddy-text ${base64(file)}
caddy-adapted ${config}
caddy-allowed yes
`;

const port = parsePort('127.0.0.1:8000:8000');
const current = container({ ports: [port] });
const asked: Asked = {
  strategy: 'auto',
  sharedVolumes: false,
  ports: [port],
  mounts: [],
  networks: [],
  container: 'shop',
  hasProbe: true,
};

const choose = (facts: string, asks: Partial<Asked> = {}, running = current) =>
  chooseMechanism({ ...asked, ...asks }, readSurvey(server + facts), running);

test('two ports that take turns: the one follows from the other', () => {
  expect([8000, 24_384, 80, 3000].map(otherSlot)).toEqual([24_384, 8000, 16_464, 19_384]);
  expect([16_384, 17_000].map(otherSlot)).toEqual([undefined, undefined]);
});

test('nginx hands requests to the port: it is chosen, and the plan says what a first time changes', () => {
  const choice = choose(nginx);
  expect(choice).toMatchObject({
    mechanism: 'nginx',
    reason: 'nginx on this server hands requests to port 8000',
    move: { form: 'pointer', slots: { serving: 8000, free: 24_384 } },
  });
  expect(choice.seen).toEqual([
    expect.stringContaining(
      '/etc/nginx/sites-enabled/shop:1: proxy_pass http://127.0.0.1:8000; will become an include',
    ),
    expect.stringContaining('ports 8000 and 24384 take turns'),
  ]);
});

test('taken over before: the slot that serves is read, and nobody needs to be root', () => {
  const running = container({ ports: [parsePort('127.0.0.1:24384:8000')] });
  expect(choose(taken, {}, running)).toMatchObject({
    mechanism: 'nginx',
    move: { slots: { serving: 24_384, free: 8000 }, takeOver: undefined },
  });
  const request = inServingSlot({ ports: [port] } as unknown as DeployRequest, readSurvey(server + taken));
  expect(request.ports).toEqual([{ ...port, hostPort: 24_384 }]);
});

test('Caddy: its file includes ours, and the plan says so', () => {
  const choice = choose(caddy);
  expect(choice).toMatchObject({
    mechanism: 'caddy',
    move: {
      form: 'pointer',
      slots: { serving: 8000, free: 24_384 },
      takeOver: {
        file: { after: expect.stringContaining('import /etc/caddy/tenantry/shop/slot') },
        otherwise: { form: 'reload', file: { after: file.replace('8000', '24384') } },
      },
    },
  });
  expect(choice.seen.join()).toMatch(
    /Caddyfile:2: reverse_proxy 127\.0\.0\.1:8000 will hand requests over by a variable .*later switches need no reload/,
  );
});

test('Caddy taken over before: the slot that serves is read, and nobody needs to be root', () => {
  const vars = (one: number, other: number) =>
    `{"handler":"vars","tenantry_shop":${one},"tenantry_shop_other":${other}}`;
  const chosen = `{"routes":[{"handle":[${vars(8000, 24_384)}]},{"handle":[${vars(24_384, 8000)}]}]}`;
  const facts = `front caddy - caddy run --config /etc/caddy/Caddyfile\ncaddy-config ${chosen}\ncaddy-second yes\n`;
  const running = container({ ports: [parsePort('127.0.0.1:24384:8000')] });
  expect(choose(facts, {}, running)).toMatchObject({
    mechanism: 'caddy',
    move: { form: 'pointer', slots: { serving: 24_384, free: 8000 }, takeOver: undefined },
  });
  expect(choose(facts.replace('caddy-second yes\n', ''))).toMatchObject({
    move: { slots: { serving: 8000, free: 24_384 } },
  });
});

test('Caddy, where it takes no variable: one request, its file, and why', () => {
  const own = config.replace('"upstreams"', '"health_checks":{},"upstreams"');
  const choice = choose(caddy.replaceAll(config, own));
  expect(choice.seen.join()).toMatch(/each switch loads .*health_checks of its own/);
  expect(choice).toMatchObject({
    mechanism: 'caddy',
    move: {
      form: 'reload',
      patch: {
        path: '/apps/http/servers/srv0/routes/0/handle/0/upstreams/0',
        free: { dial: '127.0.0.1:24384' },
      },
      file: { path: '/etc/caddy/Caddyfile', after: file.replace('8000', '24384') },
    },
  });
});

describe('a proxy that cannot: asked for, it is refused before anything is touched; else bridge, and the plan says why', () => {
  test.each<[why: string, proxy: 'nginx' | 'caddy', facts: string, asks: Partial<Asked>, says: RegExp]>([
    [
      'a port of every address',
      'nginx',
      nginx,
      { ports: [parsePort('8000:8000')] },
      /one port, on 127\.0\.0\.1/,
    ],
    ['no right', 'nginx', nginx.replace('nginx-allowed yes\n', ''), {}, /may not read and test/],
    [
      'its own configuration is wrong',
      'nginx',
      'front nginx - nginx: master process nginx\nnginx-error unknown directive "x"\n',
      {},
      /unknown directive "x"/,
    ],
    [
      'a start of its own',
      'nginx',
      nginx.replace('process nginx', 'process nginx -c /srv/own.conf'),
      {},
      /configuration of its own/,
    ],
    ['what runs has another port', 'nginx', nginx, {}, /hands requests to port 8000, and what runs/],
    [
      'the file is not what runs',
      'caddy',
      caddy.replace('caddy-adapted {', 'caddy-adapted {"admin":{},'),
      {},
      /somebody changed one of both/,
    ],
    [
      'an imported file',
      'caddy',
      caddy.replace(base64(file), base64('import sites/*')),
      {},
      /not in \/etc\/caddy\/Caddyfile itself/,
    ],
    ['no admin API', 'caddy', caddy.replace(config, ''), {}, /admin API does not answer/],
    ['its file may not be written', 'caddy', caddy.replace('caddy-allowed yes\n', ''), {}, /may not write/],
  ])('%s', (why, proxy, facts, asks, says) => {
    const running = why.startsWith('what runs')
      ? container({ ports: [parsePort('127.0.0.1:9000:8000')] })
      : current;
    expect(() => choose(facts, { ...asks, strategy: proxy }, running)).toThrow(says);
    const choice = choose(facts, asks, running);
    expect(['bridge', 'recreate']).toContain(choice.mechanism);
    expect(choice.seen.join()).toMatch(says);
  });

  test('no such proxy, or one that has nothing to do with it', () => {
    expect(() => choose('', { strategy: 'nginx' })).toThrow(
      'no nginx of the server hands requests to its port',
    );
    const other = nginx.replace(base64(site), base64(site.replace('8000', '9000')));
    expect(() => choose(other, { strategy: 'nginx' })).toThrow('no nginx of the server');
    expect(choose(other)).toMatchObject({ mechanism: 'bridge', seen: [] });
  });

  test('two versions may not write to the same volume', () => {
    const mounts = [parseVolume('/srv/media:/media')];
    expect(() => choose(nginx, { strategy: 'nginx', mounts })).toThrow(
      /cannot be deployed by nginx .*write to \/srv\/media/,
    );
    expect(choose(nginx, { mounts })).toMatchObject({ mechanism: 'recreate' });
  });
});

test('what is not ours to move: the plan says what it saw, and what to choose', () => {
  const id = 'ab'.repeat(32);
  const facts = `front traefik ${id} \nfront haproxy - \nfront nginx ${id.replace('ab', 'cd')} nginx: master process\ninside ${id} /edge\n`;
  const choice = choose(facts);
  expect(choice.mechanism).toBe('bridge');
  expect(choice.seen).toEqual([
    expect.stringMatching(/^Traefik \(container edge\) .*choose bridge; .*choose recreate$/),
    expect.stringMatching(/^HAProxy runs on the server, and is not ours to move: bridge/),
    expect.stringMatching(/^nginx \(container cdababababab\)/),
  ]);
});
