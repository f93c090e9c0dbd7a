/** Many deployments one after the other, under load: what they leave on the server. */
import type { Site } from '../../__tests__/integration/deployment/site.ts';
import { counts, left, mustDeploy, request, seconds, underLoad } from './scene.ts';
import { table } from './table.ts';

const tags = ['quick-a', 'quick-b'] as const;

/** What a server holds beside the application's own container. */
async function inventory(site: Site): Promise<Record<string, string>> {
  const count = async (script: string) => (await site.onServer(script)).trim();
  return {
    containers: await count('docker ps -aq | wc -l'),
    images: await count('docker images -aq | wc -l'),
    volumes: await count('docker volume ls -q | wc -l'),
    networks: await count('docker network ls -q | wc -l'),
    rules: await count("iptables-save | grep -vc '^#'"),
    'nft tables': await count('nft list tables 2>/dev/null | wc -l'),
    files: await count(`find ${site.environmentFolder} -type f | wc -l`),
    // The log of deployments grows to its last thousand lines.
    'kilobytes of files': await count(
      `du -sk --exclude=deployments.log ${site.environmentFolder} | cut -f 1`,
    ),
    processes: await count("ps -e -o args= | grep -Ec 'sh program|docker-proxy|flock' || true"),
    'temporary files': await count('ls /tmp | wc -l'),
  };
}

/** Prints what was there after the first ones, and after all of them. @returns whether that is the same */
export async function hundredDeployments(site: Site, deployments: number): Promise<boolean> {
  await site.clear();
  // The first ones fill what is kept of earlier releases.
  const settling = 12;
  const wanted = (turn: number) =>
    request(site, tags[turn % 2] ?? 'quick-a', { drainTimeout: 1_000, stopTimeout: 2_000 });
  for (let turn = 0; turn < settling; turn += 1) await mustDeploy(site, wanted(turn));
  const before = await inventory(site);
  const { load, duration } = await underLoad(site, { rate: 50, slowEvery: 0 }, async () => {
    for (let turn = settling; turn < settling + deployments; turn += 1) {
      await mustDeploy(site, wanted(turn));
      const over = await left(site);
      if (over !== undefined) throw new Error(`after ${turn - settling + 1} deployments: ${over}`);
      if ((turn - settling + 1) % 10 === 0) process.stderr.write(`  ${turn - settling + 1} deployments\n`);
    }
  });
  const after = await inventory(site);
  const rows = Object.keys(before).map((what) => [
    what,
    before[what] ?? '',
    after[what] ?? '',
    before[what] === after[what] ? '' : 'differs',
  ]);
  console.log(table(['on the server', `after ${settling}`, `after ${settling + deployments}`, ''], rows));
  const [sent, failed] = counts(load);
  console.log(
    `${deployments} deployments in ${seconds(duration)}, ${seconds(duration / deployments)} each; ${failed} of ${sent} requests lost`,
  );
  return rows.every((row) => row[3] === '');
}
