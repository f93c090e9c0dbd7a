/** What a container gets as files: for its own user, without root on the server; and nginx of the server afterwards. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { preDeployShape } from '../../../src/deployment/request/pre-deploy-command.ts';
import { type DeployRequest, noImage } from '../../../src/deployment/request/request.ts';
import { readContainers } from '../../../src/docker/inspect.ts';
import { each } from '../breadth.ts';
import { Site } from './site.ts';

const name = 'filed-shop';
const own = ['RUN useradd --uid 1234 --user-group app && mkdir /app', 'USER app'];

describe.each(each(['host1', 'host2'] as const, 'host2'))('%s', (where) => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.up(where, name, 18_050, [
      { tag: 'v1', lines: own },
      { tag: 'v2', lines: own },
    ]);
  }, 900_000);
  beforeEach(() => site.clear(), 60_000);
  afterAll(async () => {
    await site?.onServer('rm -f /etc/nginx/conf.d/filed.conf; pkill -x nginx; true');
    await site?.clear();
  }, 60_000);

  const request = (tag: string, changes: Partial<DeployRequest> = {}) =>
    site.request(tag, {
      envMode: 'mount',
      envPath: '/app/.env',
      files: { '/srv/deep/er/config.js': 'window.API = "https://ü.example";\n' },
      ...changes,
    });
  const inside = async (container: string, command: string, user = 'app') =>
    (await site.docker(`exec -u ${user} ${container} sh -c '${command}' 2>&1 || true`)).trim();

  test('they belong to the user of the image, in both copies of a switch and in its commands before it, and stay', async () => {
    const first = await site.deploy(request('v1'));
    expect(first.outcome.failure?.sentence).toBeUndefined();
    const wanted = request('v2', {
      strategy: 'bridge',
      files: { '/srv/deep/er/config.js': 'window.API = "new";\n' },
      preDeploy: preDeployShape.parse([{ run: ['grep', 'canary', '/app/.env', '/srv/deep/er/config.js'] }]),
    });
    const bridge = `${name}-tenantry-bridge`;
    const [{ outcome, log }, seen] = await Promise.all([
      site.deploy(wanted),
      site.reached('flipped').then(() => inside(bridge, 'cat /app/.env /srv/deep/er/config.js')),
    ]);
    expect(outcome.failure?.sentence).toBeUndefined();
    const both = 'DB_PASSWORD=canary-secret\nGREETING=hello\nwindow.API = "new";';
    expect(seen).toBe(both);
    const serving = `${name}-v2`;
    await site.docker(`restart -t 1 ${serving}`);
    expect(await inside(serving, 'cat /app/.env /srv/deep/er/config.js')).toBe(both);
    expect(await inside(serving, 'stat -c "%u:%g %a %n" /app/.env /srv/deep/er/config.js')).toBe(
      '1234:1234 400 /app/.env\n1234:1234 444 /srv/deep/er/config.js',
    );
    expect(await inside(serving, 'cat /app/.env', '4321')).toContain('Permission denied');
    expect(await inside(serving, 'echo $DB_PASSWORD')).toBe('');
    expect(await site.docker(`inspect ${serving}`)).not.toContain('canary-secret');
    expect(await site.inspected('{{index .Config.Labels "tenantry.env-keys"}}')).toBe('DB_PASSWORD,GREETING');
    expect(log.lines).toContain(`grep canary /app/.env /srv/deep/er/config.js on ${site.host.address}`);

    const back = await site.deploy(site.request('v2', { mode: 'rollback', image: noImage, env: {} }));
    expect(back.outcome.failure?.sentence).toBeUndefined();
    expect(await inside(`${name}-v1`, 'cat /app/.env /srv/deep/er/config.js')).toBe(
      both.replace('"new"', '"https://ü.example"'),
    );
    expect(await site.onServer(`find ${site.environmentFolder} -type f -perm /077`)).toBe('');

    const other = await site.deploy(request('v1', { files: { '/srv/deep/er/config.js': '' }, dryRun: true }));
    expect(other.log.text).toContain('settings that Docker does not show');

    const less = await site.deploy(request('v1', { files: {}, env: { GREETING: 'bye' }, dryRun: true }));
    expect(less.log.text).toContain('variables: − DB_PASSWORD');
    expect(less.log.text).toContain('files: − /srv/deep/er/config.js');
  }, 180_000);

  test('options that docker run has: asked for, they are there, and the same again changes nothing', async () => {
    const options = {
      networkAliases: ['api'],
      hostname: 'web-1',
      dns: ['10.0.0.2'],
      logDriver: 'json-file',
      logOptions: { 'max-size': '10m' },
      capAdd: ['NET_ADMIN'],
      capDrop: ['MKNOD'],
      securityOptions: ['no-new-privileges'],
      readOnly: true,
      tmpfs: ['/scratch:size=1m'],
      ulimits: ['nofile=1024:2048'],
      init: true,
      shmSize: 2 ** 20,
    };
    await site.docker('network create filed 2>/dev/null || true');
    const wanted = site.request('v1', { networks: ['filed'], options });
    const first = await site.deploy(wanted);
    expect(first.outcome.failure?.sentence).toBeUndefined();
    const [serving] = readContainers(await site.docker(`inspect ${name}-v1`));
    expect(serving?.options).toEqual({ ...options, networkAliases: [name, 'api'] });
    const seen = await inside(
      `${name}-v1`,
      'touch /x; touch /scratch/x && hostname; grep files /proc/1/limits',
    );
    expect(seen).toContain('Read-only file system');
    expect(seen).toContain('web-1\n');
    expect(seen).toMatch(/Max open files +1024 +2048/);
    const ask = `python3 -c 'import urllib.request as u; print(u.urlopen("http://api:8000").read())'`;
    expect(await site.docker(`run --rm --network filed ${site.repository}:v1 ${ask}`)).toContain('v1 hello');
    expect((await site.deploy(wanted)).outcome.result).toBe('unchanged');
    const other = await site.deploy({
      ...wanted,
      options: { ...options, init: false, dns: [] },
      dryRun: true,
    });
    expect(other.outcome.differences).toEqual(['dns: 10.0.0.2 → none', 'init: true → none']);
    await site.clear();
    await site.docker('network rm filed');
  }, 120_000);

  if (where === 'host1') {
    test('a user that the image does not know', async () => {
      const { outcome } = await site.deploy(request('v1', { user: 'nobody-knows' }));
      expect(outcome.failure).toMatchObject({ code: 'image-user-unknown' });
      expect(await site.containers()).toEqual([]);
    }, 60_000);

    test('nginx of the server is reloaded; one that could not be stops the deployment before anything is touched', async () => {
      const file = '/etc/nginx/conf.d/filed.conf';
      await site.onServer(
        `echo 'server { listen 18051; return 200 one; }' >${file}; pgrep -x nginx >/dev/null || nginx; nginx -s reload`,
      );
      await site.onServer(`echo 'server { listen 18051; return 200 two; }' >${file}`);
      const { outcome } = await site.deploy(site.request('v1', { reloadNginx: true }));
      expect(outcome.failure?.sentence).toBeUndefined();
      expect(
        await site.onServer(
          'for i in 1 2 3 4 5 6 7 8; do curl -s localhost:18051 | grep two && break; sleep 0.5; done',
        ),
      ).toBe('two\n');

      await site.onServer(`echo 'server { nonsense; }' >${file}`);
      const second = await site.deploy(site.request('v2', { reloadNginx: true }));
      expect(second.outcome).toMatchObject({
        result: 'failed',
        downtime: 0,
        failure: { code: 'nginx-reload-failed' },
      });
      expect(second.outcome.failure?.evidence).toContain('nonsense');
      expect(await site.answer()).toBe('v1 hello');
    }, 120_000);
  }
});
