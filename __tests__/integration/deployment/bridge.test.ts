import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Site } from './site.ts';

let site: Site;
const name = 'bridge-shop';
beforeAll(async () => {
  site = await Site.up('host1', name, 18_200, [{ tag: 'v1' }, { tag: 'v2', boot: 1 }, { tag: 'crash', fault: 'crash' }]);
}, 900_000);
beforeEach(() => site.clear(), 60_000);
afterAll(() => site?.clear(), 60_000);

test('bridge', async () => {
  await site.deploy(site.request('v1'));
  const { outcome, log } = await site.deploy(site.request('v2', { strategy: 'bridge' }));
  console.log(log.text, outcome);
  expect(await site.answer()).toBe('v2 hello');
  console.log(await site.containers(), await site.onServer(`cd ${site.environmentFolder}; find .; cat switch/*; iptables-save -t nat; ip6tables-save -t nat`));
  expect(outcome.result).toBe('deployed');
});
