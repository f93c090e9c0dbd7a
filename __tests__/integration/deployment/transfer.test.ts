/** Images that are sent from the runner's own Docker; and images for which a server has no room. */
import { dirname } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { faults } from '../../../bench/deploy/faults.ts';
import { noImage } from '../../../src/deployment/request/request.ts';
import { parseImage } from '../../../src/docker/image.ts';
import { localMachine } from '../../../src/machine/local.ts';
import { lastWords, type Machine, succeeded } from '../../../src/machine/machine.ts';
import { each } from '../breadth.ts';
import { Site } from './site.ts';

const name = 'sent-shop';
const nowhere = 'registry.invalid/acme/sent-shop';

describe.each(each(['host1', 'host2'] as const, 'host2'))('%s', (where) => {
  let site: Site;
  let runner: Machine;

  beforeAll(async () => {
    // A large layer that no other image has, and a small one upon it.
    site = await Site.up(where, name, 18_040, [
      { tag: 'v1', lines: ['RUN head -c 24000000 /dev/urandom >/large'] },
      { tag: 'v2' },
    ]);
    runner = withBuilder(site);
    const next = `FROM ${site.repository}:v1\nENV VERSION=v2\nRUN touch /small\n`;
    await must(['tag', `${site.repository}:v1`, `${nowhere}:v1`]);
    await must(['build', '--tag', `${nowhere}:v2`, '-'], next);
  }, 900_000);
  beforeEach(() => site.clear(), 60_000);
  afterAll(async () => {
    await site?.clear();
    await site?.docker(`images --quiet '${nowhere}' | sort -u | xargs -r docker rmi -f`);
  }, 60_000);

  const must = (args: readonly string[], stdin = '') => inBuilder(runner, args, stdin);

  const request = (tag: string) =>
    site.request(tag, { image: parseImage(`${nowhere}:${tag}`), transfer: 'ssh', registryLogin: undefined });

  test('an image that no registry has is sent: all of it, then what is new; unchanged is not sent again', async () => {
    const first = await site.deploy(request('v1'), { runner });
    expect(first.outcome.failure?.sentence).toBeUndefined();
    expect(first.outcome.result).toBe('deployed');
    expect(await site.answer()).toBe('v1 hello');
    expect(first.log.text).toMatch(/sending registry\.invalid\/acme\/sent-shop:v1 to deploy@\S+: [\d.]+ MiB/);
    expect(first.log.text).toContain('sent 50 % of');
    expect(await site.docker(`image inspect --format '{{.Id}}' ${nowhere}:v1`)).toBe(
      `${first.outcome.digest}\n`,
    );

    const again = await site.deploy(request('v1'), { runner });
    expect(again.outcome).toMatchObject({ result: 'unchanged', digest: first.outcome.digest });
    expect(again.log.text).not.toContain('sending');

    const second = await site.deploy(request('v2'), { runner });
    expect(second.outcome.failure?.sentence).toBeUndefined();
    expect(second.outcome).toMatchObject({ result: 'deployed', previousDigest: first.outcome.digest });
    expect(second.log.text).toMatch(/sending \S+:v2 to \S+: [\d.]+ KiB, 3 of 4 layers are there already/);
    expect(second.log.text.match(/sending/g)).toHaveLength(1);
    expect(await site.answer()).toBe('v2 hello');
    expect(await site.inspected('{{.Image}}')).toBe(second.outcome.digest);

    const back = await site.deploy(
      site.request('v2', { mode: 'rollback', rollbackTo: 'previous', image: noImage }),
    );
    expect(back.outcome.failure?.sentence).toBeUndefined();
    expect(back.outcome).toMatchObject({ result: 'deployed', release: 'v1' });
    expect(await site.answer()).toBe('v1 hello');
  }, 180_000);

  test('one that is not there, here', async () => {
    const { outcome } = await site.deploy(request('v7'), { runner });
    expect(outcome.failure?.code).toBe('image-not-found');
    expect(outcome.failure?.sentence).toContain('Docker on this machine has no such image');
  });
});

describe('a server whose disk is nearly full', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.up('host1', name, 18_040, [{ tag: 'v1' }, { tag: 'v2' }]);
    await site.docker(`images --quiet '${site.repository}' | sort -u | xargs -r docker rmi -f`);
  }, 900_000);
  afterAll(async () => {
    await site?.onServer('rm -f /usr/local/bin/df');
    await site?.clear();
  }, 60_000);

  const free = (kib: number, files: number) => site.onServer(dfSays(kib, files));

  test('an image that does not fit is not pulled; one of which it has most is', async () => {
    await free(100_000, 1_000_000);
    const { outcome, log } = await site.deploy(site.request('v1'));
    expect(outcome.failure).toMatchObject({ code: 'disk-full' });
    expect(outcome.failure?.sentence).toMatch(
      /Cannot pull \S+:v1 on deploy@\S+ — it needs about 14\d\.?\d* MiB, and \/var\/lib\/docker has 97\.7 MiB free — free some space there: "docker image prune --all" would free .*; never prune volumes/,
    );
    expect(log.text).not.toContain('Pulling from');
    await free(9_000_000, 100);
    expect((await site.deploy(site.request('v1'))).outcome.failure?.sentence).toContain(
      'room for 100 (df -i)',
    );

    await free(9_000_000, 1_000_000);
    expect((await site.deploy(site.request('v1'))).outcome.result).toBe('deployed');
    await free(100_000, 1_000_000);
    const second = await site.deploy(site.request('v2'));
    expect(second.outcome.failure?.sentence).toBeUndefined();
    expect(await site.answer()).toBe('v2 hello');
  }, 120_000);
});

/** That it is refused before is seen above; here the room goes while it is sent. */
describe.each(each(['host1', 'host2'] as const, 'host1'))('a disk that fills up, of %s', (where) => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.up(where, name, 18_040, [{ tag: 'v1' }]);
    await site.clear();
    await faults.disk.prepare?.(site);
  }, 900_000);
  afterAll(async () => {
    await site?.onServer('rm -f /usr/local/bin/df');
    await site?.clear();
    await faults.disk.finish?.(site);
  }, 120_000);

  test('while an image is sent: one sentence, nothing of it stays, and the old version serves', async () => {
    const sent = `${nowhere}:large`;
    const runner = withBuilder(site);
    // Nothing of it is there already.
    const large = `FROM ${site.repository}:v1 AS made\nRUN head -c 40000000 /dev/urandom >/large\nFROM scratch\nCOPY --from=made /large /large\nCMD ["/large"]\n`;
    await inBuilder(runner, ['build', '--tag', sent, '-'], large);
    const served = await site.serving('v1');
    await site.onServer(`
      cat /dev/zero >/var/lib/docker/filling 2>/dev/null; truncate -s -20M /var/lib/docker/filling
      ${dfSays(9_000_000, 1_000_000)}`);
    const held = () => site.onServer('docker images -aq | sort; docker ps -aq');
    const mebibytes = async () =>
      Number.parseInt(await site.onServer('du -sm --exclude=filling /var/lib/docker'), 10);
    const before = [await held(), await mebibytes()] as const;
    const { outcome, standing } = await site.deploy(
      site.request('large', { image: parseImage(sent), transfer: 'ssh', registryLogin: undefined }),
      { runner },
    );
    expect(outcome).toMatchObject({ result: 'failed', failure: { code: 'disk-full' } });
    expect(outcome.failure?.sentence).toMatch(
      /^Cannot send \S+:large on deploy@\S+ — the server's disk is full — free some space there [^\n]*$/,
    );
    expect(standing).toBe(`the old version (v1) is running on ${site.host.address}, as before`);
    expect(await held()).toBe(before[0]);
    expect((await mebibytes()) - before[1]).toBeLessThan(5);
    expect(await site.inspected('{{.Id}} {{.State.StartedAt}}')).toBe(served);
    expect(await site.answer()).toBe('v1 hello');
  }, 300_000);
});

/** This machine, whose Docker is the lab's builder. */
function withBuilder({ lab }: Site): Machine {
  const env = { DOCKER_HOST: lab.builder.dockerHost, PATH: `${dirname(lab.docker)}:${process.env.PATH}` };
  return {
    ...localMachine,
    run: (argv, options) => localMachine.run(argv, { ...options, env: { ...options.env, ...env } }),
    stream(argv, options) {
      if (localMachine.stream === undefined) throw new Error('it cannot');
      return localMachine.stream(argv, { ...options, env: { ...options.env, ...env } });
    },
  };
}

async function inBuilder(runner: Machine, args: readonly string[], stdin: string): Promise<void> {
  const result = await runner.run(['docker', ...args], {
    timeout: 60_000,
    stdin,
    env: { DOCKER_BUILDKIT: '0' },
  });
  if (!succeeded(result)) throw new Error(lastWords(result));
}

/** Puts a `df` there that says so, whatever the disk has. */
function dfSays(kib: number, files: number): string {
  return `
    printf '#!/bin/sh\\necho Filesystem\\ncase $1 in -Pk) echo "/dev/vda 0 0 ${kib} 99%%%% /" ;; -Pi) echo "/dev/vda 0 0 ${files} 99%%%% /" ;; esac\\n' >/usr/local/bin/df
    chmod +x /usr/local/bin/df`;
}
