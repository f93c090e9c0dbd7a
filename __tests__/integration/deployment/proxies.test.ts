import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ProxySite } from './proxy-site.ts';

describe('nginx', () => {
  let site: ProxySite;
  beforeAll(async () => {
    site = await ProxySite.upBehind('nginx', 'host1', 'nginx-shop', {
      port: 18_410,
      appPort: 8_410,
      images: [{ tag: 'v1' }, { tag: 'v2', boot: 1 }, { tag: 'v3' }],
    });
    await site.clear();
  }, 900_000);
  afterAll(() => site?.clear(), 60_000);

  test('first', async () => {
    await site.serve();
    const first = await site.deploy(site.request('v1'));
    expect(first.outcome.failure?.sentence).toBeUndefined();
    const second = await site.deploy(site.request('v2'));
    console.log(second.log.text);
    expect(second.outcome.failure?.sentence).toBeUndefined();
    console.log(
      await site.onServer(
        `cat ${site.environmentFolder}/switch/journal; cat ${site.siteFile}; ls -la /etc/nginx/tenantry/* ; docker ps -a`,
      ),
    );
    const third = await site.deploy(site.request('v3'));
    console.log(third.log.text);
    expect(third.outcome.failure?.sentence).toBeUndefined();
  }, 120_000);
});
